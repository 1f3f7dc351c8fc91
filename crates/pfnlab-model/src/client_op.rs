//! Operations of an allocator's clients: what asks for objects and pages rather than for blocks.

use core::fmt;

use crate::{CacheFlags, CacheSpec, CpuId, LruList, PageExtClients, Request, Ticket};

/// One thing a client of an allocator was asked for.
///
/// ```
/// use pfnlab_model::{ClientOp, Gfp, Op, Request, Ticket};
/// let request = Request::new(Gfp::GFP_KERNEL);
/// let op = Op::Client(ClientOp::Kmalloc { ticket: Ticket(9), size: 200, request });
/// assert_eq!(op.to_string(), "kmalloc 9 size=200 gfp=GFP_KERNEL cpu=0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOp {
    /// `kmalloc`: memory of so many bytes.
    Kmalloc {
        /// What it will be called.
        ticket: Ticket,
        /// How many bytes.
        size: u32,
        /// How, by whom, and near which node; the order follows, and there is no node mask.
        request: Request,
    },
    /// `kfree`: give back what `kmalloc` or `cache-alloc` gave. A ticket that names no object:
    /// nothing happens.
    Kfree {
        /// What to give back.
        ticket: Ticket,
        /// The CPU it runs on.
        cpu: CpuId,
    },
    /// `cache-create`: make a cache of objects of one size (`kmem_cache_create`).
    CacheCreate {
        /// What the cache will be called.
        ticket: Ticket,
        /// What it is to be.
        spec: CacheSpec,
    },
    /// `cache-alloc`: an object of a cache (`kmem_cache_alloc`).
    CacheAlloc {
        /// What it will be called.
        ticket: Ticket,
        /// The cache.
        cache: Ticket,
        /// How, by whom, and near which node.
        request: Request,
    },
    /// `cache-shrink`: give back what a cache does not need (`kmem_cache_shrink`).
    CacheShrink {
        /// The cache.
        cache: Ticket,
        /// The CPU it runs on.
        cpu: CpuId,
    },
    /// `cache-destroy`: unmake a cache that has no object in use (`kmem_cache_destroy`).
    CacheDestroy {
        /// The cache.
        cache: Ticket,
        /// The CPU it runs on.
        cpu: CpuId,
    },
    /// `get`: somebody else holds a block, too (`get_page`). Every holder gives it up with `f`; the last
    /// one frees it.
    Get {
        /// The block.
        ticket: Ticket,
        /// The CPU it runs on.
        cpu: CpuId,
    },
    /// `lru-add`: let a page wait for its place on a list of its node (`lru_cache_add`). From then
    /// on a batch may hold it longer than its ticket does.
    LruAdd {
        /// The page.
        ticket: Ticket,
        /// The list.
        list: LruList,
        /// The CPU it runs on.
        cpu: CpuId,
    },
    /// `lru-drain`: empty the batches of a CPU (`lru_add_drain`).
    LruDrain {
        /// Which CPU's.
        cpu: CpuId,
    },
    /// `page-ext`: make tables beside the page descriptors of every section (`page_ext_init`).
    PageExt {
        /// Who keeps something in them.
        clients: PageExtClients,
        /// The CPU it runs on.
        cpu: CpuId,
    },
}

impl ClientOp {
    /// The ticket it gives out.
    pub fn gives(&self) -> Option<Ticket> {
        match *self {
            ClientOp::Kmalloc { ticket, .. }
            | ClientOp::CacheCreate { ticket, .. }
            | ClientOp::CacheAlloc { ticket, .. } => Some(ticket),
            _ => None,
        }
    }

    /// The CPU it runs on.
    pub fn cpu(&self) -> CpuId {
        match *self {
            ClientOp::Kmalloc { request, .. } | ClientOp::CacheAlloc { request, .. } => request.cpu,
            ClientOp::Kfree { cpu, .. }
            | ClientOp::CacheShrink { cpu, .. }
            | ClientOp::CacheDestroy { cpu, .. }
            | ClientOp::Get { cpu, .. }
            | ClientOp::LruAdd { cpu, .. }
            | ClientOp::LruDrain { cpu }
            | ClientOp::PageExt { cpu, .. } => cpu,
            ClientOp::CacheCreate { .. } => CpuId(0),
        }
    }
}

impl fmt::Display for ClientOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ClientOp::Kmalloc {
                ticket,
                size,
                request,
            } => {
                write!(f, "kmalloc {ticket} size={size} ")?;
                how(request, f)
            }
            ClientOp::Kfree { ticket, cpu } => write!(f, "kfree {ticket} cpu={cpu}"),
            ClientOp::CacheCreate { ticket, spec } => {
                write!(f, "cache-create {ticket} size={}", spec.size)?;
                if spec.align != 0 {
                    write!(f, " align={}", spec.align)?;
                }
                if spec.flags == CacheFlags::NONE {
                    Ok(())
                } else {
                    write!(f, " flags={}", spec.flags)
                }
            }
            ClientOp::CacheAlloc {
                ticket,
                cache,
                request,
            } => {
                write!(f, "cache-alloc {ticket} cache={cache} ")?;
                how(request, f)
            }
            ClientOp::CacheShrink { cache, cpu } => write!(f, "cache-shrink {cache} cpu={cpu}"),
            ClientOp::CacheDestroy { cache, cpu } => write!(f, "cache-destroy {cache} cpu={cpu}"),
            ClientOp::Get { ticket, cpu } => write!(f, "get {ticket} cpu={cpu}"),
            ClientOp::LruAdd { ticket, list, cpu } => {
                write!(f, "lru-add {ticket} list={} cpu={cpu}", list.name())
            }
            ClientOp::LruDrain { cpu } => write!(f, "lru-drain cpu={cpu}"),
            ClientOp::PageExt { clients, cpu } => {
                write!(f, "page-ext clients={clients} cpu={cpu}")
            }
        }
    }
}

fn how(request: Request, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "gfp={} cpu={}", request.gfp, request.cpu)?;
    match request.node {
        Some(node) => write!(f, " node={node}"),
        None => Ok(()),
    }
}
