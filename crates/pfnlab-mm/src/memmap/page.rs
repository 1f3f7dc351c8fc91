//! The page descriptor of one frame of a running allocator.

use pfnlab_model::{Block, Order, Pfn, ZoneId};

use crate::Mm;
use crate::descriptor::{Descriptor, FrameState, Links, LinksError};
use crate::frames::State;
use crate::memory_model::PageAddr;

/// One page descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageView {
    /// Where it is.
    pub page: PageAddr,
    /// The zone its words name.
    pub zone: ZoneId,
    /// Where the frame belongs, with the section.
    pub links: Links,
    /// What the frame is.
    pub state: FrameState,
    /// The block it is in that is free or was handed out; `None`: neither.
    pub block: Option<Block>,
    /// Its words.
    pub descriptor: Descriptor,
}

impl Mm {
    /// The page descriptor of a frame; `None`: it has none, or nobody ever initialised it.
    ///
    /// What a frame is that the allocator neither has nor gave away, the allocator does not know:
    /// it counts as reserved. So do holes that have a descriptor: it names the zone of the memory
    /// behind them, or, at the end, before them (`init_unavailable_range`).
    ///
    /// # Errors
    /// When node, zone or section have no room in the flags word.
    pub fn page(&self, pfn: Pfn) -> Result<Option<PageView>, LinksError> {
        let Some(page) = self.memmap.model().pfn_to_page(pfn) else {
            return Ok(None);
        };
        let zone = match self.zone_map.zone_of(pfn) {
            Some(zone) => Some(zone.index()),
            None => self.zone_of_hole(pfn),
        };
        let Some(zone) = zone.filter(|_| self.memmap.model().pfn_valid(pfn)) else {
            return Ok(None);
        };
        let kind = zone % self.config.zones.len();
        let zone = &self.zones[zone];
        let (block, state) = match self.block_around(pfn) {
            Some((block, state)) => (Some(block), frame_state(pfn, block, state)),
            None => (None, FrameState::Initialised { reserved: true }),
        };
        let links = self.memmap.links(pfn, zone.id.node, kind);
        let (layout, numbers) = (self.memmap.layout(), self.memmap.numbers());
        Ok(Some(PageView {
            page,
            zone: zone.id,
            links,
            state,
            block,
            descriptor: Descriptor::derive(page, links, state, layout, numbers)?,
        }))
    }

    /// The block a frame is in, if it is free, cached or handed out.
    fn block_around(&self, pfn: Pfn) -> Option<(Block, State)> {
        let zone = &self.zones[self.zone_map.zone_of(pfn)?.index()];
        let frames = &zone.buddy.frames;
        let mut orders = Order::ZERO.through(self.config.top_order);
        orders.find_map(|order| {
            let block = Block::containing(pfn, order);
            let known = frames.covers(block.start()).then(|| frames.state(block))?;
            (known != State::None).then_some((block, known))
        })
    }

    /// The zone a hole's descriptors name.
    fn zone_of_hole(&self, pfn: Pfn) -> Option<usize> {
        // A descriptor is initialised when that of the first frame of its pageblock exists.
        let block = pfn.align_down(self.config.pageblock_order);
        if !self.memmap.model().pfn_valid(block) {
            return None;
        }
        let runs = || {
            let zones = self.zones.iter().enumerate();
            zones.flat_map(|(at, zone)| zone.memory.iter().map(move |run| (*run, at)))
        };
        let behind = runs().filter(|(run, _)| pfn < run.start()).min();
        behind.or_else(|| runs().max()).map(|(_, at)| at)
    }
}

fn frame_state(pfn: Pfn, block: Block, state: State) -> FrameState {
    let is_first = pfn == block.start();
    match state {
        State::Free(_) if is_first => FrameState::FreeHead(block.order()),
        State::Lent if is_first => FrameState::Used,
        State::Lent => FrameState::UsedRest,
        _ => FrameState::Free,
    }
}
