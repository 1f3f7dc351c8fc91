//! CPUs and memory that come and go, and memory that is asked for by its place or moved together.

use pfnlab_clients::CpuEvent;
use pfnlab_clients::lru::ReclaimModel;
use pfnlab_model::{Capability, CpuId, MemoryOp, Observer, PageAllocator, PfnRange};

use super::{Driver, DriverError};
use crate::{Held, Outcome};

impl<A: PageAllocator> Driver<A> {
    /// Takes a CPU away, in the kernel's order: LRU batches, then the allocator's own lists, then
    /// caches of objects.
    #[cold]
    pub(super) fn cpu_offline(
        &mut self,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if !self.allocator.offers(Capability::CpuHotplug) {
            return Ok(Outcome::Unsupported);
        }
        let Ok(on) = self.allocator.successor(cpu) else {
            return Ok(Outcome::Rejected);
        };
        let dead = CpuEvent::Dead { cpu, on };
        if let Some(around) = &mut self.around {
            around.batches_of(dead, &mut self.allocator, observer)?;
        }
        let gone = self.allocator.cpu_offline(cpu, on, observer);
        if let Some(around) = &mut self.around {
            around.slabs_of(dead, &mut self.allocator, observer)?;
            around.set_gone(cpu, true);
        }
        Ok(Outcome::of(&gone))
    }

    /// A CPU runs again.
    #[cold]
    pub(super) fn cpu_online(&mut self, cpu: CpuId, observer: &mut impl Observer) -> Outcome {
        if !self.allocator.offers(Capability::CpuHotplug) {
            return Outcome::Unsupported;
        }
        let back = self.allocator.cpu_online(cpu, observer);
        if let (Ok(()), Some(around)) = (back, &mut self.around) {
            around.set_gone(cpu, false);
        }
        Outcome::of(&back)
    }

    /// Whatever is done to memory itself: plugged in or out, an area of it asked for, moved together.
    #[cold]
    pub(super) fn memory(
        &mut self,
        op: &MemoryOp,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if let MemoryOp::Waiting { on, swap } = *op {
            self.waiting = on.then_some(ReclaimModel { swap });
            return Ok(Outcome::Done);
        }
        if let Some(ticket) = op.gives() {
            self.must_be_free(ticket, 1)?;
        }
        let released = match op {
            MemoryOp::CmaRelease { ticket, .. } => match self.tickets.get(*ticket) {
                Some(Held::Run(run)) => Some((*ticket, run)),
                _ => return Ok(Outcome::Skipped),
            },
            _ => None,
        };
        if !self.allocator.offers(Capability::Memory) {
            return Ok(Outcome::Unsupported);
        }
        let frames = released.map_or(PfnRange::default(), |(_, run)| run);
        let done = self.with_owners(op.cpu(), |allocator, owners| {
            allocator.memory(op, frames, owners, observer)
        })?;
        let range = match done {
            Ok(range) => range,
            Err(error) => return Ok(Outcome::Failed(error)),
        };
        if let Some(around) = &mut self.around {
            around.memory_is(op);
        }
        Ok(match (op.gives(), released) {
            (Some(ticket), _) => {
                self.tickets.put(ticket, Held::Run(range));
                Outcome::Exact(range)
            }
            (None, Some((ticket, run))) => {
                self.tickets.take(ticket);
                Outcome::FreedRun(run)
            }
            (None, None) => Outcome::Done,
        })
    }
}
