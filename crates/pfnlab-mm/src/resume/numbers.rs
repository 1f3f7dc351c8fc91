//! The numbers of a snapshot: all within what the allocator's arithmetic bears, so that no sum or
//! shift of theirs overflows later. Every bound is far above what a kernel can come to.

use pfnlab_model::{CpuId, MigrateType, NodeId, Order, PcpState, Snapshot, ZoneState};

use super::{ResumeError, inconsistent};

/// The most frames a watermark, a reserve or a counter may speak of.
const MOST_FRAMES: u64 = 1 << 40;
/// The most frames a limit of a per-CPU list may speak of.
const MOST_CACHED: u32 = 1 << 30;
/// The most that can be written to a tunable (`INT_MAX`).
const MOST_TUNABLE: u64 = (u32::MAX >> 1) as u64;
/// The most that can be written to `watermark_scale_factor`.
const MOST_SCALE: u64 = 3000;
/// The largest threshold of a difference (`calculate_normal_threshold`).
const MOST_THRESHOLD: u8 = 125;
/// The most often a batch is doubled.
const MOST_DOUBLED: u32 = 16;
/// The largest batch.
const MOST_BATCH: u32 = 1 << 14;

type Checked = Result<(), ResumeError>;

pub(super) fn check(snapshot: &Snapshot, types: &[MigrateType]) -> Checked {
    check_global(snapshot)?;
    snapshot.zones.iter().try_for_each(|zone| {
        check_zone(zone, types)?;
        zone.pcp.iter().try_for_each(|pcp| check_pcp(zone, pcp))
    })
}

fn check_global(snapshot: &Snapshot) -> Checked {
    let global = &snapshot.global;
    if snapshot.nodes.len() > usize::from(NodeId::LIMIT) {
        return Err(inconsistent("nodes", "more than the kernel is built for"));
    }
    if snapshot.cpus.len() > usize::from(CpuId::LIMIT) {
        return Err(inconsistent("cpus", "more than the kernel is built for"));
    }
    if global.pageblock_order == Order::ZERO {
        return Err(inconsistent(
            "global.pageblock_order",
            "a pageblock has more than one frame",
        ));
    }
    let tunables = [
        (
            "global.min_free_kbytes",
            global.min_free_kbytes,
            MOST_TUNABLE,
        ),
        (
            "global.watermark_scale_factor",
            global.watermark_scale_factor,
            MOST_SCALE,
        ),
        (
            "global.watermark_boost_factor",
            global.watermark_boost_factor,
            MOST_TUNABLE,
        ),
        (
            "global.percpu_pagelist_high_fraction",
            global.percpu_pagelist_high_fraction,
            MOST_TUNABLE,
        ),
        (
            "global.percpu_pagelist_fraction",
            global.percpu_pagelist_fraction,
            MOST_TUNABLE,
        ),
        (
            "global.compaction_proactiveness",
            global.compaction_proactiveness.unwrap_or(0),
            100,
        ),
    ];
    let ratios = global.lowmem_reserve_ratio.iter();
    let ratios = ratios.map(|&ratio| ("global.lowmem_reserve_ratio", ratio, MOST_TUNABLE));
    for (name, value, most) in tunables.into_iter().chain(ratios) {
        if value > most {
            return Err(inconsistent(name, "larger than anybody can make it"));
        }
    }
    Ok(())
}

fn check_zone(zone: &ZoneState, types: &[MigrateType]) -> Checked {
    let wrong = |why| Err(inconsistent(zone.id, why));
    if zone.present > zone.spanned || zone.managed > zone.spanned {
        return wrong("at most its span is present, and managed");
    }
    let marks = zone.watermarks;
    let frames = [
        marks.min,
        marks.low,
        marks.high,
        marks.promo,
        zone.boost,
        zone.highatomic_reserved,
        zone.highatomic_free.unwrap_or(0),
        zone.percpu_drift_mark,
        zone.isolated_pageblocks,
    ];
    if frames
        .iter()
        .chain(&zone.lowmem_reserve)
        .any(|&frames| frames > MOST_FRAMES)
    {
        return wrong("a watermark or reserve is larger than any memory");
    }
    if zone
        .vm_stat
        .iter()
        .any(|value| value.unsigned_abs() > MOST_FRAMES)
    {
        return wrong("a counter is larger than any memory");
    }
    let limits = [
        zone.pageset_high_min,
        zone.pageset_high_max,
        zone.pageset_batch,
    ];
    if limits.iter().any(|&limit| limit > MOST_CACHED) {
        return wrong("a limit of its per-CPU lists is larger than any zone");
    }
    let known = |mt: &MigrateType| types.contains(mt);
    let blocks = zone
        .pageblocks
        .iter()
        .flat_map(|blocks| blocks.types.iter().flatten());
    let noted = zone
        .pcp
        .iter()
        .flat_map(|pcp| &pcp.lists)
        .flat_map(|list| &list.noted);
    let lists = zone.free_lists.iter().map(|list| &list.mt);
    if !blocks.chain(noted).chain(lists).all(known) {
        return wrong("a migratetype that this kernel is built without");
    }
    Ok(())
}

fn check_pcp(zone: &ZoneState, pcp: &PcpState) -> Checked {
    let wrong = |why| Err(inconsistent(zone.id, why));
    if !(1..=MOST_BATCH).contains(&pcp.batch) {
        return wrong("a batch is 1 to 16384 frames");
    }
    if pcp.alloc_factor > MOST_DOUBLED || pcp.free_factor > MOST_DOUBLED {
        return wrong("a batch is doubled at most 16 times");
    }
    let cached = [pcp.high, pcp.high_min, pcp.high_max, pcp.free_count];
    if cached.iter().any(|&frames| frames > MOST_CACHED) {
        return wrong("a limit of its per-CPU lists is larger than any zone");
    }
    if pcp.stat_threshold > MOST_THRESHOLD {
        return wrong("a difference is folded beyond 125 at the latest");
    }
    Ok(())
}
