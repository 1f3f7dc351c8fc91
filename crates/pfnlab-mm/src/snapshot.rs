//! The allocator's state as plain data.

use alloc::string::ToString;
use alloc::vec::Vec;

use pfnlab_model::{
    AreaState, CpuId, CpuState, FreeListState, GlobalState, MemRange, MigrateType, NodeState,
    OfflineState, OnlinePolicy, Order, PageblockState, PcpField, PcpListState, PcpState, Pfn,
    PfnRange, SNAPSHOT_FORMAT, Snapshot, ZoneId, ZoneState,
};

use crate::Mm;
use crate::area::Area;
use crate::frames::State;
use crate::kswapd::Kswapd;
use crate::mm::Node;
use crate::pcp::{LISTS, Pcp};
use crate::zone::Zone;
use crate::zonelist::Zonelist;
use crate::zonelist_cache::ZonelistCache;

impl Mm {
    pub(crate) fn to_snapshot(&self) -> Snapshot {
        let cpu = |(cpu, state): (usize, &crate::mm::Cpu)| CpuState {
            cpu: CpuId(cpu as u16),
            online: state.online,
            node: state.node,
        };
        Snapshot {
            format: SNAPSHOT_FORMAT,
            profile: self.profile.name().to_string(),
            global: self.global_state(),
            cpus: self.cpus.iter().enumerate().map(cpu).collect(),
            nodes: self
                .kswapds
                .iter()
                .zip(&self.nodes)
                .map(|(kswapd, node)| node_state(kswapd, node))
                .collect(),
            zones: self
                .zones
                .iter()
                .map(|zone| self.zone_state(zone))
                .collect(),
            offline: self.offline.iter().map(offline_state).collect(),
            areas: self.areas.iter().map(area_state).collect(),
            compaction: self
                .zones
                .iter()
                .filter_map(Zone::compaction_state)
                .collect(),
        }
    }

    fn global_state(&self) -> GlobalState {
        let tunables = &self.tunables;
        GlobalState {
            zone_kinds: self.config.zones.to_vec(),
            zone_stats: self.zone_stats.clone(),
            migratetypes: self.profile.migratetypes(&self.config).to_vec(),
            top_order: self.config.top_order,
            pageblock_order: self.config.pageblock_order,
            section_frames: self.section_frames,
            possible_nodes: self.nodes.len() as u32,
            movable_zone: self.movable_zone,
            mobility_disabled: self.mobility_disabled,
            totalreserve_pages: self.totalreserve,
            totalram_pages: self.totalram,
            min_free_kbytes: tunables.min_free_kbytes,
            user_min_free_kbytes: tunables.user_min_free_kbytes,
            watermark_scale_factor: tunables.watermark_scale_factor,
            watermark_boost_factor: tunables.watermark_boost_factor,
            percpu_pagelist_high_fraction: tunables.percpu_pagelist_high_fraction,
            percpu_pagelist_fraction: tunables.percpu_pagelist_fraction,
            lowmem_reserve_ratio: tunables.lowmem_reserve_ratio.clone(),
            compaction_proactiveness: tunables.compaction_proactiveness,
            pcp_batch_scale_max: self.config.pcp_batch_scale_max,
            guardpage_minorder: self.options.guardpage_minorder,
            memory_block_frames: match self.options.memory_block_frames {
                frames if frames == self.section_frames => 0,
                frames => frames,
            },
            movable_node: self.options.movable_node,
            auto_movable: self.options.online_policy == OnlinePolicy::AutoMovable,
        }
    }

    fn zone_state(&self, zone: &Zone) -> ZoneState {
        let stats = &self.zone_stats;
        let pcps = zone.pcps.iter().enumerate();
        ZoneState {
            id: zone.id,
            start: zone.span.start(),
            spanned: zone.span.frames(),
            present: zone.present,
            managed: zone.managed,
            memory: zone.memory.clone(),
            watermarks: zone.watermarks,
            boost: zone.boost,
            highatomic_reserved: zone.highatomic_reserved,
            highatomic_free: zone
                .profile
                .highatomic_share
                .is_counted()
                .then_some(zone.highatomic_free),
            pageset_high_min: zone.pageset.high_min,
            pageset_high_max: zone.pageset.high_max,
            pageset_batch: zone.pageset.batch,
            flags: zone.flags,
            pages_scanned: zone.pages_scanned,
            all_unreclaimable: zone.all_unreclaimable,
            dirty_balance_reserve: zone.dirty_balance_reserve,
            percpu_drift_mark: zone.percpu_drift_mark,
            isolated_pageblocks: zone.isolated_pageblocks,
            lowmem_reserve: zone.lowmem_reserve[..self.config.zones.len()].to_vec(),
            vm_stat: stats
                .iter()
                .map(|stat| zone.vm_stat[stat.index()])
                .collect(),
            free_lists: free_lists(zone),
            pcp: pcps
                .map(|(cpu, pcp)| self.pcp_state(zone, CpuId(cpu as u16), pcp))
                .collect(),
            pageblocks: (!zone.span.is_empty()).then(|| self.pageblock_state(zone.span)),
            lent: in_state(zone, State::Lent),
            guards: in_state(zone, State::Guard),
            present_early: zone.present_early,
        }
    }

    fn pcp_state(&self, zone: &Zone, cpu: CpuId, pcp: &Pcp) -> PcpState {
        let stats = &self.zone_stats;
        let list = |index: u8| {
            let (pfns, noted): (_, Vec<_>) = pcp
                .blocks(index, &zone.buddy.frames)
                .map(|(block, state)| (block.start(), state))
                .unzip();
            let noted = noted.into_iter().filter_map(|state| match state {
                State::Pcp(mt) if zone.profile.pcp.notes_type() => Some(mt),
                _ => None,
            });
            PcpListState {
                index,
                order: pcp.order_of(index),
                pfns,
                noted: noted.collect(),
            }
        };
        PcpState {
            cpu,
            count: pcp.count(),
            high: pcp.get(PcpField::High),
            batch: pcp.get(PcpField::Batch),
            high_min: pcp.get(PcpField::HighMin),
            high_max: pcp.get(PcpField::HighMax),
            flags: pcp.get(PcpField::Flags),
            alloc_factor: pcp.get(PcpField::AllocFactor),
            free_factor: pcp.get(PcpField::FreeFactor),
            free_count: pcp.get(PcpField::FreeCount),
            expire: pcp.get(PcpField::Expire),
            stat_threshold: pcp.stat_threshold,
            vm_stat_diff: stats.iter().map(|stat| pcp.diff[stat.index()]).collect(),
            lists: (0..LISTS)
                .filter(|&index| !pcp.is_empty(index))
                .map(list)
                .collect(),
        }
    }

    fn pageblock_state(&self, span: PfnRange) -> PageblockState {
        let order = self.blocks.order();
        let first = span.start().align_down(order);
        let count = span.end().align_up(order).since(first) >> order.get();
        let starts = || (0..count).map(|at| first.offset(at << order.get()));
        let counted = |count: &dyn Fn(Pfn) -> u64| {
            let counts = starts().map(count).enumerate();
            counts
                .filter(|&(_, frames)| frames > 0)
                .map(|(at, frames)| (at as u32, frames as u32))
                .collect()
        };
        PageblockState {
            first,
            types: starts()
                .map(|start| self.blocks.recorded_type(start))
                .collect(),
            movable: counted(&|start| self.blocks.movable(start)),
            listed: counted(&|start| self.blocks.listed(start)),
        }
    }
}

fn offline_state(offline: &MemRange) -> OfflineState {
    let &MemRange { range, node } = offline;
    OfflineState { range, node }
}

fn area_state(area: &Area) -> AreaState {
    AreaState {
        range: area.range,
        taken: area.taken.clone(),
    }
}

fn node_state(kswapd: &Kswapd, node: &Node) -> NodeState {
    let zones =
        |list: &Zonelist| -> Vec<ZoneId> { list.zones().iter().map(|entry| entry.id).collect() };
    NodeState {
        node: kswapd.node,
        start: node.start,
        spanned: node.spanned,
        present: node.present,
        totalreserve_pages: node.totalreserve,
        kswapd_order: kswapd.order,
        kswapd_highest: kswapd.highest,
        kswapd_failures: kswapd.failures,
        kswapd_awake: kswapd.awake,
        distance: node.distance.clone(),
        zonelist: zones(&node.zonelists[0]),
        zonelist_this_node: zones(&node.zonelists[1]),
        zonelist_cache: node.cache.as_ref().map(ZonelistCache::state),
    }
}

fn free_lists(zone: &Zone) -> Vec<FreeListState> {
    let lists = Order::all().flat_map(|order| MigrateType::ALL.map(|mt| (order, mt)));
    lists
        .map(|(order, mt)| {
            let blocks = zone.buddy.list(order, mt).iter(&zone.buddy.frames, order);
            FreeListState {
                order,
                mt,
                pfns: blocks.map(|(block, _)| block.start()).collect(),
            }
        })
        .filter(|list| !list.pfns.is_empty())
        .collect()
}

fn in_state(zone: &Zone, wanted: State) -> Vec<pfnlab_model::Block> {
    let blocks = zone
        .memory
        .iter()
        .flat_map(|&range| zone.buddy.frames.blocks(range));
    blocks
        .filter(|(_, state)| *state == wanted)
        .map(|(block, _)| block)
        .collect()
}
