//! What `check`, `grade` and `exhaust` take: all that tests an allocator.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

/// What `check` takes.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("own").args(["lib", "against"]).multiple(true)))]
#[command(after_help = "\
Examples:
  pfnlab check regression.trace
  pfnlab run --ops 1000 --record - | pfnlab check -
  pfnlab check --lib ./liballoc.so
  pfnlab check --lib ./liballoc.so --machine one-node --corpus found
  pfnlab check --lib ./liballoc.so found/lend-02.trace
  pfnlab check --lib ./liballoc.so --lib ./libother.so --agree outcomes
  pfnlab check --lib ./liballoc.so --against linux-6.12.y

A library exports what include/pfnlab.h of pfnlab-loader declares. It is asked on many machines,
in a process of its own: a crash, an endless loop and too much memory are findings like a broken
rule. What is found is made short and explained. Several allocators are run on the same operations,
as the first one answers them; what not all offer is asked of none.")]
pub(crate) struct CheckArgs {
    /// A trace, or - for stdin; with --lib one that holds its machine, or none: the whole suite
    #[arg(value_name = "TRACE", required_unless_present_any = ["lib", "against"])]
    pub(crate) trace: Option<String>,
    /// An allocator of your own; several are compared
    #[arg(long, value_name = "LIBRARY")]
    pub(crate) lib: Vec<PathBuf>,
    /// A kernel generation to be compared with, such as linux-6.12.y; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(crate) against: Vec<String>,
    /// In what several allocators must agree
    #[arg(long, value_name = "WHAT", value_enum, requires = "own", default_value_t = AgreeIn::Promises)]
    pub(crate) agree: AgreeIn,
    /// What a library is asked.
    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
    /// Show which states were reached, and by how many operations
    #[arg(long)]
    pub(crate) states: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What one library is asked before the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlansFirst {
    /// Nothing.
    None,
    /// Short plans with weights of their own for what is asked.
    Anew,
    /// The same; those that reach new states are changed and run again.
    Steered,
}

/// In what several allocators must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgreeIn {
    /// The same frames, and the same requests refused.
    Outcomes,
    /// The rules hold in each; what differs is told.
    Promises,
}

/// What a library is asked, and what it may use.
#[derive(Debug, Args)]
pub(crate) struct SuiteArgs {
    /// Only on this machine of the suite, such as one-node; may be given more than once
    #[arg(long, value_name = "NAME", requires = "own")]
    pub(crate) machine: Vec<String>,
    /// How many seeds on each machine
    #[arg(long, value_name = "N", requires = "own", default_value_t = 6)]
    pub(crate) seeds: u64,
    /// What one library is asked before the seeds
    #[arg(long, value_name = "WHAT", requires = "lib", value_enum, default_value_t = PlansFirst::None)]
    pub(crate) plans: PlansFirst,
    /// A folder: what is found is kept there, and what is there is asked first
    #[arg(long, value_name = "DIR", requires = "own")]
    pub(crate) corpus: Option<PathBuf>,
    /// What a library may use.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What a library may use.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// How long one call of a library may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub(crate) time_limit: u64,
    /// How much memory a library may have, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub(crate) memory_limit: u64,
}

/// What `grade` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab grade ./student.so --rubric lab3.toml
  pfnlab grade ./student.so --rubric lab3.toml --html student.html
  pfnlab grade ./student.so --rubric lab3.toml --json | jq .earned

Exit status 0 when every point was earned, 1 when not.")]
pub(crate) struct GradeArgs {
    /// A shared library that exports what include/pfnlab.h of pfnlab-loader declares
    #[arg(value_name = "LIBRARY")]
    pub(crate) library: PathBuf,
    /// What is asked, and for how many points
    #[arg(long, value_name = "RUBRIC.toml")]
    pub(crate) rubric: PathBuf,
    /// Write a page with the smallest counter-examples as pictures
    #[arg(long, value_name = "OUT.html")]
    pub(crate) html: Option<PathBuf>,
    /// What a library may use.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `host-library` takes.
#[derive(Debug, Args)]
pub(crate) struct HostLibraryArgs {
    /// The library
    pub(crate) library: PathBuf,
    /// How much memory it may have, in MiB
    pub(crate) memory_mib: u64,
}

/// What `exhaust` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab exhaust --pages 8 --types 2
  pfnlab exhaust --pages 8 --types 2 --any-head --profile linux-6.1.y
  pfnlab exhaust --pages 16 --types 2 --any-head --rules states --file 16.search
  pfnlab exhaust --pages 16 --rules arrangements --file 16-ordered.search

A state is: which blocks are free, on which lists and in which order; which are held; the types of
the pageblocks. From every state every request is made, and every block held is given back. The
numbers are the same for any number of jobs. What is wrong is found with the fewest operations there
are.")]
pub(crate) struct ExhaustArgs {
    /// How many frames: a power of two up to 64
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) pages: u64,
    /// How many migratetypes are asked for: movable, unmovable, reclaimable
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) types: u8,
    /// The order of lists is no part of a state: any free block may be at the head of its list
    #[arg(long)]
    pub(crate) any_head: bool,
    /// The order of a pageblock [default: all pages, or half of them when there are types]
    #[arg(long, value_name = "ORDER")]
    pub(crate) pageblock: Option<u8>,
    /// Where rules are asked
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = RulesAt::Moves)]
    pub(crate) rules: RulesAt,
    /// The kernel generation, such as linux-6.12.y
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How many threads there are; not given, as many as there are CPUs
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Save the search there, and go on with what is there: six bytes a state
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulesAt {
    /// After every move and in every state, with the books kept from events
    Moves,
    /// In every state
    States,
    /// In one state of those that differ only in the order of lists
    Arrangements,
}
