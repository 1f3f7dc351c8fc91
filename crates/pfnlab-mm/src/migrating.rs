//! What is in use in a range is put elsewhere (`migrate_pages`).

use pfnlab_model::{
    Block, CpuId, End, Event, Gfp, MemoryError, MemoryEvent, NodeId, NodeMask, Observer,
    PageAllocator, PfnRange, Request, Tenants,
};

use crate::Mm;
use crate::frames::State;

/// Where things are put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Targets {
    /// The node to begin with.
    pub(crate) node: NodeId,
    /// Only these nodes; `None`: all.
    pub(crate) nodes: Option<NodeMask>,
    /// The CPU it is done on.
    pub(crate) cpu: CpuId,
}

impl Mm {
    /// Puts elsewhere whatever is in use in a range of one zone that is isolated, ascending.
    ///
    /// # Errors
    /// At the first block that does not go elsewhere.
    pub(crate) fn empty_range(
        &mut self,
        zone: usize,
        range: PfnRange,
        targets: Targets,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let mut at = range.start();
        while at < range.end() {
            let place = &self.zones[zone];
            match place.buddy.frames.block_around(at) {
                Some((block, State::Lent)) => {
                    if !tenants.can_move(block) {
                        return Err(MemoryError::Stuck(at));
                    }
                    self.migrate(block, targets, tenants, observer)?;
                    at = block.range().end();
                }
                Some((block, _)) => at = block.range().end(),
                None => {
                    if !self.can_move_page(&place.memory, at, tenants) {
                        return Err(MemoryError::Stuck(at));
                    }
                    self.migrate_page(zone, Block::page(at), targets, tenants, observer)?;
                    at = at.offset(1);
                }
            }
        }
        Ok(())
    }

    /// A place for what is in `block`.
    fn target(
        &mut self,
        block: Block,
        targets: Targets,
        observer: &mut impl Observer,
    ) -> Result<Block, MemoryError> {
        let request = Request {
            order: block.order(),
            gfp: Gfp::GFP_HIGHUSER_MOVABLE,
            cpu: targets.cpu,
            node: Some(targets.node),
            nodes: targets.nodes,
        };
        let target = self.alloc(&request, observer);
        target.map_err(|_| MemoryError::Stuck(block.start()))
    }

    /// Puts elsewhere what was handed out.
    fn migrate(
        &mut self,
        from: Block,
        targets: Targets,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let to = self.target(from, targets, observer)?;
        tenants.moved(from, to, targets.cpu, observer);
        tenants.settle(self, observer);
        observer.event(Event::Memory(MemoryEvent::Migrated { from, to }));
        self.free(from, targets.cpu, observer)
            .expect("it was handed out: its record says so");
        Ok(())
    }

    /// Puts elsewhere what was in a frame from the start.
    fn migrate_page(
        &mut self,
        zone: usize,
        from: Block,
        targets: Targets,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let to = self.target(from, targets, observer)?;
        tenants.moved(from, to, targets.cpu, observer);
        tenants.settle(self, observer);
        observer.event(Event::Memory(MemoryEvent::Migrated { from, to }));
        self.keep(to, observer);
        self.count_movable(from, -1);
        let zone = &mut self.zones[zone];
        observer.event(Event::Memory(MemoryEvent::Yielded {
            zone: zone.id,
            block: from,
        }));
        zone.free(from, End::Head, targets.cpu, &mut self.blocks, observer);
        Ok(())
    }

    /// What was handed out is with those who had memory from the start.
    fn keep(&mut self, block: Block, observer: &mut impl Observer) {
        let zone = self
            .zone_of_block(block)
            .expect("what is lent is in a zone");
        let taken = self.zones[zone].take_back(block, observer);
        taken.expect("it was handed out just now");
        self.count_movable(block, 1);
        let zone = self.zones[zone].id;
        observer.event(Event::Memory(MemoryEvent::Kept { zone, block }));
    }

    fn count_movable(&mut self, block: Block, sign: i64) {
        let before = self.blocks.movable(block.start()) as i64;
        let now = (before + sign * block.frames() as i64).max(0);
        // Fits: a pageblock has fewer frames.
        self.blocks.set_movable(block.start(), now as u32);
    }
}
