//! One event moves a snapshot on.

use alloc::collections::VecDeque;

use crate::{
    Block, CpuId, CpuState, End, Event, FreeListState, GlobalState, LruEvent, MigrateType, NodeId,
    NodeState, PcpField, PcpListState, PcpState, Snapshot, Sysctl, ZoneId, ZoneStat, ZoneState,
    ZonelistCacheState,
};

impl Snapshot {
    /// Moves the snapshot by one event.
    ///
    /// # Panics
    /// When the event does not follow from the state: a block unlinked from a list it is not on,
    /// a zone that does not exist.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Asked(_)
            | Event::WalkStarted { .. }
            | Event::ZoneRefused { .. }
            | Event::FullZonesAsked
            | Event::Split { .. }
            | Event::Merged { .. }
            | Event::FellBack { .. }
            | Event::NotClaimed { .. }
            | Event::NofailWarned { .. }
            | Event::PcpRefilled { .. }
            | Event::PcpDrained { .. }
            | Event::Refused(_)
            | Event::HeldBy { .. }
            | Event::Slab(_)
            | Event::Lru(
                LruEvent::Batched { .. } | LruEvent::Drained { .. } | LruEvent::Kept { .. },
            )
            | Event::PageExt(_) => {}

            Event::Lru(LruEvent::Listed { block, .. }) => self.count_listed(block, 1),
            Event::Lru(LruEvent::Unlisted { block, .. }) => self.count_listed(block, -1),

            Event::Lent { zone, block } => self.zone_mut(zone).lend(block),
            Event::Returned { zone, block } => self.zone_mut(zone).take_back(block),
            Event::LentSplit { zone, block } => {
                let zone = self.zone_mut(zone);
                zone.take_back(block);
                let frames = block.range();
                (0..frames.frames())
                    .for_each(|frame| zone.lend(Block::page(frames.start().offset(frame))));
            }
            Event::Linked {
                zone,
                block,
                mt,
                end,
            } => self.zone_mut(zone).link(block, mt, end),
            Event::Unlinked { zone, block, mt } => self.zone_mut(zone).unlink(block, mt),
            Event::Guarded { zone, block } => {
                let guards = &mut self.zone_mut(zone).guards;
                let at = guards.partition_point(|guard| guard.start() < block.start());
                guards.insert(at, block);
            }
            Event::Unguarded { zone, block } => {
                self.zone_mut(zone).guards.retain(|&guard| guard != block);
            }
            Event::PcpLinked {
                zone,
                cpu,
                list,
                block,
                noted,
                end,
            } => {
                self.pcp_mut(zone, cpu).link(list, block, noted, end);
            }
            Event::PcpUnlinked {
                zone,
                cpu,
                list,
                block,
                end,
            } => {
                self.pcp_mut(zone, cpu).unlink(list, block, end);
            }
            Event::PcpTuned {
                zone,
                cpu,
                field,
                value,
            } => {
                *self.pcp_mut(zone, cpu).field(field) = value;
            }
            Event::StatSet { zone, stat, value } => {
                let at = self.stat_position(stat);
                self.zone_mut(zone).vm_stat[at] = value;
            }
            Event::DiffSet {
                zone,
                cpu,
                stat,
                value,
            } => {
                let at = self.stat_position(stat);
                self.pcp_mut(zone, cpu).vm_stat_diff[at] = value;
            }
            Event::FlagsSet { zone, flags } => self.zone_mut(zone).flags = flags,
            Event::BoostSet { zone, frames } => self.zone_mut(zone).boost = frames,
            Event::Retyped { block, mt } => self.retype(block, mt),
            Event::HighAtomicReserved { zone, frames } => {
                self.zone_mut(zone).highatomic_reserved = frames;
            }
            Event::HighAtomicFree { zone, frames } => {
                self.zone_mut(zone).highatomic_free = Some(frames);
            }
            Event::KswapdAsked {
                node,
                order,
                highest,
            } => {
                let node = self.node_mut(node);
                node.kswapd_order = order;
                node.kswapd_highest = highest;
            }
            Event::KswapdWoken { node } => self.node_mut(node).kswapd_awake = true,
            Event::KswapdSlept { node } => self.node_mut(node).kswapd_awake = false,
            Event::ZoneNotedFull { node, at } => {
                let full = &mut self.cache_mut(node).full;
                if let Err(position) = full.binary_search(&at) {
                    full.insert(position, at);
                }
            }
            Event::FullZonesForgotten { node } => {
                *self.cache_mut(node) = ZonelistCacheState::default();
            }
            Event::ReclaimEncouraged { zone } => {
                let zone = self.zone_mut(zone);
                zone.pages_scanned = 0;
                zone.all_unreclaimable = false;
            }
            Event::CpuSet { cpu, online } => self.cpu_mut(cpu).online = online,
            Event::ThresholdSet {
                zone,
                cpu,
                threshold,
            } => self.pcp_mut(zone, cpu).stat_threshold = threshold,
            Event::DriftMarkSet { zone, frames } => self.zone_mut(zone).percpu_drift_mark = frames,
            Event::SysctlSet { sysctl, value } => self.global.set(sysctl, value),
            Event::WatermarksSet { zone, marks } => self.zone_mut(zone).watermarks = marks,
            Event::LowmemReserveSet {
                zone,
                highest,
                frames,
            } => {
                let kinds = &self.global.zone_kinds;
                let index = kinds.iter().position(|&kind| kind == highest);
                let index = index.expect("a reserve is for a zone the kernel has");
                self.zone_mut(zone).lowmem_reserve[index] = frames;
            }
            Event::DirtyReserveSet { zone, frames } => {
                self.zone_mut(zone).dirty_balance_reserve = frames;
            }
            Event::TotalReserveSet {
                node: Some(node),
                frames,
            } => {
                self.node_mut(node).totalreserve_pages = frames;
            }
            Event::TotalReserveSet { node: None, frames } => {
                self.global.totalreserve_pages = frames;
            }
            Event::PagesetSet {
                zone,
                high_min,
                high_max,
                batch,
            } => {
                let zone = self.zone_mut(zone);
                zone.pageset_high_min = high_min;
                zone.pageset_high_max = high_max;
                zone.pageset_batch = batch;
            }
            Event::Memory(event) => self.apply_memory(event),
            Event::Compaction(event) => self.apply_compaction(event),
        }
    }

    fn stat_position(&self, stat: ZoneStat) -> usize {
        let at = self
            .global
            .zone_stats
            .iter()
            .position(|&known| known == stat);
        at.expect("an event speaks of a counter the kernel has")
    }

    pub(super) fn zone_mut(&mut self, id: ZoneId) -> &mut ZoneState {
        let at = self.zones.binary_search_by_key(&id, |zone| zone.id);
        &mut self.zones[at.expect("an event speaks of a zone that exists")]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut NodeState {
        let at = self.nodes.binary_search_by_key(&id, |node| node.node);
        &mut self.nodes[at.expect("an event speaks of a node that exists")]
    }

    fn cpu_mut(&mut self, id: CpuId) -> &mut CpuState {
        let at = self.cpus.binary_search_by_key(&id, |cpu| cpu.cpu);
        &mut self.cpus[at.expect("an event speaks of a CPU that exists")]
    }

    fn cache_mut(&mut self, node: NodeId) -> &mut ZonelistCacheState {
        let cache = self.node_mut(node).zonelist_cache.as_mut();
        cache.expect("an event speaks of a cache the kernel has")
    }

    pub(super) fn pcp_mut(&mut self, zone: ZoneId, cpu: CpuId) -> &mut PcpState {
        let pcp = self
            .zone_mut(zone)
            .pcp
            .iter_mut()
            .find(|pcp| pcp.cpu == cpu);
        pcp.expect("an event speaks of a CPU that exists")
    }

    /// A pageblock's type is kept with its section, so every zone that touches it sees the change.
    fn retype(&mut self, block: Block, mt: MigrateType) {
        for zone in &mut self.zones {
            let Some(pageblocks) = &mut zone.pageblocks else {
                continue;
            };
            let Some(offset) = block.start().get().checked_sub(pageblocks.first.get()) else {
                continue;
            };
            let at = (offset / block.frames()) as usize;
            if let Some(slot) = pageblocks.types.get_mut(at) {
                *slot = Some(mt);
            }
        }
    }
}

impl ZoneState {
    fn lend(&mut self, block: Block) {
        let at = self
            .lent
            .partition_point(|lent| lent.start() < block.start());
        self.lent.insert(at, block);
    }

    fn take_back(&mut self, block: Block) {
        let at = self
            .lent
            .binary_search(&block)
            .expect("a block comes back that was handed out");
        self.lent.remove(at);
    }

    fn link(&mut self, block: Block, mt: MigrateType, end: End) {
        let key = (block.order(), mt);
        let at = match self
            .free_lists
            .binary_search_by_key(&key, |list| (list.order, list.mt))
        {
            Ok(at) => at,
            Err(at) => {
                let list = FreeListState {
                    order: block.order(),
                    mt,
                    pfns: VecDeque::new(),
                };
                self.free_lists.insert(at, list);
                at
            }
        };
        push(&mut self.free_lists[at].pfns, block.start(), end);
    }

    fn unlink(&mut self, block: Block, mt: MigrateType) {
        let key = (block.order(), mt);
        let at = self
            .free_lists
            .binary_search_by_key(&key, |list| (list.order, list.mt));
        let at = at.expect("a block leaves a list that holds something");
        let pfns = &mut self.free_lists[at].pfns;
        let position = pfns.iter().position(|&pfn| pfn == block.start());
        pfns.remove(position.expect("a block leaves the list it is on"));
        if pfns.is_empty() {
            self.free_lists.remove(at);
        }
    }
}

impl PcpState {
    /// In [`PcpState::flags`], and a matter of 4.14 and 5.0 only: requests were counted for the
    /// node that served them (`vm_numa_stat_diff`), and not folded yet. The kernel has no such
    /// flag, it has the counts; but what follows from them follows from there being some.
    pub const NUMA_COUNTED: u32 = 4;

    fn link(&mut self, index: u8, block: Block, noted: Option<MigrateType>, end: End) {
        let at = match self.lists.binary_search_by_key(&index, |list| list.index) {
            Ok(at) => at,
            Err(at) => {
                let list = PcpListState {
                    index,
                    order: block.order(),
                    pfns: VecDeque::new(),
                    noted: VecDeque::new(),
                };
                self.lists.insert(at, list);
                at
            }
        };
        push(&mut self.lists[at].pfns, block.start(), end);
        if let Some(mt) = noted {
            push(&mut self.lists[at].noted, mt, end);
        }
        self.count += block.frames() as u32;
    }

    fn unlink(&mut self, index: u8, block: Block, end: End) {
        let at = self.lists.binary_search_by_key(&index, |list| list.index);
        let at = at.expect("a block leaves a list that holds something");
        let list = &mut self.lists[at];
        assert_eq!(
            pop(&mut list.pfns, end),
            Some(block.start()),
            "it is at the end it leaves from"
        );
        pop(&mut list.noted, end);
        if list.pfns.is_empty() {
            self.lists.remove(at);
        }
        self.count -= block.frames() as u32;
    }

    fn field(&mut self, field: PcpField) -> &mut u32 {
        match field {
            PcpField::High => &mut self.high,
            PcpField::HighMin => &mut self.high_min,
            PcpField::HighMax => &mut self.high_max,
            PcpField::Batch => &mut self.batch,
            PcpField::Flags => &mut self.flags,
            PcpField::AllocFactor => &mut self.alloc_factor,
            PcpField::FreeFactor => &mut self.free_factor,
            PcpField::FreeCount => &mut self.free_count,
            PcpField::Expire => &mut self.expire,
        }
    }
}

impl GlobalState {
    fn set(&mut self, sysctl: Sysctl, value: u64) {
        match sysctl {
            Sysctl::MinFreeKbytes => {
                self.min_free_kbytes = value;
                self.user_min_free_kbytes = Some(value);
            }
            Sysctl::WatermarkScaleFactor => self.watermark_scale_factor = value,
            Sysctl::WatermarkBoostFactor => self.watermark_boost_factor = value,
            Sysctl::PercpuPagelistHighFraction => self.percpu_pagelist_high_fraction = value,
            Sysctl::PercpuPagelistFraction => self.percpu_pagelist_fraction = value,
            Sysctl::CompactionProactiveness => self.compaction_proactiveness = Some(value),
            Sysctl::LowmemReserveRatioDma
            | Sysctl::LowmemReserveRatioDma32
            | Sysctl::LowmemReserveRatioNormal
            | Sysctl::LowmemReserveRatioHighMem
            | Sysctl::LowmemReserveRatioMovable => {
                let kinds = &self.zone_kinds;
                let at = kinds
                    .iter()
                    .position(|&kind| Some(kind) == sysctl.reserve_ratio_of());
                let at = at.expect("an event speaks of a zone the kernel has");
                self.lowmem_reserve_ratio[at] = value;
            }
        }
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, end: End) {
    match end {
        End::Head => list.push_front(item),
        End::Tail => list.push_back(item),
    }
}

fn pop<T>(list: &mut VecDeque<T>, end: End) -> Option<T> {
    match end {
        End::Head => list.pop_front(),
        End::Tail => list.pop_back(),
    }
}
