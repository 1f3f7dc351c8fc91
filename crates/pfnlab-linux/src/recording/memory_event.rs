//! What a recorded state says was done to memory.

use pfnlab_model::{CpuId, MemoryOp, NodeId, OfflineState, OnlineTo, Op, Pfn, PfnRange, Snapshot};

use super::Untouched;

/// What was done, before it is known which frames that were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemoryDone {
    /// A memory block of this number was put online. A block is a section on these machines.
    Online(u64, OnlineTo),
    /// A memory block of this number was put offline.
    Offline(u64),
    /// Memory was plugged in, and put online block by block if it says where.
    Added(Option<OnlineTo>),
}

impl MemoryDone {
    /// By the name of the state after it, without its number.
    pub(super) fn of(what: &str) -> Option<MemoryDone> {
        let what = what.strip_prefix("after-").unwrap_or(what);
        if let Some(state) = what.strip_prefix("dimm") {
            let (_, state) = state.split_once("-added-")?;
            return match state {
                "offline" => Some(MemoryDone::Added(None)),
                state => Some(MemoryDone::Added(Some(online_to(state)?))),
            };
        }
        let (verb, block) = what.rsplit_once('-')?;
        let block = block.parse().ok()?;
        match verb {
            "offline" | "offline2" => Some(MemoryDone::Offline(block)),
            verb => Some(MemoryDone::Online(block, online_to(verb)?)),
        }
    }

    /// The operations, by the sections of the states before and after.
    pub(super) fn ops(
        self,
        before: &Snapshot,
        sections_before: &Untouched,
        sections_after: &Untouched,
    ) -> Vec<Op> {
        let frames = before.global.section_frames;
        let cpu = CpuId(0);
        // No memory block has so high a number that this overflows: blocks are below 16 TiB.
        let section =
            |nr: u64| PfnRange::sized(Pfn::new(nr.min(Pfn::LIMIT.get() / frames) * frames), frames);
        let online = |nr, to| MemoryOp::Online {
            range: section(nr),
            to,
            cpu,
        };
        let ops = match self {
            MemoryDone::Online(block, to) => vec![online(block, to)],
            MemoryDone::Offline(block) => vec![MemoryOp::Offline {
                range: section(block),
                cpu,
            }],
            MemoryDone::Added(to) => {
                let known = sections_before.section_numbers();
                let all = sections_after.section_numbers().into_iter();
                let new: Vec<u64> = all.filter(|nr| !known.contains(nr)).collect();
                let add = |&nr: &u64| MemoryOp::Add {
                    range: section(nr),
                    node: NodeId(0),
                };
                let added = new.iter().map(add);
                let onlined = to.map(|to| new.iter().map(move |&nr| online(nr, to)));
                added.chain(onlined.into_iter().flatten()).collect()
            }
        };
        ops.into_iter().map(Op::Memory).collect()
    }
}

fn online_to(verb: &str) -> Option<OnlineTo> {
    match verb {
        "online" => Some(OnlineTo::Default),
        "online_kernel" => Some(OnlineTo::Kernel),
        "online_movable" => Some(OnlineTo::Movable),
        _ => None,
    }
}

/// Whether the kernel did not do what was asked: it was so before, or it is not so after.
pub(super) fn is_refused(ops: &[Op], before: &Snapshot, after: &Snapshot) -> bool {
    let offline = |state: &Snapshot, range: PfnRange| {
        let covers = |offline: &OfflineState| offline.range.covers(range);
        state.offline.iter().any(covers)
    };
    ops.iter().any(|op| match *op {
        Op::Memory(MemoryOp::Online { range, .. }) => {
            let added = ops.len() > 1;
            offline(after, range) || !(added || offline(before, range))
        }
        Op::Memory(MemoryOp::Offline { range, .. }) => {
            offline(before, range) || !offline(after, range)
        }
        _ => false,
    })
}
