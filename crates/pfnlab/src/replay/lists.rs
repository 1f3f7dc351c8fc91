//! The lists an operation had to do with, as they were before it.

use std::collections::BTreeSet;

use pfnlab_model::{
    CpuId, Event, FreeListState, MigrateType, Op, Order, PcpState, Pfn, Snapshot, ZoneId, ZoneStat,
    ZoneState,
};

use crate::Whereabouts;
use crate::whereabouts::Zone;

/// The most blocks of a list that are shown.
const BLOCKS: usize = 12;
/// The most lists of a zone that are shown.
const LISTS: usize = 16;

/// A list of a zone, in the order in which they are shown: a request asks them in this order, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    PerCpu(CpuId, u8),
    Free(Order, MigrateType),
}

/// Zones, and the lists of theirs, that somebody wants to see.
pub(super) struct Involved {
    cpu: Option<CpuId>,
    zones: BTreeSet<ZoneId>,
    lists: BTreeSet<(ZoneId, List)>,
}

impl Involved {
    /// What an operation had to do with, by its events.
    pub(super) fn by(op: &Op, events: &[Event]) -> Involved {
        let mut involved = Involved {
            cpu: cpu_of(op),
            zones: BTreeSet::new(),
            lists: BTreeSet::new(),
        };
        for event in events {
            match *event {
                Event::ZoneRefused { zone, .. }
                | Event::Lent { zone, .. }
                | Event::Returned { zone, .. } => involved.add_zone(zone),
                Event::Linked {
                    zone, block, mt, ..
                }
                | Event::Unlinked { zone, block, mt } => {
                    involved.add_list(zone, List::Free(block.order(), mt));
                }
                Event::PcpLinked {
                    zone, cpu, list, ..
                }
                | Event::PcpUnlinked {
                    zone, cpu, list, ..
                } => involved.add_list(zone, List::PerCpu(cpu, list)),
                _ => {}
            }
        }
        involved
    }

    /// Where a frame is belongs to it, too.
    pub(super) fn add(&mut self, place: Whereabouts) {
        match place {
            Whereabouts::Free {
                zone, block, mt, ..
            } => self.add_list(zone, List::Free(block.order(), mt)),
            Whereabouts::PerCpu {
                zone, cpu, list, ..
            } => self.add_list(zone, List::PerCpu(cpu, list)),
            Whereabouts::Lent { zone, .. } | Whereabouts::InUse { zone } => self.add_zone(zone),
            Whereabouts::Nowhere => {}
        }
    }

    fn add_zone(&mut self, zone: ZoneId) {
        self.zones.insert(zone);
    }

    fn add_list(&mut self, zone: ZoneId, list: List) {
        self.add_zone(zone);
        self.lists.insert((zone, list));
    }

    /// The zones and lists in words, a line each.
    pub(super) fn describe(&self, snapshot: &Snapshot) -> Vec<String> {
        let mut lines = Vec::new();
        for &id in &self.zones {
            let Some(zone) = snapshot.zone(id) else {
                continue;
            };
            lines.push(counters(zone, snapshot));
            lines.extend(self.cpu.and_then(|cpu| per_cpu(zone, cpu)));
            let lists = self.lists.iter().filter(|(zone, _)| *zone == id);
            let lists: Vec<_> = lists.map(|&(_, list)| list).collect();
            lines.extend(lists.iter().take(LISTS).map(|list| list.describe(zone)));
            if lists.len() > LISTS {
                lines.push(format!("  and {} more lists", lists.len() - LISTS));
            }
        }
        lines
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

/// What a watermark test looks at.
fn counters(zone: &ZoneState, snapshot: &Snapshot) -> String {
    let stats = &snapshot.global.zone_stats;
    let at = stats.iter().position(|&stat| stat == ZoneStat::FreePages);
    let free = at.and_then(|at| zone.vm_stat.get(at)).copied().unwrap_or(0);
    let marks = zone.watermarks;
    format!(
        "{}: {free} folded free frames; min {}, low {}, high {}, boost {}, flags {:#x}",
        Zone(zone.id),
        marks.min,
        marks.low,
        marks.high,
        zone.boost,
        zone.flags.bits()
    )
}

fn per_cpu(zone: &ZoneState, cpu: CpuId) -> Option<String> {
    let pcp: &PcpState = zone.pcp.iter().find(|pcp| pcp.cpu == cpu)?;
    Some(format!(
        "  CPU {cpu} keeps {} frames (high {}, batch {})",
        pcp.count, pcp.high, pcp.batch
    ))
}

impl List {
    fn describe(self, zone: &ZoneState) -> String {
        match self {
            List::PerCpu(cpu, index) => {
                let pcp = zone.pcp.iter().find(|pcp| pcp.cpu == cpu);
                let mut lists = pcp.into_iter().flat_map(|pcp| &pcp.lists);
                let list = lists.find(|list| list.index == index);
                let pfns = list.into_iter().flat_map(|list| &list.pfns);
                format!("  CPU {cpu}, list {index}: {}", blocks(pfns))
            }
            List::Free(order, mt) => {
                let is_it = |list: &&FreeListState| (list.order, list.mt) == (order, mt);
                let list = zone.free_lists.iter().find(is_it);
                let pfns = list.into_iter().flat_map(|list| &list.pfns);
                format!("  free list order {order} {mt}: {}", blocks(pfns))
            }
        }
    }
}

/// The first blocks, head first, and how many more there are.
fn blocks<'a>(pfns: impl Iterator<Item = &'a Pfn>) -> String {
    let pfns: Vec<_> = pfns.collect();
    let shown: Vec<_> = pfns.iter().take(BLOCKS).map(ToString::to_string).collect();
    match pfns.len().saturating_sub(BLOCKS) {
        _ if pfns.is_empty() => "empty".to_owned(),
        0 => shown.join(" "),
        more => format!("{} and {more} more", shown.join(" ")),
    }
}
