//! Why a request failed, from what the kernel printed about it, and what would have helped.
//!
//! - [`diagnose`]: every report of a log. Start here. [`read`]: the same of a log that may be damaged.
//! - [`Diagnosis`]: who asked, what each zone answers, the [`Verdict`], and the [`WhatIf`]s.
//! - [`Answer`]: what a zone says to a request.
//!
//! A report is the state a moment after the failure, printed without a lock. The verdict follows from
//! the printed counts by the kernel's own watermark test. [`Diagnosis::ask_states`] besides asks the
//! allocator again, in states with these counts.
//!
//! ```
//! use pfnlab::failure::{self, Verdict};
//! let log = "\
//! tar: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)
//! Node 0 Normal free:8008kB min:800kB low:1000kB high:1200kB present:65536kB managed:65536kB
//! lowmem_reserve[]: 0 0
//! Node 0 Normal: 2000*4kB (UM) 1*8kB (U) 0*16kB 0*32kB 0*64kB 0*128kB = 8008kB
//! ";
//! let diagnoses = failure::diagnose("dmesg", log, None)?;
//! assert_eq!(diagnoses[0].verdict, Verdict::Fragmentation);
//! # Ok::<(), pfnlab::Error>(())
//! ```

mod asked;
mod counts;
mod owners;
mod rules;
mod states;
mod what_if;
mod zone;

pub use asked::Asked;
pub use states::States;
pub use what_if::{Change, WhatIf};
pub use zone::{Answer, ZoneAnswer};

use pfnlab_linux::LineError;
use pfnlab_linux::failure_report::{self, FailureLog, FailureReport};
use serde::Serialize;

use crate::{Error, TextError, kernel};
use rules::Rules;
use zone::Means;

/// A report, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What was asked for.
    pub asked: Asked,
    /// What each zone answers, in the order of the report.
    pub zones: Vec<ZoneAnswer>,
    /// Why it failed.
    pub verdict: Verdict,
    /// What would have come of it otherwise.
    pub what_if: Vec<WhatIf>,
    /// States with the report's counts, and what the request came to in them.
    pub states: States,
    /// What it follows from.
    #[serde(skip)]
    pub report: FailureReport,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A zone has enough free frames, and no block that is large enough, or too few.
    Fragmentation,
    /// A zone has free frames, and keeps them back from this request: for those that may use
    /// reserves, or for requests that can be moved.
    Watermark,
    /// No zone it may use has enough free frames.
    OutOfMemory,
    /// A zone could serve it by now: memory was freed before the report was printed.
    FreedMeanwhile,
    /// The report does not say enough.
    Unknown,
}

/// What a log says of failed requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosed {
    /// Every report that can be read, explained by its counts.
    pub diagnoses: Vec<Diagnosis>,
    /// What is wrong with those that cannot.
    pub unreadable: Vec<LineError>,
    /// The first line about a zone that stands before any report.
    pub headless: Option<u32>,
}

/// Explains every report in `log` by its counts. `profile`: by the rules of this kernel generation;
/// `None`: of the one nearest to the release the report names, or else the newest.
///
/// # Errors
/// When there is no such profile. A report that makes no sense does not stand in the way of others.
pub fn read(log: &str, profile: Option<&str>) -> Result<Diagnosed, Error> {
    let forced = profile
        .map(|name| kernel::profile(Some(name)))
        .transpose()?;
    let FailureLog {
        reports,
        unreadable,
        headless,
    } = failure_report::read(log);
    let explained = |report: FailureReport| {
        let rules = match forced {
            Some(profile) => Rules::of_profile(profile.name()),
            None => Rules::of_release(report.release.as_deref()),
        };
        explain(report, rules)
    };
    Ok(Diagnosed {
        diagnoses: reports.into_iter().map(explained).collect(),
        unreadable,
        headless,
    })
}

/// The same, strictly: of a log whose reports all make sense.
///
/// # Errors
/// When there is no such profile, or a line of a report is not what it should be.
pub fn diagnose(name: &str, log: &str, profile: Option<&str>) -> Result<Vec<Diagnosis>, Error> {
    let read = read(log, profile)?;
    match read.unreadable.first() {
        Some(error) => Err(TextError::of_line(name, log, error).into()),
        None => Ok(read.diagnoses),
    }
}

/// The same, and each is asked again in states ([`Diagnosis::ask_states`]).
///
/// # Errors
/// When there is no such profile, or a line of a report is not what it should be.
pub fn diagnose_in_states(
    name: &str,
    log: &str,
    profile: Option<&str>,
    seeds: u32,
) -> Result<Vec<Diagnosis>, Error> {
    let mut diagnoses = diagnose(name, log, profile)?;
    for diagnosis in &mut diagnoses {
        diagnosis.ask_states(seeds);
    }
    Ok(diagnoses)
}

impl Diagnosis {
    /// Asks the request again, as it was and with every change, in the states of so many seeds that have
    /// the report's counts. Where blocks lie, how pageblocks are typed and who has what is in use no
    /// report says; what differs from state to state is not known of that machine. Files and other
    /// pages of users can be moved there, nothing else can.
    pub fn ask_states(&mut self, seeds: u32) {
        let means = Means::of(&self.asked);
        states::ask(self, &means, seeds);
    }
}

fn explain(report: FailureReport, rules: Rules) -> Diagnosis {
    let asked = Asked::new(&report, rules);
    let answers = |means: &Means| -> Vec<ZoneAnswer> {
        let zones = report.zones.iter();
        zones
            .map(|zone| zone::answer(&report, zone, rules, means))
            .collect()
    };
    let means = Means::of(&asked);
    let zones = answers(&means);
    let serves = |means: &Means| {
        let zones = answers(means);
        // Higher zones are asked first.
        let served = zones.into_iter().rev();
        served
            .filter(|zone| zone.answer == Answer::Enough)
            .map(|zone| zone.zone)
            .next()
    };
    let verdict = verdict(&zones, &means, &serves);
    Diagnosis {
        what_if: what_if::table(&report, &means, &serves),
        asked,
        zones,
        verdict,
        states: States::NotAsked,
        report,
    }
}

fn verdict(
    zones: &[ZoneAnswer],
    means: &Means,
    serves: &impl Fn(&Means) -> Option<pfnlab_model::ZoneId>,
) -> Verdict {
    let any = |wanted: fn(&Answer) -> bool| zones.iter().any(|zone| wanted(&zone.answer));
    if any(|answer| matches!(answer, Answer::Enough)) {
        Verdict::FreedMeanwhile
    } else if any(|answer| matches!(answer, Answer::TooSmall { .. } | Answer::TooFewLarge)) {
        Verdict::Fragmentation
    } else if !any(|answer| {
        matches!(
            answer,
            Answer::TooFew | Answer::Withheld | Answer::ForOthers
        )
    }) {
        Verdict::Unknown
    } else if serves(&means.with_everything_kept()).is_some() {
        Verdict::Watermark
    } else if any(|answer| matches!(answer, Answer::NotSaid)) {
        Verdict::Unknown
    } else {
        Verdict::OutOfMemory
    }
}
