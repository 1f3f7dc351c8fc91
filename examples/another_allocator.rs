//! Another allocator under the same driver and the same rules: first fit, in fifty lines.
//!
//! ```text
//! cargo run --example another_allocator
//! ```

use pfnlab::model::{AllocError, FreeError};
use pfnlab::sim::phase::{Checkerboard, Kind, MixedOrders, Program, Requests};
use pfnlab::sim::{Clients, Tally};
use pfnlab::{Block, CpuId, Driver, Observer, Op, Order, Outcome, PageAllocator, Pfn, Request};

/// A frame is free or not; the first run that fits is taken.
struct FirstFit {
    used: Vec<bool>,
}

impl FirstFit {
    fn frames(&mut self, block: Block) -> &mut [bool] {
        let start = block.start().get() as usize;
        &mut self.used[start..start + block.frames() as usize]
    }
}

impl PageAllocator for FirstFit {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        let size = request.order.frames() as usize;
        let mut runs = self.used.chunks_exact(size);
        let run = runs.position(|run| !run.contains(&true));
        let run = run.ok_or(AllocError::Exhausted(request.order))?;
        let block = Block::containing(Pfn::new((run * size) as u64), request.order);
        self.frames(block).fill(true);
        Ok(block)
    }

    fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        if self.frames(block).contains(&false) {
            return Err(FreeError::NotLent(block));
        }
        self.frames(block).fill(false);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const FRAMES: u64 = 4096;
    let mut asked = Requests::default();
    asked.ask.order = Order::new(1)?;
    let phases = [
        Kind::MixedOrders(MixedOrders::default()),
        Kind::Checkerboard(Checkerboard::default()),
        Kind::Requests(asked),
    ];
    let mut program = Program::new(1, FRAMES, 1, &phases);
    let mut driver = Driver::new(FirstFit {
        used: vec![false; FRAMES as usize],
    });

    // The rule that matters most needs no look inside: nobody gets what another one holds.
    let mut clients = Clients::new();
    let mut tallies = [Tally::default(); 3];
    while let Some(op) = program.next_op() {
        let held = match op {
            Op::Free { ticket, .. } => driver.held(ticket),
            _ => None,
        };
        let outcome = driver.step(&op, &mut ())?;
        match (outcome, held) {
            (Outcome::Lent(block), _) => clients
                .get(block.range())
                .map_err(|other| format!("{block} overlaps {other}"))?,
            (Outcome::Freed(_), Some(held)) => clients.give(held.range()),
            _ => {}
        }
        program.observe(&outcome);
        tallies[program.position()].count(&outcome);
    }
    for (phase, tally) in phases.iter().zip(tallies) {
        println!(
            "{:<12} {:>6} served, {:>5} refused, {:>5} not offered",
            phase.name(),
            tally.lent,
            tally.refused,
            tally.unsupported,
        );
    }
    println!("{} of {FRAMES} frames are held", clients.frames());
    Ok(())
}
