//! The watcher: events of an operation become its state.

use pfnlab_model::{
    Block, Event, Gfp, Inspect, MigrateType, Observer, Op, Order, PageAllocator, Request,
};

use super::lists::Lists;
use super::{Asked, Fallback, Length, Passed, State, States};
use crate::{Outcome, RefusalKind};

/// So many states are counted where they are found at once; a power of two.
const SLOTS: usize = 1 << 9;

/// Which states a run has reached, and how often. It is an [`Observer`] of the run, and is told what
/// came of every operation.
///
/// ```
/// use pfnlab_model::*;
/// use pfnlab_sim::{Coverage, Driver};
/// # struct Bump(u64);
/// # impl PageAllocator for Bump {
/// #     fn alloc(&mut self, r: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
/// #         self.0 += 1;
/// #         Ok(Block::page(Pfn::new(self.0 - 1)))
/// #     }
/// #     fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
/// #         Ok(())
/// #     }
/// # }
/// # let allocator = Bump(0);
/// let mut coverage = Coverage::of(&allocator);
/// let mut driver = Driver::new(allocator);
/// for ticket in [1, 2] {
///     let op = Op::Alloc { ticket: Ticket(ticket), request: Request::new(Gfp::GFP_KERNEL) };
///     let outcome = driver.step(&op, &mut coverage)?;
///     coverage.observe(&op, &outcome);
/// }
/// assert_eq!(coverage.states().len(), 1);
/// # Ok::<(), pfnlab_sim::DriverError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Coverage {
    lists: Option<Lists>,
    /// Of the operation that runs.
    current: Current,
    /// Whoever tells its requests tells of fallbacks, too; of others they are guessed from lists.
    tells: bool,
    counts: States,
    /// States that were counted lately.
    slots: Vec<Option<(State, u64)>>,
}

/// What the events of an operation told so far.
#[derive(Clone, Copy, Debug, Default)]
struct Current {
    /// The first of the blocks that left free lists in a row.
    first: Option<Block>,
    /// The last of them.
    last: Option<Block>,
    /// One was put on a list since.
    put: bool,
    /// The type of the list that was put on first.
    put_on: Option<MigrateType>,
    /// The type of the list that was taken from first.
    taken_from: Option<MigrateType>,
    list: Option<Length>,
    split: u8,
    merged: u8,
    retyped: bool,
    fallback: Option<Fallback>,
    passed: Option<Passed>,
}

impl Coverage {
    /// Of an allocator that is about to run.
    pub fn of(allocator: &impl PageAllocator) -> Coverage {
        Coverage {
            lists: allocator
                .inspect()
                .map(|inspect: &dyn Inspect| Lists::of(inspect)),
            current: Current::default(),
            tells: false,
            counts: States::default(),
            slots: vec![None; SLOTS],
        }
    }

    /// What came of the operation whose events were told. The result is its state; `None`: it asked
    /// nothing of lists, or was skipped.
    #[inline]
    pub fn observe(&mut self, op: &Op, outcome: &Outcome) -> Option<State> {
        let current = std::mem::take(&mut self.current);
        let state = self.state(&current, op, outcome)?;
        let number = state.number();
        // The upper half of a product depends on all bits.
        let slot = (number.wrapping_mul(0x9e37_79b9) >> 16) as usize % SLOTS;
        match &mut self.slots[slot] {
            Some((known, count)) if *known == state => *count += 1,
            other => {
                if let Some((known, count)) = other.replace((state, 1)) {
                    self.counts.add(known, count);
                }
            }
        }
        Some(state)
    }

    /// Every state so far, and how many operations were in it.
    pub fn states(&self) -> States {
        let mut all = self.counts.clone();
        let slots = self.slots.iter().flatten();
        slots.for_each(|&(state, count)| all.add(state, count));
        all
    }

    fn state(&self, current: &Current, op: &Op, outcome: &Outcome) -> Option<State> {
        let asked = Asked::of(op)?;
        let (order, refused) = match *outcome {
            Outcome::Skipped | Outcome::Unsupported => return None,
            Outcome::Refused(error) => (None, Some(RefusalKind::from(error))),
            Outcome::Freed(block) | Outcome::Split(block) | Outcome::Kept(block) => {
                (Some(block.order()), None)
            }
            _ => (None, None),
        };
        let wanted = request_of(op).map(wanted);
        let order = order.or(match op {
            Op::Alloc { request, .. } => Some(request.order),
            Op::Exact { frames, .. } => Order::covering(u64::from(*frames)),
            _ => None,
        });
        let guessed = || {
            let from = current.taken_from?;
            let claimed = current.retyped;
            (Some(from) != wanted).then_some(Fallback { from, claimed })
        };
        let fallback = match wanted {
            Some(_) if !self.tells => guessed(),
            _ => current.fallback,
        };
        Some(State {
            asked,
            order: order.unwrap_or(Order::ZERO),
            mt: wanted.or(current.put_on),
            list: current.list,
            split: current.split,
            merged: current.merged,
            fallback,
            passed: current.passed,
            refused,
        })
    }

    fn touch(&mut self, length: Option<u32>) {
        let class = length.map(Length::of);
        self.current.list = self.current.list.or(class);
    }
}

fn request_of(op: &Op) -> Option<&Request> {
    match op {
        Op::Alloc { request, .. } | Op::Bulk { request, .. } | Op::Exact { request, .. } => {
            Some(request)
        }
        _ => None,
    }
}

/// The type a request wants (`gfp_migratetype`).
fn wanted(request: &Request) -> MigrateType {
    if request.gfp.contains(Gfp::MOVABLE) {
        MigrateType::Movable
    } else if request.gfp.contains(Gfp::RECLAIMABLE) {
        MigrateType::Reclaimable
    } else {
        MigrateType::Unmovable
    }
}

impl Observer for Coverage {
    #[inline]
    fn event(&mut self, event: Event) {
        match event {
            Event::Asked(_) => self.tells = true,
            Event::Unlinked { zone, block, mt } => {
                let lists = self.lists.as_mut();
                let length = lists.map(|lists| lists.change(zone, block.order(), mt, false));
                self.touch(length);
                self.current.unlinked(block, mt);
            }
            Event::Linked {
                zone, block, mt, ..
            } => {
                let lists = self.lists.as_mut();
                let length = lists.map(|lists| lists.change(zone, block.order(), mt, true));
                self.touch(length);
                self.current.linked(block, mt);
            }
            Event::PcpLinked { .. } | Event::Lent { .. } => self.current.first = None,
            Event::FellBack { from, claimed, .. } => {
                self.current.fallback = Some(Fallback { from, claimed });
            }
            Event::Retyped { .. } => self.current.retyped = true,
            Event::ZoneRefused { why, .. } => self.current.passed = Some(Passed::from(why)),
            _ => {}
        }
    }
}

impl Current {
    #[inline]
    fn unlinked(&mut self, block: Block, mt: MigrateType) {
        self.taken_from = self.taken_from.or(Some(mt));
        if self.put || self.first.is_none() {
            self.first = Some(block);
            self.put = false;
        }
        self.last = Some(block);
    }

    /// A block on a list is half of the one that left one last, or what those that left are now.
    #[inline]
    fn linked(&mut self, block: Block, mt: MigrateType) {
        self.put_on = self.put_on.or(Some(mt));
        self.put = true;
        let deeper = |outer: Block, inner: Block| {
            let inside = outer.range().contains(inner.start());
            let depth = outer.order().get().checked_sub(inner.order().get());
            depth.filter(|_| inside).unwrap_or(0)
        };
        if let (Some(first), Some(last)) = (self.first, self.last) {
            self.split = self.split.max(deeper(last, block));
            self.merged = self.merged.max(deeper(block, first));
        }
    }
}
