//! The lists an operation had to do with, as they were before it.

use std::collections::BTreeSet;

use pfnlab_model::{
    CpuId, Event, MigrateType, Op, Order, PcpState, Pfn, Snapshot, ZoneId, ZoneStat, ZoneState,
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
            let lists = lists.map(|(_, list)| (list.name(), list.blocks(zone)));
            let (filled, empty): (Vec<_>, Vec<_>) = lists.partition(|(_, pfns)| !pfns.is_empty());
            let shown = filled.iter().take(LISTS);
            lines.extend(shown.map(|(name, pfns)| format!("  {name}: {}", show(pfns))));
            if filled.len() > LISTS {
                lines.push(format!("  and {} more lists", filled.len() - LISTS));
            }
            if !empty.is_empty() {
                let names: Vec<_> = empty.into_iter().map(|(name, _)| name).collect();
                lines.push(format!("  empty: {}", names.join(", ")));
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
        Op::Client(op) => Some(op.cpu()),
        Op::CpuOffline { cpu } => Some(cpu),
        Op::Memory(op) => Some(op.cpu()),
        Op::Split { .. } | Op::CpuOnline { .. } | Op::Sysctl { .. } | Op::ZoneFlags { .. } => None,
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
    fn name(self) -> String {
        match self {
            List::PerCpu(cpu, index) => format!("list {index} of CPU {cpu}"),
            List::Free(order, mt) => format!("order {order} {mt}"),
        }
    }

    /// Its blocks, head first.
    fn blocks(self, zone: &ZoneState) -> Vec<Pfn> {
        let pfns = match self {
            List::PerCpu(cpu, index) => {
                let pcp = zone.pcp.iter().find(|pcp| pcp.cpu == cpu);
                let mut lists = pcp.into_iter().flat_map(|pcp| &pcp.lists);
                lists
                    .find(|list| list.index == index)
                    .map(|list| &list.pfns)
            }
            List::Free(order, mt) => {
                let mut lists = zone.free_lists.iter();
                let list = lists.find(|list| (list.order, list.mt) == (order, mt));
                list.map(|list| &list.pfns)
            }
        };
        pfns.into_iter().flatten().copied().collect()
    }
}

/// The first blocks, and how many more there are.
fn show(pfns: &[Pfn]) -> String {
    let shown: Vec<_> = pfns.iter().take(BLOCKS).map(Pfn::to_string).collect();
    match pfns.len().saturating_sub(BLOCKS) {
        0 => shown.join(" "),
        more => format!("{} and {more} more", shown.join(" ")),
    }
}
