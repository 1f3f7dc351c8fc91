//! A zone: its memory, its lists and its counters.

use alloc::vec::Vec;

use pfnlab_model::{
    Block, CpuId, End, MigrateType, Order, PcpField, PcpState, Pfn, PfnRange, Snapshot, ZoneStat,
    ZoneState,
};

use super::{ResumeError, inconsistent};
use crate::frames::State;
use crate::pageblock::Pageblocks;
use crate::zone::{MAX_ZONES, Pageset, Zone};
use crate::{Config, Profile};

/// A zone with everything that is in it.
///
/// # Errors
/// When its parts do not go together.
pub(super) fn resume(
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
