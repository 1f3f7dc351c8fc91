//! Memory goes offline: it is isolated, emptied, and taken from the allocator (`offline_pages`).

use pfnlab_model::{
    CpuId, Event, MemoryError, MemoryEvent, MemoryNotice, MemoryStep, NodeMask, Observer, PfnRange,
    Tenants, runs,
};

use crate::Mm;
use crate::frames::State;
use crate::isolated_range::Purpose;
use crate::migrating::Targets;

impl Mm {
    /// Puts sections offline that are online.
    ///
    /// # Errors
    /// When they are not whole, not all there or not in one zone; when something in them cannot be
    /// moved; or when somebody objects. They are online then, but what could be moved may have
    /// been, and their pageblocks may have become movable.
    pub(super) fn offline_memory(
        &mut self,
        range: PfnRange,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let zone = self.zone_of_sections(range)?;
        let rule = self.profile.hotplug;
        let node = self.zones[zone].id.node;
        let last_memory = self.zones[zone].present <= range.frames();
        let notice = MemoryNotice {
            step: MemoryStep::GoingOffline,
            range,
            status_change: (last_memory && self.only_memory(node, Some(zone))).then_some(node),
        };
        self.disable_lists(zone, cpu, tenants, observer);
        let isolated = self.isolate_range(zone, range, Purpose::Offline, cpu, tenants, observer);
        if let Err(busy) = isolated {
            self.enable_lists(zone, tenants, observer);
            if rule.tells_failed_isolation() {
                self.announce(MemoryStep::CancelOffline, notice, cpu, tenants, observer);
            }
            return Err(busy);
        }
        let emptied = self
            .notify(notice, cpu, tenants, observer)
            .and_then(|()| self.empty_for_good(zone, range, cpu, tenants, observer));
        if let Err(error) = emptied {
            if rule.cancels_first() {
                self.announce(MemoryStep::CancelOffline, notice, cpu, tenants, observer);
            }
            self.unisolate_range(zone, range, Purpose::Offline, cpu, observer);
            if !rule.cancels_first() {
                self.announce(MemoryStep::CancelOffline, notice, cpu, tenants, observer);
            }
            self.enable_lists(zone, tenants, observer);
            return Err(error);
        }
        self.take_isolated(zone, range, cpu, observer);
        self.enable_lists(zone, tenants, observer);
        self.change_managed(zone, -(range.frames() as i64), observer);
        self.change_present(zone, -(range.frames() as i64), observer);
        self.recompute_limits(rule.recomputes_all(), observer);
        if !self.zones[zone].is_populated() {
            self.lose_lists(zone, observer);
            self.rebuild_zonelists(observer);
        } else if !rule.releases_whole() {
            self.set_pagesets(observer);
        }
        self.announce(MemoryStep::Offline, notice, cpu, tenants, observer);
        self.leave_zone(zone, range, observer);
        if rule.announces() {
            self.announce(MemoryStep::FinishOffline, notice, cpu, tenants, observer);
        }
        Ok(())
    }

    /// The zone whole sections are in, every frame of them.
    fn zone_of_sections(&self, range: PfnRange) -> Result<usize, MemoryError> {
        if !self.is_whole(range) {
            return Err(MemoryError::NotWhole(range.start()));
        }
        let mut there = 0;
        let mut found = None;
        for (at, zone) in self.zones.iter().enumerate() {
            let shared = runs::shared(&zone.memory, range);
            there += shared;
            if shared == range.frames() {
                found = Some(at);
            }
        }
        match found {
            Some(zone) => Ok(zone),
            None if there == range.frames() => Err(MemoryError::Zone(range.start())),
            None => Err(MemoryError::NotThere(range.start())),
        }
    }

    /// Puts elsewhere what is in use in a range, on another node if there is one with memory.
    fn empty_for_good(
        &mut self,
        zone: usize,
        range: PfnRange,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let node = self.zones[zone].id.node;
        let populated = self.zones.iter().filter(|zone| zone.is_populated());
        let others = populated
            .map(|zone| zone.id.node)
            .filter(|other| *other != node);
        let others: NodeMask = others.collect();
        let nodes = match others == NodeMask::default() {
            true => [node].into_iter().collect(),
            false => others,
        };
        let targets = Targets {
            node,
            nodes: Some(nodes),
            cpu,
        };
        let drains = !self.profile.hotplug.disables_lists();
        if drains {
            tenants.drain_batches(self, observer);
        }
        self.empty_range(zone, range, targets, tenants, observer)?;
        if drains {
            tenants.drain_batches(self, observer);
        }
        self.drain_zone(zone, cpu, observer);
        self.test_isolated(zone, range, observer)
            .map_err(MemoryError::Stuck)
    }

    /// Takes the free blocks of an isolated range off their lists
    /// (`__offline_isolated_pages`).
    fn take_isolated(
        &mut self,
        zone: usize,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        let pageblocks = range.frames() >> self.config.pageblock_order.get();
        let zone = &mut self.zones[zone];
        let mut at = range.start();
        while at < range.end() {
            let Some((block, State::Free(mt))) = zone.buddy.frames.block_from(at) else {
                unreachable!("everything was put elsewhere, and the rest is free");
            };
            at = block.range().end();
            zone.buddy.unlink(block, mt, observer);
            zone.account(mt, -(block.frames() as i64), cpu, observer);
        }
        zone.set_isolated(
            zone.isolated_pageblocks.saturating_sub(pageblocks),
            observer,
        );
    }

    /// Nothing is cached of a zone, and nothing waits for an LRU list (`zone_pcp_disable`,
    /// `lru_cache_disable`).
    fn disable_lists(
        &mut self,
        zone: usize,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) {
        if !self.profile.hotplug.disables_lists() {
            return;
        }
        for pcp in &mut self.zones[zone].pcps {
            pcp.set_limits(0, 0, 1, observer);
        }
        self.drain_zone(zone, cpu, observer);
        tenants.disable_batches(self, observer);
    }

    /// It is, and does, again (`lru_cache_enable`, `zone_pcp_enable`).
    fn enable_lists(
        &mut self,
        zone: usize,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) {
        if !self.profile.hotplug.disables_lists() {
            return;
        }
        tenants.enable_batches();
        let zone = &mut self.zones[zone];
        let limits = zone.pageset;
        for pcp in &mut zone.pcps {
            pcp.set_limits(limits.high_min, limits.high_max, limits.batch, observer);
        }
    }

    /// A zone has lost its last memory: what its CPUs counted is folded, and their lists are gone
    /// (`zone_pcp_reset`).
    fn lose_lists(&mut self, zone: usize, observer: &mut impl Observer) {
        let zone = &mut self.zones[zone];
        for cpu in 0..zone.pcps.len() {
            zone.fold(CpuId(cpu as u16), observer);
        }
        zone.pcps.clear();
        let zone = zone.id;
        observer.event(Event::Memory(MemoryEvent::ListsGone { zone }));
    }
}
