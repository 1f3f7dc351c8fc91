//! Memory comes online: a zone gets it, and the allocator (`online_pages`).

use alloc::sync::Arc;

use pfnlab_model::{
    Block, CpuId, End, Event, MemoryError, MemoryEvent, MemoryNotice, MemoryStep, MigrateType,
    Observer, OnlineTo, PfnRange, Tenants, runs,
};

use crate::Mm;
use crate::freeing::Placement;
use crate::isolated_range::Purpose;
use crate::isolation::largest;
use crate::pcp::Pcp;

impl Mm {
    /// Puts sections online that are offline.
    ///
    /// # Errors
    /// When they are not whole or not offline, cannot be in the zone wanted, or somebody objects.
    pub(super) fn online_memory(
        &mut self,
        range: PfnRange,
        to: OnlineTo,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let rule = self.profile.hotplug;
        let node = self.offline_node(range)?;
        let zone = self.choose_zone(range, node, to)?;
        let notice = MemoryNotice {
            step: MemoryStep::GoingOnline,
            range,
            status_change: self.only_memory(node, None).then_some(node),
        };
        if rule.announces() {
            let step = MemoryStep::PrepareOnline;
            self.notify(MemoryNotice { step, ..notice }, cpu, tenants, observer)?;
        }
        self.leave_former_zone(zone, range, observer);
        self.join_zone(zone, range, observer);
        if let Err(vetoed) = self.notify(notice, cpu, tenants, observer) {
            self.announce(MemoryStep::CancelOnline, notice, cpu, tenants, observer);
            self.leave_zone(zone, range, observer);
            if rule.announces() {
                self.announce(MemoryStep::FinishOffline, notice, cpu, tenants, observer);
            }
            return Err(vetoed);
        }
        let first_memory = !self.zones[zone].is_populated();
        if first_memory {
            self.make_lists(zone, observer);
        }
        let pageblocks = range.frames() >> self.config.pageblock_order.get();
        if rule.releases_whole() {
            let isolated = self.zones[zone].isolated_pageblocks + pageblocks;
            self.zones[zone].set_isolated(isolated, observer);
            self.release_whole_blocks(zone, range, cpu, observer);
        } else {
            self.release_pages(zone, range, cpu, observer);
        }
        self.change_present(zone, range.frames() as i64, observer);
        if first_memory {
            self.rebuild_zonelists(observer);
        } else if !rule.releases_whole() {
            self.set_pagesets(observer);
        }
        if rule.releases_whole() {
            self.unisolate_range(zone, range, Purpose::Offline, cpu, observer);
        }
        self.recompute_limits(rule.recomputes_all(), observer);
        self.announce(MemoryStep::Online, notice, cpu, tenants, observer);
        Ok(())
    }

    /// A range that is offline becomes a part of a zone, in use by nobody
    /// (`move_pfn_range_to_zone`).
    fn join_zone(&mut self, zone: usize, range: PfnRange, observer: &mut impl Observer) {
        self.grow_spans(zone, range, observer);
        let mt = match self.profile.hotplug.releases_whole() {
            true => MigrateType::Isolate,
            false => MigrateType::Movable,
        };
        self.blocks.record_all(range, Some(mt));
        self.forget_offline(range);
        let place = &mut self.zones[zone];
        place.memory = runs::with(&place.memory, range);
        let zone = place.id;
        observer.event(Event::Memory(MemoryEvent::Joined { zone, range, mt }));
        Arc::make_mut(&mut self.memmap).set_online(range, true);
        self.map_zones();
    }

    /// A range whose frames are on no list is in no zone any more, but offline; where spans shrink
    /// then, they do.
    pub(super) fn leave_zone(
        &mut self,
        zone: usize,
        range: PfnRange,
        observer: &mut impl Observer,
    ) {
        let place = &mut self.zones[zone];
        place.memory = runs::without(&place.memory, range);
        let id = place.id;
        self.blocks.record_all(range, None);
        self.note_offline(range, id.node);
        Arc::make_mut(&mut self.memmap).set_online(range, false);
        observer.event(Event::Memory(MemoryEvent::Left { zone: id, range }));
        if self.profile.hotplug.shrinks_at_offline() {
            self.shrink_spans(id.node, range, observer);
        }
        self.map_zones();
    }

    /// Memory that had another zone from the time it was plugged in leaves its span (3.8).
    fn leave_former_zone(&mut self, zone: usize, range: PfnRange, observer: &mut impl Observer) {
        if !self.profile.hotplug.zone_at_add() {
            return;
        }
        let former = (0..self.zones.len()).find(|&at| {
            let place = &self.zones[at];
            at != zone && place.id.node == self.zones[zone].id.node && place.span.covers(range)
        });
        if let Some(former) = former {
            let span = self.zones[former].span;
            let rest = match span.start() == range.start() {
                true => PfnRange::new(range.end(), span.end()),
                false => PfnRange::new(span.start(), range.start()),
            };
            let rest = rest.filter(|rest| !rest.is_empty()).unwrap_or_default();
            self.zones[former].respan(rest, observer);
        }
    }

    /// A zone gets its first memory: every CPU gets lists in front of it (`setup_zone_pageset`).
    fn make_lists(&mut self, zone: usize, observer: &mut impl Observer) {
        let zone = &mut self.zones[zone];
        let pcp = |cpu: usize| Pcp::new(zone.id, CpuId(cpu as u16), self.profile, &self.config);
        zone.pcps = (0..self.cpus.len()).map(pcp).collect();
        let zone = zone.id;
        observer.event(Event::Memory(MemoryEvent::ListsMade { zone }));
        self.set_pagesets(observer);
    }

    /// The largest blocks there can be, to the tails of the isolated lists
    /// (`online_pages_range`, `generic_online_page`).
    fn release_whole_blocks(
        &mut self,
        zone: usize,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        let mut at = range.start();
        while at < range.end() {
            let order = largest(at, range.end()).min(self.config.top_order);
            let block = Block::containing(at, order);
            at = block.range().end();
            self.hand_over(zone, block, observer);
            let (zone, blocks) = (&mut self.zones[zone], &mut self.blocks);
            zone.free_to_buddy(block, Placement::Tail, cpu, blocks, observer);
        }
        self.change_managed(zone, range.frames() as i64, observer);
    }

    /// Frame by frame, by way of the CPU's own lists (`generic_online_page`, up to 5.0).
    fn release_pages(
        &mut self,
        zone: usize,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        for frame in 0..range.frames() {
            let page = Block::page(range.start().offset(frame));
            self.hand_over(zone, page, observer);
            let (zone, blocks) = (&mut self.zones[zone], &mut self.blocks);
            zone.free(page, End::Head, cpu, blocks, observer);
        }
        self.change_managed(zone, range.frames() as i64, observer);
    }

    fn hand_over(&mut self, zone: usize, block: Block, observer: &mut impl Observer) {
        let zone = self.zones[zone].id;
        let range = block.range();
        observer.event(Event::Memory(MemoryEvent::Released { zone, range }));
    }
}
