//! Caches of objects: which blocks they ask for, when, and when they give them back.

use std::collections::BTreeMap;

use crate::common::{Scribe, order, request};
use pfnlab_clients::slab::{LendError, RemotePartial, Slub, SlubSetup};
use pfnlab_clients::{CpuEvent, CpuNotifier, Generation};
use pfnlab_model::{
    Address, CacheFlags, CacheId, CacheSpec, CpuId, Event, Gfp, KmallocKind, NodeId, Pfn, Request,
    SlabEvent, SlabPlace,
};
use proptest::prelude::*;

const CPU_0: CpuId = CpuId(0);
const KMALLOC_4K: CacheId = CacheId::Kmalloc(KmallocKind::Normal, 4096);

fn slub(name: &str, cpus: u32) -> Slub {
    Slub::new(Generation::by_name(name).unwrap(), SlubSetup::cpus(cpus))
}

fn kernel() -> Request {
    request(Gfp::GFP_KERNEL, 0)
}

/// The worked example: 200 bytes on 8 CPUs are an object of kmalloc-256, whose slabs have order 1.
#[test]
fn a_slab_is_asked_for_without_effort_and_then_at_the_least_order() {
    let mut slub = slub("linux-6.12.y", 8);
    let mut memory = Scribe {
        largest: Some(order(0)),
        ..Scribe::default()
    };
    let mut events = Vec::new();
    let at = slub
        .kmalloc(200, &kernel(), &mut memory, &mut events)
        .unwrap();
    assert_eq!(
        memory.wants(),
        [
            "1 __GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC",
            "0 GFP_KERNEL|__GFP_COMP",
        ]
    );
    assert_eq!(at, Address::within(Pfn::new(0), 0));
    let fell = |event: &Event| matches!(event, Event::Slab(SlabEvent::FellToMinimum { .. }));
    assert_eq!(events.iter().filter(|event| fell(event)).count(), 1);
    // A slab of order 0 holds 16 of them; the 17th asks again, for order 1 first.
    for _ in 1..16 {
        slub.kmalloc(200, &kernel(), &mut memory, &mut ()).unwrap();
    }
    assert_eq!(memory.asked.len(), 2);
    memory.largest = None;
    slub.kmalloc(200, &kernel(), &mut memory, &mut ()).unwrap();
    assert_eq!(memory.asked.len(), 3);
    let line = slub
        .info()
        .cache(CacheId::Kmalloc(KmallocKind::Normal, 256))
        .unwrap();
    assert_eq!(
        (line.slabs, line.objects, line.frames, line.fallbacks),
        (2, 48, 3, 1)
    );
}

#[test]
fn a_cache_without_memory_says_so() {
    let mut slub = slub("linux-6.12.y", 1);
    let mut memory = Scribe {
        left: Some(0),
        ..Scribe::default()
    };
    let refused = slub.kmalloc(64, &kernel(), &mut memory, &mut ());
    assert!(matches!(refused, Err(LendError::Refused(_))));
    assert_eq!(
        memory.asked.len(),
        2,
        "the second try is made at the same order, too"
    );
    assert_eq!(
        slub.kmalloc(0, &kernel(), &mut memory, &mut ()),
        Err(LendError::Nothing)
    );
    assert_eq!(slub.frames(), (0, 0));
}

#[test]
fn objects_of_a_fresh_slab_ascend_and_the_last_one_freed_is_lent_first() {
    for generation in Generation::ALL {
        let mut slub = Slub::new(generation, SlubSetup::cpus(1));
        let mut memory = Scribe::default();
        let mut lend =
            |slub: &mut Slub| slub.kmalloc(1024, &kernel(), &mut memory, &mut ()).unwrap();
        let first: Vec<_> = (0..4).map(|_| lend(&mut slub).get()).collect();
        assert_eq!(first, [0, 1024, 2048, 3072]);
        let middle = Address::within(Pfn::new(0), 1024);
        slub.kfree(middle, CPU_0, &mut memory, &mut ()).unwrap();
        let again = slub.kmalloc(1024, &kernel(), &mut memory, &mut ()).unwrap();
        assert_eq!(again, middle);
    }
}

/// 20 slabs of 8 objects, each slab's objects freed in turn by the CPU that has the last slab in
/// hand. Slabs by the number of their turn, from 1.
fn freed_in_turn(name: &str) -> (Vec<u64>, Slub) {
    let mut slub = slub(name, 1);
    let mut memory = Scribe::default();
    let lent: Vec<_> = (0..160)
        .map(|_| slub.kmalloc(4096, &kernel(), &mut memory, &mut ()).unwrap())
        .collect();
    assert!(memory.asked.iter().all(|request| request.order == order(3)));
    assert_eq!(memory.asked.len(), 20);
    for at in lent {
        slub.kfree(at, CPU_0, &mut memory, &mut ()).unwrap();
    }
    let freed = memory.freed_pfns().iter().map(|pfn| pfn / 8 + 1).collect();
    (freed, slub)
}

/// A stack of 2 slabs (⌈2·6/8⌉), of which every third slab moves the two before it to the node,
/// the last first; a node keeps 5 (clamp(log2(4096)/2, 5, 10) = 6 is 6).
#[test]
fn slabs_are_kept_on_a_stack_then_on_the_node_then_given_back() {
    for name in ["linux-6.1.0", "linux-6.1.y", "linux-6.12.0", "linux-6.12.y"] {
        let (freed, slub) = freed_in_turn(name);
        // The node gets 2, 1, 4, 3, 6, 5 and has enough; 19 stays on the stack, 20 in hand.
        let rest: Vec<_> = (7..=18).collect();
        assert_eq!(freed, rest, "{name}");
        let line = slub.info().cache(KMALLOC_4K).unwrap();
        assert_eq!((line.min_partial, line.partial, line.slabs), (6, 6, 8));
        assert_eq!(line.lent, 0);
    }
}

/// Up to 5.0 the stack is given up when it has more than 2 free objects: slabs of which one object
/// was free when they were put there, so with the fourth.
#[test]
fn a_stack_counted_in_objects() {
    for name in ["linux-3.8", "linux-4.14", "linux-5.0"] {
        let (freed, slub) = freed_in_turn(name);
        // Slab 4 moves 3, 2, 1 to the node, slab 7 moves 6, 5, 4, and then it has enough: 10, 13,
        // 16, 19 give back the three before them, of which the last found goes first.
        let rest: Vec<_> = (7..=18).collect();
        assert_eq!(freed, rest, "{name}");
        assert_eq!(slub.info().cache(KMALLOC_4K).unwrap().partial, 6);
    }
}

/// Without stacks a slab is on the node's list from its first free object on, and counts itself
/// when it becomes empty: with 10 to be kept (log2(4096) = 12, at most 10), the tenth goes.
#[test]
fn without_stacks_the_node_keeps_nine() {
    let (freed, slub) = freed_in_turn("linux-2.6.37");
    assert_eq!(freed, (10..=19).collect::<Vec<_>>());
    assert_eq!(slub.info().cache(KMALLOC_4K).unwrap().partial, 9);
}

#[test]
fn what_another_cpu_frees_goes_to_the_slab_and_is_taken_when_the_own_is_gone() {
    let mut slub = slub("linux-6.12.y", 2);
    let mut memory = Scribe::default();
    let lent: Vec<_> = (0..4)
        .map(|_| slub.kmalloc(1024, &kernel(), &mut memory, &mut ()).unwrap())
        .collect();
    let per_slab = slub
        .info()
        .cache(CacheId::Kmalloc(KmallocKind::Normal, 1024))
        .unwrap()
        .per_slab;
    slub.kfree(lent[1], CpuId(1), &mut memory, &mut ()).unwrap();
    let rest: Vec<_> = (4..per_slab)
        .map(|_| slub.kmalloc(1024, &kernel(), &mut memory, &mut ()).unwrap())
        .collect();
    assert!(!rest.contains(&lent[1]), "its own objects come first");
    let next = slub.kmalloc(1024, &kernel(), &mut memory, &mut ()).unwrap();
    assert_eq!(next, lent[1]);
    assert_eq!(memory.asked.len(), 1);
}

#[test]
fn shrink_gives_back_what_is_empty_and_sorts_the_rest_by_use() {
    for generation in Generation::ALL {
        let mut slub = Slub::new(generation, SlubSetup::cpus(1));
        let mut memory = Scribe::default();
        let cache = slub.create(7, &CacheSpec::new(2048), &mut ()).unwrap();
        let lent: Vec<_> = (0..24)
            .map(|_| slub.lend(cache, &kernel(), &mut memory, &mut ()).unwrap())
            .collect();
        // Of slab 0 two objects stay, of slab 1 four, of slab 2 none.
        for (position, at) in lent.iter().enumerate() {
            let stays = match position / 8 {
                0 => position % 8 < 2,
                1 => position % 8 < 4,
                _ => false,
            };
            if !stays {
                slub.kfree(*at, CPU_0, &mut memory, &mut ()).unwrap();
            }
        }
        slub.shrink(cache, CPU_0, &mut memory, &mut ()).unwrap();
        assert_eq!(memory.freed_pfns(), [8], "{}", generation.name());
        assert_eq!(slub.info().cache(cache).unwrap().partial, 2);
        // The fuller one is taken first.
        let next = slub.lend(cache, &kernel(), &mut memory, &mut ()).unwrap();
        assert_eq!(next.frame().get() / 4, 1, "{}", generation.name());
    }
}

#[test]
fn a_cache_in_use_stays() {
    let mut slub = slub("linux-6.12.y", 1);
    let mut memory = Scribe::default();
    let cache = slub.create(1, &CacheSpec::new(300), &mut ()).unwrap();
    assert!(slub.create(1, &CacheSpec::new(8), &mut ()).is_err());
    let at = slub.lend(cache, &kernel(), &mut memory, &mut ()).unwrap();
    let refused = slub
        .destroy(cache, CPU_0, &mut memory, &mut ())
        .unwrap_err();
    assert_eq!(refused.to_string(), "1 objects of cache-1 are in use");
    slub.kfree(at, CPU_0, &mut memory, &mut ()).unwrap();
    slub.destroy(cache, CPU_0, &mut memory, &mut ()).unwrap();
    assert!(memory.lent.is_empty());
    assert_eq!(
        slub.lend(cache, &kernel(), &mut memory, &mut ()),
        Err(LendError::Unknown(cache))
    );
}

/// Caches newest first, each CPU's slab in hand before its stack; blocks go to the surviving CPU.
#[test]
fn a_dead_cpu_gives_up_what_it_had() {
    let mut slub = slub("linux-6.12.y", 2);
    let mut memory = Scribe::default();
    let caches = [1, 2].map(|number| slub.create(number, &CacheSpec::new(512), &mut ()).unwrap());
    for cache in caches {
        slub.lend(cache, &request(Gfp::GFP_KERNEL, 1), &mut memory, &mut ())
            .unwrap();
    }
    let mut events: Vec<Event> = Vec::new();
    let dead = CpuEvent::Dead {
        cpu: CpuId(1),
        on: CPU_0,
    };
    slub.cpu_event(dead, &mut memory, &mut events).unwrap();
    let moved: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Slab(SlabEvent::Moved { cache, to, .. }) => Some((*cache, *to)),
            _ => None,
        })
        .collect();
    let node = SlabPlace::NodePartial(NodeId(0), pfnlab_model::End::Head);
    assert_eq!(moved, [(caches[1], node), (caches[0], node)]);
    events.clear();
    slub.cpu_event(dead, &mut memory, &mut events).unwrap();
    assert!(events.is_empty(), "twice is once");
}

#[test]
fn a_named_node_is_tried_first_in_6_12() {
    let named = Request {
        node: Some(NodeId(1)),
        ..kernel()
    };
    let masks = |name: &str, empty| {
        let mut slub = slub(name, 8);
        let mut memory = Scribe {
            empty,
            ..Scribe::default()
        };
        slub.kmalloc(64, &named, &mut memory, &mut ()).unwrap();
        memory
            .asked
            .iter()
            .for_each(|request| assert_eq!(request.node, Some(NodeId(1))));
        memory.wants()
    };
    let plain = "0 GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY";
    assert_eq!(masks("linux-6.1.y", vec![]), [plain]);
    let here = "0 GFP_NOWAIT|__GFP_NORETRY|__GFP_COMP|__GFP_THISNODE";
    assert_eq!(masks("linux-6.12.y", vec![]), [here]);
    assert_eq!(
        masks("linux-6.12.y", vec![NodeId(1)]),
        [
            here,
            "0 GFP_NOWAIT|__GFP_COMP|__GFP_THISNODE",
            "0 GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP",
        ]
    );
}

#[test]
fn a_slab_of_another_node_is_put_away_and_found_again() {
    let mut setup = SlubSetup::cpus(2);
    setup.cpu_nodes = vec![NodeId(0), NodeId(1)];
    setup.node_order = vec![vec![NodeId(0), NodeId(1)], vec![NodeId(1), NodeId(0)]];
    for remote in [RemotePartial::Never, RemotePartial::Always] {
        setup.remote = remote;
        let mut slub = Slub::new(Generation::NEWEST, setup.clone());
        let mut memory = Scribe::default();
        let cache = slub.create(1, &CacheSpec::new(64), &mut ()).unwrap();
        let on = |node| Request {
            node: Some(NodeId(node)),
            ..kernel()
        };
        slub.lend(cache, &on(1), &mut memory, &mut ()).unwrap();
        slub.lend(cache, &on(0), &mut memory, &mut ()).unwrap();
        assert_eq!(memory.asked.len(), 2);
        let again = slub.lend(cache, &on(1), &mut memory, &mut ()).unwrap();
        assert_eq!(
            again.frame().get(),
            crate::common::NODE_1,
            "the first slab is on node 1's list"
        );
        assert_eq!(memory.asked.len(), 2);
    }
}

#[test]
fn what_no_cache_serves_gets_a_block() {
    let mut slub = slub("linux-6.12.y", 4);
    let mut memory = Scribe::default();
    let at = slub
        .kmalloc(20_000, &kernel(), &mut memory, &mut ())
        .unwrap();
    assert_eq!(memory.wants(), ["3 GFP_KERNEL|__GFP_COMP"]);
    assert_eq!(slub.frames(), (0, 8));
    let inside = Address::within(at.frame(), 8);
    assert!(slub.kfree(inside, CPU_0, &mut memory, &mut ()).is_err());
    slub.kfree(at, CPU_0, &mut memory, &mut ()).unwrap();
    assert!(memory.lent.is_empty());
    assert!(
        slub.kmalloc(u32::MAX, &kernel(), &mut memory, &mut ())
            .is_err()
    );
}

#[test]
fn which_cache_serves_a_mask() {
    let served = |name: &str, gfp| {
        let mut slub = slub(name, 1);
        slub.kmalloc(1000, &request(gfp, 0), &mut Scribe::default(), &mut ())
            .unwrap();
        let line = slub.info().lines().find(|line| line.lent == 1).unwrap();
        line.cache.to_string()
    };
    let reclaim = Gfp::GFP_KERNEL | Gfp::RECLAIMABLE;
    assert_eq!(served("linux-4.14", reclaim), "kmalloc-1024");
    assert_eq!(served("linux-5.0", reclaim), "kmalloc-rcl-1024");
    assert_eq!(served("linux-5.0", Gfp::GFP_KERNEL_ACCOUNT), "kmalloc-1024");
    assert_eq!(
        served("linux-6.1.y", Gfp::GFP_KERNEL_ACCOUNT),
        "kmalloc-cg-1024"
    );
    assert_eq!(
        served("linux-6.1.y", reclaim | Gfp::ACCOUNT),
        "kmalloc-rcl-1024"
    );
    assert_eq!(served("linux-2.6.37", Gfp::DMA), "dma-kmalloc-1024");
}

#[test]
fn slabinfo_has_the_kernels_form() {
    let mut slub = slub("linux-6.12.y", 16);
    slub.kmalloc(5000, &kernel(), &mut Scribe::default(), &mut ())
        .unwrap();
    let text = slub.info().to_string();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("slabinfo - version: 2.1"));
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("# name            <active_objs> <num_objs> <objsize>")
    );
    assert!(text.contains(
        "kmalloc-8k             4      4   8192    4    8 : tunables    0    0    0 : slabdata      1      1      0\n"
    ), "{text}");
    assert!(text.contains("\nkmalloc-rcl-2k "));
    let mut old = String::new();
    old += &Slub::new(&Generation::LINUX_4_14, SlubSetup::cpus(1))
        .info()
        .to_string();
    assert!(old.contains("\nkmalloc-8192 ") && !old.contains("rcl"));
}

#[derive(Clone, Debug)]
enum Act {
    Lend {
        size: u32,
        cpu: u16,
        node: Option<u16>,
        reclaim: bool,
    },
    Free {
        which: usize,
        cpu: u16,
    },
    Shrink {
        size: usize,
    },
    Die {
        cpu: u16,
    },
    Fragment {
        largest: u8,
    },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (1..20_000_u32, 0..4_u16, prop::option::weighted(0.2, 0..2_u16), any::<bool>())
            .prop_map(|(size, cpu, node, reclaim)| Act::Lend { size, cpu, node, reclaim }),
        7 => (any::<usize>(), 0..4_u16).prop_map(|(which, cpu)| Act::Free { which, cpu }),
        1 => (0..13_usize).prop_map(|size| Act::Shrink { size }),
        1 => (0..4_u16).prop_map(|cpu| Act::Die { cpu }),
        1 => (0..=4_u8).prop_map(|largest| Act::Fragment { largest }),
    ];
    prop::collection::vec(act, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked: objects in use never overlap, what the caches say they hold is what the
    /// allocator lent, and when all is given back and shrunk nothing is left.
    #[test]
    fn objects_are_disjoint_and_frames_add_up(which in 0..8_usize, acts in acts()) {
        let generation = Generation::ALL[which];
        let mut slub = Slub::new(generation, SlubSetup::cpus(4));
        let mut memory = Scribe::default();
        let mut live: BTreeMap<u64, u64> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Lend { size, cpu, node, reclaim } => {
                    let gfp = if reclaim { Gfp::GFP_KERNEL | Gfp::RECLAIMABLE } else { Gfp::GFP_KERNEL };
                    let request = Request { node: node.map(NodeId), ..request(gfp, cpu) };
                    if let Ok(at) = slub.kmalloc(size, &request, &mut memory, &mut ()) {
                        let end = at.get() + u64::from(size);
                        let before = live.range(..end).next_back();
                        prop_assert!(before.is_none_or(|(_, &end)| end <= at.get()));
                        live.insert(at.get(), end);
                    }
                }
                Act::Free { which, cpu } if !live.is_empty() => {
                    let at = *live.keys().nth(which % live.len()).unwrap();
                    live.remove(&at);
                    let at = Address::within(Pfn::new(at / 4096), at % 4096);
                    slub.kfree(at, CpuId(cpu), &mut memory, &mut ()).unwrap();
                    prop_assert!(slub.kfree(at, CpuId(cpu), &mut memory, &mut ()).is_err());
                }
                Act::Free { .. } => {}
                Act::Shrink { size } => {
                    let size = pfnlab_clients::slab::kmalloc::SIZES[size];
                    let cache = CacheId::Kmalloc(KmallocKind::Normal, size);
                    slub.shrink(cache, CPU_0, &mut memory, &mut ()).unwrap();
                }
                Act::Die { cpu } => {
                    let dead = CpuEvent::Dead { cpu: CpuId(cpu), on: CPU_0 };
                    slub.cpu_event(dead, &mut memory, &mut ()).unwrap();
                }
                Act::Fragment { largest } => memory.largest = Some(order(largest)),
            }
            let (slabs, large) = slub.frames();
            let lent: u64 = memory.lent.iter().map(|block| block.frames()).sum();
            prop_assert_eq!(slabs + large, lent);
            let info: u32 = slub.info().lines().map(|line| line.lent).sum();
            prop_assert!(info as usize <= live.len());
        }
        for at in live.into_keys() {
            let at = Address::within(Pfn::new(at / 4096), at % 4096);
            slub.kfree(at, CPU_0, &mut memory, &mut ()).unwrap();
        }
        let caches: Vec<_> = slub.info().lines().map(|line| line.cache).collect();
        for cache in caches {
            slub.shrink(cache, CPU_0, &mut memory, &mut ()).unwrap();
        }
        prop_assert!(memory.lent.is_empty());
    }
}

#[test]
fn a_cache_for_what_can_be_reclaimed_counts_as_such() {
    let mut slub = slub("linux-6.12.y", 1);
    let spec = CacheSpec::new(1000).with(CacheFlags::RECLAIM);
    let cache = slub.create(1, &spec, &mut ()).unwrap();
    let mut memory = Scribe::default();
    slub.lend(cache, &kernel(), &mut memory, &mut ()).unwrap();
    assert!(memory.asked[0].gfp.contains(Gfp::RECLAIMABLE));
    let (reclaimable, rest) = slub.info().frames();
    assert_eq!((reclaimable, rest), (memory.asked[0].order.frames(), 0));
}
