//! A recorded case of a running kernel, compared in every field.

use std::path::{Path, PathBuf};

use pfnlab_linux::{Difference, Got, RecordedOp, Recording, Status, ZoneAfter, differences};
use pfnlab_mm::Mm;
use pfnlab_model::{Event, Inspect, MigrateType, Op, Pfn};
use pfnlab_sim::{Driver, Outcome};

use super::STRIDE;
use super::explain::{Divergence, FieldDifference, Scene};
use crate::Error;
use crate::boot::snapshot_of;
use crate::whereabouts::Zone;

/// The fields of a recorded operation that are not compared, each with the reason.
const OPS_NOT_COMPARED: &[(&str, &str)] = &[(
    "ops[].ret of vmstat",
    "it counts the counters of nodes too, which are not the page allocator's",
)];

/// The fields of a recording that are not compared, each with the reason.
pub fn not_compared() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPS_NOT_COMPARED
        .iter()
        .chain(pfnlab_linux::NOT_COMPARED)
        .copied()
}

/// What came of a recorded case.
#[derive(Clone, Debug)]
pub struct CaseReplay {
    /// The folder of the case.
    pub case: PathBuf,
    /// How many operations it has.
    pub ops: u64,
    /// How many came to exactly what was recorded, in every field.
    pub exact: u64,
    /// The first that did not.
    pub divergence: Option<Divergence>,
    /// Where the state at the end is not the recorded one.
    pub differences: Vec<Difference>,
}

impl CaseReplay {
    /// Every operation came to exactly what was recorded.
    pub fn is_exact(&self) -> bool {
        self.exact == self.ops
    }

    /// The state at the end is the recorded one.
    pub fn is_identical(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Replays the case in a folder. `progress` is told now and then how many operations are done.
///
/// # Errors
/// When the recording cannot be read, or no allocator can be in the state it starts from.
pub fn recording(case: &Path, mut progress: impl FnMut(u64)) -> Result<CaseReplay, Error> {
    run(case, &mut progress)
}

fn run(case: &Path, progress: &mut dyn FnMut(u64)) -> Result<CaseReplay, Error> {
    let recording = Recording::open(case)?;
    let mut driver = Driver::new(resume(case, &recording)?);
    let mut exact = 0;
    let mut first = None;
    for (number, recorded) in (0..).zip(&recording.ops) {
        let Ok(outcome) = driver.step(&recorded.op, &mut ()) else {
            // Only after a divergence: a recording frees what it allocated.
            first.get_or_insert(number);
            break;
        };
        let got = seen(recorded, &outcome, &driver);
        if got == recorded.got {
            exact += 1;
        } else {
            first.get_or_insert(number);
        }
        if number % STRIDE == 0 {
            progress(number);
        }
    }
    let explained = first.map(|number| explain(case, &recording, number));
    let mut ends = differences(&recording.after, &snapshot_of(driver.allocator()));
    ends.extend_from_slice(&recording.disturbed);
    Ok(CaseReplay {
        case: case.to_owned(),
        ops: recording.ops.len() as u64,
        exact,
        divergence: explained.transpose()?,
        differences: ends,
    })
}

fn resume(case: &Path, recording: &Recording) -> Result<Mm, Error> {
    Mm::resume(&recording.before).map_err(|error| Error::Resume {
        path: case.join("before.json.gz").display().to_string(),
        error,
    })
}

/// Replays the case again up to the operation in question, to look around there.
fn explain(case: &Path, recording: &Recording, step: u64) -> Result<Divergence, Error> {
    let mut driver = Driver::new(resume(case, recording)?);
    let at = step as usize;
    for earlier in &recording.ops[..at] {
        // The first run came this far without an error.
        let _ = driver.step(&earlier.op, &mut ());
    }
    let before = snapshot_of(driver.allocator());
    let recorded = &recording.ops[at];
    let mut tape: Vec<Event> = Vec::new();
    let (fields, pfns) = match driver.step_told(&recorded.op, &mut tape) {
        Ok(outcome) => {
            let got = seen(recorded, &outcome, &driver);
            (field_differences(&recorded.got, &got), got.pfns)
        }
        Err(error) => {
            let field = FieldDifference {
                field: "outcome".to_owned(),
                expected: "an operation that can be run".to_owned(),
                got: error.to_string(),
            };
            (vec![field], Vec::new())
        }
    };
    let scene = Scene {
        op: &recorded.op,
        before: &before,
        events: &tape,
    };
    Ok(Divergence {
        step,
        line: recorded.line,
        op: recorded.op.to_string(),
        fields,
        before: scene.context(&recorded.got.pfns, &pfns),
        story: scene.story(),
    })
}

/// What came of an operation here, in the words of a recording.
fn seen(recorded: &RecordedOp, outcome: &Outcome, driver: &Driver<Mm>) -> Got {
    let (status, pfns) = match *outcome {
        Outcome::Lent(block) | Outcome::Freed(block) | Outcome::Split(block) => {
            (Status::Ok, vec![block.start()])
        }
        Outcome::Exact(range) | Outcome::FreedRun(range) => (Status::Ok, vec![range.start()]),
        Outcome::Bulk { .. } => (Status::Ok, driver.pages().to_vec()),
        Outcome::Object(at) | Outcome::ObjectFreed(at) => (Status::Ok, vec![at.frame()]),
        Outcome::Kept(block) => (Status::Ok, vec![block.start()]),
        Outcome::Done => (Status::Ok, Vec::new()),
        Outcome::Refused(_) | Outcome::Failed(_) => (Status::Fail, Vec::new()),
        Outcome::Skipped | Outcome::Rejected | Outcome::Unsupported => (Status::Skip, Vec::new()),
    };
    let mm = driver.allocator();
    let place = match (recorded.op, pfns.first()) {
        (Op::ZoneFlags { zone, .. }, _) if status == Status::Ok => Some((zone, None)),
        (_, Some(&pfn)) => mm
            .zone_of(pfn)
            .map(|zone| (zone, Some(mm.pageblock_type(pfn)))),
        _ => None,
    };
    let after = place.map(|(zone, mt)| ZoneAfter {
        zone,
        mt,
        pcp: mm.pcp_count(zone, recorded.cpu),
        free: mm.free_pages(zone),
        flags: mm.zone_flags(zone),
        boost: mm.boost(zone),
    });
    Got {
        status,
        pfns,
        after,
        ret: recorded.got.ret,
    }
}

fn field_differences(expected: &Got, got: &Got) -> Vec<FieldDifference> {
    let mut fields = Vec::new();
    fields.extend(FieldDifference::between(
        "status",
        &expected.status,
        &got.status,
        |status| format!("{status:?}").to_lowercase(),
    ));
    fields.extend(FieldDifference::between(
        "frames",
        &expected.pfns,
        &got.pfns,
        |pfns| show_frames(pfns),
    ));
    match (&expected.after, &got.after) {
        (Some(expected), Some(got)) => fields.extend(zone_differences(expected, got)),
        (expected, got) => fields.extend(FieldDifference::between(
            "zone",
            &expected.map(|after| after.zone),
            &got.map(|after| after.zone),
            |zone| zone.map_or("none".to_owned(), |zone| Zone(zone).to_string()),
        )),
    }
    fields
}

fn zone_differences(expected: &ZoneAfter, got: &ZoneAfter) -> Vec<FieldDifference> {
    let zone = Zone(expected.zone);
    let number = |what: &str, expected: i64, got: i64| {
        FieldDifference::between(
            &format!("{what} of {zone}"),
            &expected,
            &got,
            i64::to_string,
        )
    };
    let frames = |frames: u64| i64::try_from(frames).unwrap_or(i64::MAX);
    [
        FieldDifference::between("zone", &expected.zone, &got.zone, |&zone| {
            Zone(zone).to_string()
        }),
        FieldDifference::between("pageblock type", &expected.mt, &got.mt, |mt| {
            mt.map_or("none", MigrateType::name).to_owned()
        }),
        number(
            "frames on the per-CPU lists",
            expected.pcp.into(),
            got.pcp.into(),
        ),
        number("folded free frames", expected.free, got.free),
        FieldDifference::between(
            &format!("flags of {zone}"),
            &expected.flags,
            &got.flags,
            |flags| format!("{:#x}", flags.bits()),
        ),
        number("watermark boost", frames(expected.boost), frames(got.boost)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn show_frames(pfns: &[Pfn]) -> String {
    let shown: Vec<_> = pfns.iter().map(Pfn::to_string).collect();
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(",")
    }
}
