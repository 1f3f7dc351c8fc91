//! The table of one section: a run of frames, or single ones when no run is to be had.

use alloc::vec::Vec;

use pfnlab_model::{
    AllocError, Block, Capability, CpuId, FreeError, Gfp, NodeId, Observer, Order, PAGE_BYTES,
    PageAllocator, Pfn, PfnRange, Request,
};

/// Where the addresses of scattered tables begin (`VMALLOC_START` of x86-64).
pub const VMALLOC_START: u64 = 0xffff_c900_0000_0000;

/// Where the frames of a table come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableSource {
    /// A run of exactly as many frames as it takes (`alloc_pages_exact_nid`).
    Run(PfnRange),
    /// A block, of which the last frames are not used: the allocator does not offer exact runs.
    Block(Block),
    /// Single frames, mapped in a row (`vzalloc_node`).
    Scattered(Vec<Pfn>),
}

/// The table of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) source: TableSource,
    /// Its address: physical for a run or a block, virtual for scattered frames.
    pub(super) base: u64,
    /// Lookups find nothing any more: it is about to be given back.
    pub(super) invalid: bool,
}

impl Table {
    /// A table of `bytes`, zeroed, for a node. `vmalloc_end` is where the addresses of scattered
    /// tables go on.
    ///
    /// # Errors
    /// When there are not enough frames; all are given back then.
    pub(super) fn make(
        bytes: u64,
        node: NodeId,
        cpu: CpuId,
        vmalloc_end: &mut u64,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Table, AllocError> {
        let frames = bytes.div_ceil(PAGE_BYTES);
        let named = memory.offers(Capability::Zones);
        let request = Request {
            order: Order::ZERO,
            gfp: Gfp::GFP_KERNEL | Gfp::ZERO | Gfp::NOWARN,
            cpu,
            node: named.then_some(node),
            nodes: None,
        };
        let run = run(frames, &request, memory, observer);
        let (source, base) = match run {
            Ok(source) => {
                let start = match &source {
                    TableSource::Run(range) => range.start(),
                    TableSource::Block(block) => block.start(),
                    TableSource::Scattered(_) => unreachable!("a run is one piece"),
                };
                (source, start.get() * PAGE_BYTES)
            }
            Err(_) => {
                let source = scattered(frames, &request, memory, observer)?;
                let base = *vmalloc_end;
                // One frame between two areas stays unmapped.
                *vmalloc_end += (frames + 1) * PAGE_BYTES;
                (source, base)
            }
        };
        Ok(Table {
            source,
            base,
            invalid: false,
        })
    }

    /// Gives every frame back.
    pub(super) fn give_back(
        self,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let mut free = |block| memory.free(block, cpu, observer);
        match self.source {
            TableSource::Run(range) => (0..range.frames())
                .map(|frame| Block::page(range.start().offset(frame)))
                .try_for_each(free),
            TableSource::Block(block) => free(block),
            TableSource::Scattered(pages) => pages.into_iter().map(Block::page).try_for_each(free),
        }
    }
}

fn run(
    frames: u64,
    request: &Request,
    memory: &mut impl PageAllocator,
    observer: &mut impl Observer,
) -> Result<TableSource, AllocError> {
    let order = Order::covering(frames).ok_or(AllocError::TooLarge(Order::MAX))?;
    if memory.offers(Capability::Exact) {
        // Fits: an order covers it.
        let start = memory.exact(request, frames as u32, observer)?;
        return Ok(TableSource::Run(PfnRange::sized(start, frames)));
    }
    let request = Request { order, ..*request };
    memory.alloc(&request, observer).map(TableSource::Block)
}

fn scattered(
    frames: u64,
    request: &Request,
    memory: &mut impl PageAllocator,
    observer: &mut impl Observer,
) -> Result<TableSource, AllocError> {
    let mut pages = Vec::new();
    for _ in 0..frames {
        match memory.alloc(request, observer) {
            Ok(block) => pages.push(block.start()),
            Err(error) => {
                for &page in &pages {
                    let freed = memory.free(Block::page(page), request.cpu, observer);
                    assert!(
                        freed.is_ok(),
                        "the allocator does not know what it handed out"
                    );
                }
                return Err(error);
            }
        }
    }
    Ok(TableSource::Scattered(pages))
}
