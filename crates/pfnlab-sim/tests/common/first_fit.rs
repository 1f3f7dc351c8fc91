//! A first-fit buddy allocator that tells facts, and ways in which it can be broken.
//!
//! It is written to be seen through, not to be fast: its whole state is a snapshot, and a request
//! takes the lowest frame that will do.
//!
//! ```text
//! frames   0      64       128            256         384         512        768
//!          │highatomic│isolated│ node 0 Normal │ node 1 Normal│ node 1 Movable│ node 0 Normal │
//! ```

use std::collections::VecDeque;

use pfnlab_model::*;

pub const NODE0: ZoneId = ZoneId {
    node: NodeId(0),
    kind: ZoneKind::Normal,
};
pub const NODE1: ZoneId = ZoneId {
    node: NodeId(1),
    kind: ZoneKind::Normal,
};
pub const MOVABLE: ZoneId = ZoneId {
    node: NodeId(1),
    kind: ZoneKind::Movable,
};

/// Frames of a block of the top order.
const TOP: u64 = 64;
/// A per-CPU list holds at most so many frames.
const PCP_HIGH: u32 = 4;
const THRESHOLD: u8 = 4;

/// How the allocator is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    None,
    LendsTooMuch,
    LendsTwice,
    LendsToNobody,
    LinksTwice,
    UnlinksFromTheWrongList,
    DropsWhatIsFreed,
    ListsMisaligned,
    MergesAboveTheTop,
    FreesOutsideTheMemory,
    SpeaksOfAnotherZone,
    FreesIntoAnotherZone,
    MiscountsBlocks,
    ForgetsTheMask,
    ForgetsTheZoneLimit,
    CachesOnTheWrongList,
    MiscountsTheCache,
    CachesIsolated,
    FreesToTheWrongType,
    IsolatesByList,
    ForgetsToMerge,
    ForgetsToCount,
    CountsAreas,
    MiscountsHighAtomic,
    ReservesTwice,
    NeverFolds,
    ManagesTooMuch,
    HasTooFewOnTheNode,
    LowersAWatermark,
    ForgetsADeadCpu,
    TunesInSilence,
}

#[derive(Clone, Debug)]
pub struct FirstFit {
    state: Snapshot,
    bug: Bug,
    calls: u64,
}

fn zone(id: ZoneId, start: u64, spanned: u64, present: u64) -> ZoneState {
    let pcp = |cpu| PcpState {
        cpu: CpuId(cpu),
        count: 0,
        high: PCP_HIGH,
        batch: 2,
        high_min: 0,
        high_max: 0,
        flags: 0,
        alloc_factor: 0,
        free_factor: 0,
        free_count: 0,
        expire: 0,
        stat_threshold: THRESHOLD,
        vm_stat_diff: vec![0, 0],
        lists: vec![],
    };
    ZoneState {
        id,
        start: Pfn::new(start),
        spanned,
        present,
        managed: present,
        memory: vec![],
        watermarks: Watermarks {
            min: 1,
            low: 2,
            high: 3,
            promo: 4,
        },
        boost: 0,
        highatomic_reserved: 0,
        highatomic_free: Some(0),
        pageset_high_min: 0,
        pageset_high_max: 0,
        pageset_batch: 2,
        flags: ZoneFlags::NONE,
        pages_scanned: 0,
        all_unreclaimable: false,
        dirty_balance_reserve: 0,
        percpu_drift_mark: 0,
        isolated_pageblocks: 0,
        lowmem_reserve: vec![0; 3],
        vm_stat: vec![0, 0],
        free_lists: vec![],
        pcp: vec![pcp(0), pcp(1)],
        pageblocks: Some(PageblockState {
            first: Pfn::new(start),
            types: vec![Some(MigrateType::Movable); (spanned / 16) as usize],
            movable: vec![],
        }),
        lent: vec![],
    }
}

impl FirstFit {
    pub fn new(bug: Bug) -> FirstFit {
        let mut zones = vec![
            zone(NODE0, 0, 768, 512),
            zone(NODE1, 256, 128, 128),
            zone(MOVABLE, 384, 128, 128),
        ];
        let pageblocks = zones[0].pageblocks.as_mut().unwrap();
        pageblocks.types[0..4].fill(Some(MigrateType::HighAtomic));
        pageblocks.types[4..8].fill(Some(MigrateType::Isolate));
        zones[0].highatomic_reserved = TOP;
        zones[0].highatomic_free = Some(TOP);
        zones[0].isolated_pageblocks = 4;
        let mut list = |zone: usize, mt, starts: &[u64]| {
            let pfns = starts
                .iter()
                .copied()
                .map(Pfn::new)
                .collect::<VecDeque<_>>();
            let isolated = mt == MigrateType::Isolate;
            zones[zone].vm_stat[0] += if isolated {
                0
            } else {
                (starts.len() as u64 * TOP) as i64
            };
            let order = Order::new(6).unwrap();
            zones[zone]
                .free_lists
                .push(FreeListState { order, mt, pfns });
        };
        list(0, MigrateType::Movable, &[128, 192, 512, 576, 640, 704]);
        list(0, MigrateType::HighAtomic, &[0]);
        list(0, MigrateType::Isolate, &[64]);
        list(1, MigrateType::Movable, &[256, 320]);
        list(2, MigrateType::Movable, &[384, 448]);
        let node = |node, start, spanned, zonelist: &[ZoneId]| NodeState {
            node: NodeId(node),
            start: Pfn::new(start),
            spanned,
            present: if node == 0 { 512 } else { 256 },
            totalreserve_pages: 0,
            kswapd_order: Order::ZERO,
            kswapd_highest: None,
            kswapd_failures: 0,
            kswapd_awake: false,
            distance: if node == 0 {
                vec![10, 20]
            } else {
                vec![20, 10]
            },
            zonelist: zonelist.to_vec(),
            zonelist_this_node: vec![],
            zonelist_cache: None,
        };
        let mut state = Snapshot {
            format: SNAPSHOT_FORMAT,
            // It keeps the lists as tidy as this generation does.
            profile: "linux-6.12.y".into(),
            global: GlobalState {
                zone_kinds: vec![ZoneKind::Dma, ZoneKind::Normal, ZoneKind::Movable],
                zone_stats: vec![ZoneStat::FreePages, ZoneStat::FreeCma],
                migratetypes: MigrateType::ALL.to_vec(),
                top_order: Order::new(6).unwrap(),
                pageblock_order: Order::new(4).unwrap(),
                section_frames: 1 << 15,
                possible_nodes: 2,
                movable_zone: ZoneKind::Normal,
                mobility_disabled: false,
                totalreserve_pages: 0,
                totalram_pages: 768,
                min_free_kbytes: 0,
                user_min_free_kbytes: None,
                watermark_scale_factor: 10,
                watermark_boost_factor: 0,
                percpu_pagelist_high_fraction: 0,
                percpu_pagelist_fraction: 0,
                lowmem_reserve_ratio: vec![0; 3],
                pcp_batch_scale_max: 5,
            },
            cpus: (0..2)
                .map(|cpu| CpuState {
                    cpu: CpuId(cpu),
                    online: true,
                    node: NodeId(cpu),
                })
                .collect(),
            nodes: vec![
                node(0, 0, 768, &[NODE0, MOVABLE, NODE1]),
                node(1, 256, 256, &[MOVABLE, NODE1, NODE0]),
            ],
            zones,
        };
        match bug {
            Bug::ManagesTooMuch => state.zones[1].managed += 1,
            Bug::HasTooFewOnTheNode => state.nodes[1].present -= 1,
            Bug::IsolatesByList => {
                // Whole pageblocks of no isolated one end up on the isolated list.
                state.zones[1].free_lists[0].mt = MigrateType::Isolate;
                state.zones[1].vm_stat[0] = 0;
            }
            Bug::FreesOutsideTheMemory => {
                let memory = |start, frames| PfnRange::sized(Pfn::new(start), frames);
                state.zones[0].memory = vec![memory(0, 256), memory(512, 256)];
            }
            _ => {}
        }
        FirstFit {
            state,
            bug,
            calls: 0,
        }
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn zone_index(&self, pfn: Pfn) -> usize {
        match pfn.get() {
            256..384 => 1,
            384..512 => 2,
            _ => 0,
        }
    }

    fn type_of(&self, pfn: Pfn) -> MigrateType {
        self.state.zones[0].pageblocks.as_ref().unwrap().types[(pfn.get() / 16) as usize].unwrap()
    }

    fn count(&mut self, z: usize, cpu: CpuId, mt: MigrateType, frames: i64, o: &mut impl Observer) {
        let zone = self.state.zones[z].id;
        if mt == MigrateType::HighAtomic {
            let free = self.state.zones[z].highatomic_free.as_mut().unwrap();
            *free = free.checked_add_signed(frames).unwrap();
            let lie = u64::from(self.bug == Bug::MiscountsHighAtomic);
            *free += lie;
            o.event(Event::HighAtomicFree {
                zone,
                frames: *free,
            });
        }
        if mt == MigrateType::Isolate || (self.is(Bug::ForgetsToCount) && frames > 0) {
            return;
        }
        let never = self.is(Bug::NeverFolds);
        let areas = self.is(Bug::CountsAreas);
        let state = &mut self.state.zones[z];
        let pcp = &mut state.pcp[cpu.index()];
        let sum = i64::from(pcp.vm_stat_diff[0]) + frames;
        let folds = sum.abs() > i64::from(THRESHOLD) && !(never && sum.abs() < 100);
        pcp.vm_stat_diff[0] = if folds { 0 } else { sum as i8 };
        let stat = ZoneStat::FreePages;
        o.event(Event::DiffSet {
            zone,
            cpu,
            stat,
            value: pcp.vm_stat_diff[0],
        });
        if folds {
            state.vm_stat[0] += sum;
            o.event(Event::StatSet {
                zone,
                stat,
                value: state.vm_stat[0],
            });
        }
        if areas {
            state.vm_stat[1] += 1;
            o.event(Event::StatSet {
                zone,
                stat: ZoneStat::FreeCma,
                value: state.vm_stat[1],
            });
        }
    }

    fn link(&mut self, z: usize, block: Block, cpu: CpuId, o: &mut impl Observer) {
        let mut mt = self.type_of(block.start());
        if self.is(Bug::FreesToTheWrongType) && block.order() < Order::new(4).unwrap() {
            mt = MigrateType::Unmovable;
        }
        let zone = &mut self.state.zones[z];
        let key = (block.order(), mt);
        let at = zone
            .free_lists
            .binary_search_by_key(&key, |list| (list.order, list.mt));
        let at = at.unwrap_or_else(|at| {
            let list = FreeListState {
                order: key.0,
                mt,
                pfns: VecDeque::new(),
            };
            zone.free_lists.insert(at, list);
            at
        });
        zone.free_lists[at].pfns.push_front(block.start());
        if self.bug == Bug::ListsMisaligned && block.order() == Order::new(1).unwrap() {
            zone.free_lists[at].pfns[0] = block.start().offset(1);
        }
        let id = zone.id;
        o.event(Event::Linked {
            zone: id,
            block,
            mt,
            end: End::Head,
        });
        if self.bug == Bug::LinksTwice {
            o.event(Event::Linked {
                zone: id,
                block,
                mt,
                end: End::Head,
            });
        }
        self.count(z, cpu, mt, block.frames() as i64, o);
    }

    fn unlink(
        &mut self,
        z: usize,
        block: Block,
        mt: MigrateType,
        cpu: CpuId,
        o: &mut impl Observer,
    ) {
        let zone = &mut self.state.zones[z];
        let key = (block.order(), mt);
        let at = zone
            .free_lists
            .binary_search_by_key(&key, |list| (list.order, list.mt))
            .unwrap();
        let pfns = &mut zone.free_lists[at].pfns;
        let position = pfns.iter().position(|&pfn| pfn == block.start());
        let Some(position) = position else { return };
        pfns.remove(position);
        if pfns.is_empty() {
            zone.free_lists.remove(at);
        }
        let wrong = self.bug == Bug::UnlinksFromTheWrongList;
        let told = if wrong { MigrateType::Reclaimable } else { mt };
        o.event(Event::Unlinked {
            zone: zone.id,
            block,
            mt: told,
        });
        self.count(z, cpu, mt, -(block.frames() as i64), o);
    }

    /// The free block of at least this order with the lowest frame.
    fn find(&self, z: usize, order: Order) -> Option<(Block, MigrateType)> {
        let usable = |list: &&FreeListState| {
            let open = list.mt == MigrateType::Movable || list.mt == MigrateType::Unmovable;
            let highatomic = list.mt == MigrateType::HighAtomic && order > Order::ZERO;
            let isolated = list.mt == MigrateType::Isolate && self.bug == Bug::CachesIsolated;
            list.order >= order && (open || highatomic || isolated)
        };
        let lists = self.state.zones[z].free_lists.iter().filter(usable);
        let blocks = lists.flat_map(|list| {
            list.pfns
                .iter()
                .map(|&pfn| (pfn.align_down(list.order), list.order, list.mt))
        });
        blocks
            .min()
            .map(|(pfn, order, mt)| (Block::containing(pfn, order), mt))
    }

    fn take(&mut self, z: usize, order: Order, cpu: CpuId, o: &mut impl Observer) -> Option<Block> {
        let (mut block, mt) = self.find(z, order)?;
        self.unlink(z, block, mt, cpu, o);
        while block.order() > order {
            let (lower, upper) = block.split().unwrap();
            self.link(z, upper, cpu, o);
            block = lower;
        }
        Some(block)
    }

    fn give(&mut self, z: usize, mut block: Block, cpu: CpuId, o: &mut impl Observer) {
        loop {
            let over = self.is(Bug::MergesAboveTheTop);
            let top = self.state.global.top_order;
            if (block.order() >= top && !over) || self.is(Bug::ForgetsToMerge) {
                break;
            }
            let buddy = block.buddy();
            let lists = &self.state.zones[z].free_lists;
            let found = lists
                .iter()
                .find(|list| list.order == buddy.order() && list.pfns.contains(&buddy.start()));
            match found.map(|list| list.mt) {
                Some(mt) => self.unlink(z, buddy, mt, cpu, o),
                None => break,
            }
            block = block.parent().unwrap();
        }
        self.link(z, block, cpu, o);
    }

    fn pcp_push(&mut self, z: usize, page: Block, cpu: CpuId, o: &mut impl Observer) {
        let index = if self.is(Bug::CachesOnTheWrongList) {
            4
        } else {
            1
        };
        let zone = self.state.zones[z].id;
        let pcp = &mut self.state.zones[z].pcp[cpu.index()];
        pcp.count += 1;
        if pcp.lists.is_empty() {
            let (pfns, noted) = (VecDeque::new(), VecDeque::new());
            pcp.lists.push(PcpListState {
                index,
                order: Order::ZERO,
                pfns,
                noted,
            });
        }
        pcp.lists[0].pfns.push_front(page.start());
        let (list, noted, end) = (index, None, End::Head);
        o.event(Event::PcpLinked {
            zone,
            cpu,
            list,
            block: page,
            noted,
            end,
        });
        if self.is(Bug::TunesInSilence) {
            self.state.zones[z].pcp[cpu.index()].free_count += 1;
        }
    }

    fn pcp_pop(&mut self, z: usize, cpu: CpuId, end: End, o: &mut impl Observer) -> Option<Block> {
        let zone = self.state.zones[z].id;
        let pcp = &mut self.state.zones[z].pcp[cpu.index()];
        let index = pcp.lists.first()?.index;
        let pfn = match end {
            End::Head => pcp.lists[0].pfns.pop_front(),
            End::Tail => pcp.lists[0].pfns.pop_back(),
        }?;
        pcp.count -= 1;
        if pcp.lists[0].pfns.is_empty() {
            pcp.lists.clear();
        }
        let block = Block::page(pfn);
        o.event(Event::PcpUnlinked {
            zone,
            cpu,
            list: index,
            block,
            end,
        });
        Some(block)
    }

    fn serve(&mut self, z: usize, request: &Request, o: &mut impl Observer) -> Option<Block> {
        let Request { order, cpu, .. } = *request;
        if order > Order::ZERO {
            return self.take(z, order, cpu, o);
        }
        if self.state.zones[z].pcp[cpu.index()].count == 0 {
            for _ in 0..2 {
                if let Some(page) = self.take(z, order, cpu, o) {
                    self.pcp_push(z, page, cpu, o);
                }
            }
        }
        self.pcp_pop(z, cpu, End::Head, o)
    }

    fn lend(&mut self, z: usize, block: Block, o: &mut impl Observer) {
        let lent = &mut self.state.zones[z].lent;
        let at = lent.partition_point(|other| other.start() < block.start());
        lent.insert(at, block);
        o.event(Event::Lent {
            zone: self.state.zones[z].id,
            block,
        });
    }

    fn take_back(&mut self, block: Block, o: &mut impl Observer) -> Result<usize, FreeError> {
        let z = self.zone_index(block.start());
        let zone = &mut self.state.zones[z];
        let at = zone
            .lent
            .binary_search(&block)
            .map_err(|_| FreeError::NotLent(block))?;
        zone.lent.remove(at);
        o.event(Event::Returned {
            zone: zone.id,
            block,
        });
        Ok(z)
    }
}

impl PageAllocator for FirstFit {
    fn alloc(&mut self, request: &Request, o: &mut impl Observer) -> Result<Block, AllocError> {
        self.calls += 1;
        let order = request.order;
        if order > self.state.global.top_order {
            return Err(AllocError::TooLarge(order));
        }
        let node = request.node.map_or(0, NodeId::index);
        let zonelist = self.state.nodes[node].zonelist.clone();
        let masked = !self.is(Bug::ForgetsTheMask);
        let movable = request.gfp.contains(Gfp::MOVABLE | Gfp::HIGHMEM);
        let movable = movable || self.is(Bug::ForgetsTheZoneLimit);
        let may = |id: &&ZoneId| {
            let in_mask = request.nodes.is_none_or(|nodes| nodes.contains(id.node));
            let this_node = !request.gfp.contains(Gfp::THISNODE) || id.node.index() == node;
            ((in_mask && this_node) || !masked) && (movable || id.kind != ZoneKind::Movable)
        };
        let mut asked = false;
        for id in zonelist.iter().filter(may) {
            asked = true;
            let z = self
                .state
                .zones
                .iter()
                .position(|zone| zone.id == *id)
                .unwrap();
            if let Some(block) = self.serve(z, request, o) {
                self.lend(z, block, o);
                if self.is(Bug::LendsToNobody) && self.calls > 5 {
                    return Err(AllocError::NoZone);
                }
                if self.is(Bug::LendsTooMuch) {
                    return Ok(Block::containing(block.start(), order.up().unwrap()));
                }
                if self.is(Bug::LendsTwice) && self.calls > 5 {
                    let lent = self.state.zones[z].lent.iter();
                    let other = lent
                        .copied()
                        .find(|lent| lent.order() == order && *lent != block);
                    return Ok(other.unwrap_or(block));
                }
                return Ok(block);
            }
        }
        Err(if asked {
            AllocError::Exhausted(order)
        } else {
            AllocError::NoZone
        })
    }

    fn free(&mut self, block: Block, cpu: CpuId, o: &mut impl Observer) -> Result<(), FreeError> {
        self.calls += 1;
        let mut z = self.take_back(block, o)?;
        if self.is(Bug::DropsWhatIsFreed) && self.calls > 20 {
            return Ok(());
        }
        if self.is(Bug::SpeaksOfAnotherZone) {
            let zone = ZoneId {
                node: NodeId(7),
                kind: ZoneKind::Dma,
            };
            o.event(Event::BoostSet { zone, frames: 0 });
        }
        if self.is(Bug::FreesIntoAnotherZone) || self.is(Bug::FreesOutsideTheMemory) {
            z = 0;
        }
        let zone = self.state.zones[z].id;
        if self.is(Bug::ReservesTwice) {
            self.state.zones[z].highatomic_reserved += 16;
            let frames = self.state.zones[z].highatomic_reserved;
            o.event(Event::HighAtomicReserved { zone, frames });
        }
        if self.is(Bug::LowersAWatermark) {
            self.state.zones[z].watermarks.high = 1;
            o.event(Event::WatermarksSet {
                zone,
                marks: self.state.zones[z].watermarks,
            });
        }
        if self.is(Bug::ForgetsADeadCpu) {
            let online = false;
            self.state.cpus[cpu.index()].online = online;
            o.event(Event::CpuSet { cpu, online });
        }
        if block.order() > Order::ZERO {
            self.give(z, block, cpu, o);
            return Ok(());
        }
        self.pcp_push(z, block, cpu, o);
        if self.state.zones[z].pcp[cpu.index()].count > PCP_HIGH {
            for _ in 0..2 {
                let page = self.pcp_pop(z, cpu, End::Tail, o).unwrap();
                self.give(z, page, cpu, o);
            }
        }
        Ok(())
    }

    fn offers(&self, what: Capability) -> bool {
        !matches!(what, Capability::Sysctl | Capability::CpuHotplug)
    }

    fn split(&mut self, block: Block, o: &mut impl Observer) -> Result<(), FreeError> {
        let z = self.take_back(block, &mut ())?;
        for frame in 0..block.frames() {
            self.lend(z, Block::page(block.start().offset(frame)), &mut ());
        }
        o.event(Event::LentSplit {
            zone: self.state.zones[z].id,
            block,
        });
        Ok(())
    }

    fn bulk(
        &mut self,
        request: &Request,
        pages: &mut [Pfn],
        o: &mut impl Observer,
    ) -> Result<usize, AllocError> {
        let mut got = 0;
        for page in pages {
            match self.alloc(request, o) {
                Ok(block) => *page = block.start(),
                Err(error) if got == 0 => return Err(error),
                Err(_) => break,
            }
            got += 1;
        }
        Ok(got)
    }

    fn exact(
        &mut self,
        request: &Request,
        frames: u32,
        o: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        let Some(order) = Order::covering(u64::from(frames)) else {
            return Err(AllocError::TooLarge(Order::MAX));
        };
        let block = self.alloc(&Request { order, ..*request }, o)?;
        if order > Order::ZERO {
            self.split(block, o).unwrap();
        }
        for surplus in u64::from(frames)..block.frames() {
            self.free(Block::page(block.start().offset(surplus)), request.cpu, o)
                .unwrap();
        }
        Ok(block.start())
    }

    fn drain(&mut self, cpu: CpuId, o: &mut impl Observer) {
        for z in 0..3 {
            while let Some(page) = self.pcp_pop(z, cpu, End::Tail, o) {
                self.give(z, page, cpu, o);
            }
        }
    }

    fn set_zone_flags(
        &mut self,
        zone: ZoneId,
        set: ZoneFlags,
        clear: ZoneFlags,
        _: Option<u64>,
        o: &mut impl Observer,
    ) -> Result<(), ZoneId> {
        let state = self
            .state
            .zones
            .iter_mut()
            .find(|state| state.id == zone)
            .ok_or(zone)?;
        state.flags = state.flags.with(set).without(clear);
        o.event(Event::FlagsSet {
            zone,
            flags: state.flags,
        });
        Ok(())
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        Some(self)
    }
}

impl Inspect for FirstFit {
    fn zones(&self) -> Vec<ZoneId> {
        self.state.zones.iter().map(|zone| zone.id).collect()
    }

    fn zone_of(&self, pfn: Pfn) -> Option<ZoneId> {
        (pfn < Pfn::new(768)).then(|| self.state.zones[self.zone_index(pfn)].id)
    }

    fn pageblock_type(&self, pfn: Pfn) -> MigrateType {
        self.type_of(pfn)
    }

    fn free_pages(&self, zone: ZoneId) -> i64 {
        self.state.zone(zone).unwrap().vm_stat[0]
    }

    fn pcp_count(&self, zone: ZoneId, cpu: CpuId) -> u32 {
        let count = self.state.zone(zone).unwrap().pcp[cpu.index()].count;
        if self.is(Bug::MiscountsTheCache) {
            count * 2
        } else {
            count
        }
    }

    fn zone_flags(&self, zone: ZoneId) -> ZoneFlags {
        self.state.zone(zone).unwrap().flags
    }

    fn boost(&self, zone: ZoneId) -> u64 {
        self.state.zone(zone).unwrap().boost
    }

    fn free_blocks(&self, zone: ZoneId, order: Order) -> u64 {
        let lie = u64::from(self.is(Bug::MiscountsBlocks) && order == Order::new(2).unwrap());
        self.state.zone(zone).unwrap().free_blocks(order) + lie
    }

    fn snapshot(&self) -> Snapshot {
        self.state.clone()
    }
}
