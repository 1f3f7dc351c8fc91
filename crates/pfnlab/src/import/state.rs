//! A state with the counts of a running kernel.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, ByteRange, CpuId, FreeListState, MachineSpec, MigrateType, NodeId, NodeSpec, Order,
    PageAllocator, PageblockState, PcpListState, PcpState, Pfn, PfnRange, Snapshot, Sysctl,
    Watermarks, ZoneKind, ZoneStat, ZoneState,
};

use super::place::Places;
use super::{Counts, FreeCount, ImportError, ZoneCounts};
use crate::Error;
use crate::boot::{Booted, snapshot_of};

/// What is known of single frames at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Blocks that are in use and will be given back, by zone and frame. They are handed out in the
    /// state.
    pub used: Vec<Block>,
    /// Frames that are free, on whatever list, ascending.
    pub free: Vec<Pfn>,
    /// Every free block, where it lies; `None`: not known.
    pub blocks: Option<Vec<Block>>,
    /// Every frame that can be moved, ascending; `None`: not known.
    pub movable: Option<Vec<Pfn>>,
}

/// The most frames of a zone: 256 GiB.
const MOST: u64 = 1 << 26;

/// Bytes in a page frame.
const PAGE: u64 = 4096;

/// A state with these counts, of a kernel of such a generation and build. Positions are what `seed`
/// makes of them, but nothing contradicts what is `known`.
///
/// What no file says: where holes are, which CPU is on which node (equal runs), how far nodes are
/// from each other (10 and 20), what is on which per-CPU list (single frames, in the type of their
/// pageblock). Frames in use in movable pageblocks count as movable, as many as are on LRU lists.
///
/// # Errors
/// When no such machine can be, or the counts contradict each other.
pub fn state(
    counts: &Counts,
    profile: &'static Profile,
    config: &Config,
    known: &Known,
    seed: u64,
) -> Result<Snapshot, Error> {
    if let Some(zone) = counts.zones.iter().find(|zone| zone.span.frames() > MOST) {
        let (zone, frames, most) = (zone.id, zone.span.frames(), MOST);
        return Err(ImportError::TooLarge { zone, frames, most }.into());
    }
    let config = Config {
        pageblock_order: counts.pageblock_order.unwrap_or(config.pageblock_order),
        ..config.clone()
    };
    let mut snapshot = skeleton(counts, profile, &config)?;
    let types = profile.migratetypes(&config);
    let top = snapshot.global.top_order;
    let mut managed = 0;
    for zone in &mut snapshot.zones {
        let Some(of) = counts.zones.iter().find(|counts| counts.id == zone.id) else {
            if zone.present > 0 {
                return Err(contradiction(zone.id, "has memory, but no counts").into());
            }
            continue;
        };
        if zone.start != of.span.start() || zone.spanned != of.span.frames() {
            let span = PfnRange::sized(zone.start, zone.spanned);
            let what = format!("such a kernel would span {span}, not {}", of.span);
            return Err(contradiction(zone.id, &what).into());
        }
        if let Some(free) = of
            .free
            .iter()
            .find(|free| free.order > top && free.blocks > 0)
        {
            let what = format!("blocks of order {}: the largest is {top}", free.order);
            return Err(contradiction(zone.id, &what).into());
        }
        let stats = &snapshot.global.zone_stats;
        fill(zone, of, stats, types, &config, known, seed)?;
        managed += zone.managed;
    }
    snapshot.global.totalram_pages = managed;
    Mm::resume_as(&snapshot, &config).map_err(|error| Error::Resume {
        path: "the state with these counts".to_owned(),
        error,
    })?;
    Ok(snapshot)
}

fn contradiction(zone: pfnlab_model::ZoneId, what: &str) -> ImportError {
    ImportError::Contradiction {
        zone,
        what: what.to_owned(),
    }
}

/// A machine with these zones, booted: what is counted of it comes later.
fn skeleton(
    counts: &Counts,
    profile: &'static Profile,
    config: &Config,
) -> Result<Snapshot, Error> {
    let bytes = |range: PfnRange| ByteRange {
        start: range.start().get() * PAGE,
        end: range.end().get() * PAGE,
    };
    let nodes = (0..counts.nodes()).map(|node| {
        let zones = counts.zones.iter().filter(|zone| zone.id.node.0 == node);
        let memory = zones.flat_map(|zone| zone.memory(config.pageblock_order));
        let cpus = (0..counts.cpus).filter(|cpu| counts.node_of(CpuId(*cpu)) == NodeId(node));
        NodeSpec {
            cpus: cpus.collect(),
            ram: memory.map(bytes).collect(),
            ..NodeSpec::default()
        }
    });
    // What was never released is nowhere in particular: the end of each zone is as good as any.
    let reserved = counts.zones.iter().filter_map(|zone| {
        let last = *zone.memory(config.pageblock_order).last()?;
        let kept = zone.present.saturating_sub(zone.managed).min(last.frames());
        let range = PfnRange::new(Pfn::new(last.end().get() - kept), last.end())?;
        (!range.is_empty()).then(|| bytes(range))
    });
    // Where the lowest zone of arm64 ends; a PC's ends where it ends.
    let zones = counts.zones.iter();
    let mut dma = zones.filter(|zone| zone.id.kind == ZoneKind::Dma);
    let dma_bits = dma
        .next()
        .map(|zone| (zone.span.end().get() * PAGE).next_power_of_two().ilog2());
    let machine = MachineSpec {
        name: "imported".to_owned(),
        dma_bits: dma_bits.filter(|_| config.arch == Config::ARM64.arch),
        reserved: reserved.collect(),
        nodes: nodes.collect(),
        ..MachineSpec::default()
    };
    let machine = machine.build().map_err(|error| {
        let zone = counts.zones[0].id;
        contradiction(zone, &format!("no machine has these zones: {error}"))
    })?;
    let mut mm = Booted::new(&machine, profile, config)?.into_mm();
    write_min_free(&mut mm, counts);
    let mut snapshot = snapshot_of(&mm);
    snapshot.global.user_min_free_kbytes = None;
    Ok(snapshot)
}

/// Writes the `min_free_kbytes` that gives the marks that were read, if there is one: what follows
/// from it, such as how long per-CPU lists may grow, is in no file.
fn write_min_free(mm: &mut Mm, counts: &Counts) {
    let agree = |mm: &Mm| {
        let snapshot = snapshot_of(mm);
        counts.zones.iter().all(|of| {
            let marks = snapshot.zone(of.id).map(|zone| zone.watermarks);
            marks.is_some_and(|marks| same(marks, of.marks))
        })
    };
    if agree(mm) {
        return;
    }
    let before = snapshot_of(mm).global.min_free_kbytes;
    let least: u64 = counts.zones.iter().map(|zone| zone.marks.min).sum();
    let least = least.saturating_mul(PAGE / 1024);
    // Every zone's share is rounded down to a frame.
    let room = (counts.zones.len() as u64 + 1) * (PAGE / 1024);
    for kbytes in least..least.saturating_add(room) {
        let written = mm.sysctl(Sysctl::MinFreeKbytes, kbytes, &mut ());
        if written.is_ok() && agree(mm) {
            return;
        }
    }
    // Something else was written, too: the marks are taken as they are.
    let _ = mm.sysctl(Sysctl::MinFreeKbytes, before, &mut ());
}

/// Whether marks agree; some kernels do not print the highest.
fn same(known: Watermarks, read: Watermarks) -> bool {
    let three = |marks: Watermarks| (marks.min, marks.low, marks.high);
    three(known) == three(read)
}

fn fill(
    zone: &mut ZoneState,
    of: &ZoneCounts,
    stats: &[ZoneStat],
    types: &[MigrateType],
    config: &Config,
    known: &Known,
    seed: u64,
) -> Result<(), ImportError> {
    let memory = of.memory(config.pageblock_order);
    let mut places = Places::new(of, &memory, config.pageblock_order, known, seed);
    // Large blocks first, for they decide types, and of the rest there is always room.
    let mut free: Vec<FreeCount> = of
        .free
        .iter()
        .copied()
        .filter(|free| free.blocks > 0)
        .collect();
    free.sort_by_key(|free| std::cmp::Reverse(free.order));
    let split = free.partition_point(|free| free.order >= config.pageblock_order);
    let mut lists: Vec<FreeListState> = Vec::new();
    let place = |places: &mut Places<'_>, free: &FreeCount| {
        let mt = free.mt.unwrap_or(MigrateType::Movable);
        let mut pfns = places.place(free.order, mt, free.blocks, config.top_order)?;
        places.mix(&mut pfns);
        Ok::<_, ImportError>(pfns)
    };
    for free in &free[..split] {
        let pfns = place(&mut places, free)?;
        lists.push(list(free, free.mt.unwrap_or(MigrateType::Movable), pfns));
    }
    places.decide_types();
    for free in &free[split..] {
        let pfns = place(&mut places, free)?;
        match free.mt {
            // Blocks that lie where they lay are of the type of their pageblock.
            None if known.blocks.is_some() => {
                for &mt in types {
                    let own = pfns.iter().copied();
                    let own: Vec<Pfn> = own.filter(|pfn| places.type_of(*pfn) == mt).collect();
                    if !own.is_empty() {
                        lists.push(list(free, mt, own));
                    }
                }
            }
            mt => lists.push(list(free, mt.unwrap_or(MigrateType::Movable), pfns)),
        }
    }
    lists.sort_by_key(|list| (list.order, types.iter().position(|mt| *mt == list.mt)));
    zone.free_lists = lists;
    zone.memory = memory.clone();
    zone.present = of.present;
    zone.managed = of.managed;
    if !same(zone.watermarks, of.marks) {
        zone.watermarks = of.marks;
    }
    zone.boost = of.boost;
    let atomic = zone
        .free_lists
        .iter()
        .filter(|list| list.mt == MigrateType::HighAtomic);
    let atomic: u64 = atomic
        .map(|list| list.order.frames() * list.pfns.len() as u64)
        .sum();
    zone.highatomic_free = zone.highatomic_free.map(|_| atomic);
    let blocks = of
        .pageblocks
        .iter()
        .filter(|(mt, _)| *mt == MigrateType::HighAtomic);
    zone.highatomic_reserved = blocks
        .map(|(_, count)| count * config.pageblock_order.frames())
        .sum();
    if of.protection.len() == zone.lowmem_reserve.len() {
        zone.lowmem_reserve.clone_from(&of.protection);
    }
    for (stat, value) in stats.iter().zip(&mut zone.vm_stat) {
        let counted = match stat {
            // The lists may have changed between two reads: they are what counts.
            ZoneStat::FreePages => Some(of.free_frames()),
            stat => of.value(stat.name()),
        };
        *value = counted.map_or(0, |value| i64::try_from(value).unwrap_or(i64::MAX));
    }
    for (pcp, &[count, high, batch, threshold]) in zone.pcp.iter_mut().zip(&of.pagesets) {
        let cached = places.cache(count)?;
        cache(pcp, &cached, types);
        pcp.high = high;
        pcp.batch = batch;
        pcp.stat_threshold = u8::try_from(threshold).unwrap_or(u8::MAX);
    }
    let (first, of_blocks) = places.types();
    let sections = zone.pageblocks.as_ref().map(|blocks| blocks.types.clone());
    let of_blocks = of_blocks.into_iter().zip(sections.unwrap_or_default());
    zone.pageblocks = Some(PageblockState {
        first,
        // Where there is no section there is no type.
        types: of_blocks.map(|(mt, section)| section.and(mt)).collect(),
        movable: places.movable(on_lists(of)),
        listed: Vec::new(),
    });
    let used = known
        .used
        .iter()
        .filter(|block| of.span.covers(block.range()));
    zone.lent = used.copied().collect();
    Ok(())
}

fn list(free: &FreeCount, mt: MigrateType, pfns: Vec<Pfn>) -> FreeListState {
    FreeListState {
        order: free.order,
        mt,
        pfns: pfns.into(),
    }
}

/// Frames on the lists of what can be reclaimed, and so moved.
fn on_lists(of: &ZoneCounts) -> u64 {
    let lists = [
        ZoneStat::InactiveAnon,
        ZoneStat::ActiveAnon,
        ZoneStat::InactiveFile,
        ZoneStat::ActiveFile,
        ZoneStat::LruInactiveAnon,
        ZoneStat::LruActiveAnon,
        ZoneStat::LruInactiveFile,
        ZoneStat::LruActiveFile,
    ];
    lists.iter().filter_map(|stat| of.value(stat.name())).sum()
}

/// Single frames, each on the list of its type.
fn cache(pcp: &mut PcpState, cached: &[(Pfn, MigrateType)], types: &[MigrateType]) {
    pcp.lists.clear();
    for (index, &mt) in (0..).zip(types) {
        let pfns = cached
            .iter()
            .filter(|(_, of)| *of == mt)
            .map(|(pfn, _)| *pfn);
        let pfns: std::collections::VecDeque<Pfn> = pfns.collect();
        if !pfns.is_empty() {
            let noted = pfns.iter().map(|_| mt).collect();
            pcp.lists.push(PcpListState {
                index,
                order: Order::ZERO,
                noted,
                pfns,
            });
        }
    }
    pcp.count = cached.len() as u32;
}
