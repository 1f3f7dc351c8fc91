//! From a snapshot back to a running allocator.
//!
//! - [`nodes`]: their zonelists, and what is noted of them.
//! - [`numbers`]: no number is so large that arithmetic fails later.
//! - [`places`]: every frame is in one place.

mod nodes;
mod numbers;
mod places;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{
    Block, CpuId, End, MemRange, MigrateType, OfflineState, Order, PcpField, PcpState, Pfn,
    PfnRange, SNAPSHOT_FORMAT, Snapshot, ZoneId, ZoneStat, ZoneState,
};

use crate::area::Area;
use crate::frames::State;
use crate::gfp_zone::ZoneTable;
use crate::kswapd::Kswapd;
use crate::memmap::{MemMap, MemMapError};
use crate::mm::{Cpu, Node, first_flags};
use crate::options::Options;
use crate::pageblock::Pageblocks;
use crate::tunables::Tunables;
use crate::zone::{MAX_ZONES, Pageset, Zone};
use crate::zone_map::{ZoneMap, memory_map_of};
use crate::{Config, Mm, Profile};

/// A snapshot that no allocator can be in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumeError {
    /// It is of a version this library does not read.
    Format(u32),
    /// There is no such kernel generation.
    Profile(String),
    /// No kernel is built like that: the zones, migratetypes or orders are of no known config.
    Config(&'static str),
    /// Its machine can have no memory map.
    MemMap(MemMapError),
    /// Two parts do not go together.
    Inconsistent {
        /// The part, as a path.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResumeError::Format(format) => {
                write!(f, "snapshot format {format} is not {SNAPSHOT_FORMAT}")
            }
            ResumeError::Profile(name) => write!(f, "no profile `{name}`"),
            ResumeError::Config(what) => write!(f, "no kernel is built with such {what}"),
            ResumeError::MemMap(error) => error.fmt(f),
            ResumeError::Inconsistent { what, why } => write!(f, "{what}: {why}"),
        }
    }
}

impl core::error::Error for ResumeError {}

fn inconsistent(what: impl fmt::Display, why: &'static str) -> ResumeError {
    ResumeError::Inconsistent {
        what: format!("{what}"),
        why,
    }
}

impl Mm {
    /// An allocator in the state of `snapshot`.
    ///
    /// # Errors
    /// When the snapshot is of an unknown version or generation, or contradicts itself.
    pub fn resume(snapshot: &Snapshot) -> Result<Mm, ResumeError> {
        check_format(snapshot)?;
        let profile = profile_of(snapshot)?;
        Mm::resume_built(snapshot, profile, &config_of(snapshot, profile)?)
    }

    /// An allocator in the state of `snapshot`, of a kernel built like `config`. What a snapshot
    /// says of its kernel's build must be so there, too; orders and batches are the snapshot's.
    ///
    /// # Errors
    /// When the snapshot is of an unknown version or generation, of a kernel built otherwise, or
    /// contradicts itself.
    pub fn resume_as(snapshot: &Snapshot, config: &Config) -> Result<Mm, ResumeError> {
        check_format(snapshot)?;
        let profile = profile_of(snapshot)?;
        Mm::resume_built(snapshot, profile, &config_as(snapshot, profile, config)?)
    }

    fn resume_built(
        snapshot: &Snapshot,
        profile: &'static Profile,
        config: &Config,
    ) -> Result<Mm, ResumeError> {
        check_topology(snapshot, config)?;
        numbers::check(snapshot, profile.migratetypes(config))?;
        places::check(snapshot, config)?;
        let global = &snapshot.global;
        let mut known = profile.zone_stats.iter();
        let in_order = global
            .zone_stats
            .iter()
            .all(|stat| known.any(|other| other == stat));
        if !in_order || !global.zone_stats.contains(&ZoneStat::FreePages) {
            return Err(inconsistent(
                "global.zone_stats",
                "counters of the generation, in its order, that of free frames among them",
            ));
        }
        let mut blocks = pageblocks_of(snapshot, config)?;
        let zones = snapshot.zones.iter();
        let zones: Vec<Zone> = zones
            .map(|state| resume_zone(state, snapshot, profile, config, &mut blocks))
            .collect::<Result<_, _>>()?;
        let cpus = snapshot.cpus.iter().map(|cpu| Cpu {
            node: cpu.node,
            online: cpu.online,
        });
        let kswapds = snapshot.nodes.iter().map(|node| Kswapd {
            node: node.node,
            order: node.kswapd_order,
            highest: node.kswapd_highest,
            failures: node.kswapd_failures,
            awake: node.kswapd_awake,
        });
        let nodes = snapshot.nodes.iter();
        let nodes = nodes.map(|node| nodes::resume(node, profile, config));
        let nodes: Vec<Node> = nodes.collect::<Result<_, _>>()?;
        let offline = snapshot.offline.iter();
        let offline: Vec<MemRange> = offline
            .map(|&OfflineState { range, node }| MemRange { range, node })
            .collect();
        let mut memory = memory_map_of(&zones);
        memory.extend(&offline);
        memory.sort_by_key(|memory| memory.range);
        let mut memmap = MemMap::aside(&memory, global.section_frames, profile, config)
            .map_err(ResumeError::MemMap)?;
        for section in &offline {
            memmap.set_online(section.range, false);
        }
        let areas = snapshot.areas.iter().map(|area| Area {
            range: area.range,
            taken: area.taken.clone(),
        });
        let mut mm = Mm {
            profile,
            options: Options::resumed(global),
            gfp_zones: ZoneTable::new(config),
            tunables: Tunables {
                min_free_kbytes: global.min_free_kbytes,
                user_min_free_kbytes: global.user_min_free_kbytes,
                watermark_scale_factor: global.watermark_scale_factor,
                watermark_boost_factor: global.watermark_boost_factor,
                percpu_pagelist_high_fraction: global.percpu_pagelist_high_fraction,
                percpu_pagelist_fraction: global.percpu_pagelist_fraction,
                lowmem_reserve_ratio: global.lowmem_reserve_ratio.clone(),
                compaction_proactiveness: global.compaction_proactiveness,
            },
            zone_stats: global.zone_stats.clone(),
            totalram: global.totalram_pages,
            totalreserve: global.totalreserve_pages,
            mobility_disabled: global.mobility_disabled,
            movable_zone: global.movable_zone,
            lower_zone: profile.fragment.lower_zone(config),
            brief: profile.is_brief(config),
            first_flags: first_flags(config, profile),
            section_frames: global.section_frames,
            cpus: cpus.collect(),
            nodes,
            kswapds: kswapds.collect(),
            zones,
            blocks,
            memmap: Arc::new(memmap),
            offline,
            areas: areas.collect(),
            zone_map: ZoneMap::new(config.pageblock_order, Pfn::default(), Vec::new()),
            config: config.clone(),
        };
        crate::compaction::resume(&mut mm, snapshot)?;
        mm.map_zones();
        mm.keep_guards();
        mm.count_exactly();
        places::check_owners(&mm, snapshot)?;
        Ok(mm)
    }
}

fn check_format(snapshot: &Snapshot) -> Result<(), ResumeError> {
    match snapshot.format {
        SNAPSHOT_FORMAT => Ok(()),
        other => Err(ResumeError::Format(other)),
    }
}

fn profile_of(snapshot: &Snapshot) -> Result<&'static Profile, ResumeError> {
    let name = &snapshot.profile;
    Profile::by_name(name).ok_or_else(|| ResumeError::Profile(name.clone()))
}

/// The config a snapshot was taken under: its facts are in the snapshot, so any of the named
/// configs with these will do.
fn config_of(snapshot: &Snapshot, profile: &Profile) -> Result<Config, ResumeError> {
    let global = &snapshot.global;
    let same = |config: &&&Config| {
        config.zones == global.zone_kinds && profile.migratetypes(config) == global.migratetypes
    };
    let base = Config::ALL
        .iter()
        .find(same)
        .ok_or(ResumeError::Config("zones and migratetypes"))?;
    config_as(snapshot, profile, base)
}

/// `base` with the orders and batches of a snapshot of such a kernel.
fn config_as(snapshot: &Snapshot, profile: &Profile, base: &Config) -> Result<Config, ResumeError> {
    let global = &snapshot.global;
    if base.zones != global.zone_kinds || profile.migratetypes(base) != global.migratetypes {
        return Err(ResumeError::Config("zones and migratetypes"));
    }
    if global.pageblock_order > global.top_order || global.pcp_batch_scale_max > 16 {
        return Err(ResumeError::Config("pageblock order and batch scale"));
    }
    Ok(Config {
        top_order: global.top_order,
        pageblock_order: global.pageblock_order,
        pcp_batch_scale_max: global.pcp_batch_scale_max,
        ..base.clone()
    })
}

fn check_topology(snapshot: &Snapshot, config: &Config) -> Result<(), ResumeError> {
    let kinds = config.zones.len();
    if snapshot.nodes.is_empty() || snapshot.cpus.is_empty() {
        return Err(inconsistent(
            "nodes and cpus",
            "there must be at least one of each",
        ));
    }
    if snapshot.global.lowmem_reserve_ratio.len() != kinds {
        return Err(inconsistent(
            "global.lowmem_reserve_ratio",
            "one for every kind of zone",
        ));
    }
    for (at, node) in snapshot.nodes.iter().enumerate() {
        if node.node.index() != at {
            return Err(inconsistent("nodes", "numbered from 0 without gaps"));
        }
        for id in node.zonelist.iter().chain(&node.zonelist_this_node) {
            if id.node.index() >= snapshot.nodes.len() || config.zone_index(id.kind).is_none() {
                return Err(inconsistent(id, "on a zonelist, but there is no such zone"));
            }
            if snapshot.zone(*id).is_none_or(|zone| zone.spanned == 0) {
                return Err(inconsistent(id, "on a zonelist, but it has no memory"));
            }
        }
    }
    for (at, cpu) in snapshot.cpus.iter().enumerate() {
        if cpu.cpu.index() != at || cpu.node.index() >= snapshot.nodes.len() {
            return Err(inconsistent(
                "cpus",
                "numbered from 0 without gaps, each on a node",
            ));
        }
    }
    let expected = snapshot.nodes.iter().flat_map(|node| {
        config.zones.iter().map(|&kind| ZoneId {
            node: node.node,
            kind,
        })
    });
    if !snapshot.zones.iter().map(|zone| zone.id).eq(expected) {
        return Err(inconsistent("zones", "every kind on every node, in order"));
    }
    Ok(())
}

fn pageblocks_of(snapshot: &Snapshot, config: &Config) -> Result<Pageblocks, ResumeError> {
    let ends = snapshot
        .zones
        .iter()
        .map(|zone| zone.start.get().saturating_add(zone.spanned));
    let end = ends.max().unwrap_or(0);
    if end > Pfn::LIMIT.get() {
        return Err(inconsistent(
            "zones",
            "a zone reaches above the highest frame",
        ));
    }
    let mut blocks = Pageblocks::new(config.pageblock_order, Pfn::new(end));
    for zone in &snapshot.zones {
        let Some(state) = &zone.pageblocks else {
            continue;
        };
        let covered = state.types.len() as u64 * config.pageblock_order.frames();
        let last = state.first.get().saturating_add(covered);
        let aligned = state.first.is_aligned(config.pageblock_order);
        if !aligned || last > Pfn::new(end).align_up(config.pageblock_order).get() {
            return Err(inconsistent(
                zone.id,
                "its pageblocks reach beyond its span",
            ));
        }
        let start_of = |at: usize| {
            state
                .first
                .offset((at as u64) << config.pageblock_order.get())
        };
        for (at, &mt) in state.types.iter().enumerate() {
            blocks.record(start_of(at), mt);
        }
        for &(at, frames) in &state.movable {
            if at as usize >= state.types.len()
                || u64::from(frames) > config.pageblock_order.frames()
            {
                return Err(inconsistent(
                    zone.id,
                    "more movable frames than a pageblock holds",
                ));
            }
            blocks.set_movable(start_of(at as usize), frames);
        }
        for &(at, frames) in &state.listed {
            if at as usize >= state.types.len()
                || u64::from(frames) > config.pageblock_order.frames()
            {
                return Err(inconsistent(
                    zone.id,
                    "more listed frames than a pageblock holds",
                ));
            }
            blocks.record_listed(start_of(at as usize), frames);
        }
    }
    Ok(blocks)
}

fn resume_zone(
    state: &ZoneState,
    snapshot: &Snapshot,
    profile: &'static Profile,
    config: &Config,
    blocks: &mut Pageblocks,
) -> Result<Zone, ResumeError> {
    let id = state.id;
    let span = PfnRange::sized(state.start, state.spanned);
    // Memory that is offline may be in the span of a zone without any other (up to 5.0).
    let nothing = span.is_empty() || (state.present == 0 && state.pcp.is_empty());
    let cpus = if nothing { 0 } else { snapshot.cpus.len() };
    if state.pcp.len() != cpus {
        return Err(inconsistent(id, "has lists for every CPU, or no memory"));
    }
    let mut zone = Zone::new(id, span, profile, config, cpus);
    zone.memory = memory_of(state, snapshot);
    if !zone.memory.iter().all(|range| span.covers(*range)) {
        return Err(inconsistent(id, "has memory outside its span"));
    }
    zone.present = state.present;
    zone.present_early = state.present_early;
    zone.managed = state.managed;
    zone.watermarks = state.watermarks;
    zone.boost = state.boost;
    zone.flags = state.flags;
    zone.highatomic_reserved = state.highatomic_reserved;
    zone.highatomic_free = state.highatomic_free.unwrap_or(0);
    zone.isolated_pageblocks = state.isolated_pageblocks;
    zone.percpu_drift_mark = state.percpu_drift_mark;
    zone.pages_scanned = state.pages_scanned;
    zone.all_unreclaimable = state.all_unreclaimable;
    zone.dirty_balance_reserve = state.dirty_balance_reserve;
    zone.boost_factor = snapshot.global.watermark_boost_factor;
    zone.pageset = Pageset {
        high_min: state.pageset_high_min,
        high_max: state.pageset_high_max,
        batch: state.pageset_batch,
    };
    let kinds = config.zones.len();
    let stats = &snapshot.global.zone_stats;
    if state.lowmem_reserve.len() != kinds || kinds > MAX_ZONES {
        return Err(inconsistent(
            id,
            "withholds from every kind of zone, one number each",
        ));
    }
    zone.lowmem_reserve[..kinds].copy_from_slice(&state.lowmem_reserve);
    if state.vm_stat.len() != stats.len() {
        return Err(inconsistent(id, "keeps every counter of the generation"));
    }
    for (stat, &value) in stats.iter().zip(&state.vm_stat) {
        zone.vm_stat[stat.index()] = value;
    }
    for list in &state.free_lists {
        for &pfn in &list.pfns {
            let block = inside(&zone, pfn, list.order, config)?;
            zone.buddy.link(block, list.mt, End::Tail, &mut ());
        }
    }
    for (at, pcp) in state.pcp.iter().enumerate() {
        resume_pcp(&mut zone, CpuId(at as u16), pcp, stats, config, blocks)?;
    }
    for &block in &state.lent {
        let block = inside(&zone, block.start(), block.order(), config)?;
        zone.buddy.frames.set(block, State::Lent);
    }
    for &block in &state.guards {
        let block = inside(&zone, block.start(), block.order(), config)?;
        zone.buddy.frames.set(block, State::Guard);
    }
    Ok(zone)
}

/// Where a zone's frames are. Where that is not known its span is taken for it, without the spans
/// of smaller zones that lie in it, and without what is offline: memory put online can make a zone
/// inside another one.
fn memory_of(state: &ZoneState, snapshot: &Snapshot) -> Vec<PfnRange> {
    if !state.memory.is_empty() || state.present == 0 {
        return state.memory.clone();
    }
    let span = |zone: &ZoneState| PfnRange::sized(zone.start, zone.spanned);
    let inner = snapshot
        .zones
        .iter()
        .filter(|zone| zone.present > 0 && zone.id != state.id);
    let mut inner: Vec<PfnRange> = inner
        .map(span)
        .filter(|inner| inner.frames() < state.spanned)
        .chain(snapshot.offline.iter().map(|offline| offline.range))
        .filter(|inner| inner.overlaps(span(state)))
        .collect();
    inner.sort_unstable();
    let mut memory = Vec::new();
    let mut start = state.start;
    for inner in inner {
        memory.extend(PfnRange::new(start, inner.start()).filter(|range| !range.is_empty()));
        start = start.max(inner.end());
    }
    memory.extend(PfnRange::new(start, span(state).end()).filter(|range| !range.is_empty()));
    memory
}

fn resume_pcp(
    zone: &mut Zone,
    cpu: CpuId,
    state: &PcpState,
    stats: &[ZoneStat],
    config: &Config,
    blocks: &Pageblocks,
) -> Result<(), ResumeError> {
    let id = zone.id;
    if state.cpu != cpu || state.vm_stat_diff.len() != stats.len() {
        return Err(inconsistent(
            id,
            "has lists for every CPU in order, with every counter",
        ));
    }
    for list in &state.lists {
        for (at, &pfn) in list.pfns.iter().enumerate() {
            let block = inside(zone, pfn, list.order, config)?;
            let noted = match list.noted.get(at) {
                Some(&mt) => mt,
                None => blocks.type_of(pfn),
            };
            let pcp = &mut zone.pcps[cpu.index()];
            let fits = MigrateType::ALL[..3]
                .iter()
                .any(|&mt| pcp.list_for(list.order, mt) == Some(list.index));
            if !fits {
                return Err(inconsistent(
                    id,
                    "a per-CPU list holds blocks of another order",
                ));
            }
            let frames = &mut zone.buddy.frames;
            pcp.push(frames, list.index, block, noted, End::Tail, &mut ());
        }
    }
    let pcp = &mut zone.pcps[cpu.index()];
    if pcp.count() != state.count {
        return Err(inconsistent(
            id,
            "the per-CPU lists hold another number of frames",
        ));
    }
    let fields = [
        (PcpField::High, state.high),
        (PcpField::HighMin, state.high_min),
        (PcpField::HighMax, state.high_max),
        (PcpField::Batch, state.batch),
        (PcpField::Flags, state.flags),
        (PcpField::AllocFactor, state.alloc_factor),
        (PcpField::FreeFactor, state.free_factor),
        (PcpField::FreeCount, state.free_count),
        (PcpField::Expire, state.expire),
    ];
    for (field, value) in fields {
        pcp.set(field, value, &mut ());
    }
    pcp.stat_threshold = state.stat_threshold;
    for (stat, &diff) in stats.iter().zip(&state.vm_stat_diff) {
        pcp.diff[stat.index()] = diff;
    }
    Ok(())
}

/// The block, if it lies in one run of the zone's memory.
fn inside(zone: &Zone, pfn: Pfn, order: Order, config: &Config) -> Result<Block, ResumeError> {
    let id = zone.id;
    let block = Block::new(pfn, order).map_err(|_| inconsistent(id, "a block is not aligned"))?;
    let behind = zone.memory.partition_point(|run| run.start() <= pfn);
    let run = behind.checked_sub(1).map(|at| zone.memory[at]);
    if order > config.top_order || !run.is_some_and(|run| run.covers(block.range())) {
        return Err(inconsistent(id, "a block lies outside its memory"));
    }
    Ok(block)
}
