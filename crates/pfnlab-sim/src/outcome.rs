//! Outcomes: what came of an operation.

use pfnlab_model::{Address, AllocError, Block, Expect, MemoryError, Pfn, PfnRange};

/// What came of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `a`: the ticket names this block now.
    Lent(Block),
    /// `a`, `bulk`, `exact`: nothing was handed out.
    Refused(AllocError),
    /// `f`: the block went back.
    Freed(Block),
    /// `cma-release`, `f` of what `exact` gave: its frames went back one by one, ascending.
    FreedRun(PfnRange),
    /// `f`, `split`: the ticket names nothing, or nothing that can be split. Nothing happened.
    Skipped,
    /// `split`: every frame of the block has a ticket of its own now.
    Split(Block),
    /// `bulk`: so many frames were handed out, one at least. [`Driver::pages`](crate::Driver::pages)
    /// has them.
    Bulk {
        /// How many.
        got: u32,
    },
    /// `exact`, `contig-alloc`, `cma-alloc`: the ticket names these frames now.
    Exact(PfnRange),
    /// `kmalloc`, `cache-alloc`: the ticket names this object now.
    Object(Address),
    /// `kfree`: the object went back.
    ObjectFreed(Address),
    /// `f` of a page in an LRU batch: the batch holds it still. It goes back when that is drained.
    Kept(Block),
    /// `drain`, `vmstat`, `sysctl`, `zone-flags`, and what clients do with what they have: done.
    Done,
    /// `sysctl`, `zone-flags`: the allocator does not take the value, or has no such zone.
    /// `cache-create`, `cache-destroy`: no such cache can be, or it is in use.
    Rejected,
    /// `mem-…`, `contig-alloc`, `cma-…`: it cannot be.
    Failed(MemoryError),
    /// The allocator does not offer this. It was not asked.
    Unsupported,
}

impl Outcome {
    /// What came of that which gives nothing out: it was done, or not taken.
    pub(crate) fn of<E>(done: &Result<(), E>) -> Outcome {
        match done {
            Ok(()) => Outcome::Done,
            Err(_) => Outcome::Rejected,
        }
    }

    /// The outcome as a trace would state it after `=>`; `None`: a trace has no word for it.
    /// `pages` are the frames of the latest `bulk`.
    pub fn as_expectation(&self, pages: &[Pfn]) -> Option<Expect> {
        match self {
            Outcome::Lent(block) | Outcome::Freed(block) | Outcome::Split(block) => {
                Some(Expect::Pfns(vec![block.start()]))
            }
            Outcome::Exact(range) | Outcome::FreedRun(range) => {
                Some(Expect::Pfns(vec![range.start()]))
            }
            Outcome::Object(at) | Outcome::ObjectFreed(at) => Some(Expect::Pfns(vec![at.frame()])),
            Outcome::Kept(block) => Some(Expect::Pfns(vec![block.start()])),
            Outcome::Bulk { .. } => Some(Expect::Pfns(pages.to_vec())),
            Outcome::Refused(_) | Outcome::Failed(_) => Some(Expect::Fail),
            Outcome::Skipped => Some(Expect::Skip),
            Outcome::Done | Outcome::Rejected | Outcome::Unsupported => None,
        }
    }
}
