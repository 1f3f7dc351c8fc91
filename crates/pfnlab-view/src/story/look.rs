//! What the state says at one moment.

use pfnlab_model::{
    Block, CpuId, Gfp, MigrateType, NodeId, Order, PcpField, PfnRange, Request, Snapshot,
    ZoneFlags, ZoneId, ZoneKind, ZoneStat, ZoneState,
};

use super::flags;
use crate::generation::Generation;

/// How many blocks the free lists of a zone hold; empty ones left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FreeCounts(Vec<(Order, MigrateType, u64)>);

impl FreeCounts {
    pub(crate) fn of(zone: &ZoneState) -> FreeCounts {
        let lists = zone.free_lists.iter();
        FreeCounts(
            lists
                .map(|list| (list.order, list.mt, list.pfns.len() as u64))
                .collect(),
        )
    }

    /// Blocks of an order and type.
    pub(crate) fn get(&self, order: Order, mt: MigrateType) -> u64 {
        let found = self.0.iter().find(|&&(o, m, _)| (o, m) == (order, mt));
        found.map_or(0, |&(_, _, blocks)| blocks)
    }

    /// The largest order at which there is a block of a type.
    pub(crate) fn largest(&self, mt: MigrateType) -> Option<Order> {
        let lists = self.0.iter().filter(|&&(_, m, _)| m == mt);
        lists.map(|&(order, _, _)| order).max()
    }

    /// The orders at which there are blocks of a type, ascending, and how many.
    pub(crate) fn of_type(&self, mt: MigrateType) -> Vec<(Order, u64)> {
        let lists = self.0.iter().filter(|&&(_, m, _)| m == mt);
        lists.map(|&(order, _, blocks)| (order, blocks)).collect()
    }

    /// The types of which there is a block, in the order of their numbers.
    pub(crate) fn types(&self) -> Vec<MigrateType> {
        let there = |mt: &MigrateType| self.0.iter().any(|(_, m, _)| m == mt);
        MigrateType::ALL.into_iter().filter(there).collect()
    }
}

/// What a watermark test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// Free frames, as far as they are folded.
    pub(crate) free: i64,
    /// The order asked for.
    pub(crate) order: Order,
    /// The mark's name and its value without boost.
    pub(crate) mark: (&'static str, u64),
    /// What stealing has added.
    pub(crate) boost: u64,
    /// What is withheld from requests that could go higher.
    pub(crate) withheld: u64,
    /// The frames of a bulk request: the mark holds with all of them gone.
    pub(crate) bulk: u64,
    /// No mark holds for this request (`ALLOC_NO_WATERMARKS`).
    pub(crate) ignored: bool,
}

impl Level {
    /// The frames that must be exceeded, if no reserve is open.
    pub(crate) fn needed(&self) -> i64 {
        (self.mark.1 + self.boost + self.withheld + self.bulk) as i64
    }

    /// What a test of the mark named by `flags` sees; `None`: of a bulk request, which tests the
    /// low one before any walk.
    pub(crate) fn of(
        snapshot: &Snapshot,
        zone: &ZoneState,
        flags: Option<u32>,
        highest: ZoneKind,
    ) -> Level {
        const NO_WATERMARKS: u32 = 4;
        let stats = &snapshot.global.zone_stats;
        let free = stats.iter().position(|&stat| stat == ZoneStat::FreePages);
        let marks = zone.watermarks;
        let index = snapshot
            .global
            .zone_kinds
            .iter()
            .position(|&kind| kind == highest);
        let withheld = index.and_then(|index| zone.lowmem_reserve.get(index));
        let first = Generation::of(Some(snapshot)).high_first
            && flags.is_some()
            && !zone.flags.contains(ZoneFlags::BELOW_HIGH);
        let name = match flags {
            _ if first => "high",
            Some(flags) => flags::mark(flags),
            None => "low",
        };
        let mark = match name {
            "min" => marks.min,
            "low" => marks.low,
            _ => marks.high,
        };
        Level {
            free: free
                .and_then(|at| zone.vm_stat.get(at))
                .map_or(0, |&free| free),
            order: Order::ZERO,
            mark: (name, mark),
            boost: zone.boost,
            withheld: withheld.copied().unwrap_or(0),
            bulk: 0,
            ignored: !first && flags.is_some_and(|flags| flags & NO_WATERMARKS != 0),
        }
    }
}

/// The per-CPU lists of one CPU in front of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcpLook {
    /// The frames they hold.
    pub(crate) count: u32,
    /// How many they may hold. Of a drain: when the operation began.
    pub(crate) high: u32,
    /// How many are moved at once.
    pub(crate) batch: u32,
}

impl PcpLook {
    pub(crate) fn of(zone: &ZoneState, cpu: CpuId) -> Option<PcpLook> {
        let pcp = zone.pcp.iter().find(|pcp| pcp.cpu == cpu)?;
        Some(PcpLook {
            count: pcp.count,
            high: pcp.high,
            batch: pcp.batch,
        })
    }
}

/// A pageblock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageblockLook {
    /// Where it is.
    pub(crate) block: Block,
    /// Its type.
    pub(crate) mt: Option<MigrateType>,
    /// Its frames that are in free blocks.
    pub(crate) free: u64,
    /// It begins in the zone.
    pub(crate) begins_inside: bool,
    /// It ends in the zone.
    pub(crate) ends_inside: bool,
}

impl PageblockLook {
    pub(crate) fn of(snapshot: &Snapshot, zone: &ZoneState, inside: Block) -> PageblockLook {
        let order = snapshot.global.pageblock_order.max(inside.order());
        let block = Block::containing(inside.start(), order);
        let inside = block.range();
        let free = zone.free_lists.iter().flat_map(|list| {
            let size = list.order.frames();
            list.pfns.iter().map(move |&pfn| PfnRange::sized(pfn, size))
        });
        let free = free.map(|range| range.intersection(inside).frames()).sum();
        let mt = pageblock_type(snapshot, zone, block);
        let end = zone.start.offset(zone.spanned);
        PageblockLook {
            block,
            mt,
            free,
            begins_inside: zone.start <= inside.start(),
            ends_inside: inside.end() <= end,
        }
    }
}

/// The type of the pageblock a block is in.
pub(crate) fn pageblock_type(
    snapshot: &Snapshot,
    zone: &ZoneState,
    block: Block,
) -> Option<MigrateType> {
    let pageblocks = zone.pageblocks.as_ref()?;
    let offset = block.start().get().checked_sub(pageblocks.first.get())?;
    let at = offset >> snapshot.global.pageblock_order.get();
    *pageblocks.types.get(usize::try_from(at).ok()?)?
}

/// What a block's buddy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Neighbour {
    /// It is of the top order, and has none.
    None,
    /// Free in one piece, but of a type that does not merge.
    Free(MigrateType),
    /// Cut: some of it may be free.
    Cut,
    /// On a per-CPU list, in whole or in part.
    PerCpu,
    /// Handed out, in whole or in part.
    Lent,
    /// In use since before.
    InUse,
    /// Of another zone, be it on the same node or another one.
    OtherZone(ZoneId),
    /// In a hole: there is no memory.
    Hole,
}

impl Neighbour {
    pub(crate) fn of(snapshot: &Snapshot, zone: &ZoneState, block: Block) -> Neighbour {
        if block.order() >= snapshot.global.top_order {
            return Neighbour::None;
        }
        let buddy = block.buddy();
        let frames = buddy.range();
        if let Some(outside) = Neighbour::outside(snapshot, zone, frames) {
            return outside;
        }
        let whole = |list: &&pfnlab_model::FreeListState| {
            list.order == buddy.order() && list.pfns.contains(&buddy.start())
        };
        if let Some(list) = zone.free_lists.iter().find(whole) {
            return Neighbour::Free(list.mt);
        }
        let lent = zone
            .lent
            .partition_point(|lent| lent.range().end() <= frames.start());
        if zone
            .lent
            .get(lent)
            .is_some_and(|lent| lent.range().overlaps(frames))
        {
            return Neighbour::Lent;
        }
        let mut lists = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
        let size = |order: Order| order.frames();
        if lists.any(|list| {
            let mut pfns = list.pfns.iter();
            pfns.any(|&pfn| PfnRange::sized(pfn, size(list.order)).overlaps(frames))
        }) {
            return Neighbour::PerCpu;
        }
        let mut lists = zone.free_lists.iter();
        let cut = lists.any(|list| {
            let mut pfns = list.pfns.iter();
            pfns.any(|&pfn| frames.contains(pfn))
        });
        if cut {
            Neighbour::Cut
        } else {
            Neighbour::InUse
        }
    }

    /// What is there where the zone has no memory. A snapshot need not say where a zone has any.
    fn outside(snapshot: &Snapshot, zone: &ZoneState, frames: PfnRange) -> Option<Neighbour> {
        let has = |zone: &&ZoneState| zone.memory.iter().any(|part| part.overlaps(frames));
        if zone.memory.is_empty() || has(&zone) {
            return None;
        }
        let other = snapshot.zones.iter().find(has);
        Some(other.map_or(Neighbour::Hole, |zone| Neighbour::OtherZone(zone.id)))
    }

    /// Whether the block that would follow two merges is free (`buddy_merge_likely`).
    pub(crate) fn parent_has_free_buddy(zone: &ZoneState, block: Block) -> bool {
        block.parent().is_some_and(|parent| {
            let uncle = parent.buddy();
            zone.free_lists
                .iter()
                .any(|list| list.order == uncle.order() && list.pfns.contains(&uncle.start()))
        })
    }
}

/// The migratetype a mask asks for; `None`: it contradicts itself.
pub(crate) fn wanted_type(gfp: Gfp, snapshot: Option<&Snapshot>) -> Option<MigrateType> {
    let mixed = snapshot.is_some_and(|snapshot| snapshot.global.mobility_disabled);
    match (gfp.contains(Gfp::MOVABLE), gfp.contains(Gfp::RECLAIMABLE)) {
        (true, true) => None,
        _ if mixed => Some(MigrateType::Unmovable),
        (true, false) => Some(MigrateType::Movable),
        (false, true) => Some(MigrateType::Reclaimable),
        (false, false) => Some(MigrateType::Unmovable),
    }
}

/// The highest zone a request may come from (`gfp_zone`).
pub(crate) fn highest_zone(request: &Request, snapshot: Option<&Snapshot>) -> ZoneKind {
    let gfp = request.gfp;
    let kind = if gfp.contains(Gfp::DMA) {
        ZoneKind::Dma
    } else if gfp.contains(Gfp::DMA32) {
        ZoneKind::Dma32
    } else if gfp.contains(Gfp::HIGHMEM | Gfp::MOVABLE) {
        ZoneKind::Movable
    } else if gfp.contains(Gfp::HIGHMEM) {
        ZoneKind::HighMem
    } else {
        ZoneKind::Normal
    };
    match snapshot {
        Some(snapshot) if !snapshot.global.zone_kinds.contains(&kind) => ZoneKind::Normal,
        None if kind == ZoneKind::HighMem => ZoneKind::Normal,
        _ => kind,
    }
}

/// Whether only a flag that says a zone is below its high mark was set.
pub(crate) fn fell_below_high(from: Option<ZoneFlags>, to: ZoneFlags) -> bool {
    let was = from.is_some_and(|from| from.contains(ZoneFlags::BELOW_HIGH));
    !was && to.contains(ZoneFlags::BELOW_HIGH)
}

/// The zone of an event, if the state is known.
pub(crate) fn zone_in(snapshot: Option<&Snapshot>, id: ZoneId) -> Option<(&Snapshot, &ZoneState)> {
    let snapshot = snapshot?;
    Some((snapshot, snapshot.zone(id)?))
}

/// The zone at a position of a node's zonelist, if the state is known.
pub(crate) fn on_zonelist(snapshot: Option<&Snapshot>, node: NodeId, at: u32) -> Option<ZoneId> {
    let node = snapshot?.nodes.iter().find(|state| state.node == node)?;
    node.zonelist.get(at as usize).copied()
}

/// A number of a per-CPU list.
pub(crate) fn pcp_field(zone: &ZoneState, cpu: CpuId, field: PcpField) -> Option<u32> {
    let pcp = zone.pcp.iter().find(|pcp| pcp.cpu == cpu)?;
    Some(match field {
        PcpField::High => pcp.high,
        PcpField::HighMin => pcp.high_min,
        PcpField::HighMax => pcp.high_max,
        PcpField::Batch => pcp.batch,
        PcpField::Flags => pcp.flags,
        PcpField::AllocFactor => pcp.alloc_factor,
        PcpField::FreeFactor => pcp.free_factor,
        PcpField::FreeCount => pcp.free_count,
        PcpField::Expire => pcp.expire,
    })
}

/// How many blocks a per-CPU list holds.
pub(crate) fn pcp_length(zone: &ZoneState, cpu: CpuId, index: u8) -> u64 {
    let pcp = zone.pcp.iter().find(|pcp| pcp.cpu == cpu);
    let list = pcp.and_then(|pcp| pcp.lists.iter().find(|list| list.index == index));
    list.map_or(0, |list| list.pfns.len() as u64)
}

/// What a CPU has not folded yet of a counter.
pub(crate) fn difference(
    snapshot: &Snapshot,
    zone: &ZoneState,
    cpu: CpuId,
    stat: ZoneStat,
) -> Option<i8> {
    let at = snapshot
        .global
        .zone_stats
        .iter()
        .position(|&known| known == stat)?;
    let pcp = zone.pcp.iter().find(|pcp| pcp.cpu == cpu)?;
    pcp.vm_stat_diff.get(at).copied()
}

/// Whether a CPU does not run, as far as is known.
pub(crate) fn is_gone(state: Option<&Snapshot>, cpu: CpuId) -> bool {
    let cpus = state.map_or(&[][..], |state| &state.cpus);
    cpus.iter().any(|other| other.cpu == cpu && !other.online)
}
