//! Other allocators under the conformance suite, and in a contest.

use pfnlab_check::Suite;
use pfnlab_check::contest::{Agreement, Contest};
use pfnlab_check::machines::machine;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    AllocError, Block, BlockError, Capability, CpuId, FreeError, Machine, Observer, Order,
    PageAllocator, Pfn, Request,
};
use pfnlab_peers::Peer;
use pfnlab_peers::peers::{Bitmap, BuddySlab, BuddySystem, Depot, FrameAlloc};

/// A peer on a machine with one piece of memory that begins at frame 0.
struct Adapter<P: Peer> {
    peer: P,
    /// Where frame 0 is, in the peer's own numbers.
    base: u64,
    /// Peers keep their books there.
    _memory: P::Memory,
}

impl<P: Peer> Adapter<P> {
    fn new(machine: &Machine) -> Adapter<P> {
        let frames = machine.frames();
        let mut memory = P::memory(pfnlab_peers::Machine { frames });
        let mut base = P::base(&mut memory);
        let mut peer = P::boot(&mut memory);
        // One that keeps its books in front of its frames aligns blocks to the first behind them.
        if let Some((start, order)) = largest(&mut peer) {
            base += (start - base) % (P::STEP << order);
        }
        Adapter {
            peer,
            base,
            _memory: memory,
        }
    }
}

/// The largest block a peer hands out, and takes back: where it starts, and its order.
fn largest<P: Peer>(peer: &mut P) -> Option<(u64, u8)> {
    let mut orders = (0..=Order::MAX.get()).rev();
    let found = orders.find_map(|order| peer.alloc(order).map(|start| (start, order)));
    found.inspect(|&(start, order)| peer.free(start, order))
}

/// Peers have Linux's eleven orders.
impl<P: Peer> PageAllocator for Adapter<P> {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        let order = request.order;
        let start = self.peer.alloc(order.get());
        let start = start.ok_or(AllocError::Exhausted(order))?;
        let block = Block::new(Pfn::new((start - self.base) / P::STEP), order);
        Ok(block.unwrap_or_else(|error: BlockError| panic!("handed out: {error}")))
    }

    fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        let start = self.base + block.start().get() * P::STEP;
        self.peer.free(start, block.order().get());
        Ok(())
    }

    fn offers(&self, what: Capability) -> bool {
        what == Capability::PerCpu && P::CACHES
    }
}

/// On two of the largest blocks, and a little that is none.
fn suite() -> Suite {
    let one = machine("two-tops", &[(1, &[(0, 2 * Order::MAX.frames() + 5)])]);
    Suite::default().machines(vec![one])
}

/// Nothing is found in a peer.
#[track_caller]
fn holds<P: Peer>() {
    let suite = suite().seeds(12);
    if let Err(error) = suite.run(Adapter::<P>::new) {
        panic!("{}: {error}", P::NAME);
    }
}

#[test]
fn bitmap_allocator() {
    holds::<Bitmap>();
}

#[test]
fn buddy_slab_allocator() {
    holds::<BuddySlab>();
}

#[test]
fn buddy_system_allocator() {
    holds::<BuddySystem>();
}

#[test]
fn frame_alloc() {
    holds::<FrameAlloc>();
}

#[test]
fn frame_alloc_with_its_cache() {
    holds::<Depot>();
}

/// All of them and pfnlab on the same operations: each keeps its promises, whatever frames it takes.
#[test]
fn all_of_them_keep_their_promises_on_the_same_operations() {
    let contest = Contest::new(Agreement::Promises)
        .with("buddy_system", Adapter::<BuddySystem>::new)
        .with("bitmap", Adapter::<Bitmap>::new)
        .with("buddy-slab", Adapter::<BuddySlab>::new)
        .with("frame-alloc", Adapter::<FrameAlloc>::new)
        .with("depot", Adapter::<Depot>::new)
        .with("linux-6.12.y", |machine: &Machine| {
            let profile = Profile::by_name("linux-6.12.y").expect("it exists");
            Mm::boot(machine, profile, &Config::X86_64).expect("a plain machine")
        });
    let contested = contest.search(&suite().seeds(2).operations(1000)).unwrap();
    let comparison = contested.comparison;
    assert!(comparison.agrees(), "{comparison}");
    assert!(comparison.operations > 2000, "{comparison}");
    // Nobody places as somebody else does.
    let others = &comparison.sides[1..];
    assert!(others.iter().all(|side| side.differing > 0), "{comparison}");
}

/// Two buddies part at the first operation that shows where they begin.
#[test]
fn two_buddies_part_at_their_first_frame() {
    let contest = Contest::new(Agreement::Outcomes)
        .with("bitmap", Adapter::<Bitmap>::new)
        .with("frame-alloc", Adapter::<FrameAlloc>::new);
    let contested = contest.search(&suite().seeds(1)).unwrap();
    let case = contested.case.expect("they place otherwise");
    assert_eq!(case.steps().len(), 1, "{case}");
    assert!(
        contested
            .comparison
            .parting
            .is_some_and(|parting| parting.step == 0)
    );
}

/// One allocator twice comes to the same.
#[test]
fn a_peer_agrees_with_itself() {
    let contest = Contest::new(Agreement::Outcomes)
        .with("one", Adapter::<BuddySlab>::new)
        .with("other", Adapter::<BuddySlab>::new);
    let contested = contest.search(&suite().seeds(2)).unwrap();
    assert!(contested.comparison.agrees(), "{}", contested.comparison);
}
