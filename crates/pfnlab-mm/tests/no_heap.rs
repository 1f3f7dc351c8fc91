//! Once booted, the allocator asks for no heap memory: not to allocate, not to free, not to rob.

use std::alloc::System;

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, Capability, CpuId, Gfp, MachineSpec, NodeSpec, Observer, Order, PageAllocator, Pfn,
    Request, Sysctl,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Counts what happened, so that the run can be seen to have been one.
#[derive(Default)]
struct Seen {
    splits: u64,
    merges: u64,
    fallbacks: u64,
    refused: u64,
}

impl Observer for Seen {
    fn event(&mut self, event: pfnlab_model::Event) {
        use pfnlab_model::Event::{FellBack, Merged, Refused, Split};
        match event {
            Split { .. } => self.splits += 1,
            Merged { .. } => self.merges += 1,
            FellBack { .. } => self.fallbacks += 1,
            Refused(_) => self.refused += 1,
            _ => {}
        }
    }
}

/// A step of a linear congruential sequence: enough to mix requests with.
fn next(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

// No test harness: its threads ask for memory too, and the counter counts them all.
fn main() {
    let mut refused = 0;
    for &profile in Profile::ALL {
        let ram = |text: &str| vec![text.parse().unwrap()];
        let node = |cpu: u16, text: &str| NodeSpec {
            cpus: vec![cpu],
            ram: ram(text),
            distance: vec![],
        };
        let spec = MachineSpec {
            nodes: vec![node(0, "0..96M"), node(1, "96M..160M")],
            ..MachineSpec::default()
        };
        let mut mm = Mm::boot(&spec.build().unwrap(), profile, &Config::X86_64).unwrap();
        assert!(mm.offers(Capability::Exact) && mm.offers(Capability::Sysctl));
        let gfps = [Gfp::GFP_KERNEL, Gfp::GFP_HIGHUSER_MOVABLE, Gfp::GFP_ATOMIC];
        let mut live: Vec<(Block, CpuId)> = Vec::with_capacity(1 << 16);
        let mut pages = [Pfn::default(); 64];
        let mut seen = Seen::default();
        let mut seed = 1;

        let region = Region::new(HEAP);
        for step in 0..60_000_u64 {
            let draw = next(&mut seed);
            let cpu = CpuId((draw % 2) as u16);
            let gfp = gfps[(draw >> 1) as usize % gfps.len()];
            let order = Order::new((draw >> 8).trailing_ones().min(10) as u8).unwrap();
            let request = Request {
                order,
                cpu,
                ..Request::new(gfp)
            };
            match draw >> 20 & 63 {
                0 if mm.offers(Capability::Bulk) => {
                    let got = mm.bulk(&request, &mut pages, &mut seen).unwrap_or(0);
                    live.extend(pages[..got].iter().map(|&page| (Block::page(page), cpu)));
                }
                1 => {
                    if let Ok(start) = mm.exact(&request, 5, &mut seen) {
                        live.extend((0..5).map(|at| (Block::page(start.offset(at)), cpu)));
                    }
                }
                2 => mm.drain(cpu, &mut seen),
                3 => mm.vmstat_tick(cpu, &mut seen),
                4 if step % 16 == 0 => {
                    mm.sysctl(Sysctl::MinFreeKbytes, 1024 + draw % 1024, &mut seen)
                        .unwrap();
                }
                choice if live.is_empty() || (choice < 36 && live.len() < 1 << 15) => {
                    if let Ok(block) = mm.alloc(&request, &mut seen) {
                        live.push((block, cpu));
                    }
                }
                _ => {
                    let at = (draw >> 26) as usize % live.len();
                    let (block, cpu) = live.swap_remove(at);
                    mm.free(block, cpu, &mut seen).unwrap();
                }
            }
        }
        let change = region.change();
        assert_eq!(
            (change.allocations, change.reallocations),
            (0, 0),
            "{}",
            profile.name()
        );
        assert!(seen.splits > 1000, "blocks were split");
        assert!(seen.merges > 1000, "blocks were merged");
        assert!(seen.fallbacks > 0, "types were robbed");
        refused += seen.refused;
    }
    assert!(refused > 0, "memory ran out");
    println!("test no_operation_asks_for_heap_memory ... ok");
}
