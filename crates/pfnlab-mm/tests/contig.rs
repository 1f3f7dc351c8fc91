//! Ranges by their place: the worked example of the specification, and what cannot be had.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CpuId, Inspect, MachineSpec, MemoryError, MemoryOp, MigrateType, NodeSpec, Order,
    PageAllocator, Pfn, PfnRange, Snapshot, Ticket, ZoneStat, ZoneState,
};

/// 256 MiB of which 4096 frames from here on are as good as a zone of their own.
const BASE: u64 = 0x4000;

fn boot(profile: &'static Profile) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["16M..256M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64_NO_THP).unwrap()
}

fn take(mm: &mut Mm, start: u64, end: u64) -> Result<PfnRange, MemoryError> {
    let range = PfnRange::new(Pfn::new(BASE + start), Pfn::new(BASE + end)).unwrap();
    let op = MemoryOp::ContigAlloc {
        ticket: Ticket(1),
        range,
        cpu: CpuId(0),
    };
    mm.memory(&op, PfnRange::default(), &mut (), &mut ())
}

fn populated(snapshot: &Snapshot) -> &ZoneState {
    let mut zones = snapshot.zones.iter();
    zones.find(|zone| zone.present > 0).unwrap()
}

/// The exact number of free frames.
fn free(snapshot: &Snapshot) -> i64 {
    let zone = populated(snapshot);
    let mut stats = snapshot.global.zone_stats.iter();
    let at = stats.position(|&stat| stat == ZoneStat::FreePages).unwrap();
    let diffs = zone.pcp.iter().map(|pcp| i64::from(pcp.vm_stat_diff[at]));
    zone.vm_stat[at] + diffs.sum::<i64>()
}

/// Free blocks of Movable lists below `BASE` + 1024, as start and order.
fn blocks(snapshot: &Snapshot) -> Vec<(u64, u8)> {
    let lists = &populated(snapshot).free_lists;
    let movable = lists.iter().filter(|list| list.mt == MigrateType::Movable);
    let blocks = movable.flat_map(|list| list.pfns.iter().map(|pfn| (pfn.get(), list.order.get())));
    let near = blocks.filter(|(pfn, _)| (BASE..BASE + 1024).contains(pfn));
    let mut near: Vec<_> = near.map(|(pfn, order)| (pfn - BASE, order)).collect();
    near.sort_unstable();
    near
}

/// The worked example of the specification (contiguous allocation, 13.7): frames 600 to 700 of free
/// blocks of order 10.
#[test]
fn a_hundred_frames_from_the_middle() {
    let mut mm = boot(Profile::NEWEST);
    let before = free(&mm.snapshot());
    assert_eq!(blocks(&mm.snapshot()), [(0, 10)]);
    take(&mut mm, 600, 700).unwrap();
    let after = mm.snapshot();
    let left = [
        (0, 9),
        (512, 6),
        (576, 4),
        (592, 3),
        (700, 2),
        (704, 6),
        (768, 8),
    ];
    assert_eq!(blocks(&after), left);
    assert_eq!(free(&after), before - 100);
    assert_eq!(populated(&after).isolated_pageblocks, 0);
    assert_eq!(populated(&after).lent.len(), 100);
}

/// Every generation since 3.5 can; what of the isolated pageblocks is not wanted stays free.
#[test]
fn every_generation_but_the_oldest_can() {
    for profile in Profile::ALL {
        let mut mm = boot(profile);
        let before = free(&mm.snapshot());
        let taken = take(&mut mm, 600, 700);
        let after = free(&mm.snapshot());
        if profile.name() == "linux-2.6.37" {
            assert_eq!(taken, Err(MemoryError::Unsupported));
            assert_eq!(after, before);
        } else {
            taken.unwrap();
            let cached: u32 = populated(&mm.snapshot())
                .pcp
                .iter()
                .map(|pcp| pcp.count)
                .sum();
            assert_eq!(
                after + i64::from(cached),
                before - 100,
                "{}",
                profile.name()
            );
        }
    }
}

/// Somebody has one of the frames, and nothing says it can be moved.
#[test]
fn what_is_in_use_is_not_taken() {
    let mut mm = boot(Profile::NEWEST);
    take(&mut mm, 650, 651).unwrap();
    let before = mm.snapshot();
    assert_eq!(
        take(&mut mm, 600, 700),
        Err(MemoryError::Busy(Pfn::new(BASE + 650)))
    );
    assert_eq!(free(&mm.snapshot()), free(&before));
    let outside = PfnRange::sized(Pfn::new(0x2_0000), Order::MAX.frames());
    assert_eq!(
        take(
            &mut mm,
            outside.start().get() - BASE,
            outside.end().get() - BASE
        ),
        Err(MemoryError::NotThere(outside.start()))
    );
}

/// Found by fuzzing: a kernel isolates the other zone's frames as well, and counts wrong from then on.
#[test]
fn a_pageblock_of_two_zones_is_not_isolated() {
    let node = |cpu: u16, ram: &str| NodeSpec {
        cpus: vec![cpu],
        ram: vec![ram.parse().unwrap()],
        ..NodeSpec::default()
    };
    // The second node begins in the middle of a pageblock, which ends at frame 0x5000.
    let machine = MachineSpec {
        nodes: vec![node(0, "16M..79M"), node(1, "79M..256M")],
        ..MachineSpec::default()
    };
    let machine = machine.build().unwrap();
    for profile in Profile::ALL
        .iter()
        .filter(|profile| profile.name() != "linux-2.6.37")
    {
        let mut mm = Mm::boot(&machine, profile, &Config::X86_64_NO_THP).unwrap();
        let before = mm.snapshot();
        let border = 0x4f00;
        assert_eq!(
            take(&mut mm, border - 8 - BASE, border - BASE),
            Err(MemoryError::Busy(Pfn::new(border))),
            "{}",
            profile.name()
        );
        assert_eq!(mm.snapshot(), before);
    }
}
