//! Giving back what a ticket names: to the allocator, or to the others who hold it or list it.

use pfnlab_model::{Block, CpuId, FreeError, Observer, PageAllocator, PfnRange, Ticket};

use super::{Driver, DriverError};
use crate::{Held, Outcome};

impl<A: PageAllocator> Driver<A> {
    /// The ticket names nothing any more, unless others hold the block too.
    #[inline]
    pub(super) fn free(
        &mut self,
        ticket: Ticket,
        cpu: CpuId,
        cold: bool,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if self.around.is_some()
            && let Some(block) = self.unshare(ticket, observer)
        {
            return Ok(Outcome::Kept(block));
        }
        let Some(held) = self.tickets.take(ticket) else {
            return Ok(Outcome::Skipped);
        };
        if self.around.is_some()
            && let Some(put) = self.put(held, cpu, observer)
        {
            return put.map_err(|error| DriverError::NotTaken { ticket, error });
        }
        let (freed, outcome) = match held {
            Held::Block(block) if cold => (
                self.allocator.free_cold(block, cpu, observer),
                Outcome::Freed(block),
            ),
            Held::Block(block) | Held::Compound(block) => (
                self.allocator.free(block, cpu, observer),
                Outcome::Freed(block),
            ),
            Held::Run(range) => (
                self.free_run(range, cpu, observer),
                Outcome::FreedRun(range),
            ),
        };
        match freed {
            Ok(()) => Ok(outcome),
            Err(FreeError::Unsupported(_)) => {
                self.tickets.put(ticket, held);
                Ok(Outcome::Unsupported)
            }
            Err(error) => Err(DriverError::NotTaken { ticket, error }),
        }
    }

    fn free_run(
        &mut self,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        (0..range.frames()).try_for_each(|frame| {
            let page = Block::page(range.start().offset(frame));
            self.allocator.free(page, cpu, observer)
        })
    }

    /// One of several that hold what a ticket names gives it up, and the ticket stays live; `None`:
    /// there is one holder at most.
    #[cold]
    fn unshare(&mut self, ticket: Ticket, observer: &mut impl Observer) -> Option<Block> {
        let around = self.around.as_mut()?;
        let Some(Held::Block(block) | Held::Compound(block)) = self.tickets.get(ticket) else {
            return None;
        };
        around.is_shared(block).then(|| {
            around.unshare(block, observer);
            block
        })
    }

    /// Gives up a page that a batch or a list knows; `None`: neither does.
    #[cold]
    fn put(
        &mut self,
        held: Held,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Option<Result<Outcome, FreeError>> {
        let around = self.around.as_mut().filter(|around| !around.is_gone(cpu))?;
        match held {
            Held::Block(block) | Held::Compound(block) if around.has_page(block) => {
                Some(around.put(block, cpu, &mut self.allocator, observer))
            }
            _ => None,
        }
    }
}
