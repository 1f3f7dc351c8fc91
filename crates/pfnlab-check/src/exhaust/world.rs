//! What is searched.

use pfnlab_model::{Block, Pfn, Request, Snapshot};

/// A small world: where an allocator begins, and what may be asked of it. Besides, every block that
/// is held may be given back, by CPU 0.
///
/// The allocator can be looked into and keeps nothing on per-CPU lists.
#[derive(Clone, Debug)]
pub struct World<A> {
    /// The allocator in its first state.
    pub first: A,
    /// The requests that may be made, 64 at most.
    pub requests: Vec<Request>,
    /// Whether the order of lists is part of a state.
    pub lists: Lists<A>,
    /// How thoroughly rules are asked.
    pub asked: Asked,
}

/// Whether the order of lists is part of a state.
#[derive(Clone, Copy, Debug)]
pub enum Lists<A> {
    /// It is: two states with the same blocks in another order are two.
    Ordered,
    /// It is not: any block may be at the head of its list, and brought there by this function.
    AnyHead(fn(&mut A, Block)),
}

/// How thoroughly rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// After every move, with the books kept from its events, and in every state.
    Moves,
    /// In every state. Events are not heard: what is there must be right by itself.
    States,
    /// In one state of those that differ only in the order of lists: the first.
    Arrangements,
}

/// One thing that happens to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A request is made.
    Ask {
        /// Its position in [`World::requests`].
        request: u8,
        /// The free block that is brought to the head of its list before, by its position among all
        /// of them in the order of [`Inspect::each_free`](pfnlab_model::Inspect::each_free).
        head: Option<u8>,
    },
    /// A block is given back.
    GiveBack {
        /// Its position among the blocks held, by frame.
        held: u8,
    },
}

/// A world that cannot be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// Nobody can look into the allocator, so its states cannot be told apart.
    #[error("the allocator cannot be looked into (`inspect` gives nothing)")]
    Closed,
    /// There is too much memory to be numbered.
    #[error("{0} frames: a small world has 128 at most")]
    Frames(u64),
    /// There are too many requests to be numbered.
    #[error("{0} requests: a small world has 64 at most")]
    Requests(usize),
}

impl<A> World<A> {
    /// The frames at which pageblocks begin.
    ///
    /// # Errors
    /// When it is not small.
    pub(super) fn pageblocks(&self, first: &Snapshot) -> Result<Vec<Pfn>, WorldError> {
        let frames = first.zones.iter().map(|zone| zone.present).sum();
        if frames > 128 {
            return Err(WorldError::Frames(frames));
        }
        if self.requests.len() > 64 {
            return Err(WorldError::Requests(self.requests.len()));
        }
        let order = first.global.pageblock_order;
        let pageblocks = first
            .zones
            .iter()
            .filter_map(|zone| zone.pageblocks.as_ref());
        let starts = pageblocks.flat_map(|blocks| {
            (0..blocks.types.len() as u64).map(|number| blocks.first.offset(number << order.get()))
        });
        Ok(starts.collect())
    }
}

/// Moves as two bytes, to be kept in large numbers.
impl Move {
    const GIVE_BACK: u8 = 0xff;
    const NO_HEAD: u8 = 0xff;

    pub(super) fn bytes(self) -> [u8; 2] {
        match self {
            Move::Ask { request, head } => [request, head.unwrap_or(Move::NO_HEAD)],
            Move::GiveBack { held } => [Move::GIVE_BACK, held],
        }
    }

    pub(super) fn from_bytes(bytes: [u8; 2]) -> Move {
        match bytes {
            [Move::GIVE_BACK, held] => Move::GiveBack { held },
            [request, Move::NO_HEAD] => Move::Ask {
                request,
                head: None,
            },
            [request, head] => Move::Ask {
                request,
                head: Some(head),
            },
        }
    }
}
