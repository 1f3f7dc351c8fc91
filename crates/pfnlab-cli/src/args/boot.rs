//! What `boot` and `replay` take.

use std::num::NonZeroUsize;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use pfnlab::Pfn;

use super::{StyleArgs, frame};

/// What `boot` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab boot examples/machines/2node.toml
  pfnlab boot two-node --show zoneinfo
  pfnlab boot one-node --show zone --width 100
  pfnlab boot two-node --config x86_64-sparsemem --charge-memmap --show memmap
  pfnlab boot two-node --show descriptor 0x3000
  pfnlab boot - --show buddyinfo < my-machine.toml
  dmesg | pfnlab boot - --show buddyinfo
  pfnlab boot console.log --facts facts.txt --check
  pfnlab boot serial.log.gz --compare snapshots/early0.json.gz

A boot log is told by what is in it; with `memblock=debug` it says what was reserved. Facts are
files read on that machine after boot, each under a line such as `=== /proc/zoneinfo`.")]
pub(crate) struct BootArgs {
    /// A machine: a file that ends in .toml, a built-in name (two-node, one-node), a boot log,
    /// packed or not, or - for stdin
    #[arg(value_name = "MACHINE|LOG")]
    pub(crate) machine: String,
    /// With `--show descriptor`: whose, in hex or decimal
    #[arg(value_name = "PFN", value_parser = frame, required_if_eq("show", "descriptor"))]
    pub(crate) frame: Option<Pfn>,
    /// The kernel generation, such as linux-6.12.y; of a log the one of its release
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How the kernel was built, such as x86_64; of a log as it shows
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,
    /// Derive every fact a log, and --facts, says of that boot, and print those we cannot
    #[arg(long)]
    pub(crate) check: bool,
    /// What that machine said of itself after boot
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Option<PathBuf>,
    /// How far nodes are apart, which no log says: a row for each, such as 10,20;20,10
    #[arg(long, value_name = "ROWS")]
    pub(crate) distances: Option<Distances>,
    /// Take the memory map from the machine's memory, as a kernel does; else it is part of what the
    /// machine says is reserved, or costs nothing
    #[arg(long)]
    pub(crate) charge_memmap: bool,
    /// Compare zones, pageblocks and free lists with a recorded or saved state
    #[arg(long, value_name = "SNAPSHOT")]
    pub(crate) compare: Option<PathBuf>,
    /// What to show
    #[arg(long, value_enum, default_value_t = Show::Summary)]
    pub(crate) show: Show,
    /// How pictures are drawn.
    #[command(flatten)]
    pub(crate) style: StyleArgs,
    /// Print one JSON object, with all there is to show, instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// By node the distance to every node.
#[derive(Clone, Debug)]
pub(crate) struct Distances(pub(crate) Vec<Vec<u8>>);

impl FromStr for Distances {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Distances, ParseIntError> {
        let row = |row: &str| {
            row.split(',')
                .map(|distance| distance.trim().parse())
                .collect()
        };
        text.split(';')
            .map(row)
            .collect::<Result<_, _>>()
            .map(Distances)
    }
}

/// What `boot` can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// The boot log's zone ranges, and a line for every zone
    Summary,
    /// /proc/buddyinfo
    Buddyinfo,
    /// /proc/pagetypeinfo
    Pagetypeinfo,
    /// The zone part of /proc/zoneinfo
    Zoneinfo,
    /// The zone part of /proc/vmstat: what all zones together count
    Vmstat,
    /// The free areas as the log reports them when memory runs out
    FreeAreas,
    /// The order in which zones are asked, by node
    Zonelists,
    /// A picture of every zone: its frames, its lists, its pageblocks
    Zone,
    /// The boot allocator's lists when it was done, as it prints them; of a log
    Memblock,
    /// The memory sections that are there, and what zones they are in
    Sections,
    /// What the memory model built: its cost, and the word of every section
    Memmap,
    /// The page descriptor of the frame PFN, field by field
    Descriptor,
}

/// What `replay` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab replay regression.trace
  pfnlab replay recordings/6.12/m1/w02
  pfnlab replay recordings/6.12 --jobs 4
  pfnlab replay recordings/6.12 --json
  pfnlab replay regression.trace --profile all
  pfnlab run --ops 1000 --record - | pfnlab replay -

A divergence is explained: the operation, what was expected, what came, the lists before it, and
what our allocator did. A folder stands for every trace (*.trace) and every recorded case at or
below it. Lines come in the same order however many jobs there are.")]
pub(crate) struct ReplayArgs {
    /// Traces, recorded cases, folders of both, or - for a trace on stdin
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) paths: Vec<String>,
    /// Replay traces on this kernel generation, whatever they say; `all`: on every one, in one
    /// table
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How many replays run at a time; not given, as many as there are CPUs
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
