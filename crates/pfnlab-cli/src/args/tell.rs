//! What `explain`, `explain-failure`, `diff` and `profiles` take: all that tells in words.

use clap::Args;

use super::StyleArgs;

/// What `explain` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab explain regression.trace
  pfnlab explain regression.trace --step 3 --all
  pfnlab explain recordings/6.12/m1/w02 --step 1000 --color always | less -R
  pfnlab run --ops 20 --record - | pfnlab explain -

Told are the zones that were asked and why they were passed over, the lists that were tried, what
was split and merged, and where the rest went. Operations are counted from 0.")]
pub(crate) struct ExplainArgs {
    /// A trace, the folder of a recorded case, or - for a trace on stdin
    #[arg(value_name = "TRACE|DIR")]
    pub(crate) trace: String,
    /// Only this operation
    #[arg(long, value_name = "K")]
    pub(crate) step: Option<u64>,
    /// Every block of refills and drains, and every counter
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is drawn.
    #[command(flatten)]
    pub(crate) style: StyleArgs,
    /// Print one JSON object, with the events, instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `explain-failure` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dmesg | pfnlab explain-failure
  journalctl -k | pfnlab explain-failure
  pfnlab explain-failure /var/log/kern.log.2.gz --line 81320
  pfnlab explain-failure console.log --json | jq .failures[].verdict

Explained is every `page allocation failure` and every report of the OOM killer: what was asked,
what each zone answers to that by the kernel's own watermark test, and what would have helped: by the
counts of the report, and asked again of states that have these counts.")]
pub(crate) struct ExplainFailureArgs {
    /// A kernel log, packed or not, or - for stdin
    #[arg(value_name = "LOG", default_value = "-")]
    pub(crate) log: String,
    /// By the rules of this kernel generation, or variant of one; not given, of the generation nearest to
    /// the log's release
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Only the report that begins in this line
    #[arg(long, value_name = "N")]
    pub(crate) line: Option<u32>,
    /// Ask again in the states of so many seeds; 0: the counts alone [default: 4; of a log with more
    /// than three reports an overview is given]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1024))]
    pub(crate) seeds: Option<u32>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `diff` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab diff regression.trace --profile linux-6.1.y --profile linux-6.12.y
  pfnlab run examples/scenarios/stolen-blocks.toml --record - | \\
    pfnlab diff - --profile linux-6.12.0 --profile linux-6.12.y

Told are the first operation that comes to something else, how either generation decided it, and
what the trace comes to on both. Exit status as of diff(1): 0 when nothing differs, 1 when
something does.")]
pub(crate) struct DiffArgs {
    /// A trace, or - for stdin
    #[arg(value_name = "TRACE")]
    pub(crate) trace: String,
    /// A kernel generation, such as linux-6.12.y; twice
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) profile: Vec<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `profiles` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab profiles
  pfnlab profiles linux-6.12.y
  pfnlab profiles linux-6.1.y linux-6.12.0
  pfnlab profiles linux-6.12.y linux-6.12.y+defrag-mode
  pfnlab profiles linux-6.12.0 linux-6.12.y --json | jq .differences[][0].switch

None given, all are listed, and the variants of them; one given, everything it does; two given, what
they do otherwise.")]
pub(crate) struct ProfilesArgs {
    /// Kernel generations, such as linux-6.12.y, or variants; two at most
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
