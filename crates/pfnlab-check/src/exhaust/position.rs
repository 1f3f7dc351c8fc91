//! An allocator on its way through a world.

use pfnlab_model::{AllocError, Block, CpuId, FreeError, Inspect, Order, PageAllocator, Pfn};

use super::Move;
use super::World;
use super::world::Lists;

/// An allocator, and what is held of it.
#[derive(Clone)]
pub(super) struct Position<A> {
    pub(super) allocator: A,
    /// By frame.
    pub(super) held: Vec<Block>,
}

/// What came of a move.
pub(super) enum Came {
    /// A block was handed out, or came back.
    Moved,
    /// A request was refused.
    Refused,
    /// A block was not taken back.
    NotTaken(Block, FreeError),
}

impl<A: PageAllocator + Clone> Position<A> {
    pub(super) fn first(world: &World<A>) -> Position<A> {
        Position {
            allocator: world.first.clone(),
            held: Vec::new(),
        }
    }

    /// Makes a move.
    pub(super) fn play(&mut self, step: Move, world: &World<A>) -> Came {
        match step {
            Move::Ask { request, head } => {
                if let Some(head) = head {
                    self.bring_to_head(head, world);
                }
                let request = &world.requests[usize::from(request)];
                let lent = self.allocator.alloc(request, &mut ());
                self.take(lent)
            }
            Move::GiveBack { held } => {
                let block = self.held.remove(usize::from(held));
                match self.allocator.free(block, CpuId(0), &mut ()) {
                    Ok(()) => Came::Moved,
                    Err(error) => Came::NotTaken(block, error),
                }
            }
        }
    }

    /// Whoever asked holds what was handed out.
    pub(super) fn take(&mut self, lent: Result<Block, AllocError>) -> Came {
        let Ok(block) = lent else {
            return Came::Refused;
        };
        let at = self
            .held
            .partition_point(|held| held.start() < block.start());
        self.held.insert(at, block);
        Came::Moved
    }

    pub(super) fn bring_to_head(&mut self, head: u8, world: &World<A>) {
        let block = self.free_block(head);
        if let (Lists::AnyHead(bring), Some(block)) = (&world.lists, block) {
            bring(&mut self.allocator, block);
        }
    }

    /// A free block by its number.
    pub(super) fn free_block(&self, number: u8) -> Option<Block> {
        let free = self.free();
        let &(order, _, pfn) = free.get(usize::from(number))?;
        Block::new(pfn, order).ok()
    }

    /// Every free block: its order, its list, its frame.
    pub(super) fn free(&self) -> Vec<(Order, usize, Pfn)> {
        let mut free = Vec::new();
        if let Some(inspect) = self.allocator.inspect() {
            for (number, zone) in inspect.zones().into_iter().enumerate() {
                inspect.each_free(zone, &mut |order, mt, pfn| {
                    free.push((order, number << 8 | mt.index(), pfn));
                });
            }
        }
        free
    }

    pub(super) fn inspect(&self) -> &dyn Inspect {
        let inspect = self.allocator.inspect();
        inspect.expect("an allocator that could be looked into still can")
    }
}
