//! What `import`, `export` and `report` take: data from elsewhere, and for elsewhere.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::run::OnKernel;

/// What `report` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab report mine.trace -o mine.html
  pfnlab report examples/scenarios/stolen-blocks.toml -o stolen.html --set profile=linux-4.14
  pfnlab report mine.trace -o mine.html --figures figures

The page holds everything it shows, and needs no network. Pageblocks and free frames over time,
/proc/buddyinfo over time, contiguity, indices, mixed pageblocks, and who took from whom; each with
its numbers. With --set there is a part for the run as it is, and one for each setting.")]
pub(crate) struct ReportArgs {
    /// A trace, a scenario (a file that ends in .toml), or - for a trace on stdin
    #[arg(value_name = "TRACE|SCENARIO.toml")]
    pub(crate) subject: String,
    /// The page
    #[arg(short, long, value_name = "OUT.html")]
    pub(crate) out: PathBuf,
    /// Which kernel.
    #[command(flatten)]
    pub(crate) on: OnKernel,
    /// What is otherwise, such as watermark_boost_factor=0; once for each run to compare with
    #[arg(long, value_name = "KNOB=VALUE,…")]
    pub(crate) set: Vec<String>,
    /// How often memory is looked at
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub(crate) looks: u32,
    /// Write every figure as SVG, and its numbers as CSV, into this folder, too
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
}

/// What `export` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab export mine.trace --to chrome -o mine.json     then open it in ui.perfetto.dev
  pfnlab export mine.trace --to parquet -o mine.parquet
  pfnlab run --ops 1000 --record - | pfnlab export - --to csv -o -

A row for every operation. In the Chrome trace an operation takes one microsecond, on the row of its
CPU, and free frames are drawn as a curve for every zone.")]
pub(crate) struct ExportArgs {
    /// A trace, or - for stdin
    #[arg(value_name = "TRACE")]
    pub(crate) trace: String,
    /// In which form
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) to: ExportForm,
    /// Where to, or - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: String,
}

/// A form other tools read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    /// Chrome's trace events, JSON
    Chrome,
    /// Values separated by commas
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Apache Parquet
    Parquet,
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportWhat {
    /// A trace of the kmem tracepoints, on a machine with the counts of /proc
    Kmem(ImportKmemArgs),
    /// What /proc counts, or says of every frame: states, and how far they lie apart
    Counts(ImportCountsArgs),
}

/// Counts of free blocks.
#[derive(Debug, Args)]
pub(crate) struct ProcCounts {
    /// /proc/zoneinfo; of a trace, when it began
    #[arg(long, value_name = "FILE")]
    pub(crate) zoneinfo: String,
    /// /proc/buddyinfo, likewise
    #[arg(long, value_name = "FILE")]
    pub(crate) buddyinfo: Option<String>,
    /// /proc/pagetypeinfo, likewise; says more than buddyinfo
    #[arg(long, value_name = "FILE")]
    pub(crate) pagetypeinfo: Option<String>,
}

/// The kernel that counted.
#[derive(Debug, Args)]
pub(crate) struct KernelArgs {
    /// The kernel generation, such as linux-6.12.y [default: the newest]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How the kernel was built, such as x86_64
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,
}

/// What `import counts` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab import counts --zoneinfo zoneinfo --buddyinfo buddyinfo --seeds 32
  pfnlab import counts --zoneinfo zoneinfo --pagetypeinfo pagetypeinfo --kpageflags kpageflags \\
    -o mine.start.json.gz

Where blocks lie only kpageflags says. Without it a seed says it, and what differs from seed to seed is
not known of the machine. A trace goes on from a state with the line `start mine.start.json.gz`.")]
pub(crate) struct ImportCountsArgs {
    /// What was counted.
    #[command(flatten)]
    pub(crate) counts: ProcCounts,
    /// /proc/kpageflags, packed or plain: where free blocks lie, and what can be moved
    #[arg(long, value_name = "FILE")]
    pub(crate) kpageflags: Option<String>,
    /// Of which kernel.
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    /// How many seeds, from --seed on
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) seeds: u32,
    /// The first seed, and that of the state that is written
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write the state
    #[arg(short, long, value_name = "OUT.json.gz")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `import kmem` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab import kmem trace.txt --zoneinfo zoneinfo.before -o mine.trace && pfnlab check mine.trace
  pfnlab import kmem trace.txt.gz --zoneinfo zoneinfo.before --pagetypeinfo pagetypeinfo.before \\
    --seeds 16 --end-pagetypeinfo pagetypeinfo.after

Read are ftrace, trace-cmd report and perf script text, packed or plain. /proc counts free blocks;
where they are it does not say. So a seed gives a state, and many seeds show what is not known.
Beside OUT.trace its state is written, as OUT.start.json.gz.")]
pub(crate) struct ImportKmemArgs {
    /// The trace
    #[arg(value_name = "TRACE")]
    pub(crate) trace: String,
    /// What was counted when the trace began.
    #[command(flatten)]
    pub(crate) counts: ProcCounts,
    /// /proc/zoneinfo when the trace ended, to compare with
    #[arg(long, value_name = "FILE")]
    pub(crate) end_zoneinfo: Option<String>,
    /// /proc/pagetypeinfo when the trace ended, to compare with
    #[arg(long, value_name = "FILE")]
    pub(crate) end_pagetypeinfo: Option<String>,
    /// Of which kernel.
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    /// The seed of the state that is written
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Replay on the states of so many seeds, from 1 on, and show the spread
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u32>,
    /// Write the operations as a trace, and the state beside it
    #[arg(short, long, value_name = "OUT.trace")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
