//! Contiguous memory areas: frames in a row for those who cannot do without (`struct cma`).

use alloc::vec::Vec;

use pfnlab_model::{
    Block, CpuId, Event, MemoryError, MemoryEvent, MigrateType, Observer, Order, PageAllocator,
    Pfn, PfnRange, Tenants,
};

use crate::Mm;
use crate::isolated_range::Purpose;

/// An area. One bit of the kernel's map stands for one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) range: PfnRange,
    /// What is taken, ascending.
    pub(crate) taken: Vec<PfnRange>,
}

impl Area {
    /// An area nobody took anything of.
    pub(crate) fn new(range: PfnRange) -> Area {
        Area {
            range,
            taken: Vec::new(),
        }
    }

    /// The first free place of so many frames from `from` on, at a multiple of `align`
    /// (`bitmap_find_next_zero_area_off`).
    fn place(&self, from: Pfn, frames: u64, align: Order) -> Option<PfnRange> {
        let mut start = from.max(self.range.start()).align_up(align);
        loop {
            let place = PfnRange::sized(start, frames);
            if !self.range.covers(place) {
                return None;
            }
            match self.taken.iter().find(|taken| taken.overlaps(place)) {
                None => return Some(place),
                Some(taken) => start = taken.end().align_up(align),
            }
        }
    }
}

impl Mm {
    /// Takes so many frames in a row from an area: the first free place where everything that is
    /// lent out meanwhile can be moved away.
    ///
    /// # Errors
    /// When there is no such area, or no such place.
    pub(crate) fn cma_alloc(
        &mut self,
        area: u16,
        frames: u32,
        align: Order,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<PfnRange, MemoryError> {
        let at = usize::from(area);
        let there = self.areas.get(at).ok_or(MemoryError::Nowhere(at as u32))?;
        let mut from = there.range.start();
        loop {
            let place = self.areas[at].place(from, u64::from(frames), align);
            let range = place.ok_or(MemoryError::AreaFull(frames))?;
            let purpose = Purpose::Contiguous(MigrateType::Cma);
            match self.alloc_contig_range(range, purpose, cpu, tenants, observer) {
                Ok(()) => {
                    let taken = &mut self.areas[at].taken;
                    let position = taken.partition_point(|other| *other < range);
                    taken.insert(position, range);
                    observer.event(Event::Memory(MemoryEvent::AreaTaken { area, range }));
                    return Ok(range);
                }
                // Something is in the way: from the next place on.
                Err(MemoryError::Busy(_) | MemoryError::Stuck(_)) => {
                    from = range.start().offset(align.frames());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives frames back to their area, ascending.
    ///
    /// # Errors
    /// When they were not taken from one, as they are.
    pub(crate) fn cma_release(
        &mut self,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let mut areas = self.areas.iter();
        let at = areas.position(|area| area.taken.contains(&range));
        let at = at.ok_or(MemoryError::NotThere(range.start()))?;
        self.areas[at].taken.retain(|taken| *taken != range);
        for frame in 0..range.frames() {
            let page = Block::page(range.start().offset(frame));
            self.free(page, cpu, observer)
                .map_err(|_| MemoryError::NotThere(range.start()))?;
        }
        // Fits: an operation names an area by 16 bits.
        let area = at as u16;
        observer.event(Event::Memory(MemoryEvent::AreaReturned { area, range }));
        Ok(())
    }
}
