//! What `/proc/vmstat` counts of compaction and reclaim, worked out by hand for one zone of 128 MiB, and
//! beside what kernels counted.

use std::collections::BTreeSet;

use pfnlab::clients::vm_events::{VmEvent, VmEvents};
use pfnlab::mm::{Config, Mm, Profile};
use pfnlab::model::{
    AllocError, Block, CompactGoal, CpuId, Gfp, MachineSpec, MemoryOp, NodeId, NodeSpec, Observer,
    Order, PageAllocator, Pfn, PfnRange, Reclaim, Request, Shrink, Shrunk, Tenants, ZoneKind,
};

/// The frames 0x1000 to 0x8fff: 64 pageblocks of one zone.
const FIRST: u64 = 0x1000;
const LAST: u64 = 0x8e00;

/// Everybody waits, and nobody lets go of anything but what is named: of that, who has it moves it.
/// Whoever is asked to give something up has looked at so many frames, and gives so many up.
#[derive(Default)]
struct Owners {
    movable: BTreeSet<Pfn>,
    gives: Shrunk,
}

impl Tenants for Owners {
    fn can_move(&self, block: Block) -> bool {
        self.movable.contains(&block.start())
    }

    fn moved(&mut self, from: Block, to: Block, _: CpuId, _: &mut impl Observer) {
        self.movable.remove(&from.start());
        self.movable.insert(to.start());
    }
}

impl Reclaim for Owners {
    fn is_there(&self) -> bool {
        true
    }

    fn shrink(&mut self, _: Shrink, _: &mut impl PageAllocator, _: &mut impl Observer) -> Shrunk {
        self.gives
    }
}

/// The generations since 4.14: their slow path is one.
fn profiles() -> impl Iterator<Item = (&'static str, &'static Profile)> {
    let known = Profile::ALL
        .iter()
        .map(|profile| (profile.name(), *profile));
    known.filter(|(name, _)| !matches!(*name, "linux-2.6.37" | "linux-3.8"))
}

/// A machine in which these frames are in use, and no others.
fn machine(profile: &'static Profile, in_use: impl Fn(u64) -> bool) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["16M..144M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let mut mm = Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64_NO_THP).unwrap();
    // Without any watermark.
    let request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE | Gfp::MEMALLOC | Gfp::NORETRY);
    let all: Vec<Block> = std::iter::from_fn(|| mm.alloc(&request, &mut ()).ok()).collect();
    for block in all {
        if !in_use(block.start().get()) {
            mm.free(block, CpuId(0), &mut ()).unwrap();
        }
    }
    mm.drain(CpuId(0), &mut ());
    mm
}

fn ask(
    mm: &mut Mm,
    owners: &mut Owners,
    vm: &mut VmEvents,
    order: u8,
    gfp: Gfp,
) -> Result<Block, AllocError> {
    let request = Request {
        order: Order::new(order).unwrap(),
        ..Request::new(gfp)
    };
    mm.alloc_blocking(&request, owners, vm)
}

/// Everything but 0, by name; requests that waited by the highest zone they could have.
#[track_caller]
fn counted(vm: &VmEvents, expected: &[(&str, u64)], name: &str) {
    let cpu = || [CpuId(0)];
    let events = VmEvent::ALL.iter();
    let mut counted: Vec<(String, u64)> = events
        .map(|event| (event.name().to_owned(), vm.of(*event, cpu())))
        .collect();
    for kind in ZoneKind::ALL {
        let waited = vm.allocstall(kind, cpu());
        counted.push((format!("allocstall_{}", kind.name().to_lowercase()), waited));
    }
    counted.retain(|(_, count)| *count > 0);
    let expected: Vec<(String, u64)> = expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect();
    assert_eq!(counted, expected, "{name}");
}

/// Everything is in use but the last three pageblocks, of which only the last frame is. Frames 1 and 3 can be
/// moved. The first 61 pageblocks are looked through frame by frame, 61 × 512 = 31,232; the next two are a
/// free block each, which is one look; then the scanners meet. The first free block of the last
/// pageblock has 256 frames: one look, and both have a place.
#[test]
fn frames_are_looked_at_one_by_one() {
    for (name, profile) in profiles() {
        let mut mm = machine(profile, |pfn| pfn < LAST - 1024 || pfn == LAST + 511);
        let mut owners = Owners {
            movable: [FIRST + 1, FIRST + 3].map(Pfn::new).into(),
            ..Owners::default()
        };
        let mut vm = VmEvents::new(1);
        let (node, cpu) = (NodeId(0), CpuId(0));
        let goal = CompactGoal::All;
        let op = MemoryOp::Compact { node, goal, cpu };
        let done = mm.memory(&op, PfnRange::default(), &mut owners, &mut vm);
        assert!(done.is_ok(), "{name}");
        let expected = [
            ("compact_migrate_scanned", 31_234),
            ("compact_free_scanned", 1),
            ("pgmigrate_success", 2),
        ];
        counted(&vm, &expected, name);
    }
}

/// Every second frame is in use and stays where it is; somebody wants a huge page, four times.
///
/// Each time memory is compacted twice, once in a hurry and once not; and between he waits for reclaim, which
/// has nothing to do: enough is free to be compacted. In a hurry, a pageblock is left at the first frame
/// that stays: 63 looks until the scanners meet, and every pageblock is passed over from then on.
///
/// Of the eight calls the first two run. What failed without hurry is put off, once for 2, then for
/// 4, then for 8 calls: the fourth and the eighth run. Since 6.1 a call that is put off counts as a stall,
/// before it does not.
#[test]
fn what_is_put_off_is_a_stall_since_6_1() {
    for (name, profile) in profiles() {
        let mut mm = machine(profile, |pfn| pfn % 2 == 0);
        let mut vm = VmEvents::new(1);
        let gfp = Gfp::GFP_HIGHUSER_MOVABLE | Gfp::COMP | Gfp::NOWARN;
        for _ in 0..4 {
            let refused = ask(&mut mm, &mut Owners::default(), &mut vm, 9, gfp);
            assert!(refused.is_err(), "{name}");
        }
        let stalls = match name {
            "linux-4.14" | "linux-5.0" => 4,
            _ => 8,
        };
        let expected = [
            ("compact_stall", stalls),
            ("compact_fail", stalls),
            ("compact_migrate_scanned", 63),
            ("allocstall_movable", 4),
        ];
        counted(&vm, &expected, name);
    }
}

/// Every second frame is in use, and all can be moved. Who wants 16 frames has the first 16 looked through,
/// finds 8 in use, and free places for them in the first 15 frames of the last pageblock; then he has
/// what he wants. Since 6.1 a pageblock that was begun is finished.
#[test]
fn one_stall_serves_who_waits() {
    for (name, profile) in profiles() {
        let mut mm = machine(profile, |pfn| pfn % 2 == 1);
        let movable = (FIRST..LAST + 512).skip(1).step_by(2).map(Pfn::new);
        let mut owners = Owners {
            movable: movable.collect(),
            ..Owners::default()
        };
        let mut vm = VmEvents::new(1);
        let gfp = Gfp::GFP_HIGHUSER_MOVABLE | Gfp::NORETRY;
        let served = ask(&mut mm, &mut owners, &mut vm, 4, gfp);
        assert!(served.is_ok(), "{name}");
        if matches!(name, "linux-4.14" | "linux-5.0") {
            let expected = [
                ("compact_stall", 1),
                ("compact_success", 1),
                ("compact_migrate_scanned", 16),
                ("compact_free_scanned", 15),
                ("pgmigrate_success", 8),
            ];
            counted(&vm, &expected, name);
        }
        let of = |event| vm.of(event, [CpuId(0)]);
        let once = [VmEvent::CompactStall, VmEvent::CompactSuccess].map(of);
        assert_eq!((once, of(VmEvent::CompactFail)), ([1, 1], 0), "{name}");
    }
}

/// Nothing is free. Who waits has 32 frames given up: at 10 a time that is four times, 40; if nothing is to be
/// had, 13 times, ever more urgently. He wakes the background reclaimer, which tries 12 times and, as
/// nothing gets free, gives up.
#[test]
fn reclaim_goes_on_until_there_is_enough() {
    let few = Shrunk {
        looked_at: 64,
        frames: 10,
    };
    let none = Shrunk {
        looked_at: 5,
        frames: 0,
    };
    let few_counted = [
        ("pgscan_kswapd", 12 * 64),
        ("pgscan_direct", 4 * 64),
        ("pgsteal_kswapd", 12 * 10),
        ("pgsteal_direct", 4 * 10),
        ("allocstall_normal", 1),
    ];
    let none_counted = [
        ("pgscan_kswapd", 12 * 5),
        ("pgscan_direct", 13 * 5),
        ("allocstall_normal", 1),
    ];
    for (name, profile) in profiles() {
        for (gives, expected) in [(few, &few_counted[..]), (none, &none_counted[..])] {
            let mut mm = machine(profile, |_| true);
            let mut vm = VmEvents::new(1);
            let mut owners = Owners {
                gives,
                ..Owners::default()
            };
            let gfp = Gfp::GFP_KERNEL | Gfp::NORETRY;
            let refused = ask(&mut mm, &mut owners, &mut vm, 0, gfp);
            assert!(refused.is_err(), "{name}");
            let (node, cpu) = (NodeId(0), CpuId(0));
            let op = MemoryOp::Kswapd { node, cpu };
            let done = mm.memory(&op, PfnRange::default(), &mut owners, &mut vm);
            assert!(done.is_ok(), "{name}");
            counted(&vm, expected, name);
        }
    }
}
