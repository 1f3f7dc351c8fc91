//! A recorded state becomes a [`Snapshot`]: numbers get their types, and whatever a recording says
//! twice is compared.
//!
//! What a kernel does not have is 0: on 6.1 a per-CPU list has no `high_min`, `high_max`, `flags`,
//! `alloc_factor` and `free_count`, on 6.12 no `free_factor`. The one `pageset_high` of 6.1 is
//! both the least and the most. A ratio of -1 stands behind the end of an older kernel's
//! `lowmem_reserve_ratio`: nothing is withheld, which is 0.

use pfnlab_model::{
    CpuState, GlobalState, MigrateType, NodeState, Order, SNAPSHOT_FORMAT, Snapshot, ZoneId,
    ZoneKind, ZoneStat, ZonelistCacheState,
};

use super::super::SnapshotProblem;
use super::super::kernel::Kernel;
use super::json;
use super::number::{cpu_id, equal, node_id, once, pfn, range, reserve_ratio};

/// The version of the layout that is understood.
const FORMAT: u32 = 1;

type Result<T, E = SnapshotProblem> = std::result::Result<T, E>;
/// A problem and the part of the snapshot it is in.
pub(super) type Placed = (String, SnapshotProblem);

pub(super) fn snapshot(state: json::State) -> Result<(&'static Kernel, Snapshot), Placed> {
    let kernel = kernel(&state).map_err(at("the beginning"))?;
    said_twice(kernel, &state.global).map_err(at("global"))?;
    let build = Build {
        kernel,
        hz: state.global.hz,
    };
    let mut cpus = each(state.cpus, "cpus", cpu_state)?;
    cpus.sort_by_key(|cpu| cpu.cpu);
    let mut nodes = each(state.nodes, "nodes", |node| build.node(node))?;
    nodes.sort_by_key(|node| node.node);
    let mut zones = Vec::new();
    for (position, zone) in state.zones.into_iter().enumerate() {
        zones.push(build.zone(zone, &format!("zones[{position}]"))?);
    }
    zones.sort_by_key(|zone| zone.id);
    once(&cpus, "a CPU", |cpu| cpu.cpu).map_err(at("cpus"))?;
    once(&nodes, "a node", |node| node.node).map_err(at("nodes"))?;
    once(&zones, "a zone", |zone| zone.id).map_err(at("zones"))?;
    let snapshot = Snapshot {
        format: SNAPSHOT_FORMAT,
        profile: kernel.profile.to_owned(),
        global: build.global(state.global).map_err(at("global"))?,
        cpus,
        nodes,
        zones,
        offline: Vec::new(),
        areas: Vec::new(),
        compaction: Vec::new(),
    };
    Ok((kernel, snapshot))
}

/// The kernel, if it is one we know, built as we know it.
fn kernel(state: &json::State) -> Result<&'static Kernel> {
    if state.format != FORMAT {
        return Err(SnapshotProblem::Format(state.format));
    }
    let kernel = Kernel::by_name(&state.kernel)
        .ok_or_else(|| SnapshotProblem::Kernel(state.kernel.clone()))?;
    let (zones, types) = (state.global.max_nr_zones, state.global.migrate_types);
    for (name, value, known) in [
        ("max_nr_zones", zones, kernel.zones.len() as u64),
        ("migrate_types", types, kernel.migratetypes.len() as u64),
    ] {
        if value != known {
            return Err(SnapshotProblem::Build { name, value, known });
        }
    }
    Ok(kernel)
}

/// What the pristine kernels' recorder says of its numbers must be what we know.
fn said_twice(kernel: &Kernel, global: &json::Global) -> Result<()> {
    let index = kernel.field("NR_FREE_PAGES_index", global.nr_free_pages_index)?;
    let mut counters = kernel.counters.iter();
    let known = counters.position(|&counter| counter == ZoneStat::FreePages);
    if let (Some(said), Some(known)) = (index, known) {
        equal("NR_FREE_PAGES_index", said, known as u64)?;
    }
    let numbers = global.migratetype_numbers.as_ref();
    let Some(numbers) = kernel.field("migratetype_numbers", numbers)? else {
        return Ok(());
    };
    let (said, known) = (numbers.len(), kernel.migratetypes.len());
    equal("migratetype_numbers", said as u64, known as u64)?;
    for (name, &number) in numbers {
        let known = kernel.migratetype(number);
        if !known.is_some_and(|mt| mt.name().eq_ignore_ascii_case(name)) {
            return Err(SnapshotProblem::MigrateType(format!("{name} = {number}")));
        }
    }
    Ok(())
}

fn cpu_state(cpu: json::Cpu) -> Result<CpuState> {
    Ok(CpuState {
        cpu: cpu_id(cpu.cpu)?,
        online: cpu.online,
        node: node_id(cpu.node)?,
    })
}

/// How the kernel was built: what the numbers of a snapshot stand for.
pub(super) struct Build {
    pub(super) kernel: &'static Kernel,
    /// Ticks (jiffies) in a second, where the recording says so.
    hz: Option<u64>,
}

impl Build {
    fn global(&self, global: json::Global) -> Result<GlobalState> {
        let kernel = self.kernel;
        let user_min = kernel.field("user_min_free_kbytes", global.user_min_free_kbytes)?;
        let ratios = global.lowmem_reserve_ratio.into_iter().map(reserve_ratio);
        Ok(GlobalState {
            zone_kinds: kernel.zones.to_vec(),
            zone_stats: kernel.counters.to_vec(),
            migratetypes: kernel.migratetypes.to_vec(),
            top_order: Order::new(global.nr_orders.wrapping_sub(1))?,
            pageblock_order: Order::new(global.pageblock_order)?,
            section_frames: global.pages_per_section,
            possible_nodes: global.nr_node_ids,
            movable_zone: self.zone_kind(global.movable_zone)?,
            mobility_disabled: global.page_group_by_mobility_disabled != 0,
            totalreserve_pages: global.totalreserve_pages,
            totalram_pages: global.totalram_pages,
            min_free_kbytes: global.min_free_kbytes,
            // Nobody wrote: -1.
            user_min_free_kbytes: user_min.and_then(|kbytes| u64::try_from(kbytes).ok()),
            watermark_scale_factor: kernel
                .field_or_default("watermark_scale_factor", global.watermark_scale_factor)?,
            watermark_boost_factor: kernel
                .field_or_default("watermark_boost_factor", global.watermark_boost_factor)?,
            percpu_pagelist_high_fraction: kernel.field_or_default(
                "percpu_pagelist_high_fraction",
                global.percpu_pagelist_high_fraction,
            )?,
            percpu_pagelist_fraction: kernel
                .field_or_default("percpu_pagelist_fraction", global.percpu_pagelist_fraction)?,
            lowmem_reserve_ratio: ratios.collect::<Result<_>>()?,
            compaction_proactiveness: None,
            pcp_batch_scale_max: kernel
                .field_or_default("pcp_batch_scale_max", global.pcp_batch_scale_max)?,
            guardpage_minorder: Order::ZERO,
            memory_block_frames: 0,
            movable_node: false,
            auto_movable: false,
        })
    }

    fn node(&self, node: json::Node) -> Result<NodeState> {
        let kernel = self.kernel;
        let order = kernel.field("kswapd_order", node.kswapd_order)?;
        let max_order = kernel.field("kswapd_max_order", node.kswapd_max_order)?;
        let cache = kernel.field("zonelist_cache", node.zonelist_cache)?;
        Ok(NodeState {
            node: node_id(node.nid)?,
            start: pfn(node.start_pfn)?,
            spanned: node.spanned_pages,
            present: node.present_pages,
            totalreserve_pages: kernel
                .field_or_default("totalreserve_pages", node.totalreserve_pages)?,
            kswapd_order: Order::new(order.or(max_order).unwrap_or_default())?,
            kswapd_highest: self.kswapd_highest(
                node.kswapd_highest_zoneidx,
                node.kswapd_classzone_idx,
                node.classzone_idx,
            )?,
            kswapd_failures: kernel.field_or_default("kswapd_failures", node.kswapd_failures)?,
            kswapd_awake: kernel.wakes_kswapd && !node.kswapd_waiting,
            distance: node.distance,
            zonelist: self.zonelist(&node.zonelist_fallback)?,
            zonelist_this_node: self.zonelist(&node.zonelist_nofallback)?,
            zonelist_cache: cache
                .map(|cache| self.zonelist_cache(cache, node.zonelist_fallback.len()))
                .transpose()?,
        })
    }

    /// The highest zone kswapd was asked for, by the name of each generation. The number of zones
    /// stands for none.
    fn kswapd_highest(
        &self,
        highest_zoneidx: Option<u64>,
        kswapd_classzone_idx: Option<u64>,
        classzone_idx: Option<u64>,
    ) -> Result<Option<ZoneKind>> {
        let kernel = self.kernel;
        let highest_zoneidx = kernel.field("kswapd_highest_zoneidx", highest_zoneidx)?;
        let kswapd_classzone_idx = kernel.field("kswapd_classzone_idx", kswapd_classzone_idx)?;
        let classzone_idx = kernel.field("classzone_idx", classzone_idx)?;
        let index = highest_zoneidx.or(kswapd_classzone_idx).or(classzone_idx);
        let nobody_asked = kernel.zones.len() as u64;
        let index = index.filter(|&index| index != nobody_asked);
        index.map(|index| self.zone_kind(index)).transpose()
    }

    fn zonelist_cache(
        &self,
        cache: json::ZonelistCache,
        zones: usize,
    ) -> Result<ZonelistCacheState> {
        let hz = self.hz.ok_or(SnapshotProblem::Missing { name: "HZ" })?;
        let due = cache.jiffies_since_zap > hz;
        equal("zap_due", cache.zap_due.into(), due.into())?;
        let mut full = cache.full;
        full.sort_unstable();
        once(&full, "a full zone", |&position| position)?;
        match full.last() {
            Some(&last) if last as usize >= zones => Err(range("full zone", last.into())),
            _ => Ok(ZonelistCacheState {
                since_zap: cache.jiffies_since_zap,
                zap_due: cache.zap_due,
                full,
            }),
        }
    }

    fn zonelist(&self, zones: &[(i64, u64)]) -> Result<Vec<ZoneId>> {
        let zones = zones.iter().map(|&(nid, index)| self.zone_id(nid, index));
        zones.collect()
    }

    pub(super) fn zone_id(&self, nid: i64, index: u64) -> Result<ZoneId> {
        Ok(ZoneId {
            node: node_id(nid)?,
            kind: self.zone_kind(index)?,
        })
    }

    fn zone_kind(&self, index: u64) -> Result<ZoneKind> {
        self.kernel.zone(index).ok_or(SnapshotProblem::Zone(index))
    }

    pub(super) fn migratetype(&self, number: u64) -> Result<MigrateType> {
        self.kernel
            .migratetype(number)
            .ok_or_else(|| SnapshotProblem::MigrateType(number.to_string()))
    }
}

fn each<T, U>(
    items: Vec<T>,
    name: &str,
    convert: impl Fn(T) -> Result<U>,
) -> Result<Vec<U>, Placed> {
    let items = items
        .into_iter()
        .enumerate()
        .map(|(position, item)| convert(item).map_err(at(&format!("{name}[{position}]"))));
    items.collect()
}

pub(super) fn at(place: &str) -> impl Fn(SnapshotProblem) -> Placed {
    let place = place.to_owned();
    move |problem| (place.clone(), problem)
}
