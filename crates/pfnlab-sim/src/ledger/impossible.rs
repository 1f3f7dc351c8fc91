//! Events that do not follow from the books.

use std::fmt;

use pfnlab_model::{
    Block, BlockError, CompactionEvent, CpuId, End, Event, MemoryEvent, NodeId, Pfn, PfnRange,
    Snapshot, ZoneId, ZoneKind, ZoneStat,
};

use super::Place;

/// An event that does not follow from the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The event; `None`: the first snapshot contradicts itself.
    pub event: Option<Event>,
    /// Why it cannot be.
    pub why: Why,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.event {
            Some(event) => write!(f, "{}; event {event:?}", self.why),
            None => write!(f, "the first snapshot: {}", self.why),
        }
    }
}

/// Why an event cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A block is put where another one is.
    #[error("block {0} overlaps block {1}, which is {2}")]
    Overlaps(Block, Block, Place),
    /// A block is put somewhere that was nowhere: it was in use from the start, or never existed.
    #[error("block {0} was neither free, nor cached, nor lent")]
    NotInHand(Block),
    /// A frame is taken in hand that already is, or stands on two lists of a snapshot.
    #[error("frame {0} is there twice")]
    Twice(Pfn),
    /// A block is taken from where it is not; with what is there instead.
    #[error("block {0} is not {1}{instead}", instead = Instead(.2))]
    NotThere(Block, Place, Option<(Block, Place)>),
    /// A block is taken from an end of a per-CPU list at which it is not.
    #[error("block {0} is not at the {1:?} of its list")]
    NotAtEnd(Block, End),
    /// A block is put into a zone whose memory it is not.
    #[error("block {0} is not inside {1}")]
    OutsideZone(Block, ZoneId),
    /// A block is larger than the largest.
    #[error("block {0} is above the top order")]
    AboveTop(Block),
    /// A list of a snapshot names a frame at which no block of its order can start.
    #[error("{0}")]
    Misaligned(BlockError),
    /// Frames leave an allocator that are not all in hand.
    #[error("frames {0} leave the allocator, but some of them are somewhere")]
    Dropped(PfnRange),
    /// There is no contiguous memory area of this number.
    #[error("there is no contiguous memory area {0}")]
    NoArea(u16),
    /// The zones of a snapshot are not ascending.
    #[error("its zones are not in ascending order")]
    Unsorted,
    /// There is no such zone.
    #[error("there is no {0}")]
    NoZone(ZoneId),
    /// A zone has no per-CPU lists for a CPU.
    #[error("{0} has no lists for CPU {1}")]
    NoCpu(ZoneId, CpuId),
    /// There is no such CPU at all.
    #[error("there is no CPU {0}")]
    Stranger(CpuId),
    /// There is no such node.
    #[error("there is no node {0}")]
    NoNode(NodeId),
    /// Nothing is noted on the zonelist of a node.
    #[error("nothing is noted of the zones on the list of node {0}")]
    NoCache(NodeId),
    /// The snapshot keeps no such counter.
    #[error("nobody keeps {0:?}")]
    NoStat(ZoneStat),
    /// The kernel was not built with such zones.
    #[error("there are no {0} zones")]
    NoKind(ZoneKind),
    /// A block is retyped that is no pageblock of any zone.
    #[error("block {0} is no pageblock")]
    NoPageblock(Block),
    /// Compaction moves something out of the zone, or into it.
    #[error("what is in {0} is moved to {1}, in another zone")]
    LeavesTheZone(Block, Block),
    /// Compaction moves something toward where it looks for what can be moved.
    #[error("what is in {0} is moved down to {1}")]
    MovesDown(Block, Block),
    /// Compaction hands over what nobody waits for, or what somebody else could have.
    #[error("block {0} is handed over, but it was not what is wanted, or was not in hand")]
    NotWanted(Block),
}

/// What is found in a place, as part of a sentence.
struct Instead<'a>(&'a Option<(Block, Place)>);

impl fmt::Display for Instead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((block, place)) => write!(f, ": block {block} is {place}"),
            None => f.write_str(": nothing is there"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Free { zone, mt } => write!(f, "on the {mt} free list of {zone}"),
            Place::Pcp { zone, cpu, list } => write!(f, "on list {list} of CPU {cpu} in {zone}"),
            Place::Lent { zone } => write!(f, "lent from {zone}"),
            Place::Guard { zone } => write!(f, "kept back in {zone}"),
        }
    }
}

/// Whether everything exists that an event, which moves no block, speaks of.
pub(super) fn check_names(base: &Snapshot, event: Event) -> Result<(), Why> {
    let zone = |id| base.zone(id).ok_or(Why::NoZone(id));
    let cpu = |id, cpu| {
        let found = zone(id)?.pcp.iter().find(|pcp| pcp.cpu == cpu);
        found.ok_or(Why::NoCpu(id, cpu))
    };
    let stat = |stat| {
        let at = base
            .global
            .zone_stats
            .iter()
            .position(|&known| known == stat);
        at.ok_or(Why::NoStat(stat))
    };
    let node = |id| {
        let at = base.nodes.binary_search_by_key(&id, |node| node.node);
        at.map_err(|_| Why::NoNode(id))
    };
    match event {
        Event::StatSet {
            zone: id,
            stat: which,
            ..
        } => {
            let at = stat(which)?;
            zone(id)?.vm_stat.get(at).ok_or(Why::NoStat(which))?;
        }
        Event::DiffSet {
            zone: id,
            cpu: whose,
            stat: which,
            ..
        } => {
            let at = stat(which)?;
            cpu(id, whose)?
                .vm_stat_diff
                .get(at)
                .ok_or(Why::NoStat(which))?;
        }
        Event::PcpTuned {
            zone: id,
            cpu: whose,
            ..
        }
        | Event::ThresholdSet {
            zone: id,
            cpu: whose,
            ..
        } => {
            cpu(id, whose)?;
        }
        Event::FlagsSet { zone: id, .. }
        | Event::BoostSet { zone: id, .. }
        | Event::HighAtomicReserved { zone: id, .. }
        | Event::HighAtomicFree { zone: id, .. }
        | Event::ReclaimEncouraged { zone: id }
        | Event::DirtyReserveSet { zone: id, .. }
        | Event::WatermarksSet { zone: id, .. }
        | Event::DriftMarkSet { zone: id, .. }
        | Event::PagesetSet { zone: id, .. } => {
            zone(id)?;
        }
        Event::LowmemReserveSet {
            zone: id, highest, ..
        } => {
            let at = base
                .global
                .zone_kinds
                .iter()
                .position(|&kind| kind == highest);
            let at = at.ok_or(Why::NoKind(highest))?;
            zone(id)?
                .lowmem_reserve
                .get(at)
                .ok_or(Why::NoKind(highest))?;
        }
        Event::CpuSet { cpu: which, .. } => {
            let known = base.cpus.iter().any(|cpu| cpu.cpu == which);
            known.then_some(()).ok_or(Why::Stranger(which))?;
        }
        Event::KswapdAsked { node: id, .. }
        | Event::KswapdWoken { node: id }
        | Event::KswapdSlept { node: id } => {
            node(id)?;
        }
        Event::ZoneNotedFull { node: id, .. } | Event::FullZonesForgotten { node: id } => {
            let cache = &base.nodes[node(id)?].zonelist_cache;
            cache.as_ref().ok_or(Why::NoCache(id))?;
        }
        Event::TotalReserveSet { node: Some(id), .. } => {
            node(id)?;
        }
        Event::Compaction(event) => {
            let known = base
                .compaction
                .iter()
                .any(|known| known.zone == event.zone());
            let begins = matches!(event, CompactionEvent::Known { .. });
            zone(event.zone())?;
            if known == begins {
                return Err(Why::NoZone(event.zone()));
            }
        }
        // The story names nothing that is looked up, and blocks have their own checks.
        _ => {}
    }
    Ok(())
}

/// Whether everything exists that an event about memory speaks of.
pub(super) fn check_memory(base: &Snapshot, event: MemoryEvent) -> Result<(), Why> {
    let zone = |id| base.zone(id).ok_or(Why::NoZone(id));
    let node = |id| {
        let at = base.nodes.binary_search_by_key(&id, |node| node.node);
        at.map_err(|_| Why::NoNode(id))
    };
    match event {
        MemoryEvent::Joined { zone: id, .. }
        | MemoryEvent::Left { zone: id, .. }
        | MemoryEvent::Released { zone: id, .. }
        | MemoryEvent::Kept { zone: id, .. }
        | MemoryEvent::Yielded { zone: id, .. }
        | MemoryEvent::IsolatedSet { zone: id, .. }
        | MemoryEvent::SpanSet { zone: id, .. }
        | MemoryEvent::PresentSet { zone: id, .. }
        | MemoryEvent::ManagedSet { zone: id, .. }
        | MemoryEvent::ListsMade { zone: id }
        | MemoryEvent::ListsGone { zone: id } => {
            zone(id)?;
        }
        MemoryEvent::NodeSpanSet { node: id, .. }
        | MemoryEvent::NodePresentSet { node: id, .. }
        | MemoryEvent::ZonelistsEmptied { node: id } => {
            node(id)?;
        }
        MemoryEvent::ZonelistGrew {
            node: id, zone: at, ..
        } => {
            node(id)?;
            zone(at)?;
        }
        MemoryEvent::AreaTaken { area, .. } | MemoryEvent::AreaReturned { area, .. } => {
            let there = base.areas.get(usize::from(area));
            there.ok_or(Why::NoArea(area))?;
        }
        // The story, and what names nothing that is looked up.
        _ => {}
    }
    Ok(())
}
