//! The table of live tickets that the phases of a program share.

use pfnlab_model::{ClientOp, CpuId, Gfp, MemoryOp, Op, Request, Ticket};

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
///
/// A run of a large machine draws from it at random, and each draw that misses the processor's
/// cache costs more than the rest of the operation: so it is kept small.
#[derive(Clone, Debug)]
pub struct Table {
    /// The live tickets.
    live: Vec<u32>,
    /// By ticket; of the live ones it is true.
    known: Vec<Known>,
    idle: Vec<u32>,
    next: u32,
    held: u64,
}

/// What is known of a ticket.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Where it stands in [`Table::live`], or [`NOT_LIVE`].
    place: u32,
    /// How many frames it names; 0: it is an object.
    frames: u32,
    gfp: Gfp,
}

const NOT_LIVE: u32 = u32::MAX;

impl Known {
    const NOTHING: Known = Known {
        place: NOT_LIVE,
        frames: 0,
        gfp: Gfp::NONE,
    };
}

impl Default for Table {
    fn default() -> Table {
        Table {
            live: Vec::new(),
            known: Vec::new(),
            idle: Vec::new(),
            next: 1,
            held: 0,
        }
    }
}

impl Table {
    /// Every live ticket, in no order that means something; the same in every run.
    pub fn live(&self) -> impl ExactSizeIterator<Item = Live> {
        self.live.iter().map(|&ticket| self.live_at(ticket))
    }

    /// The live ticket that was the last to become so, if none was freed since.
    #[inline]
    pub fn latest(&self) -> Option<Live> {
        self.live.last().map(|&ticket| self.live_at(ticket))
    }

    /// How many frames all of them name.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// What is known of a ticket; `None`: it is not live.
    #[inline]
    pub fn get(&self, ticket: Ticket) -> Option<Live> {
        let at = u32::try_from(ticket.0).ok()?;
        let known = self.known.get(at as usize)?;
        (known.place != NOT_LIVE).then(|| self.live_at(at))
    }

    fn live_at(&self, ticket: u32) -> Live {
        let known = self.known[ticket as usize];
        Live {
            ticket: Ticket(u64::from(ticket)),
            frames: u64::from(known.frames),
            gfp: known.gfp,
            object: known.frames == 0,
        }
    }

    /// Any live ticket.
    #[inline]
    pub fn pick(&self, stream: &mut Stream) -> Option<Ticket> {
        // Fits: tickets are u32.
        let at = stream.below(self.live.len() as u32);
        let ticket = self.live.get(at as usize)?;
        Some(Ticket(u64::from(*ticket)))
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
            (Op::Memory(op), outcome) => self.observe_memory(&op, outcome),
            (Op::Split { ticket, base }, Outcome::Split(block)) => {
                let gfp = self.take(ticket).unwrap_or(Gfp::NONE);
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
            ) => self.put(ticket, 0, request.gfp),
            (ClientOp::Kmalloc { ticket, .. }, _) => self.give_back(ticket, 1),
            (ClientOp::Kfree { ticket, .. }, Outcome::ObjectFreed(_) | Outcome::Skipped)
                if self.take(ticket).is_some() =>
            {
                self.give_back(ticket, 1);
            }
            _ => {}
        }
    }

    /// Frames that were taken by their place are somebody's, who does not let them be moved.
    fn observe_memory(&mut self, op: &MemoryOp, outcome: Outcome) {
        match (op.gives(), outcome) {
            (Some(ticket), Outcome::Exact(range)) => self.put(ticket, range.frames(), Gfp::NONE),
            (Some(ticket), _) => self.give_back(ticket, 1),
            _ => {}
        }
    }

    #[inline]
    fn put(&mut self, ticket: Ticket, frames: u64, gfp: Gfp) {
        let at = ticket.0 as usize;
        if at >= self.known.len() {
            self.known.resize(at + 1, Known::NOTHING);
        }
        self.known[at] = Known {
            place: self.live.len() as u32,
            // Fits: the largest request is of as many.
            frames: frames as u32,
            gfp,
        };
        self.held += frames;
        // Fits: `tickets` gave it out.
        self.live.push(at as u32);
    }

    /// The ticket is not live any more; `None`: it was not before. What it was asked for with.
    #[inline]
    fn take(&mut self, ticket: Ticket) -> Option<Gfp> {
        let at = usize::try_from(ticket.0).ok()?;
        let known = self.known.get_mut(at)?;
        let Known { place, frames, gfp } = *known;
        if place == NOT_LIVE {
            return None;
        }
        known.place = NOT_LIVE;
        self.live.swap_remove(place as usize);
        if let Some(&moved) = self.live.get(place as usize) {
            self.known[moved as usize].place = place;
        }
        self.held -= u64::from(frames);
        Some(gfp)
    }

    /// The lowest of them is the next to be used.
    #[inline]
    fn give_back(&mut self, base: Ticket, count: u32) {
        // Fits: `tickets` gave them out.
        let base = base.0 as u32;
        self.idle.extend((base..base + count).rev());
    }
}
