//! What can be said on the command line.

use std::num::{NonZeroUsize, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pfnlab::lesson::View;
use pfnlab::{NodeId, Pfn, PfnRange, ZoneId, ZoneKind};

/// A deterministic laboratory for physical memory.
///
/// Without a verb: `run`.
#[derive(Debug, Parser)]
#[command(name = "pfnlab", version, args_conflicts_with_subcommands = true, after_help = EXIT)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
    /// What the tour takes.
    #[command(flatten)]
    pub(crate) run: RunOptions,
}

const EXIT: &str = "\
Exit status:
  0  all is well
  1  a property failed, a replay diverged, or two generations differ
  2  the command line makes no sense
  3  the input makes no sense
  4  a bug in pfnlab";

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a scenario, or a tour: boot a machine, drive seeded operations, sum up
    Run(RunArgs),
    /// Boot a machine and show its zones, as Linux would print them
    Boot(BootArgs),
    /// Replay traces and recordings of running kernels, and compare
    Replay(ReplayArgs),
    /// Replay a trace with every rule checked after every operation; or test an allocator of your
    /// own in a shared library
    Check(CheckArgs),
    /// Visit every state of a small zone, with every rule checked in each
    Exhaust(ExhaustArgs),
    /// Grade an allocator of a shared library by a rubric
    Grade(GradeArgs),
    /// Tell what each operation of a trace or a recording did, in words and pictures
    Explain(ExplainArgs),
    /// Tell why a request for memory failed, from what the kernel printed about it
    ExplainFailure(ExplainFailureArgs),
    /// Draw a state, or what an operation did, as SVG or PNG
    Draw(DrawArgs),
    /// Make a page to step through what operations did, forward and back
    Lesson(LessonArgs),
    /// Ask what an allocator does next, and answer
    Quiz(QuizArgs),
    /// Run a trace or a scenario again with knobs turned, in one table
    Whatif(WhatifArgs),
    /// Run a scenario with many seeds and settings, on all cores, and compare
    Sweep(SweepArgs),
    /// Draw what became of memory in a run: one HTML page
    Report(ReportArgs),
    /// Write what the operations of a trace did for other tools
    Export(ExportArgs),
    /// Make a trace and a state of what a running kernel tells
    #[command(subcommand)]
    Import(ImportWhat),
    /// Run a trace on two kernel generations: where they part, and why
    Diff(DiffArgs),
    /// List the kernel generations, or say how two of them differ
    Profiles(ProfilesArgs),
    /// Serve a shared library to the process that started this one
    #[command(hide = true)]
    HostLibrary(HostLibraryArgs),
}

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
    /// The kernel generation, such as linux-6.12.y; `all`: a scenario on every one, in one table
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How the kernel was built, such as x86_64
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,
    /// Write the operations, and what came of each, as a trace; `-` for stdout
    #[arg(long, value_name = "OUT.trace")]
    pub(crate) record: Option<String>,
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

/// A frame number, in hex or decimal.
fn frame(text: &str) -> Result<Pfn, ParseIntError> {
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    number.map(Pfn::new)
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

/// What `check` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab check regression.trace
  pfnlab run --ops 1000 --record - | pfnlab check -
  pfnlab check --lib ./liballoc.so
  pfnlab check --lib ./liballoc.so --machine one-node --corpus found
  pfnlab check --lib ./liballoc.so found/lend-02.trace

A library exports what include/pfnlab.h of pfnlab-loader declares. It is asked on many machines,
in a process of its own: a crash, an endless loop and too much memory are findings like a broken
rule. What is found is made short and explained.")]
pub(crate) struct CheckArgs {
    /// A trace, or - for stdin; with --lib one that holds its machine, or none: the whole suite
    #[arg(value_name = "TRACE", required_unless_present = "lib")]
    pub(crate) trace: Option<String>,
    /// An allocator of your own
    #[arg(long, value_name = "LIBRARY")]
    pub(crate) lib: Option<PathBuf>,
    /// What a library is asked.
    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a library is asked, and what it may use.
#[derive(Debug, Args)]
pub(crate) struct SuiteArgs {
    /// Only on this machine of the suite, such as one-node; may be given more than once
    #[arg(long, value_name = "NAME", requires = "lib")]
    pub(crate) machine: Vec<String>,
    /// How many seeds on each machine
    #[arg(long, value_name = "N", requires = "lib", default_value_t = 6)]
    pub(crate) seeds: u64,
    /// A folder: what is found is kept there, and what is there is asked first
    #[arg(long, value_name = "DIR", requires = "lib")]
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
  pfnlab explain-failure console.log --json | jq .failures[].verdict

Explained is every `page allocation failure` and every report of the OOM killer: what was asked,
what each zone answers to that by the kernel's own watermark test, and what would have helped.")]
pub(crate) struct ExplainFailureArgs {
    /// A kernel log, or - for stdin
    #[arg(value_name = "LOG", default_value = "-")]
    pub(crate) log: String,
    /// By the rules of this kernel generation; not given, of the one nearest to the log's release
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `draw` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab draw lesson.trace --step 2 > split.svg
  pfnlab draw lesson.trace --step 2 --view arithmetic --view tree -o split.png
  pfnlab draw lesson.trace --frames 0x3000..0x3040 --view strip --sequence -o slide.svg
  pfnlab draw lesson.trace --frames 0x3000..0x3040 --animate -o merge.svg
  pfnlab draw snapshot.json.gz --zone 0:Normal -o normal.svg

Of operations the state behind the last one is drawn; with --step, what that one did. Not given, the
zone is the one that was worked on, and the frames are those around what was done.")]
pub(crate) struct DrawArgs {
    /// A trace, a scenario (.toml), the folder of a recorded case, a state (.json, .json.gz), or -
    /// for a trace on stdin
    #[arg(value_name = "STATE|TRACE")]
    pub(crate) subject: String,
    /// Draw what this operation did; from 0
    #[arg(long, value_name = "K")]
    pub(crate) step: Option<u64>,
    /// Write it here; a name that ends in .png is drawn as bitmap. Not given: SVG on stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only this part; may be given several times: arithmetic, zones, strip, tree, lists, cpus,
    /// pageblocks, marks
    #[arg(long, value_name = "VIEW")]
    pub(crate) view: Vec<View>,
    /// This zone, such as 0:Normal
    #[arg(long, value_name = "NODE:ZONE", value_parser = zone)]
    pub(crate) zone: Option<ZoneId>,
    /// These frames, such as 0x3000..0x3040
    #[arg(long, value_name = "START..END", value_parser = frames)]
    pub(crate) frames: Option<PfnRange>,
    /// The state at the start, and then what every operation did: FILE-000.svg, FILE-001.svg, …
    #[arg(long, conflicts_with = "step", requires = "output")]
    pub(crate) sequence: bool,
    /// The same in one SVG that moves
    #[arg(long, conflicts_with_all = ["step", "sequence"])]
    pub(crate) animate: bool,
    /// Pixels of a PNG for each of the SVG
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=8))]
    pub(crate) scale: u32,
}

/// What `lesson` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab lesson split.trace -o split.html
  pfnlab lesson examples/scenarios/checkerboard.toml -o checkerboard.html --title Checkerboard
  pfnlab run --ops 1000 --record - | pfnlab lesson - -o tour.html

The page is one file and needs no network. Its address takes a step: split.html#step=3.")]
pub(crate) struct LessonArgs {
    /// A trace, a scenario (.toml), the folder of a recorded case, or - for a trace on stdin
    #[arg(value_name = "TRACE|SCENARIO")]
    pub(crate) subject: String,
    /// Write the page here; not given, on stdout
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) output: Option<PathBuf>,
    /// What it is called; not given, like the file
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// What its questions are chosen by
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What `quiz` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab quiz --seed 7
  pfnlab quiz --seed 7 --answers
  pfnlab quiz --seed 7 --count 20 --format moodle > quiz.xml

A small machine works by the seed; asked is what it does next. The answer is what it did.")]
pub(crate) struct QuizArgs {
    /// The seed; the same seed asks the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many questions
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) count: usize,
    /// Answer them, too
    #[arg(long)]
    pub(crate) answers: bool,
    /// For whom; all but text have the answers
    #[arg(long, value_enum, default_value_t = QuizFormat::Text)]
    pub(crate) format: QuizFormat,
    /// The kernel generation, such as linux-6.12.y
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// For whom questions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QuizFormat {
    /// People
    Text,
    /// mdbook-quiz, as TOML
    Mdbook,
    /// Moodle, as XML
    Moodle,
}

/// A zone, such as `0:Normal`.
fn zone(text: &str) -> Result<ZoneId, String> {
    let wrong = || format!("`{text}` is no zone: write a node and a kind, such as 0:Normal");
    let (node, kind) = text.split_once(':').ok_or_else(wrong)?;
    let node = node.parse().map_err(|_| wrong())?;
    let kind = ZoneKind::from_name(kind).ok_or_else(wrong)?;
    let node = NodeId(node);
    Ok(ZoneId { node, kind })
}

/// Frames, such as `0x3000..0x3040`.
fn frames(text: &str) -> Result<PfnRange, String> {
    let wrong = || {
        format!(
            "`{text}` are no frames: write the first and the one behind the last, such as 0x3000..0x3040"
        )
    };
    let (start, end) = text.split_once("..").ok_or_else(wrong)?;
    let start = frame(start).map_err(|_| wrong())?;
    let end = frame(end).map_err(|_| wrong())?;
    PfnRange::new(start, end)
        .filter(|range| !range.is_empty())
        .ok_or_else(wrong)
}

/// What `whatif` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab whatif mine.trace --set min_free_kbytes=65536 --set watermark_boost_factor=0
  pfnlab whatif examples/scenarios/checkerboard.toml --set movablecore=50% --set profile=linux-4.14
  pfnlab whatif mine.trace --set min_free_kbytes=65536,watermark_scale_factor=100 --json

Knobs: profile, config, seed, pageblock-order, kernelcore, movablecore, and the tunables of
/proc/sys/vm. A trace that starts from a saved state has its machine and its kernel already.
The last three columns: huge pages to be had now; at most after perfect compaction; and at most
after all that can be dropped was.")]
pub(crate) struct WhatifArgs {
    /// A trace, a scenario (a file that ends in .toml), or - for a trace on stdin
    #[arg(value_name = "TRACE|SCENARIO.toml")]
    pub(crate) subject: String,
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
    /// /proc/zoneinfo when the trace began
    #[arg(long, value_name = "FILE")]
    pub(crate) zoneinfo: String,
    /// /proc/buddyinfo when the trace began
    #[arg(long, value_name = "FILE")]
    pub(crate) buddyinfo: Option<String>,
    /// /proc/pagetypeinfo when the trace began; says more than buddyinfo
    #[arg(long, value_name = "FILE")]
    pub(crate) pagetypeinfo: Option<String>,
    /// /proc/zoneinfo when the trace ended, to compare with
    #[arg(long, value_name = "FILE")]
    pub(crate) end_zoneinfo: Option<String>,
    /// /proc/pagetypeinfo when the trace ended, to compare with
    #[arg(long, value_name = "FILE")]
    pub(crate) end_pagetypeinfo: Option<String>,
    /// The kernel generation, such as linux-6.12.y [default: the newest]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How the kernel was built, such as x86_64
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,
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
  pfnlab profiles linux-6.12.0 linux-6.12.y --json | jq .differences[][0].switch

None given, all are listed; one given, everything it does; two given, what they do otherwise.")]
pub(crate) struct ProfilesArgs {
    /// Kernel generations, such as linux-6.12.y; two at most
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// How pictures are drawn.
#[derive(Debug, Args)]
pub(crate) struct StyleArgs {
    /// No line longer than this; not given, as the terminal has it
    #[arg(long, value_name = "COLUMNS")]
    pub(crate) width: Option<usize>,
    /// Whether pictures are coloured
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
}

/// When text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
