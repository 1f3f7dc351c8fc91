//! Requests: a block, also of one who waits; many frames at once; so many frames in a row.

use pfnlab_model::{
    AllocError, Capability, Gfp, Observer, Order, PageAllocator, Pfn, PfnRange, Request, Ticket,
};

use super::Driver;
use super::error::{DriverError, MOST_FRAMES};
use crate::{Held, Outcome};

impl<A: PageAllocator> Driver<A> {
    /// A block; who waits for it has the owners of memory asked.
    #[inline]
    pub(super) fn alloc(
        &mut self,
        ticket: Ticket,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        self.must_be_free(ticket, 1)?;
        if !self.understands(request) {
            return Ok(Outcome::Unsupported);
        }
        let served = match self.waiting {
            None => self.allocator.alloc(request, observer),
            Some(_) => self.with_owners(request.cpu, |allocator, owners| {
                allocator.alloc_blocking(request, owners, observer)
            })?,
        };
        Ok(match served {
            Ok(block) => {
                let compound = request.gfp.contains(Gfp::COMP) && block.order() > Order::ZERO;
                let held = if compound {
                    Held::Compound(block)
                } else {
                    Held::Block(block)
                };
                if request.gfp.contains(Gfp::MOVABLE) {
                    self.tickets.put_movable(ticket, held);
                } else {
                    self.tickets.put(ticket, held);
                }
                Outcome::Lent(block)
            }
            Err(error) => Outcome::Refused(error),
        })
    }

    /// Up to so many frames, each with a ticket of its own.
    pub(super) fn bulk(
        &mut self,
        base: Ticket,
        count: u32,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if count > MOST_FRAMES {
            let (ticket, frames) = (base, count);
            return Err(DriverError::Size { ticket, frames });
        }
        self.must_be_free(base, u64::from(count))?;
        self.pages.clear();
        if !self.allocator.offers(Capability::Bulk) || !self.understands(request) {
            return Ok(Outcome::Unsupported);
        }
        let mut pages = std::mem::take(&mut self.pages);
        pages.resize(count as usize, Pfn::default());
        let got = self.allocator.bulk(request, &mut pages, observer);
        pages.truncate(got.unwrap_or(0));
        self.name_pages(base, pages.iter().copied());
        self.pages = pages;
        Ok(match got {
            // Fits: it is at most `count`.
            Ok(_) => Outcome::Bulk {
                got: self.pages.len() as u32,
            },
            Err(error) => Outcome::Refused(error),
        })
    }

    /// So many frames in a row, under one ticket.
    pub(super) fn exact(
        &mut self,
        ticket: Ticket,
        frames: u32,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if frames == 0 || frames > MOST_FRAMES {
            return Err(DriverError::Size { ticket, frames });
        }
        self.must_be_free(ticket, 1)?;
        if !self.allocator.offers(Capability::Exact) || !self.understands(request) {
            return Ok(Outcome::Unsupported);
        }
        let start: Result<Pfn, AllocError> = self.allocator.exact(request, frames, observer);
        Ok(match start {
            Ok(start) => {
                let range = PfnRange::sized(start, u64::from(frames));
                self.tickets.put(ticket, Held::Run(range));
                Outcome::Exact(range)
            }
            Err(error) => Outcome::Refused(error),
        })
    }

    /// Whether the allocator knows what the request speaks of.
    #[inline]
    fn understands(&self, request: &Request) -> bool {
        let anywhere = request.node.is_none() && request.nodes.is_none();
        anywhere || self.allocator.offers(Capability::Zones)
    }
}
