//! The ledger: the books of every frame, kept from events alone.
//!
//! It starts from a snapshot and then believes nothing but events. A block is in one place at a
//! time: on a free list, on a per-CPU list, with a client, or *in hand*, which is where it is
//! between two places:
//!
//! ```text
//!            Unlinked, PcpUnlinked               Lent
//!   lists  ────────────────────────▶  in hand  ────────▶  clients
//!          ◀────────────────────────           ◀────────
//!             Linked, PcpLinked                Returned
//! ```
//!
//! Frames in hand may be cut and joined; everywhere else a block leaves as it came. So an
//! allocator sends `Unlinked` before the `Lent` or `Linked` that follows from it, and nothing can
//! enter a list that was not free, cached or lent before.
//!
//! - [`Place`]: where a block is.
//! - [`Impossible`]: an event that does not follow from the books, and why.
//! - [`Ledger`]: the books.

mod compaction;
mod enter;
mod hand;
mod impossible;
mod memory;
mod place;
mod queue;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use pfnlab_model::{
    Block, CpuId, End, Event, MigrateType, Observer, Order, Pfn, PfnRange, Snapshot, ZoneId,
    ZoneStat,
};

use hand::Hand;
pub use impossible::{Impossible, Why};
pub use place::Place;
use zone::ZoneBooks;

/// The books of every frame. `O(log n)` for an event.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Everything that is no list. The lists, the counts of the per-CPU lists and what is lent
    /// are empty here.
    base: Snapshot,
    /// By position in `base.zones`.
    zones: Vec<ZoneBooks>,
    /// Every block that is somewhere, by its first frame; disjoint.
    places: BTreeMap<Pfn, Entry>,
    hand: Hand,
    /// Pageblocks whose type became, or was, one that merges with nothing else, with nothing lent
    /// from or returned to them since.
    unsettled: BTreeSet<Pfn>,
    /// The zone that is being compacted, and for blocks of which order.
    compacting: Option<(ZoneId, Option<Order>)>,
    impossible: Option<Impossible>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    order: Order,
    place: Place,
    /// The position on its free list; 0 elsewhere.
    rank: i64,
}

impl Observer for Ledger {
    fn event(&mut self, event: Event) {
        if self.impossible.is_none()
            && let Err(why) = self.enter(event)
        {
            let event = Some(event);
            self.impossible = Some(Impossible { event, why });
        }
    }
}

impl Ledger {
    /// The books as a snapshot has them. If it contradicts itself, [`Ledger::impossible`] says so.
    pub fn new(first: &Snapshot) -> Ledger {
        let mut base = first.clone();
        let zones = base.zones.iter_mut().map(ZoneBooks::take_over).collect();
        let mut ledger = Ledger {
            base,
            zones,
            places: BTreeMap::new(),
            hand: Hand::default(),
            unsettled: BTreeSet::new(),
            compacting: None,
            impossible: None,
        };
        if let Err(why) = ledger.fill(first) {
            ledger.impossible = Some(Impossible { event: None, why });
        }
        for zone in &mut ledger.zones {
            zone.start_frames = zone.frames();
        }
        ledger
    }

    /// The first event that did not follow from the books. They are closed then: nothing is
    /// entered any more.
    pub fn impossible(&self) -> Option<&Impossible> {
        self.impossible.as_ref()
    }

    /// The block that holds a frame, and where it is; `None`: the frame is in hand, or was in use
    /// from the start, or does not exist.
    pub fn place(&self, pfn: Pfn) -> Option<(Block, Place)> {
        let (&start, entry) = self.places.range(..=pfn).next_back()?;
        let block = Block::containing(start, entry.order);
        block.range().contains(pfn).then_some((block, entry.place))
    }

    /// The blocks that begin in a range, and where they are.
    pub fn blocks_in(&self, range: PfnRange) -> impl Iterator<Item = (Block, Place)> {
        let blocks = self.places.range(range.start()..range.end());
        blocks.map(|(&start, entry)| (Block::containing(start, entry.order), entry.place))
    }

    /// Every block that is somewhere, by its first frame.
    pub fn blocks(&self) -> impl Iterator<Item = (Block, Place)> {
        let blocks = self.places.iter();
        blocks.map(|(&start, entry)| (Block::containing(start, entry.order), entry.place))
    }

    /// What is in hand: off one place and not yet in another. Empty between two operations.
    pub fn in_hand(&self) -> &[PfnRange] {
        self.hand.ranges()
    }

    /// Everything that is no list, as events left it. Its lists, the counts of its per-CPU lists
    /// and its lent blocks are empty: they are in the books; [`Ledger::snapshot`] has both.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// Free blocks of an order in a zone, of every type.
    pub fn free_blocks(&self, zone: ZoneId, order: Order) -> u64 {
        self.books(zone).map_or(0, |books| books.free_blocks(order))
    }

    /// Frames on the free lists of a type in a zone.
    pub fn free_frames(&self, zone: ZoneId, mt: MigrateType) -> u64 {
        self.books(zone)
            .map_or(0, |books| books.free_frames[mt.index()])
    }

    /// Frames on the per-CPU lists of a CPU in a zone.
    pub fn pcp_frames(&self, zone: ZoneId, cpu: CpuId) -> u64 {
        let books = self.books(zone);
        books
            .and_then(|books| books.pcp(cpu))
            .map_or(0, |pcp| pcp.frames)
    }

    /// How far a difference of a CPU to a counter of a zone can have grown.
    pub fn widest_threshold(&self, zone: ZoneId) -> u8 {
        self.books(zone).map_or(0, |books| books.widest_threshold)
    }

    /// Frames of a zone that clients have.
    pub fn lent_frames(&self, zone: ZoneId) -> u64 {
        self.books(zone).map_or(0, |books| books.lent_frames)
    }

    /// Frames of a zone that are free, cached or lent: now, and in the first snapshot.
    pub fn balance(&self, zone: ZoneId) -> (u64, u64) {
        self.books(zone)
            .map_or((0, 0), |books| (books.frames(), books.start_frames))
    }

    /// A counter of a zone: the folded part, and the sum of every CPU's difference; `None`: the
    /// zone or the counter does not exist.
    pub fn stat(&self, zone: ZoneId, stat: ZoneStat) -> Option<(i64, i64)> {
        let at = self
            .base
            .global
            .zone_stats
            .iter()
            .position(|&known| known == stat)?;
        let zone = self.base.zone(zone)?;
        let differences = zone.pcp.iter().filter_map(|pcp| pcp.vm_stat_diff.get(at));
        Some((
            *zone.vm_stat.get(at)?,
            differences.copied().map(i64::from).sum(),
        ))
    }

    /// The type of the pageblock a frame is in; `None`: there is none.
    pub fn pageblock_type(&self, pfn: Pfn) -> Option<MigrateType> {
        let order = self.base.global.pageblock_order;
        self.base.zones.iter().find_map(|zone| {
            let pageblocks = zone.pageblocks.as_ref()?;
            let offset = pfn.get().checked_sub(pageblocks.first.get())?;
            let at = usize::try_from(offset / order.frames()).ok()?;
            *pageblocks.types.get(at)?
        })
    }

    /// Whether a whole free pageblock may lie unmerged beside its buddy: its type changed from or
    /// to one that merges with nothing else, and nothing was lent from it or returned to it since.
    pub fn is_unsettled(&self, pfn: Pfn) -> bool {
        let start = pfn.align_down(self.base.global.pageblock_order);
        self.unsettled.contains(&start)
    }

    /// The whole state, as events left it.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.base.clone();
        for (state, books) in snapshot.zones.iter_mut().zip(&self.zones) {
            books.hand_over(state);
        }
        for (block, place) in self.blocks() {
            let Ok(at) = self.at(place.zone()) else {
                continue;
            };
            match place {
                Place::Lent { .. } => snapshot.zones[at].lent.push(block),
                Place::Guard { .. } => snapshot.zones[at].guards.push(block),
                Place::Free { .. } | Place::Pcp { .. } => {}
            }
        }
        snapshot
    }

    fn books(&self, zone: ZoneId) -> Option<&ZoneBooks> {
        let at = self.at(zone).ok()?;
        Some(&self.zones[at])
    }

    /// The position of a zone that has memory.
    fn at(&self, zone: ZoneId) -> Result<usize, Why> {
        let at = self
            .base
            .zones
            .binary_search_by_key(&zone, |state| state.id);
        at.map_err(|_| Why::NoZone(zone))
    }

    /// Enters what the first snapshot has on lists, with clients and behind guards.
    fn fill(&mut self, first: &Snapshot) -> Result<(), Why> {
        if !first.zones.is_sorted_by(|a, b| a.id < b.id) {
            return Err(Why::Unsorted);
        }
        for state in &first.zones {
            let zone = state.id;
            for list in &state.free_lists {
                for &pfn in &list.pfns {
                    let block = Block::new(pfn, list.order).map_err(Why::Misaligned)?;
                    self.receive(block)?;
                    self.link(zone, block, list.mt, End::Tail)?;
                }
            }
            for pcp in &state.pcp {
                for list in &pcp.lists {
                    for (at, &pfn) in list.pfns.iter().enumerate() {
                        let block = Block::new(pfn, list.order).map_err(Why::Misaligned)?;
                        self.receive(block)?;
                        let noted = list.noted.get(at).copied();
                        self.pcp_link(zone, pcp.cpu, list.index, block, noted, End::Tail)?;
                    }
                }
            }
            for &block in &state.lent {
                self.receive(block)?;
                self.lend(zone, block)?;
            }
            for &block in &state.guards {
                self.receive(block)?;
                self.guard(zone, block)?;
            }
        }
        Ok(())
    }

    /// Into hand, from a snapshot.
    fn receive(&mut self, block: Block) -> Result<(), Why> {
        match self.overlapping(block) {
            Some((other, place)) => Err(Why::Overlaps(block, other, place)),
            None => self.hand.put(block.range()).map_err(Why::Twice),
        }
    }
}
