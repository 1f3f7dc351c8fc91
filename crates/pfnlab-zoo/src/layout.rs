//! Where the zones of the zoo's allocator are, and the state it begins in.

use pfnlab_model::*;

/// The first zone.
pub const NODE0: ZoneId = ZoneId {
    node: NodeId(0),
    kind: ZoneKind::Normal,
};
/// The second.
pub const NODE1: ZoneId = ZoneId {
    node: NodeId(1),
    kind: ZoneKind::Normal,
};
/// The third.
pub const MOVABLE: ZoneId = ZoneId {
    node: NodeId(1),
    kind: ZoneKind::Movable,
};

/// A per-CPU list holds at most so many frames.
const PCP_HIGH: u32 = 4;
/// A difference beyond this is folded.
const THRESHOLD: u8 = 4;
/// The order of a pageblock.
const PAGEBLOCK: u8 = 4;
/// The largest order.
const TOP: u8 = 6;

/// The zones the allocator begins with, all of them free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// By node and kind.
    pub zones: Vec<ZoneLayout>,
    /// Pageblocks that are not movable, by their first frame.
    pub types: Vec<(Pfn, MigrateType)>,
    /// The largest order.
    pub top: Order,
    /// The order of a pageblock.
    pub pageblock: Order,
    /// Upper halves below this order are kept back as guards when a block is cut.
    pub guards: Order,
    /// How many CPUs there are.
    pub cpus: u16,
    /// How many frames a per-CPU list may hold; 0: there are none.
    pub pcp_high: u32,
    /// The nodes and the zones can be asked for, and the allocator can be looked into.
    pub open: bool,
    /// Zones say where in their span their memory is.
    pub known: bool,
}

/// A zone of a [`Layout`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneLayout {
    /// Which one.
    pub id: ZoneId,
    /// Its memory, ascending.
    pub memory: Vec<PfnRange>,
}

impl Layout {
    /// Three zones of 768 frames, the first of which lies around the others:
    ///
    /// ```text
    /// frames   0      64       128            256         384         512        768
    ///          │highatomic│isolated│ node 0 Normal │ node 1 Normal│ node 1 Movable│ node 0 Normal │
    /// ```
    pub fn three_zones() -> Layout {
        let range = |start, end| PfnRange::sized(Pfn::new(start), end - start);
        let zone = |id, memory: &[PfnRange]| ZoneLayout {
            id,
            memory: memory.to_vec(),
        };
        let special = |start: u64, mt| (start..start + 4).map(move |at| (Pfn::new(at * 16), mt));
        Layout {
            zones: vec![
                zone(NODE0, &[range(0, 256), range(512, 768)]),
                zone(NODE1, &[range(256, 384)]),
                zone(MOVABLE, &[range(384, 512)]),
            ],
            types: special(0, MigrateType::HighAtomic)
                .chain(special(4, MigrateType::Isolate))
                .collect(),
            top: order(TOP),
            pageblock: order(PAGEBLOCK),
            guards: Order::ZERO,
            cpus: 2,
            pcp_high: PCP_HIGH,
            open: true,
            known: false,
        }
    }

    /// One zone on every node of a machine that has memory. In the first with eight pageblocks or
    /// more, the second whole one is isolated, so that its neighbours may not merge with it.
    pub fn of(machine: &Machine) -> Layout {
        let mut zones: Vec<ZoneLayout> = Vec::new();
        for memory in machine.free_ranges() {
            let id = ZoneId {
                node: memory.node,
                kind: ZoneKind::Normal,
            };
            match zones.iter_mut().find(|zone| zone.id == id) {
                Some(zone) => zone.memory.push(memory.range),
                None => zones.push(ZoneLayout {
                    id,
                    memory: vec![memory.range],
                }),
            }
        }
        zones.sort_by_key(|zone| zone.id);
        let pageblock = order(PAGEBLOCK);
        let roomy = zones
            .iter()
            .flat_map(|zone| &zone.memory)
            .find(|memory| memory.frames() >= 8 * pageblock.frames());
        let isolated = roomy.map(|memory| {
            let second = memory
                .start()
                .align_up(pageblock)
                .offset(pageblock.frames());
            (second, MigrateType::Isolate)
        });
        Layout {
            zones,
            types: isolated.into_iter().collect(),
            top: order(TOP),
            pageblock,
            guards: Order::ZERO,
            // Fits: a machine has fewer.
            cpus: machine.cpus().len() as u16,
            pcp_high: PCP_HIGH,
            open: true,
            known: true,
        }
    }

    /// The same, but nobody can look inside, nothing is cached, and there are no nodes to ask for.
    #[must_use]
    pub fn closed(self) -> Layout {
        Layout {
            types: Vec::new(),
            pcp_high: 0,
            open: false,
            ..self
        }
    }

    /// The state the allocator begins in.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let zones: Vec<ZoneState> = self.zones.iter().map(|zone| self.zone(zone)).collect();
        let count = zones.iter().map(|zone| zone.id.node.index() + 1).max();
        let count = count.unwrap_or(1);
        let nodes = (0..count).map(|node| self.node(node, count, &zones));
        Snapshot {
            format: SNAPSHOT_FORMAT,
            // It keeps the lists as tidy as this generation does.
            profile: "linux-6.12.y".into(),
            global: GlobalState {
                zone_kinds: vec![ZoneKind::Dma, ZoneKind::Normal, ZoneKind::Movable],
                zone_stats: vec![ZoneStat::FreePages, ZoneStat::FreeCma],
                migratetypes: MigrateType::ALL.to_vec(),
                top_order: self.top,
                pageblock_order: self.pageblock,
                section_frames: 1 << 15,
                possible_nodes: count as u32,
                movable_zone: ZoneKind::Normal,
                mobility_disabled: false,
                totalreserve_pages: 0,
                totalram_pages: zones.iter().map(|zone| zone.present).sum(),
                min_free_kbytes: 0,
                user_min_free_kbytes: None,
                watermark_scale_factor: 10,
                watermark_boost_factor: 0,
                percpu_pagelist_high_fraction: 0,
                percpu_pagelist_fraction: 0,
                lowmem_reserve_ratio: vec![0; 3],
                compaction_proactiveness: None,
                pcp_batch_scale_max: 5,
                guardpage_minorder: self.guards,
                memory_block_frames: 0,
                movable_node: false,
                auto_movable: false,
            },
            cpus: (0..self.cpus)
                .map(|cpu| CpuState {
                    cpu: CpuId(cpu),
                    online: true,
                    node: NodeId(cpu % count as u16),
                })
                .collect(),
            nodes: nodes.collect(),
            zones,
            offline: Vec::new(),
            areas: Vec::new(),
            compaction: Vec::new(),
        }
    }

    fn node(&self, node: usize, count: usize, zones: &[ZoneState]) -> NodeState {
        let own = zones.iter().filter(|zone| zone.id.node.index() == node);
        let start = own.clone().map(|zone| zone.start).min().unwrap_or_default();
        let end = own
            .clone()
            .map(|zone| zone.start.get() + zone.spanned)
            .max();
        // Its own zones first, and the highest kind first.
        let mut zonelist: Vec<ZoneId> = zones.iter().map(|zone| zone.id).collect();
        zonelist.sort_by_key(|id| (id.node.index() != node, id.node, std::cmp::Reverse(id.kind)));
        let distance = |other| if other == node { 10 } else { 20 };
        NodeState {
            node: NodeId(node as u16),
            start,
            spanned: end.map_or(0, |end| end - start.get()),
            present: own.map(|zone| zone.present).sum(),
            totalreserve_pages: 0,
            kswapd_order: Order::ZERO,
            kswapd_highest: None,
            kswapd_failures: 0,
            kswapd_awake: false,
            distance: (0..count).map(distance).collect(),
            zonelist,
            zonelist_this_node: vec![],
            zonelist_cache: None,
        }
    }

    fn zone(&self, layout: &ZoneLayout) -> ZoneState {
        let start = layout.memory[0].start();
        let spanned = layout.memory[layout.memory.len() - 1].end().since(start);
        let present = layout.memory.iter().map(|memory| memory.frames()).sum();
        let first = start.align_down(self.pageblock);
        let last = start.offset(spanned).align_up(self.pageblock);
        let pageblocks = (0..last.since(first)).step_by(self.pageblock.frames() as usize);
        let types: Vec<_> = pageblocks
            .map(|offset| Some(self.type_of(first.offset(offset))))
            .collect();
        let frames_of = |mt| {
            let own = types.iter().filter(|found| **found == Some(mt));
            own.count() as u64 * self.pageblock.frames()
        };
        let free_lists = self.free_lists(layout);
        let counted = free_lists
            .iter()
            .filter(|list| list.mt != MigrateType::Isolate)
            .map(|list| list.pfns.len() as u64 * list.order.frames());
        ZoneState {
            id: layout.id,
            start,
            spanned,
            present,
            managed: present,
            memory: if self.known {
                layout.memory.clone()
            } else {
                vec![]
            },
            watermarks: Watermarks {
                min: 1,
                low: 2,
                high: 3,
                promo: 4,
            },
            boost: 0,
            highatomic_reserved: frames_of(MigrateType::HighAtomic),
            highatomic_free: Some(frames_of(MigrateType::HighAtomic)),
            pageset_high_min: 0,
            pageset_high_max: 0,
            pageset_batch: 2,
            flags: ZoneFlags::NONE,
            pages_scanned: 0,
            all_unreclaimable: false,
            dirty_balance_reserve: 0,
            percpu_drift_mark: 0,
            isolated_pageblocks: frames_of(MigrateType::Isolate) / self.pageblock.frames(),
            lowmem_reserve: vec![0; 3],
            vm_stat: vec![counted.sum::<u64>() as i64, 0],
            free_lists,
            pcp: (0..self.cpus).map(|cpu| self.pcp(CpuId(cpu))).collect(),
            pageblocks: Some(PageblockState {
                first,
                types,
                movable: vec![],
                listed: vec![],
            }),
            lent: vec![],
            guards: vec![],
            present_early: 0,
        }
    }

    fn type_of(&self, pageblock: Pfn) -> MigrateType {
        let special = self.types.iter().find(|(start, _)| *start == pageblock);
        special.map_or(MigrateType::Movable, |&(_, mt)| mt)
    }

    /// The memory of a zone in the largest blocks there can be, none of two types.
    fn free_lists(&self, layout: &ZoneLayout) -> Vec<FreeListState> {
        let mut lists: Vec<FreeListState> = Vec::new();
        for memory in &layout.memory {
            let mut at = memory.start();
            while at < memory.end() {
                let block = self.largest(at, memory.end());
                let mt = self.type_of(at.align_down(self.pageblock));
                let key = (block.order(), mt);
                let place = lists.binary_search_by_key(&key, |list| (list.order, list.mt));
                let place = place.unwrap_or_else(|place| {
                    let (order, pfns) = (block.order(), Default::default());
                    lists.insert(place, FreeListState { order, mt, pfns });
                    place
                });
                lists[place].pfns.push_back(at);
                at = block.range().end();
            }
        }
        lists
    }

    /// The largest block that begins at a frame, ends before `end`, and is of one type.
    fn largest(&self, at: Pfn, end: Pfn) -> Block {
        let one_type = |block: Block| {
            let others = (0..block.frames())
                .step_by(self.pageblock.frames() as usize)
                .map(|offset| {
                    self.type_of(block.start().offset(offset).align_down(self.pageblock))
                });
            others.collect::<std::collections::BTreeSet<_>>().len() == 1
        };
        let orders = (0..=self.top.get()).rev().map(order);
        let mut blocks = orders.filter_map(|order| Block::new(at, order).ok());
        let fits = blocks.find(|block| block.range().end() <= end && one_type(*block));
        fits.unwrap_or(Block::page(at))
    }

    fn pcp(&self, cpu: CpuId) -> PcpState {
        PcpState {
            cpu,
            count: 0,
            high: self.pcp_high,
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
        }
    }
}

/// An order that exists.
fn order(order: u8) -> Order {
    Order::new(order).unwrap_or(Order::MAX)
}
