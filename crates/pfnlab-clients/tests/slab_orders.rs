//! The order of slabs, against the table of the specification and against what running kernels ask
//! for.

use crate::common::order;
use pfnlab_clients::Generation;
use pfnlab_clients::slab::{CpuTotals, OrderLimits, SlabMasks, Slot, slab_orders};
use pfnlab_model::{CacheFlags, CacheSpec, Gfp, GfpBits};

/// Order and objects, by size and number of CPUs: both algorithms agree on all of these.
const TABLE: &[(u32, [&str; 5])] = &[
    (64, ["0/64", "0/64", "0/64", "0/64", "0/64"]),
    (192, ["0/21", "0/21", "0/21", "1/42", "1/42"]),
    (256, ["0/16", "0/16", "1/32", "1/32", "1/32"]),
    (512, ["0/8", "1/16", "2/32", "2/32", "2/32"]),
    (640, ["1/12", "2/25", "2/25", "2/25", "3/51"]),
    (1024, ["1/8", "2/16", "3/32", "3/32", "3/32"]),
    (1080, ["2/15", "3/30", "3/30", "3/30", "3/30"]),
    (2048, ["2/8", "3/16", "3/16", "3/16", "3/16"]),
    (4096, ["3/8", "3/8", "3/8", "3/8", "3/8"]),
    (8192, ["3/4", "3/4", "3/4", "3/4", "3/4"]),
];
const CPUS: [u32; 5] = [1, 4, 8, 16, 64];

fn preferred(generation: &Generation, size: u32, cpus: CpuTotals) -> String {
    let found = slab_orders(generation.slab(), size, cpus, OrderLimits::default());
    found.map_or("none".into(), |(preferred, _)| preferred.to_string())
}

#[test]
fn every_size_and_cpu_count_of_the_table() {
    for generation in Generation::ALL {
        for (size, expected) in TABLE {
            let found = CPUS.map(|cpus| preferred(generation, *size, CpuTotals::all(cpus)));
            assert_eq!(&found, expected, "{} bytes, {}", size, generation.name());
        }
    }
}

#[test]
fn the_least_order_holds_one_object() {
    for (size, expected) in [(8, "0/512"), (4096, "0/1"), (4104, "1/1"), (8192, "1/1")] {
        let orders = slab_orders(
            Generation::NEWEST.slab(),
            size,
            CpuTotals::all(4),
            OrderLimits::default(),
        );
        assert_eq!(orders.unwrap().1.to_string(), expected);
    }
}

/// Up to 5.0 every CPU that may come counts; from 6.1 on those that are there, unless it is one.
#[test]
fn which_cpus_count() {
    let few = CpuTotals {
        possible: 64,
        present: 4,
    };
    let one = CpuTotals {
        possible: 64,
        present: 1,
    };
    let found = |name, cpus| preferred(Generation::by_name(name).unwrap(), 256, cpus);
    assert_eq!(found("linux-5.0", few), "1/32");
    assert_eq!(found("linux-6.1.y", few), "0/16");
    assert_eq!(found("linux-6.12.y", few), "0/16");
    assert_eq!(found("linux-6.12.y", one), "1/32");
}

/// 2800 bytes: up to order 3 some seventh to a third of any slab with enough objects is wasted.
/// The old search asks for fewer objects; the new one bears more waste.
#[test]
fn where_the_two_searches_part() {
    // An independent search over all orders, written from the description of the old rule.
    let old = |size: u64, wanted: u64| {
        let fits = |order: u32, objects: u64| (4096_u64 << order) / size >= objects;
        let wasted = |order: u32, fraction: u64| {
            let slab = 4096_u64 << order;
            slab - slab / size * size <= slab / fraction
        };
        let most = wanted.min((4096 << 3) / size);
        for objects in (2..=most).rev() {
            for fraction in [16, 8, 4] {
                for order in 0..=3 {
                    if fits(order, objects) && wasted(order, fraction) {
                        return Some(order);
                    }
                }
            }
        }
        (0..=10).find(|&order| fits(order, 1))
    };
    let new = |size: u64, wanted: u64| {
        let most = wanted.min(((4096 << 3) / size).max(1));
        for fraction in [16, 8, 4, 2] {
            for order in 0..=3 {
                let slab = 4096_u64 << order;
                if slab / size >= most && slab % size <= slab / fraction {
                    return Some(order);
                }
            }
        }
        (0..=10).find(|&order| 4096_u64 << order >= size)
    };
    let mut parted = 0;
    for size in (8..=40_000_u32).step_by(8) {
        for (cpus, wanted) in [(1, 8), (2, 12), (4, 16), (8, 20), (64, 32)] {
            let orders = [
                (Generation::LINUX_6_1_Y, true),
                (Generation::LINUX_6_12_Y, false),
            ]
            .map(|(generation, is_old)| {
                let found = slab_orders(
                    generation.slab(),
                    size,
                    CpuTotals::all(cpus),
                    OrderLimits::default(),
                );
                let found = found.map(|(preferred, _)| u32::from(preferred.order.get()));
                let model = if is_old { old } else { new };
                assert_eq!(
                    found,
                    model(u64::from(size), wanted),
                    "{size} bytes, {cpus}"
                );
                found
            });
            parted += u32::from(orders[0] != orders[1]);
        }
    }
    assert!(parted > 0, "the two searches never part");
}

#[test]
fn objects_too_large_for_any_block_have_no_order() {
    for generation in Generation::ALL {
        assert_eq!(
            preferred(generation, (4 << 20) + 8, CpuTotals::all(1)),
            "none"
        );
        assert_eq!(preferred(generation, 4 << 20, CpuTotals::all(1)), "10/1");
    }
}

/// The masks running kernels showed (`kmem:mm_page_alloc`): 6.1.192 and 6.12.117, two CPUs.
#[test]
fn the_masks_running_kernels_showed() {
    let reclaim = CacheFlags::RECLAIM;
    let none = CacheFlags::NONE;
    let cases: &[(&str, CacheFlags, Gfp, u8, &str)] = &[
        (
            "linux-6.1.y",
            none,
            Gfp::GFP_KERNEL,
            0,
            "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY",
        ),
        (
            "linux-6.1.y",
            reclaim,
            Gfp::GFP_KERNEL,
            0,
            "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_RECLAIMABLE",
        ),
        (
            "linux-6.1.y",
            reclaim,
            Gfp::GFP_KERNEL,
            2,
            "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC|__GFP_RECLAIMABLE",
        ),
        (
            "linux-6.1.y",
            none,
            Gfp::GFP_KERNEL,
            3,
            "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC",
        ),
        (
            "linux-6.1.y",
            none,
            Gfp::GFP_NOFS,
            0,
            "GFP_NOFS|__GFP_NOWARN|__GFP_NORETRY",
        ),
        (
            "linux-6.1.y",
            reclaim,
            Gfp::GFP_ATOMIC,
            1,
            "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_RECLAIMABLE",
        ),
        (
            "linux-6.1.y",
            reclaim,
            Gfp::KSWAPD_RECLAIM,
            1,
            "GFP_NOWAIT|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_RECLAIMABLE",
        ),
        (
            "linux-6.12.y",
            none,
            Gfp::GFP_KERNEL,
            0,
            "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP",
        ),
        (
            "linux-6.12.y",
            reclaim,
            Gfp::GFP_KERNEL,
            2,
            "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC|__GFP_RECLAIMABLE",
        ),
        (
            "linux-6.12.y",
            none,
            Gfp::GFP_NOFS,
            3,
            "__GFP_IO|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC",
        ),
        (
            "linux-6.12.y",
            reclaim,
            Gfp::GFP_NOWAIT,
            1,
            "GFP_NOWAIT|__GFP_NORETRY|__GFP_COMP|__GFP_RECLAIMABLE",
        ),
        (
            "linux-6.12.y",
            reclaim,
            Gfp::GFP_ATOMIC,
            1,
            "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_RECLAIMABLE",
        ),
    ];
    // Their text names a flag set by the largest composite, in their order; compared as sets.
    let flags = |text: &str| -> Gfp {
        let nowait = text.starts_with("GFP_NOWAIT");
        let gfp: Gfp = text.parse().expect("a mask");
        if nowait { gfp | Gfp::NOWARN } else { gfp }
    };
    for &(name, cache, caller, wanted, expected) in cases {
        let policy = Generation::by_name(name).unwrap().slab();
        let masks = SlabMasks::new(policy, cache, caller, order(wanted), order(0));
        assert_eq!(masks.first, flags(expected), "{name}, order {wanted}");
    }
}

/// 12.3, 6.12: `kmalloc(200, GFP_KERNEL)` with eight CPUs, in the kernel's own numbers.
#[test]
fn two_hundred_bytes_are_asked_for_without_effort_first() {
    for name in ["linux-6.12.0", "linux-6.12.y"] {
        let policy = Generation::by_name(name).unwrap().slab();
        let orders = slab_orders(policy, 256, CpuTotals::all(8), OrderLimits::default());
        let (preferred, least) = orders.unwrap();
        assert_eq!(
            (preferred.order, least.order),
            (order(1), order(0)),
            "{name}"
        );
        let masks = SlabMasks::new(
            policy,
            CacheFlags::NONE,
            Gfp::GFP_KERNEL,
            preferred.order,
            least.order,
        );
        let raw = [masks.first, masks.second].map(|gfp| GfpBits::Linux6_12.raw(gfp).0);
        assert_eq!(raw, [0xd_20c0, 0x4_0cc0], "{name}");
        let text = "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC";
        assert_eq!(masks.first.to_string(), text);
    }
}

/// Up to 3.8 the first try may reclaim; from 4.14 on it neither reclaims nor wakes anybody.
#[test]
fn how_hard_the_first_try_is() {
    for generation in Generation::ALL {
        let gfp = Gfp::GFP_KERNEL | Gfp::NOFAIL | Gfp::ZERO | Gfp::MOVABLE;
        let masks = SlabMasks::new(generation.slab(), CacheFlags::NONE, gfp, order(1), order(0));
        let reclaims = masks.first.contains(Gfp::DIRECT_RECLAIM);
        let old = matches!(generation.name(), "linux-2.6.37" | "linux-3.8");
        assert_eq!(reclaims, old, "{}", generation.name());
        assert_eq!(masks.first.contains(Gfp::NOMEMALLOC), !old);
        assert!(!masks.first.contains(Gfp::NOFAIL));
        assert!(masks.second.contains(Gfp::NOFAIL | Gfp::RECLAIM));
        for mask in [masks.first, masks.second] {
            assert!(
                !mask.contains(Gfp::ZERO),
                "zeroing is done object by object"
            );
            assert!(!mask.contains(Gfp::MOVABLE), "objects cannot be moved");
        }
    }
}

#[test]
fn what_an_object_takes() {
    let slot = |name, spec: CacheSpec| {
        let policy = Generation::by_name(name).unwrap().slab();
        policy
            .slot(&spec)
            .map(|Slot { size, free_pointer }| (size, free_pointer))
    };
    let new = "linux-6.12.y";
    assert_eq!(slot(new, CacheSpec::new(200)), Ok((200, 96)));
    assert_eq!(slot("linux-5.0", CacheSpec::new(200)), Ok((200, 0)));
    assert_eq!(slot(new, CacheSpec::new(1)), Ok((8, 0)));
    let outside = CacheSpec::new(200).with(CacheFlags::CTOR);
    assert_eq!(slot(new, outside), Ok((208, 200)));
    let lines = CacheSpec::new(200).with(CacheFlags::HWCACHE);
    assert_eq!(slot(new, lines), Ok((256, 96)));
    let small = CacheSpec::new(20).with(CacheFlags::HWCACHE);
    assert_eq!(slot(new, small).unwrap().0, 32, "half a line is enough");
    assert!(slot(new, CacheSpec::new(0)).is_err());
    let skew = CacheSpec {
        align: 24,
        ..CacheSpec::new(8)
    };
    assert_eq!(
        slot(new, skew).unwrap_err().to_string(),
        "alignment 24 is no power of two up to 4096"
    );
}
