//! A divergence, explained: the operation, what was expected, what came, the lists involved.

use std::fmt;

use pfnlab_model::{CpuId, Event, Observer, Op, Pfn, Snapshot, ZoneId};
use serde::Serialize;

use crate::Whereabouts;
use crate::whereabouts::Zone;

/// The most blocks of a list, or events of an operation, that are shown.
const SHOWN: usize = 12;

/// The first operation that came to something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Its position, from 0.
    pub step: u64,
    /// Its line in the file it was read from, from 1.
    pub line: u32,
    /// The operation, as a trace would say it.
    pub op: String,
    /// What is not as it should be.
    pub fields: Vec<FieldDifference>,
    /// What helps to see why, a line each: where the frames were, the lists involved, the events.
    pub context: Vec<String>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// What.
    pub field: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub got: String,
}

impl FieldDifference {
    /// The difference, if there is one.
    pub(crate) fn between<T: PartialEq>(
        field: &str,
        expected: &T,
        got: &T,
        show: impl Fn(&T) -> String,
    ) -> Option<FieldDifference> {
        (expected != got).then(|| FieldDifference {
            field: field.to_owned(),
            expected: show(expected),
            got: show(got),
        })
    }
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FieldDifference {
            field,
            expected,
            got,
        } = self;
        write!(f, "{field}: expected {expected}, got {got}")
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "operation {} (line {}): {}",
            self.step, self.line, self.op
        )?;
        for field in &self.fields {
            writeln!(f, "  {field}")?;
        }
        for line in &self.context {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }
}

/// What an operation did, and the state before it.
pub(super) struct Scene<'a> {
    /// The operation.
    pub(super) op: &'a Op,
    /// The state before.
    pub(super) before: &'a Snapshot,
    /// What it told.
    pub(super) events: &'a [Event],
}

impl Scene<'_> {
    /// Where the frames in question were, the per-CPU lists involved, and the events.
    pub(super) fn context(&self, expected: &[Pfn], got: &[Pfn]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut zones = Vec::new();
        let (first, second) = (expected.first(), got.first());
        for (what, pfn) in [("expected", first), ("got", second)] {
            let Some(&pfn) = pfn else { continue };
            let place = Whereabouts::of(pfn, self.before);
            lines.push(format!("before, {what} frame {pfn} was {place}"));
            zones.extend(zone_of(place).filter(|zone| !zones.contains(zone)));
        }
        if let Some(cpu) = cpu_of(self.op) {
            for &zone in &zones {
                lines.extend(per_cpu_lists(self.before, zone, cpu));
            }
        }
        let events = self.events.iter().take(SHOWN);
        lines.extend(events.map(|event| format!("event: {event:?}")));
        if self.events.len() > SHOWN {
            lines.push(format!("and {} more events", self.events.len() - SHOWN));
        }
        lines
    }
}

fn zone_of(place: Whereabouts) -> Option<ZoneId> {
    match place {
        Whereabouts::Free { zone, .. }
        | Whereabouts::PerCpu { zone, .. }
        | Whereabouts::Lent { zone, .. }
        | Whereabouts::InUse { zone } => Some(zone),
        Whereabouts::Nowhere => None,
    }
}

/// The CPU an operation runs on, where it says so.
fn cpu_of(op: &Op) -> Option<CpuId> {
    match *op {
        Op::Alloc { request, .. } | Op::Bulk { request, .. } | Op::Exact { request, .. } => {
            Some(request.cpu)
        }
        Op::Free { cpu, .. } | Op::Drain { cpu } | Op::Vmstat { cpu } => Some(cpu),
        Op::Split { .. } | Op::Sysctl { .. } | Op::ZoneFlags { .. } => None,
    }
}

fn per_cpu_lists(snapshot: &Snapshot, zone: ZoneId, cpu: CpuId) -> Vec<String> {
    let pcp = snapshot
        .zone(zone)
        .and_then(|state| state.pcp.iter().find(|pcp| pcp.cpu == cpu));
    let Some(pcp) = pcp else { return Vec::new() };
    let mut lines = vec![format!(
        "before, CPU {cpu} kept {} frames of {} (high {}, batch {})",
        pcp.count,
        Zone(zone),
        pcp.high,
        pcp.batch
    )];
    lines.extend(pcp.lists.iter().map(|list| {
        let shown: Vec<_> = list.pfns.iter().take(SHOWN).map(Pfn::to_string).collect();
        let more = list.pfns.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!(
            "  list {} (order {}): {}{more}",
            list.index,
            list.order,
            shown.join(" ")
        )
    }));
    lines
}

/// A tape that keeps what one operation tells.
#[derive(Default)]
pub(super) struct Tape(pub(super) Vec<Event>);

impl Observer for Tape {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}
