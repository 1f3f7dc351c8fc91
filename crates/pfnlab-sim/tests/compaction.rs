//! Bugs of moving memory together are found by the rules about who holds what.

use crate::common::op;
use pfnlab_model::*;
use pfnlab_sim::{Checker, Failure};
use pfnlab_zoo::{FirstFit, NODE0};

/// How the moving is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// What something was moved from is not freed.
    LosesTheSource,
    /// Everything is moved to where the first block went.
    MovesToOnePlace,
    /// The owner is not told where its memory is.
    ForgetsTheOwner,
}

/// The zoo's allocator, which moves each block that may be moved to another place when asked to
/// compact.
struct Mover(FirstFit, Bug);

impl Mover {
    fn place(&mut self, order: Order, cpu: CpuId, o: &mut impl Observer) -> Block {
        let gfp = Gfp::GFP_HIGHUSER_MOVABLE;
        let request = Request {
            order,
            cpu,
            ..Request::new(gfp)
        };
        self.0.alloc(&request, o).expect("most of memory is free")
    }
}

impl PageAllocator for Mover {
    fn alloc(&mut self, request: &Request, o: &mut impl Observer) -> Result<Block, AllocError> {
        self.0.alloc(request, o)
    }

    fn free(&mut self, block: Block, cpu: CpuId, o: &mut impl Observer) -> Result<(), FreeError> {
        self.0.free(block, cpu, o)
    }

    fn offers(&self, what: Capability) -> bool {
        what == Capability::Memory
    }

    fn memory(
        &mut self,
        op: &MemoryOp,
        _: PfnRange,
        owners: &mut impl Reclaim,
        o: &mut impl Observer,
    ) -> Result<PfnRange, MemoryError> {
        let cpu = op.cpu();
        let state = self.0.inspect().unwrap().snapshot();
        let lent = state.zone(NODE0).unwrap().lent.iter().copied();
        let sources: Vec<Block> = lent.filter(|&block| owners.can_move(block)).collect();
        let mut first = None;
        for from in sources {
            let to = match first {
                Some(first) if self.1 == Bug::MovesToOnePlace => first,
                _ => self.place(from.order(), cpu, o),
            };
            first = first.or(Some(to));
            if self.1 != Bug::ForgetsTheOwner {
                owners.moved(from, to, cpu, o);
            }
            o.event(Event::Memory(MemoryEvent::Migrated { from, to }));
            if self.1 != Bug::LosesTheSource {
                self.0.free(from, cpu, o).expect("it was handed out");
            }
        }
        Ok(PfnRange::default())
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.0.inspect()
    }
}

/// The first rule that two clients whose memory is moved see broken, and after which operation.
fn first_breach(bug: Bug) -> Option<(&'static str, String)> {
    let ops = [
        "a 1 order=2 gfp=GFP_HIGHUSER_MOVABLE",
        "a 2 order=2 gfp=GFP_HIGHUSER_MOVABLE",
        "compact node=0",
        "f 1",
        "f 2",
    ];
    let mut checker = Checker::new(Mover(FirstFit::new(pfnlab_zoo::Bug::None), bug)).unwrap();
    for line in ops {
        match checker.step(&op(line), &mut ()) {
            Ok(_) => {}
            Err(Failure::Breach(breach)) => return Some((breach.rule, line.to_owned())),
            Err(failure) => panic!("{failure}"),
        }
    }
    None
}

#[test]
fn what_is_lost_or_moved_twice_is_found() {
    let found = |bug| {
        let (rule, op) = first_breach(bug)?;
        Some(format!("{rule} by {op}"))
    };
    assert_eq!(found(Bug::None), None);
    let lost = found(Bug::LosesTheSource);
    assert_eq!(lost.as_deref(), Some("LEND-03 by compact node=0"));
    let twice = found(Bug::MovesToOnePlace);
    assert_eq!(twice.as_deref(), Some("LEND-02 by compact node=0"));
    let untold = found(Bug::ForgetsTheOwner);
    // The lowest free block comes first: what was 2 is where 1 was, and nothing is where 2 was.
    assert_eq!(untold.as_deref(), Some("RETURN-01 by f 2"));
}
