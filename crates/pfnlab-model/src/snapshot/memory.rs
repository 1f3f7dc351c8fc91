//! Memory comes or goes: one such event moves a snapshot on.

use alloc::vec;
use alloc::vec::Vec;

use crate::{
    AreaState, Block, MemoryEvent, MigrateType, OfflineState, PageblockState, PcpState, Pfn,
    PfnRange, Snapshot, ZoneId, ZoneState, ZonelistCacheState, runs,
};

impl Snapshot {
    /// Moves the snapshot by one event.
    ///
    /// # Panics
    /// When the event does not follow from the state.
    pub(super) fn apply_memory(&mut self, event: MemoryEvent) {
        match event {
            MemoryEvent::Notified { .. }
            | MemoryEvent::RangeIsolated { .. }
            | MemoryEvent::IsolationRefused { .. }
            | MemoryEvent::IsolationUndone { .. }
            | MemoryEvent::Migrated { .. }
            | MemoryEvent::Reclaimed { .. }
            | MemoryEvent::WaitedForReclaim { .. }
            | MemoryEvent::CompactedFor { .. }
            | MemoryEvent::OomKilled { .. }
            | MemoryEvent::Released { .. } => {}

            MemoryEvent::Added { range, node } => {
                self.offline.push(OfflineState { range, node });
                self.offline.sort_by_key(|offline| offline.range);
                join(&mut self.offline);
            }
            MemoryEvent::Removed { range } => self.offline = without(&self.offline, range),
            MemoryEvent::Joined { zone, range, mt } => {
                self.offline = without(&self.offline, range);
                let state = self.zone_mut(zone);
                state.memory = runs::with(&state.memory, range);
                self.set_types(range, Some(mt));
            }
            MemoryEvent::Left { zone, range } => {
                let state = self.zone_mut(zone);
                state.memory = runs::without(&state.memory, range);
                let node = zone.node;
                self.set_types(range, None);
                self.apply_memory(MemoryEvent::Added { range, node });
            }
            MemoryEvent::Kept { block, .. } => self.count_movable(block, 1),
            MemoryEvent::Yielded { block, .. } => self.count_movable(block, -1),
            MemoryEvent::AreaTaken { area, range } => {
                let taken = &mut self.area_mut(area).taken;
                let at = taken.partition_point(|other| *other < range);
                taken.insert(at, range);
            }
            MemoryEvent::AreaReturned { area, range } => {
                self.area_mut(area).taken.retain(|taken| *taken != range);
            }
            MemoryEvent::IsolatedSet { zone, pageblocks } => {
                self.zone_mut(zone).isolated_pageblocks = pageblocks;
            }
            MemoryEvent::SpanSet { zone, span } => self.set_span(zone, span),
            MemoryEvent::NodeSpanSet { node, span } => {
                let node = self.node_mut(node);
                node.start = span.start();
                node.spanned = span.frames();
            }
            MemoryEvent::PresentSet { zone, frames } => self.zone_mut(zone).present = frames,
            MemoryEvent::NodePresentSet { node, frames } => self.node_mut(node).present = frames,
            MemoryEvent::ManagedSet { zone, frames } => self.zone_mut(zone).managed = frames,
            MemoryEvent::TotalRamSet { frames } => self.global.totalram_pages = frames,
            MemoryEvent::MinFreeSet { kbytes } => self.global.min_free_kbytes = kbytes,
            MemoryEvent::ListsMade { zone } => {
                let counters = self.global.zone_stats.len();
                let lists = self.cpus.iter().map(|cpu| PcpState {
                    vm_stat_diff: vec![0; counters],
                    ..PcpState::empty(cpu.cpu)
                });
                let lists = lists.collect();
                self.zone_mut(zone).pcp = lists;
            }
            MemoryEvent::ListsGone { zone } => self.zone_mut(zone).pcp.clear(),
            MemoryEvent::ZonelistsEmptied { node } => {
                let node = self.node_mut(node);
                node.zonelist.clear();
                node.zonelist_this_node.clear();
                if let Some(cache) = &mut node.zonelist_cache {
                    *cache = ZonelistCacheState {
                        zap_due: true,
                        ..ZonelistCacheState::default()
                    };
                }
            }
            MemoryEvent::ZonelistGrew {
                node,
                this_node,
                zone,
            } => {
                let node = self.node_mut(node);
                let list = match this_node {
                    true => &mut node.zonelist_this_node,
                    false => &mut node.zonelist,
                };
                list.push(zone);
            }
        }
    }

    fn area_mut(&mut self, area: u16) -> &mut AreaState {
        let area = self.areas.get_mut(usize::from(area));
        area.expect("an event speaks of an area that exists")
    }

    /// The types of the pageblocks of a range, wherever they are listed.
    fn set_types(&mut self, range: PfnRange, mt: Option<MigrateType>) {
        let order = self.global.pageblock_order;
        for zone in &mut self.zones {
            let Some(pageblocks) = &mut zone.pageblocks else {
                continue;
            };
            for (at, slot) in (0_u64..).zip(&mut pageblocks.types) {
                let start = pageblocks.first.offset(at << order.get());
                if range.contains(start) {
                    *slot = mt;
                }
            }
        }
    }

    /// A zone spans other frames: it lists other pageblocks. What no zone listed has no type.
    fn set_span(&mut self, id: ZoneId, span: PfnRange) {
        let order = self.global.pageblock_order;
        let first = span.start().align_down(order);
        let count = span.end().align_up(order).since(first) >> order.get();
        let starts = (0..count).map(|at| first.offset(at << order.get()));
        let types = starts.clone().map(|start| self.type_at(start)).collect();
        let counted = |count: fn(&PageblockState) -> &Vec<(u32, u32)>| {
            let counts = (0_u32..).zip(starts.clone());
            counts
                .map(|(at, start)| (at, self.count_at(start, count)))
                .filter(|&(_, frames)| frames > 0)
                .collect()
        };
        let movable = counted(|pageblocks| &pageblocks.movable);
        let listed = counted(|pageblocks| &pageblocks.listed);
        let zone = self.zone_mut(id);
        zone.start = span.start();
        zone.spanned = span.frames();
        zone.pageblocks = (!span.is_empty()).then_some(PageblockState {
            first,
            types,
            movable,
            listed,
        });
    }

    fn type_at(&self, start: Pfn) -> Option<MigrateType> {
        let order = self.global.pageblock_order;
        let listed = |zone: &ZoneState| {
            let pageblocks = zone.pageblocks.as_ref()?;
            let offset = start.get().checked_sub(pageblocks.first.get())?;
            *pageblocks.types.get((offset >> order.get()) as usize)?
        };
        self.zones.iter().find_map(listed)
    }

    fn count_at(&self, start: Pfn, count: fn(&PageblockState) -> &Vec<(u32, u32)>) -> u32 {
        let order = self.global.pageblock_order;
        let counted = |zone: &ZoneState| {
            let pageblocks = zone.pageblocks.as_ref()?;
            let offset = start.get().checked_sub(pageblocks.first.get())?;
            let at = (offset >> order.get()) as u32;
            let mut counts = count(pageblocks).iter();
            Some(counts.find(|(counted, _)| *counted == at)?.1)
        };
        self.zones.iter().find_map(counted).unwrap_or(0)
    }

    /// Frames of a pageblock that are in use but can be moved became more, or fewer.
    fn count_movable(&mut self, block: Block, sign: i64) {
        self.count(block, sign, |pageblocks| &mut pageblocks.movable);
    }

    /// Frames of a pageblock that are on lists became more, or fewer.
    pub(super) fn count_listed(&mut self, block: Block, sign: i64) {
        let order = self.global.pageblock_order;
        for part in block.parts(order) {
            self.count(part, sign, |pageblocks| &mut pageblocks.listed);
        }
    }

    fn count(
        &mut self,
        block: Block,
        sign: i64,
        counts: fn(&mut PageblockState) -> &mut Vec<(u32, u32)>,
    ) {
        let order = self.global.pageblock_order;
        for zone in &mut self.zones {
            let Some(pageblocks) = &mut zone.pageblocks else {
                continue;
            };
            let offset = block.start().get().checked_sub(pageblocks.first.get());
            let at = offset.map(|offset| offset >> order.get());
            let Some(at) = at.filter(|&at| at < pageblocks.types.len() as u64) else {
                continue;
            };
            // Fits: it is a position in a table.
            let at = at as u32;
            let counts = counts(pageblocks);
            let found = counts.binary_search_by_key(&at, |&(at, _)| at);
            let before = found.map_or(0, |found| counts[found].1);
            let change = sign * block.frames() as i64;
            let now = (i64::from(before) + change).max(0) as u32;
            match found {
                Ok(found) if now == 0 => {
                    counts.remove(found);
                }
                Ok(found) => counts[found].1 = now,
                Err(place) if now > 0 => counts.insert(place, (at, now)),
                Err(_) => {}
            }
        }
    }
}

impl PcpState {
    /// Lists of a CPU with nothing on them, before any limit is known.
    fn empty(cpu: crate::CpuId) -> PcpState {
        PcpState {
            cpu,
            count: 0,
            high: 0,
            batch: 1,
            high_min: 0,
            high_max: 0,
            flags: 0,
            alloc_factor: 0,
            free_factor: 0,
            free_count: 0,
            expire: 0,
            stat_threshold: 0,
            vm_stat_diff: Vec::new(),
            lists: Vec::new(),
        }
    }
}

fn without(offline: &[OfflineState], range: PfnRange) -> Vec<OfflineState> {
    let part = |state: &OfflineState| {
        let node = state.node;
        let parts = runs::without(&[state.range], range).into_iter();
        parts.map(move |range| OfflineState { range, node })
    };
    offline.iter().flat_map(part).collect()
}

fn join(offline: &mut Vec<OfflineState>) {
    offline.dedup_by(|next, last| {
        let touches = last.node == next.node && last.range.end() == next.range.start();
        if touches {
            last.range = PfnRange::sized(
                last.range.start(),
                last.range.frames() + next.range.frames(),
            );
        }
        touches
    });
}
