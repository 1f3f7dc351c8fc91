//! A certain range of frames, whoever has them (`alloc_contig_range`).

use pfnlab_model::{
    Block, CpuId, End, MemoryError, MigrateType, Observer, Pfn, PfnRange, Tenants, runs,
};

use crate::Mm;
use crate::frames::State;
use crate::isolated_range::Purpose;
use crate::migrating::Targets;
use crate::profile::{Policy, Told, told};

/// Whether a range can be had by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContigRule {
    /// It cannot (2.6.37).
    Unknown,
    /// It can, frame by frame (since 3.5).
    Range,
}

impl Policy for ContigRule {
    const DECIDES: &'static str = "whether a range of frames can be had by its place";

    fn told(self) -> Told {
        match self {
            ContigRule::Unknown => told("it cannot", "before alloc_contig_range (3.5)"),
            ContigRule::Range => told("it can, frame by frame", "alloc_contig_range"),
        }
    }
}

impl Mm {
    /// Takes exactly these frames, movable memory otherwise; each is handed out on its own.
    ///
    /// # Errors
    /// When the kernel cannot do this, they or their pageblocks are not all of one zone, or
    /// something there cannot be moved.
    pub(crate) fn alloc_contig(
        &mut self,
        range: PfnRange,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let purpose = Purpose::Contiguous(MigrateType::Movable);
        self.alloc_contig_range(range, purpose, cpu, tenants, observer)
    }

    /// Takes exactly these frames from pageblocks of the type in `purpose`.
    ///
    /// # Errors
    /// As [`Mm::alloc_contig`].
    pub(crate) fn alloc_contig_range(
        &mut self,
        range: PfnRange,
        purpose: Purpose,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        if self.profile.contig == ContigRule::Unknown {
            return Err(MemoryError::Unsupported);
        }
        let zone = self.zone_of_frames(range)?;
        let isolated = self.to_isolate(zone, range);
        if let Some(foreign) = self.foreign_in(zone, isolated) {
            return Err(MemoryError::Busy(foreign));
        }
        self.isolate_range(zone, isolated, purpose, cpu, tenants, observer)?;
        let disables = self.profile.isolation.disables_batches();
        if disables {
            self.drain_zone(zone, cpu, observer);
            tenants.disable_batches(self, observer);
        }
        let targets = Targets {
            node: self.zones[zone].id.node,
            nodes: None,
            cpu,
        };
        let mut taken = self.empty_range(zone, range, targets, tenants, observer);
        match disables {
            true => tenants.enable_batches(),
            false if taken.is_ok() => {
                tenants.drain_batches(self, observer);
                self.drain_zone(zone, cpu, observer);
            }
            false => {}
        }
        if taken.is_ok() {
            taken = self.take_range(zone, range, cpu, observer);
        }
        self.unisolate_range(zone, isolated, purpose, cpu, observer);
        taken
    }

    /// What must be isolated for no free block to reach out of it.
    fn to_isolate(&self, zone: usize, range: PfnRange) -> PfnRange {
        let (pageblock, top) = (self.config.pageblock_order, self.config.top_order);
        let order = self.profile.isolation.alignment(pageblock, top);
        if order == pageblock {
            return range;
        }
        let (start, end) = (range.start().align_down(order), range.end().align_up(order));
        let around = PfnRange::new(start, end).expect("a range does not run backward");
        around.intersection(self.zones[zone].span)
    }

    /// A frame of another zone in the pageblocks that are to be isolated. A kernel isolates them all
    /// the same, counts what comes back there meanwhile as isolated in the other zone, and never
    /// makes up for it; here such a range cannot be had.
    fn foreign_in(&self, zone: usize, range: PfnRange) -> Option<Pfn> {
        let hull = self.hull(range);
        let others = (0..self.zones.len()).filter(|&other| other != zone);
        let mut memory = others.flat_map(|other| &self.zones[other].memory);
        let foreign = memory.find(|run| run.overlaps(hull))?;
        Some(foreign.start().max(hull.start()))
    }

    /// The zone all frames of a range are in.
    fn zone_of_frames(&self, range: PfnRange) -> Result<usize, MemoryError> {
        if range.is_empty() {
            return Err(MemoryError::NotThere(range.start()));
        }
        let all = |at: &usize| runs::shared(&self.zones[*at].memory, range) == range.frames();
        let zone = (0..self.zones.len()).find(all);
        zone.ok_or(MemoryError::NotThere(range.start()))
    }

    /// Takes the free blocks that make up a range, hands its frames out, and frees what is too
    /// much at either end (`isolate_freepages_range`).
    fn take_range(
        &mut self,
        zone: usize,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        self.test_isolated(zone, range, observer)
            .map_err(MemoryError::Busy)?;
        let outer = self.outer(zone, range);
        let place = &mut self.zones[zone];
        let mut at = outer.start();
        while at < outer.end() {
            let Some((block, State::Free(mt))) = place.buddy.frames.block_from(at) else {
                unreachable!("outer is made of free blocks");
            };
            at = block.range().end();
            place.buddy.unlink(block, mt, observer);
            place.account(mt, -(block.frames() as i64), cpu, observer);
            for frame in 0..block.frames() {
                let page = Block::page(block.start().offset(frame));
                place.buddy.frames.set(page, State::Lent);
                place.lent(page, observer);
            }
        }
        let before = PfnRange::new(outer.start(), range.start());
        let behind = PfnRange::new(range.end(), outer.end());
        for surplus in [before, behind].into_iter().flatten() {
            for frame in 0..surplus.frames() {
                let page = Block::page(surplus.start().offset(frame));
                place
                    .take_back(page, observer)
                    .expect("it was handed out just now");
                place.free(page, End::Head, cpu, &mut self.blocks, observer);
            }
        }
        Ok(())
    }

    /// The free blocks that hold a range, as one: all of it is free.
    fn outer(&self, zone: usize, range: PfnRange) -> PfnRange {
        let around = |pfn: Pfn| {
            let block = self.zones[zone].buddy.frames.block_around(pfn);
            block.expect("a free block is there").0.range()
        };
        let last = Pfn::new(range.end().get() - 1);
        PfnRange::new(around(range.start()).start(), around(last).end()).expect("blocks ascend")
    }
}
