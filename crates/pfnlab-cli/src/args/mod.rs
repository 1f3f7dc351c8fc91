//! What can be said on the command line.
//!
//! - [`boot`]: what `boot` and `replay` take.
//! - [`check`]: what `check`, `grade` and `exhaust` take: all that tests an allocator.
//! - [`exchange`]: what `import`, `export` and `report` take: data from elsewhere, and for elsewhere.
//! - [`picture`]: what `draw`, `lesson`, `tui` and `quiz` take.
//! - [`run`]: what `run`, `whatif` and `sweep` take.
//! - [`tell`]: what `explain`, `explain-failure`, `diff` and `profiles` take: all that tells in words.

mod boot;
mod check;
mod exchange;
mod picture;
mod run;
mod tell;

use std::num::ParseIntError;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pfnlab::Pfn;

pub(crate) use boot::{BootArgs, ReplayArgs, Show};
pub(crate) use check::{
    AgreeIn, CheckArgs, ExhaustArgs, GradeArgs, HostLibraryArgs, LimitArgs, PlansFirst, RulesAt,
    SuiteArgs,
};
pub(crate) use exchange::{
    ExportArgs, ExportForm, ImportCountsArgs, ImportKmemArgs, ImportWhat, ProcCounts, ReportArgs,
};
pub(crate) use picture::{DrawArgs, LessonArgs, QuizArgs, QuizFormat, TuiArgs};
pub(crate) use run::{RunArgs, RunOptions, SweepArgs, WhatifArgs};
pub(crate) use tell::{DiffArgs, ExplainArgs, ExplainFailureArgs, ProfilesArgs};

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
    /// Step through what operations did in a terminal, forward and back, and change them
    Tui(TuiArgs),
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

/// A frame number, in hex or decimal.
pub(crate) fn frame(text: &str) -> Result<Pfn, ParseIntError> {
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    number.map(Pfn::new)
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
