//! Numbers of a recorded state get their types, and are compared where it says them twice.

use std::collections::VecDeque;

use pfnlab_model::{Block, CpuId, NodeId, Order, Pfn};

use super::super::SnapshotProblem;

type Result<T, E = SnapshotProblem> = std::result::Result<T, E>;

pub(super) fn block_starts(pfns: &[u64], order: Order) -> Result<VecDeque<Pfn>> {
    let starts = pfns.iter().map(|&number| {
        let start = pfn(number)?;
        Ok(Block::new(start, order)?.start())
    });
    starts.collect()
}

pub(super) fn pfn(number: u64) -> Result<Pfn> {
    let pfn = Pfn::new(number);
    if pfn < Pfn::LIMIT {
        Ok(pfn)
    } else {
        Err(range("pfn", number))
    }
}

pub(super) fn node_id(nid: i64) -> Result<NodeId> {
    match u16::try_from(nid) {
        Ok(number) if number < NodeId::LIMIT => Ok(NodeId(number)),
        _ => Err(SnapshotProblem::Range {
            name: "node",
            value: nid,
        }),
    }
}

pub(super) fn cpu_id(number: u16) -> Result<CpuId> {
    if number < CpuId::LIMIT {
        Ok(CpuId(number))
    } else {
        Err(range("cpu", number.into()))
    }
}

pub(super) fn range(name: &'static str, value: u64) -> SnapshotProblem {
    SnapshotProblem::Range {
        name,
        value: i64::try_from(value).unwrap_or(i64::MAX),
    }
}

/// A ratio of `lowmem_reserve_ratio`; -1: the kernel has none for this zone.
pub(super) fn reserve_ratio(ratio: i64) -> Result<u64> {
    match ratio {
        -1 => Ok(0),
        _ => u64::try_from(ratio).map_err(|_| SnapshotProblem::Range {
            name: "lowmem_reserve_ratio",
            value: ratio,
        }),
    }
}

/// What is said must be what is held.
pub(super) fn equal(name: &'static str, said: u64, held: u64) -> Result<()> {
    if said == held {
        return Ok(());
    }
    let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
    Err(SnapshotProblem::Count {
        name,
        said: signed(said),
        held: signed(held),
    })
}

/// No two neighbours of a sorted list may have the same key.
pub(super) fn once<T, K: PartialEq>(
    items: &[T],
    name: &'static str,
    key: impl Fn(&T) -> K,
) -> Result<()> {
    if items.windows(2).any(|pair| key(&pair[0]) == key(&pair[1])) {
        return Err(SnapshotProblem::Twice { name });
    }
    Ok(())
}
