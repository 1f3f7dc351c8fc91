//! What `run`, `whatif` and `sweep` take.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

/// What `run` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab run
  pfnlab run --seed 7 --ops 50000 --profile linux-6.1.y
  pfnlab run --ops 1000 --record tour.trace && pfnlab check tour.trace
  pfnlab run --json | jq .fingerprint
  pfnlab run examples/scenarios/checkerboard.toml
  pfnlab run examples/scenarios/checkerboard.toml --json | jq .phases[-1].refusals
  pfnlab run examples/scenarios/stolen-blocks.toml --profile all
  pfnlab run examples/scenarios/stolen-blocks.toml --profile linux-6.12.y+defrag-mode

Without a scenario: a machine of two nodes under a million mixed operations.")]
pub(crate) struct RunArgs {
    /// A scenario, or - for stdin; none given, the tour
    #[arg(value_name = "SCENARIO.toml")]
    pub(crate) scenario: Option<String>,
    /// What the tour takes, too.
    #[command(flatten)]
    pub(crate) options: RunOptions,
}

/// What the tour and a scenario take.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// The seed; the same seed gives the same run [default: 1, or what the scenario says]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How many operations [default: 1000000]; a scenario ends after that many, if not before
    #[arg(long, value_name = "N")]
    pub(crate) ops: Option<u64>,
    /// The kernel generation, such as linux-6.12.y, or a variant of one, such as
    /// linux-6.12.y+defrag-mode (`pfnlab profiles` lists them); `all`: a scenario on every
    /// generation, in one table
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How the kernel was built, such as x86_64
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,
    /// Write the operations, and what came of each, as a trace; `-` for stdout
    #[arg(long, value_name = "OUT.trace")]
    pub(crate) record: Option<String>,
    /// Show which states were reached, and by how many operations
    #[arg(long)]
    pub(crate) states: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

impl RunOptions {
    /// Whether the recording takes all of stdout.
    pub(crate) fn records_to_stdout(&self) -> bool {
        self.record.as_deref() == Some("-")
    }

    /// Whether stdout is for people.
    pub(crate) fn talks(&self) -> bool {
        !self.json && !self.records_to_stdout()
    }
}

/// The kernel that a trace or a scenario runs on.
#[derive(Debug, Args)]
pub(crate) struct OnKernel {
    /// The kernel generation it runs on, or a variant of one (`pfnlab profiles` lists them); not given,
    /// the one it names
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// What `whatif` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab whatif mine.trace --set min_free_kbytes=65536 --set watermark_boost_factor=0
  pfnlab whatif examples/scenarios/checkerboard.toml --set movablecore=50% --set profile=linux-4.14
  pfnlab whatif mine.trace --set min_free_kbytes=65536,watermark_scale_factor=100 --json

Knobs: profile, config, seed, pageblock-order, kernelcore, movablecore, compact-at, proactive-every,
leak, and the tunables of /proc/sys/vm. A trace that starts from a saved state has its machine and
its kernel already; only a variant of that kernel, such as linux-6.12.y+defrag-mode, can take over.
The last three columns: huge pages to be had now; at most after perfect compaction; and at most
after all that can be dropped was.")]
pub(crate) struct WhatifArgs {
    /// A trace, a scenario (a file that ends in .toml), or - for a trace on stdin
    #[arg(value_name = "TRACE|SCENARIO.toml")]
    pub(crate) subject: String,
    /// Which kernel.
    #[command(flatten)]
    pub(crate) on: OnKernel,
    /// What is otherwise, such as min_free_kbytes=65536; several joined by commas; once for each row
    #[arg(long, value_name = "KNOB=VALUE,…")]
    pub(crate) set: Vec<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `sweep` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab sweep examples/scenarios/grouping.toml --seeds 32 --set watermark_boost_factor=0
  pfnlab sweep examples/scenarios/grouping.toml --seeds 1000 -o results \\
    --set profile=linux-4.14 --set profile=linux-6.1.y
  pfnlab sweep examples/scenarios/grouping.toml --seeds 100 -o results --metric refused

In the folder every batch of seeds is a file: interrupted and called again, a sweep goes on where it
was. At the end results.csv, results.jsonl and results.parquet are written there. Percentages are
changes for the better; `*` marks those that the sign test, seed by seed, finds significant at 5 %.")]
pub(crate) struct SweepArgs {
    /// The scenario
    #[arg(value_name = "SCENARIO.toml")]
    pub(crate) scenario: PathBuf,
    /// Which kernel.
    #[command(flatten)]
    pub(crate) on: OnKernel,
    /// What is otherwise, such as profile=linux-4.14; several joined by commas; once for each column
    #[arg(long, value_name = "KNOB=VALUE,…")]
    pub(crate) set: Vec<String>,
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) seeds: u32,
    /// The first of them
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) first_seed: u64,
    /// Only these numbers; not given, all that are not the same everywhere
    #[arg(long, value_name = "NAME")]
    pub(crate) metric: Vec<String>,
    /// Keep results in this folder
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How many runs at a time; not given, as many as there are CPUs
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
