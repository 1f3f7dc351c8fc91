//! A block is split on the way down and merged on the way up, and events tell it.
//!
//! ```text
//! cargo run --example split_and_merge
//! ```

use pfnlab::{CpuId, Event, Gfp, Mm, Order, PageAllocator, Request, kernel, machine};

/// Prints what happens to blocks, and nothing else.
fn tell(tape: &[Event]) {
    for event in tape {
        match event {
            Event::Split { block, .. } => println!("  split {block}"),
            Event::Merged { block, .. } => println!("  merged to {block}"),
            Event::Lent { block, .. } => println!("  handed out {block}"),
            Event::Returned { block, .. } => println!("  came back {block}"),
            _ => {}
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let machine = machine::resolve("one-node")?;
    let mut mm = Mm::boot(&machine, kernel::profile(None)?, &kernel::config(None)?)?;

    // Order 5 is too large for the per-CPU lists and too small to be lying about after boot.
    let request = Request {
        order: Order::new(5)?,
        ..Request::new(Gfp::GFP_HIGHUSER_MOVABLE)
    };
    let mut tape: Vec<Event> = Vec::new();
    let block = mm.alloc(&request, &mut tape)?;
    println!("a block of order 5 is asked for:");
    tell(&tape);

    tape.clear();
    mm.free(block, CpuId(0), &mut tape)?;
    println!("it is freed:");
    tell(&tape);
    Ok(())
}
