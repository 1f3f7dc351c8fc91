//! A machine boots and hands out its first frames.
//!
//! ```text
//! cargo run --example first_allocation
//! ```

use pfnlab::{Gfp, Inspect, Mm, PageAllocator, Request, kernel, machine};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let machine = machine::resolve("one-node")?;
    let mut mm = Mm::boot(&machine, kernel::profile(None)?, &kernel::config(None)?)?;

    // `()` listens to no events.
    for gfp in [
        Gfp::GFP_KERNEL,
        Gfp::GFP_HIGHUSER_MOVABLE,
        Gfp::GFP_KERNEL | Gfp::DMA,
    ] {
        let block = mm.alloc(&Request::new(gfp), &mut ())?;
        let zone = mm.zone_of(block.start()).ok_or("a frame has a zone")?;
        println!(
            "{gfp}: frame {} of zone {}, in a pageblock of type {}",
            block.start(),
            zone.kind,
            mm.pageblock_type(block.start()),
        );
    }
    Ok(())
}
