//! `pfnlab explain-failure`.

use std::borrow::Cow;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};

use pfnlab::failure::{self, Answer, Diagnosed, Diagnosis, States, Verdict as Cause, ZoneAnswer};
use pfnlab::{Error, TextError};
use serde::Serialize;

use crate::Verdict;
use crate::args::ExplainFailureArgs;
use crate::failure::Failure;
use crate::output;

mod overview;

/// How many seeds there are, if nobody says.
const SEEDS: u32 = 4;

/// Of a log with more reports an overview is given, if nobody asks for one of them.
const MANY: usize = 3;

/// What `--json` prints.
#[derive(Serialize)]
struct ExplainFailureReport {
    file: String,
    failures: Vec<Diagnosis>,
    unreadable: Vec<String>,
}

pub(crate) fn explain_failure(args: &ExplainFailureArgs) -> Result<Verdict, Failure> {
    let (name, log) = match args.log.as_str() {
        "-" => ("<stdin>", log(io::stdin())),
        path => (path, File::open(path).and_then(log)),
    };
    let log = log.map_err(|error| Error::Read {
        path: name.to_owned(),
        error,
    })?;
    let Diagnosed {
        mut diagnoses,
        unreadable,
        headless,
    } = failure::read(&log, args.profile.as_deref())?;
    if let Some(line) = args.line {
        diagnoses.retain(|diagnosis| diagnosis.asked.line == line);
        if diagnoses.is_empty() {
            let message = format!("{name}: no report of a failed request begins in line {line}");
            return Err(Failure::Unusable(message));
        }
    }
    let many = diagnoses.len() > MANY && args.seeds.is_none();
    let seeds = args.seeds.unwrap_or(if many { 0 } else { SEEDS });
    for diagnosis in &mut diagnoses {
        diagnosis.ask_states(seeds);
    }
    let errors = unreadable.iter();
    let errors = errors.map(|error| TextError::of_line(name, &log, error));
    if args.json {
        output::json(&ExplainFailureReport {
            file: name.to_owned(),
            failures: diagnoses,
            unreadable: errors.clone().map(|error| error.to_string()).collect(),
        })?;
    } else if diagnoses.is_empty() && unreadable.is_empty() {
        output::text(&nothing(name, headless))?;
    } else if many {
        output::text(&overview::of(name, &diagnoses))?;
    } else {
        let texts: Vec<_> = diagnoses
            .iter()
            .map(|diagnosis| as_text(name, diagnosis))
            .collect();
        output::text(&texts.join("\n"))?;
    }
    let mut errors = errors.take(if args.line.is_some() { 0 } else { usize::MAX });
    match (errors.next(), unreadable.len()) {
        (None, _) => Ok(Verdict::Fine),
        (Some(error), 1) => Err(error.into()),
        (Some(error), count) => {
            let message = format!("{} ({} more are not readable)", error.message(), count - 1);
            Err(TextError::new(name, &*log, error.span(), message).into())
        }
    }
}

/// A log, packed or not, with whatever a console or a pager left in it.
fn log(reader: impl Read) -> io::Result<String> {
    let bytes = pfnlab::linux::read_unpacked(reader)?;
    let text = match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(text) if !text.contains('\u{1b}') => text.to_owned(),
        text => anstream::adapter::strip_str(&text).to_string(),
    };
    Ok(text)
}

/// What is said where there is nothing to explain.
fn nothing(name: &str, headless: Option<u32>) -> String {
    const SAID: &str = "`page allocation failure` or `invoked oom-killer`";
    match headless {
        None => format!("{name}: no failed request for memory: no line says {SAID}\n"),
        Some(line) => format!(
            "{name}: line {line} says what a zone had, but what was asked for stands in the report's first \
             line, which says {SAID}: it is missing\n"
        ),
    }
}

fn as_text(name: &str, diagnosis: &Diagnosis) -> String {
    let Diagnosis { asked, zones, .. } = diagnosis;
    let mut text = format!("{name}:{}: {}", asked.line, asked.comm);
    // Writing to a String cannot fail.
    let _ = match asked.order {
        Some(order) => write!(text, " asked for order {order} with {}", asked.gfp),
        None => write!(text, " asked for a victim with {}", asked.gfp),
    };
    if asked.unknown != 0 {
        let _ = write!(text, " and unknown bits {:#x}", asked.unknown);
    }
    let end = match asked.oom_killer {
        true => "a process was to die for it",
        false => "was refused",
    };
    let _ = writeln!(text, "; {end}.");
    let release = asked.release.as_deref().unwrap_or("not said");
    let _ = writeln!(text, "Kernel {release}, by the rules of {}.\n", asked.rules);
    let _ = writeln!(
        text,
        "{:<14} {:>9} {:>9} {:>9} {:>9}  what it answers",
        "zone", "free", "kept", "mark", "withheld"
    );
    for zone in zones {
        let _ = writeln!(text, "{}", row(zone));
    }
    let silent = diagnosis.verdict != Cause::Unknown
        && zones.iter().any(|zone| zone.answer == Answer::NotSaid);
    let but = match silent {
        true => " Of zones without numbers the report says too little.",
        false => "",
    };
    let _ = writeln!(text, "\n{}{but}", cause(diagnosis));
    if diagnosis.report.cut {
        text.push_str("The log ends within a line of this report, which is left out.\n");
    }
    text.push('\n');
    text.push_str(&table(diagnosis));
    text
}

/// What would have come of it otherwise: by the counts alone, and in states that have them.
fn table(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let (seeds, served) = match &diagnosis.states {
        States::Asked { seeds, served } => (*seeds, Some(*served)),
        States::NotAsked | States::Impossible { .. } => (0, None),
    };
    let states = |served: Option<u32>| match served {
        Some(served) => format!("{served:>5} of {seeds}"),
        None => String::new(),
    };
    // Writing to a String cannot fail.
    if served.is_some() {
        let title = "served in states";
        let _ = writeln!(text, "{:<44} {:<30}{title}", "what if", "by the counts");
        let line = format!("{:<44} {:<30}{}", "as it is", "fails", states(served));
        if diagnosis.verdict != Cause::FreedMeanwhile {
            let _ = writeln!(text, "{line}");
        }
    }
    for what_if in &diagnosis.what_if {
        let outcome = match what_if.served_by {
            Some(zone) => format!("served, from node {} {}", zone.node, zone.kind),
            None => "fails".to_owned(),
        };
        let change = what_if.change.to_string();
        let line = format!("{change:<44} {outcome:<30}{}", states(what_if.states));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if let States::Impossible { why } = &diagnosis.states {
        let _ = writeln!(
            text,
            "\nNo states were made of the report, so that only its counts speak: {why}."
        );
    }
    text
}

fn row(zone: &ZoneAnswer) -> String {
    let name = format!("node {} {}", zone.zone.node, zone.zone.kind);
    let answer = match zone.answer {
        Answer::NotAsked => "not asked: above what the request may have".to_owned(),
        Answer::NotSaid => "the report does not say enough".to_owned(),
        Answer::TooFew => "too few free above the mark".to_owned(),
        Answer::Withheld => "enough, but withheld for those it must serve".to_owned(),
        Answer::TooSmall { index } => {
            format!("no block large enough (fragmentation index {index}/1000)")
        }
        Answer::TooFewLarge => "a block large enough, but too few frames in such".to_owned(),
        Answer::ForOthers => "blocks large enough, but only for others".to_owned(),
        Answer::Enough => "can serve it".to_owned(),
    };
    let (Some(free), Some(mark)) = (zone.free, zone.mark) else {
        return format!(
            "{name:<14} {:>9} {:>9} {:>9} {:>9}  {answer}",
            "-", "-", "-", "-"
        );
    };
    let ZoneAnswer { kept, withheld, .. } = zone;
    format!("{name:<14} {free:>9} {kept:>9} {mark:>9} {withheld:>9}  {answer}")
}

fn cause(diagnosis: &Diagnosis) -> &'static str {
    match diagnosis.verdict {
        Cause::Fragmentation => {
            "Fragmentation: there are enough free frames, but too few in blocks that are large enough."
        }
        Cause::Watermark => {
            "Watermark: frames are free, but kept back from this request for others."
        }
        Cause::OutOfMemory => {
            "Out of memory: no zone has enough free frames for it, above its mark and what is withheld."
        }
        Cause::FreedMeanwhile => {
            "Freed meanwhile: when the report was printed, the request could be served."
        }
        Cause::Unknown => {
            "Unknown: the report does not say enough of the zones it could have been served from."
        }
    }
}
