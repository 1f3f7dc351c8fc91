//! Guard pages: small upper halves of what is split are kept back until the lower half is free.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Gfp, Inspect, MachineSpec, NodeSpec, Order, PageAllocator, Pfn, Request,
    Snapshot, ZoneStat,
};

fn machine(order: u8) -> MachineSpec {
    MachineSpec {
        debug_guardpage_minorder: Some(order),
        nodes: vec![NodeSpec {
            cpus: vec![0],
            ram: vec!["16M..80M".parse().unwrap()],
            ..NodeSpec::default()
        }],
        ..MachineSpec::default()
    }
}

fn boot(profile: &'static Profile, order: u8) -> Mm {
    Mm::boot(
        &machine(order).build().unwrap(),
        profile,
        &Config::X86_64_NO_THP,
    )
    .unwrap()
}

fn guards(state: &Snapshot) -> Vec<Block> {
    let zones = state.zones.iter();
    zones.flat_map(|zone| zone.guards.clone()).collect()
}

/// Frames on free lists.
fn listed(state: &Snapshot) -> i64 {
    let lists = state.zones.iter().flat_map(|zone| &zone.free_lists);
    let frames = lists.map(|list| list.pfns.len() as u64 * list.order.frames());
    frames.sum::<u64>() as i64
}

fn frames(blocks: &[Block]) -> i64 {
    blocks.iter().map(|block| block.frames() as i64).sum()
}

/// A block of order 3, guards below order 2: only its own halves of orders 2 and up are free; what
/// is left of a single page are a page and two pages behind it.
#[test]
fn small_upper_halves_are_kept_back() {
    for profile in Profile::ALL {
        let name = profile.name();
        let mut mm = boot(profile, 2);
        let before = listed(&mm.snapshot());
        let request = Request::new(Gfp::GFP_KERNEL);
        let page = mm.alloc(&request, &mut ()).unwrap();
        let state = mm.snapshot();
        let kept = guards(&state);
        assert_eq!(
            state.machine_wide_exact(ZoneStat::FreePages),
            listed(&state)
        );
        if name == "linux-2.6.37" {
            assert_eq!(kept, []);
            continue;
        }
        // Each page that was fetched for the CPU is the first of four.
        let fetched: Vec<Pfn> = state
            .zones
            .iter()
            .flat_map(|zone| &zone.pcp)
            .flat_map(|pcp| &pcp.lists)
            .flat_map(|list| list.pfns.iter().copied())
            .chain([page.start()])
            .collect();
        assert_eq!(before - listed(&state), 4 * fetched.len() as i64, "{name}");
        assert_eq!(frames(&kept), 3 * fetched.len() as i64, "{name}");
        for pfn in fetched {
            assert!(pfn.is_aligned(Order::new(2).unwrap()), "{name}: {pfn}");
            let page = Block::page(pfn);
            let pair = page.parent().unwrap();
            assert!(
                kept.contains(&page.buddy()) && kept.contains(&pair.buddy()),
                "{name}"
            );
        }
        // Freed and drained, each merges with its guards, and everything is as it was.
        mm.free(page, CpuId(0), &mut ()).unwrap();
        mm.drain(CpuId(0), &mut ());
        let state = mm.snapshot();
        assert_eq!((guards(&state), listed(&state)), (vec![], before), "{name}");
        assert_eq!(
            state.machine_wide_exact(ZoneStat::FreePages),
            before,
            "{name}"
        );
        let largest = state
            .zones
            .iter()
            .map(|zone| zone.free_blocks(Order::MAX))
            .sum::<u64>();
        assert_eq!(largest as i64, before >> Order::MAX.get(), "{name}");
    }
}

/// A block that is as large as the smallest that is not kept back has no guard.
#[test]
fn large_halves_are_free() {
    let mut mm = boot(Profile::NEWEST, 3);
    let request = Request {
        order: Order::new(4).unwrap(),
        ..Request::new(Gfp::GFP_KERNEL)
    };
    mm.alloc(&request, &mut ()).unwrap();
    assert_eq!(guards(&mm.snapshot()), []);
}

/// What was kept back is kept back in an allocator that goes on from a snapshot.
#[test]
fn guards_are_resumed() {
    for profile in Profile::ALL {
        let mut mm = boot(profile, 5);
        let request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE);
        let page = mm.alloc(&request, &mut ()).unwrap();
        let state = mm.snapshot();
        let mut other = Mm::resume(&state).unwrap();
        assert_eq!(other.snapshot(), state);
        for mm in [&mut mm, &mut other] {
            mm.free(page, CpuId(0), &mut ()).unwrap();
            mm.drain(CpuId(0), &mut ());
            mm.alloc(&request, &mut ()).unwrap();
        }
        assert_eq!(other.snapshot(), mm.snapshot(), "{}", profile.name());
    }
}

/// The kernel takes 0 to half the largest order.
#[test]
fn other_orders_are_refused() {
    assert!(machine(5).build().is_ok());
    let error = machine(6).build().unwrap_err().to_string();
    assert_eq!(
        error,
        "debug-guardpage-minorder: guard pages are of orders below 0 to 5, not 6"
    );
}

/// A page whose buddy is in use, beside a guard: once the buddy is back, both merge with the guard. So it goes
/// to the tail, behind one beside nothing of the kind.
#[test]
fn a_page_beside_a_guard_goes_to_the_tail() {
    // 2.6.37 keeps none back.
    for profile in &Profile::ALL[1..] {
        let name = profile.name();
        let mut mm = boot(profile, 3);
        let request = Request {
            order: Order::new(1).unwrap(),
            ..Request::new(Gfp::GFP_KERNEL)
        };
        // Pairs that lay about are no halves of anything.
        let mut half = || loop {
            let pair = mm.alloc(&request, &mut ()).unwrap();
            if guards(&mm.snapshot()).contains(&pair.buddy()) {
                mm.split(pair, &mut ()).unwrap();
                return pair.start();
            }
        };
        let (first, second) = (half(), half());
        for page in [first, second] {
            mm.free(Block::page(page), CpuId(0), &mut ()).unwrap();
            mm.drain(CpuId(0), &mut ());
        }
        let state = mm.snapshot();
        let lists = state.zones.iter().flat_map(|zone| &zone.free_lists);
        let pages = lists.filter(|list| list.order == Order::ZERO);
        let pages: Vec<Pfn> = pages.flat_map(|list| list.pfns.iter().copied()).collect();
        assert!(pages.ends_with(&[first, second]), "{name}: {pages:?}");
    }
}
