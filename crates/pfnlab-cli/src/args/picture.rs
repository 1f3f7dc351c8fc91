//! What `draw`, `lesson`, `tui` and `quiz` take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pfnlab::lesson::View;
use pfnlab::{NodeId, PfnRange, ZoneId, ZoneKind};

use super::frame;

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

/// What `tui` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pfnlab tui split.trace
  pfnlab tui examples/scenarios/checkerboard.toml
  pfnlab run --ops 1000 --record - | pfnlab tui -

→ steps, ← goes back, ? shows all keys. A wide terminal shows more.")]
pub(crate) struct TuiArgs {
    /// A trace, a scenario (.toml), the folder of a recorded case, or - for a trace on stdin
    #[arg(value_name = "TRACE|SCENARIO")]
    pub(crate) subject: String,
    /// Draw the state with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
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
