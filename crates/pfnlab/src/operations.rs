//! What every operation of a trace came to, as numbers: for other tools.

use pfnlab_model::{ClientOp, CpuId, Op, ZoneId};

use crate::boot::snapshot_of;
use crate::generations::Side;
use crate::{Error, Otherwise, TraceFile};

/// What an operation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its position, from 0.
    pub step: u64,
    /// Its line, from 1.
    pub line: u32,
    /// The operation, as in the trace.
    pub op: String,
    /// The CPU it ran on; `None`: on none in particular.
    pub cpu: Option<CpuId>,
    /// What came of it, as a trace would say it; empty where it has no word.
    pub outcome: String,
    /// The first frame it was about.
    pub pfn: Option<u64>,
    /// Requests served from blocks of another migratetype while it ran.
    pub fallbacks: u64,
    /// Free frames after it, by zone; only where they changed, and after the first operation.
    pub free: Vec<(ZoneId, u64)>,
}

/// Runs a trace and tells `each` operation what it came to.
///
/// # Errors
/// When its start is not to be had, or a step cannot be run; and what `each` fails with.
pub fn of_trace<E: From<Error>>(
    file: &TraceFile,
    mut each: impl FnMut(Operation) -> Result<(), E>,
) -> Result<(), E> {
    let mut side = Side::boot_otherwise(file, &Otherwise::default())?;
    let mm = side.driver().allocator();
    let zones = snapshot_of(mm).zones;
    let zones: Vec<ZoneId> = zones
        .iter()
        .filter(|zone| zone.present > 0)
        .map(|zone| zone.id)
        .collect();
    let mut known: Vec<Option<i64>> = vec![None; zones.len()];
    let mut fallbacks = 0;
    for (at, step) in file.trace().steps.iter().enumerate() {
        let outcome = side.step(file, at, &mut ())?;
        let expectation = outcome.as_expectation(side.driver().pages());
        let pfn = crate::replay::frames(expectation.as_ref())
            .first()
            .map(|pfn| pfn.get());
        let mm = side.driver().allocator();
        let mut free = Vec::new();
        for (&zone, known) in zones.iter().zip(&mut known) {
            let now = pfnlab_model::Inspect::free_pages(mm, zone);
            if known.replace(now) != Some(now) {
                free.push((zone, u64::try_from(now).unwrap_or(0)));
            }
        }
        let before = std::mem::replace(&mut fallbacks, side.fallbacks());
        each(Operation {
            step: at as u64,
            line: file.line(at),
            op: step.op.to_string(),
            cpu: cpu_of(&step.op),
            outcome: expectation.map_or(String::new(), |answer| answer.to_string()),
            pfn,
            fallbacks: fallbacks - before,
            free,
        })?;
    }
    Ok(())
}

/// The CPU an operation runs on.
fn cpu_of(op: &Op) -> Option<CpuId> {
    match *op {
        Op::Alloc { request, .. } | Op::Bulk { request, .. } | Op::Exact { request, .. } => {
            Some(request.cpu)
        }
        Op::Free { cpu, .. }
        | Op::Drain { cpu }
        | Op::Vmstat { cpu }
        | Op::CpuOffline { cpu }
        | Op::CpuOnline { cpu } => Some(cpu),
        Op::Client(op) => Some(ClientOp::cpu(&op)),
        _ => None,
    }
}
