//! The same work with a little more of it, or a little less.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use pfnlab_model::{CompactGoal, CpuId, Inspect, MemoryOp, NodeId, Op, Snapshot, Step, Ticket};

/// What is done besides the operations of a trace or a scenario, and what of them is left out. By
/// default, nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Every node is compacted before the operation with this number, from 0, as far as can be
    /// (`/proc/sys/vm/compact_memory`).
    pub compact_at: Option<u64>,
    /// Every so many operations every node is compacted ahead of need (`kcompactd` with its
    /// `compaction_proactiveness`).
    pub proactive_every: Option<NonZeroU64>,
    /// Of the requests whose memory is never given back, so many percent are asked for.
    pub leak: Option<u8>,
}

impl Work {
    /// What is done before the operation with a number, on each of `nodes`. Costs nothing when that is
    /// nothing.
    pub fn before(&self, number: u64, nodes: &[NodeId]) -> Vec<Op> {
        let all = (self.compact_at == Some(number)).then_some(CompactGoal::All);
        let due = |every: NonZeroU64| number > 0 && number.is_multiple_of(every.get());
        let ahead = self.proactive_every.filter(|every| due(*every));
        let goals = all.into_iter().chain(ahead.map(|_| CompactGoal::Proactive));
        let cpu = CpuId(0);
        let compact = |goal| {
            let on = move |&node: &NodeId| Op::Memory(MemoryOp::Compact { node, goal, cpu });
            nodes.iter().map(on)
        };
        goals.flat_map(compact).collect()
    }

    /// The nodes of a machine, if anything is done on them besides.
    pub fn nodes(&self, machine: &impl Inspect) -> Vec<NodeId> {
        match self.adds() {
            true => nodes(&machine.snapshot()),
            false => Vec::new(),
        }
    }

    /// Whether anything is done besides.
    fn adds(&self) -> bool {
        self.compact_at.is_some() || self.proactive_every.is_some()
    }

    /// The steps of a trace that are left out, by position: evenly spread over those that leak.
    pub fn left_out(&self, steps: &[Step]) -> BTreeSet<usize> {
        let Some(percent) = self.leak else {
            return BTreeSet::new();
        };
        let share = |number: u64| number * u64::from(percent) / 100;
        let numbered = (0..).zip(leaks(steps));
        let out = numbered.filter(|(number, _)| share(number + 1) == share(*number));
        out.map(|(_, at)| at).collect()
    }
}

/// The nodes of a machine.
pub(crate) fn nodes(snapshot: &Snapshot) -> Vec<NodeId> {
    let nodes: BTreeSet<NodeId> = snapshot.zones.iter().map(|zone| zone.id.node).collect();
    nodes.into_iter().collect()
}

/// Requests whose ticket is live when the trace ends, by position.
fn leaks(steps: &[Step]) -> BTreeSet<usize> {
    let mut live: BTreeMap<Ticket, usize> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        match step.op {
            Op::Alloc { ticket, .. } | Op::Exact { ticket, .. } => {
                live.insert(ticket, at);
            }
            // What it is split into has other names, and another story.
            Op::Free { ticket, .. } | Op::Split { ticket, .. } => {
                live.remove(&ticket);
            }
            _ => {}
        }
    }
    live.into_values().collect()
}

#[cfg(test)]
mod tests {
    use pfnlab_model::Trace;

    use super::*;

    fn steps(ops: &str) -> Vec<Step> {
        let header = "#pfnlab-trace 1\nmachine one-node\n";
        let parsed = Trace::parse(&format!("{header}{ops}"));
        parsed.unwrap().trace.steps
    }

    /// 1, 3, 4 and 5 are never given back: of four, half are left.
    #[test]
    fn half_a_leak_is_every_second_request() {
        let steps = steps("a 1\na 2\na 3\nf 2\na 4\na 5\n");
        let left_out = |leak| {
            let work = Work {
                leak: Some(leak),
                ..Work::default()
            };
            work.left_out(&steps).into_iter().collect::<Vec<_>>()
        };
        assert!(left_out(100).is_empty());
        assert_eq!(left_out(50), [0, 4]);
        assert_eq!(left_out(0), [0, 2, 4, 5]);
    }
}
