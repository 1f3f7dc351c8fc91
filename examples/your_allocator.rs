//! An allocator of forty lines under the conformance suite, sound and with a bug.
//!
//! ```text
//! cargo run --example your_allocator
//! ```

use pfnlab_check::Suite;
use pfnlab_check::model::{
    AllocError, Block, CpuId, FreeError, Machine, Observer, Order, PageAllocator, Pfn, Request,
};

/// One bit for each frame up to the end of memory: free or not.
struct Bitmap {
    free: Vec<bool>,
    /// Frames that are forgotten at the end of each block that comes back.
    forgotten: usize,
}

impl Bitmap {
    fn new(machine: &Machine, forgotten: usize) -> Bitmap {
        let mut free = vec![false; machine.end().get() as usize];
        for memory in machine.free_ranges() {
            let range = memory.range.start().get() as usize..memory.range.end().get() as usize;
            free[range].fill(true);
        }
        Bitmap { free, forgotten }
    }

    fn bits(&mut self, block: Block) -> &mut [bool] {
        let start = block.start().get() as usize;
        &mut self.free[start..start + block.frames() as usize]
    }
}

impl PageAllocator for Bitmap {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        let size = request.order.frames() as usize;
        let mut runs = self.free.chunks_exact(size);
        let run = runs.position(|run| run.iter().all(|&free| free));
        let run = run.ok_or(AllocError::Exhausted(request.order))?;
        let block = Block::containing(Pfn::new((run * size) as u64), request.order);
        self.bits(block).fill(false);
        Ok(block)
    }

    fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        let forgotten = self.forgotten;
        let bits = self.bits(block);
        let kept = bits.len() - forgotten.min(bits.len() - 1);
        bits[..kept].fill(true);
        Ok(())
    }
}

fn main() {
    let low = |machine: &Machine| machine.end() <= Pfn::new(4 * Order::MAX.frames());
    let suite = Suite::default().only(low);
    for forgotten in [0, 1] {
        match suite.run(|machine| Bitmap::new(machine, forgotten)) {
            Ok(summary) => println!("{summary}"),
            Err(error) => println!("\n{error}"),
        }
    }
}
