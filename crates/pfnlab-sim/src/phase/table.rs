//! The table of live tickets that the phases of a program share.

use pfnlab_model::{ClientOp, CpuId, Gfp, Op, Request, Ticket};

use crate::{Outcome, Stream};

/// A live ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// The ticket.
    pub ticket: Ticket,
    /// How many frames it names.
    pub frames: u64,
    /// The flags they were asked for with.
    pub gfp: Gfp,
    /// It is an object of a cache, and counts no frames.
    pub object: bool,
}

/// Which tickets are live, how much they hold, and which number comes next. Numbers are used
/// again, so that they stay small.
#[derive(Clone, Debug)]
pub struct Table {
    live: Vec<Live>,
    /// Where a ticket stands in `live`, by ticket; [`NOT_LIVE`] when it does not.
    places: Vec<u32>,
    idle: Vec<u32>,
    next: u32,
    held: u64,
}

const NOT_LIVE: u32 = u32::MAX;

impl Default for Table {
    fn default() -> Table {
        Table {
            live: Vec::new(),
            places: Vec::new(),
            idle: Vec::new(),
            next: 1,
            held: 0,
        }
    }
}

impl Table {
    /// Every live ticket, in no order that means something; the same in every run.
    pub fn live(&self) -> &[Live] {
        &self.live
    }

    /// How many frames all of them name.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// What is known of a ticket; `None`: it is not live.
    pub fn get(&self, ticket: Ticket) -> Option<Live> {
        let place = *self.places.get(usize::try_from(ticket.0).ok()?)?;
        self.live.get(place as usize).copied()
    }

    /// Any live ticket.
    #[inline]
    pub fn pick(&self, stream: &mut Stream) -> Option<Ticket> {
        // Fits: tickets are u32.
        let at = stream.below(self.live.len() as u32);
        self.live.get(at as usize).map(|live| live.ticket)
    }

    /// A ticket that names nothing.
    #[inline]
    pub fn ticket(&mut self) -> Ticket {
        match self.idle.pop() {
            Some(idle) => Ticket(u64::from(idle)),
            None => self.tickets(1),
        }
    }

    /// The first of `count` tickets in a row that name nothing.
    ///
    /// # Panics
    /// When no more than 2^32 tickets are left.
    pub fn tickets(&mut self, count: u32) -> Ticket {
        let base = self.next;
        self.next = base.checked_add(count).expect("tickets are used again");
        Ticket(u64::from(base))
    }

    /// Asks for a block.
    #[inline]
    pub fn alloc(&mut self, request: Request) -> Op {
        Op::Alloc {
            ticket: self.ticket(),
            request,
        }
    }

    /// Asks for exactly so many frames in a row.
    pub fn exact(&mut self, frames: u32, request: Request) -> Op {
        Op::Exact {
            ticket: self.ticket(),
            frames,
            request,
        }
    }

    /// Gives back what a ticket names.
    #[inline]
    pub fn free(&mut self, ticket: Ticket, cpu: CpuId) -> Op {
        match self.get(ticket) {
            Some(live) if live.object => Op::Client(ClientOp::Kfree { ticket, cpu }),
            _ => Op::Free {
                ticket,
                cpu,
                cold: false,
            },
        }
    }

    /// Asks for an object of so many bytes.
    pub fn kmalloc(&mut self, size: u32, request: Request) -> Op {
        Op::Client(ClientOp::Kmalloc {
            ticket: self.ticket(),
            size,
            request,
        })
    }

    /// What came of an operation: tickets begin and end to name something.
    #[inline]
    pub fn observe(&mut self, op: &Op, outcome: &Outcome) {
        match (*op, *outcome) {
            (Op::Alloc { ticket, request }, Outcome::Lent(block)) => {
                self.put(ticket, block.frames(), request.gfp);
            }
            (
                Op::Exact {
                    ticket, request, ..
                },
                Outcome::Exact(range),
            ) => self.put(ticket, range.frames(), request.gfp),
            (Op::Alloc { ticket, .. } | Op::Exact { ticket, .. }, _) => self.give_back(ticket, 1),
            (
                Op::Bulk {
                    base,
                    count,
                    request,
                },
                outcome,
            ) => {
                let got = match outcome {
                    Outcome::Bulk { got } => got,
                    _ => 0,
                };
                for number in 0..u64::from(got) {
                    self.put(Ticket(base.0 + number), 1, request.gfp);
                }
                self.give_back(Ticket(base.0 + u64::from(got)), count - got);
            }
            (
                Op::Free { ticket, .. },
                Outcome::Freed(_) | Outcome::FreedRun(_) | Outcome::Kept(_) | Outcome::Skipped,
            ) if self.take(ticket).is_some() => self.give_back(ticket, 1),
            (Op::Client(op), outcome) => self.observe_client(&op, outcome),
            (Op::Split { ticket, base }, Outcome::Split(block)) => {
                let gfp = self.take(ticket).map_or(Gfp::NONE, |live| live.gfp);
                for number in 0..block.frames() {
                    self.put(Ticket(base.0 + number), 1, gfp);
                }
                if self.get(ticket).is_none() {
                    self.give_back(ticket, 1);
                }
            }
            _ => {}
        }
    }

    fn observe_client(&mut self, op: &ClientOp, outcome: Outcome) {
        match (*op, outcome) {
            (
                ClientOp::Kmalloc {
                    ticket, request, ..
                },
                Outcome::Object(_),
            ) => self.put_live(Live {
                ticket,
                frames: 0,
                gfp: request.gfp,
                object: true,
            }),
            (ClientOp::Kmalloc { ticket, .. }, _) => self.give_back(ticket, 1),
            (ClientOp::Kfree { ticket, .. }, Outcome::ObjectFreed(_) | Outcome::Skipped)
                if self.take(ticket).is_some() =>
            {
                self.give_back(ticket, 1);
            }
            _ => {}
        }
    }

    #[inline]
    fn put(&mut self, ticket: Ticket, frames: u64, gfp: Gfp) {
        self.put_live(Live {
            ticket,
            frames,
            gfp,
            object: false,
        });
    }

    #[inline]
    fn put_live(&mut self, live: Live) {
        let ticket = live.ticket;
        let at = ticket.0 as usize;
        if at >= self.places.len() {
            self.places.resize(at + 1, NOT_LIVE);
        }
        self.places[at] = self.live.len() as u32;
        self.held += live.frames;
        self.live.push(live);
    }

    #[inline]
    fn take(&mut self, ticket: Ticket) -> Option<Live> {
        let live = self.get(ticket)?;
        let place = std::mem::replace(&mut self.places[ticket.0 as usize], NOT_LIVE);
        self.live.swap_remove(place as usize);
        if let Some(moved) = self.live.get(place as usize) {
            self.places[moved.ticket.0 as usize] = place;
        }
        self.held -= live.frames;
        Some(live)
    }

    /// The lowest of them is the next to be used.
    #[inline]
    fn give_back(&mut self, base: Ticket, count: u32) {
        // Fits: `tickets` gave them out.
        let base = base.0 as u32;
        self.idle.extend((base..base + count).rev());
    }
}
