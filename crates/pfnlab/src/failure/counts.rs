//! A report's zones as what `/proc` would count.

use pfnlab_linux::failure_report::{FailureReport, FreeArea, ReportedCounts, ReportedZone};
use pfnlab_model::{MigrateType, Order, Pfn, PfnRange, Watermarks, ZoneId, ZoneKind};
use pfnlab_sim::Stream;

use super::zone::frame_size;
use crate::import::{Counts, FreeCount, ZoneCounts};

/// Where the lowest zone of a 64-bit PC ends: what is larger is arm64's.
const DMA_END: u64 = 0x1000;
const DMA32_END: u64 = 0x10_0000;
/// Where the lowest zone of arm64 may end, for devices that reach 1 GiB (as on a Raspberry Pi) or 4 GiB.
const ARM64_DMA_ENDS: [u64; 2] = [0x4_0000, DMA32_END];

/// Bytes of a frame, in KiB.
const FRAME: u64 = 4;

/// The most frames of a machine: 32 GiB.
const MOST: u64 = 1 << 23;

/// Why no state can be made of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoStates(pub(super) String);

/// Pageblocks of order 9.
const PAGEBLOCK: u64 = 512;

/// What `/proc` would count. A report says neither where zones are nor how its pageblocks are typed,
/// and of free blocks of an order only which types there are: zones lie as on a PC, as many pageblocks
/// are of a type as its frames would fill, and a seed deals blocks out to the types that are named. A
/// zone DMA that no PC has is one of arm64, from frame 0 on.
pub(super) fn counts(report: &FailureReport, seed: u64) -> Result<Counts, NoStates> {
    let mut zones: Vec<&ReportedZone> = report
        .zones
        .iter()
        .filter(|zone| has_memory(zone))
        .collect();
    zones.sort_by_key(|zone| zone.id);
    if zones.is_empty() {
        return Err(NoStates("it does not say how large any zone is".to_owned()));
    }
    let unsaid = report.zones.iter().find(|zone| zone.counts.is_none());
    if let Some(zone) = unsaid {
        return Err(NoStates(format!(
            "it does not say how large {} is",
            name(zone.id)
        )));
    }
    let size = frame_size(report);
    if size != FRAME {
        return Err(NoStates(format!(
            "its frames are of {size} KiB, those of the states of {FRAME}"
        )));
    }
    let low = LowZones::of(&zones);
    let mut draw = Stream::new(seed, "failure/types");
    let mut counts = Counts {
        zones: Vec::new(),
        cpus: 1,
        pageblock_order: None,
        types: Vec::new(),
    };
    let mut end = 0;
    for (at, zone) in zones.iter().enumerate() {
        let above = zones.get(at + 1);
        let continues = above.is_some_and(|above| above.id.node == zone.id.node);
        let zone = placed(zone, low, &mut end, continues, &mut draw)?;
        counts.zones.push(zone);
    }
    let frames: u64 = counts.zones.iter().map(|zone| zone.present).sum();
    if frames > MOST {
        let gib = frames >> 18;
        return Err(NoStates(format!(
            "{gib} GiB are too much to lay out frame by frame"
        )));
    }
    Ok(counts)
}

fn has_memory(zone: &ReportedZone) -> bool {
    let counts = zone.counts.as_ref();
    counts.is_some_and(|counts| counts.present > Some(0))
}

fn name(id: ZoneId) -> String {
    format!("node {} {}", id.node, id.kind)
}

/// Where the low zones of a machine begin and end.
#[derive(Clone, Copy, Debug)]
struct LowZones {
    from: u64,
    dma_end: u64,
}

impl LowZones {
    /// Those of a machine with these zones.
    fn of(zones: &[&ReportedZone]) -> LowZones {
        let mut dma = zones.iter().filter(|zone| zone.id.kind == ZoneKind::Dma);
        let counts = dma.next().and_then(|zone| zone.counts);
        let dma = counts.and_then(|counts| counts.present).unwrap_or(0) / FRAME;
        let reaches = |end: &u64| dma <= *end;
        match ARM64_DMA_ENDS.into_iter().find(reaches) {
            Some(dma_end) if dma >= DMA_END => LowZones { from: 0, dma_end },
            _ => LowZones {
                from: 1,
                dma_end: DMA_END,
            },
        }
    }
}

/// Whether these are the zones of an arm64 machine.
pub(super) fn is_arm64(counts: &Counts) -> bool {
    let mut zones = counts.zones.iter();
    zones.any(|zone| zone.id.kind == ZoneKind::Dma && zone.span.end() > Pfn::new(DMA_END))
}

/// A zone from where the one before ends; `continues`: to the limit of its kind, as its node has
/// memory above.
fn placed(
    zone: &ReportedZone,
    low: LowZones,
    end: &mut u64,
    continues: bool,
    draw: &mut Stream,
) -> Result<ZoneCounts, NoStates> {
    let (from, limit) = match zone.id.kind {
        ZoneKind::Dma => (low.from, low.dma_end),
        ZoneKind::Dma32 => (low.dma_end, DMA32_END),
        ZoneKind::Normal => (DMA32_END, Pfn::LIMIT.get()),
        _ => {
            return Err(NoStates(format!(
                "states have no {}: they are laid out in DMA, DMA32 and Normal memory",
                name(zone.id)
            )));
        }
    };
    let counted = zone.counts.unwrap_or_default();
    let frames = |kib: u64| kib / FRAME;
    let present = frames(counted.present.unwrap_or(0));
    let start = from.max(end.next_multiple_of(1 << Order::MAX.get()));
    let to = match continues {
        true => limit,
        false => start + present,
    };
    if present == 0 || to > limit || to < start + present {
        return Err(NoStates(format!(
            "{} has {} MiB, and where a PC or an arm64 machine has that zone is room for {}",
            name(zone.id),
            present >> 8,
            limit.saturating_sub(start) >> 8
        )));
    }
    *end = to;
    let free = blocks(zone.areas.as_deref().unwrap_or(&[]), &counted, draw);
    let boost = frames(counted.boost);
    let mark = |kib| frames(kib).saturating_sub(boost);
    let value = |name: &str, count: u64| (name.to_owned(), count);
    let cma: u64 = free
        .iter()
        .filter(|free| free.mt == Some(MigrateType::Cma))
        .map(|free| free.blocks << free.order.get())
        .sum();
    Ok(ZoneCounts {
        id: zone.id,
        span: PfnRange::sized(Pfn::new(start), to - start),
        memory: None,
        present,
        managed: counted.managed.map_or(present, frames).min(present),
        marks: Watermarks {
            min: mark(counted.min),
            low: mark(counted.low),
            high: mark(counted.high),
            promo: 0,
        },
        boost,
        protection: zone.lowmem_reserve.clone(),
        values: vec![
            value("nr_free_cma", cma),
            value("nr_zone_inactive_file", frames(counted.file)),
            value("nr_zone_inactive_anon", frames(counted.anon)),
        ],
        pagesets: Vec::new(),
        pageblocks: pageblocks(&counted, present, cma),
        free,
    })
}

/// As many pageblocks of a type as its frames would fill; the rest is movable.
fn pageblocks(counts: &ReportedCounts, present: u64, cma: u64) -> Vec<(MigrateType, u64)> {
    let frames = |kib: u64| kib / 4;
    let all = present.div_ceil(PAGEBLOCK);
    let used = frames(counts.managed.unwrap_or(4 * present)).saturating_sub(frames(counts.free));
    let kernel = used.saturating_sub(frames(counts.file) + frames(counts.anon));
    let mut left = all;
    let mut take = |frames: u64| {
        let blocks = frames.div_ceil(PAGEBLOCK).min(left);
        left -= blocks;
        blocks
    };
    let mut types = vec![
        (MigrateType::Cma, take(cma)),
        (
            MigrateType::HighAtomic,
            take(frames(counts.reserved_highatomic)),
        ),
        (MigrateType::Unmovable, take(kernel)),
    ];
    types.push((MigrateType::Movable, left));
    types
}

/// Free blocks by type. Those for contiguous areas and for atomic requests are dealt first, as many
/// as are counted; the others by lot.
fn blocks(areas: &[FreeArea], counts: &ReportedCounts, draw: &mut Stream) -> Vec<FreeCount> {
    let atomic = counts.free_highatomic.unwrap_or(counts.reserved_highatomic);
    let mut kept = [
        (MigrateType::Cma, counts.free_cma / 4),
        (MigrateType::HighAtomic, atomic / 4),
    ];
    let mut all = Vec::new();
    for (order, area) in Order::all()
        .zip(areas)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let mut free = |mt, blocks| {
            if blocks > 0 {
                all.push(FreeCount { order, mt, blocks });
            }
        };
        let Some(types) = &area.types else {
            free(None, area.blocks);
            continue;
        };
        let mut left = area.blocks;
        for (mt, frames) in &mut kept {
            let others = types.iter().filter(|other| *other != mt).count() as u64;
            let most = match others {
                0 => left,
                _ => left
                    .saturating_sub(others)
                    .min((*frames >> order.get()).max(1)),
            };
            if types.contains(mt) {
                *frames = frames.saturating_sub(most << order.get());
                left -= most;
                free(Some(*mt), most);
            }
        }
        let ordinary: Vec<_> = types.iter().filter(|mt| mt.is_ordinary()).collect();
        for (at, mt) in ordinary.iter().enumerate() {
            let behind = (ordinary.len() - 1 - at) as u64;
            let most = left.saturating_sub(behind);
            let blocks = match behind {
                0 => most,
                // Fits: no zone that is laid out has 2^32 blocks.
                _ => u64::from(draw.below(most.min(u64::from(u32::MAX - 1)) as u32 + 1)),
            };
            left -= blocks;
            free(Some(**mt), blocks);
        }
    }
    all
}
