//! A CPU goes: whose counters hold what its lists gave back, by the worked example of the
//! specification (statistics, 8.6).

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CpuId, Gfp, Inspect, MachineSpec, NodeSpec, PageAllocator, PcpState, Request, Snapshot,
    ZoneStat, ZoneState,
};

const DEAD: CpuId = CpuId(3);
const CONTROL: CpuId = CpuId(0);

/// Frames the dead CPU's lists hold.
const LISTED: u32 = 10;
const THRESHOLD: u8 = 24;

fn boot(profile: &'static Profile) -> Mm {
    let node = NodeSpec {
        cpus: vec![0, 1, 2, 3],
        ram: vec!["16M..1G".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap()
}

/// The only zone with memory.
fn zone(snapshot: &Snapshot) -> &ZoneState {
    let mut zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
    zones.next().unwrap()
}

fn lists(snapshot: &Snapshot, cpu: CpuId) -> &PcpState {
    let mut lists = zone(snapshot).pcp.iter();
    lists.find(|pcp| pcp.cpu == cpu).unwrap()
}

/// Where counters hold how many free frames, in their order.
fn free_frames(snapshot: &Snapshot) -> usize {
    let stats = &snapshot.global.zone_stats;
    let at = stats.iter().position(|stat| *stat == ZoneStat::FreePages);
    at.unwrap()
}

/// The zone's counter, and what the two CPUs have not added to it yet.
fn counted(snapshot: &Snapshot) -> (i64, i8, i8) {
    let at = free_frames(snapshot);
    let of = |cpu| lists(snapshot, cpu).vm_stat_diff[at];
    (zone(snapshot).vm_stat[at], of(CONTROL), of(DEAD))
}

#[test]
fn the_lists_of_a_dead_cpu_count_for_the_one_that_drains_them() {
    let profile = Profile::by_name("linux-5.0").unwrap();
    let mut mm = boot(profile);
    let mut request = Request::new(Gfp::GFP_KERNEL);
    request.cpu = DEAD;
    while lists(&mm.snapshot(), DEAD).count != LISTED {
        mm.alloc(&request, &mut ()).unwrap();
    }
    let mut before = mm.snapshot();
    let at = free_frames(&before);
    let zone = before.zones.iter_mut().find(|zone| zone.present > 0);
    for pcp in &mut zone.unwrap().pcp {
        pcp.stat_threshold = THRESHOLD;
        pcp.vm_stat_diff[at] = match pcp.cpu {
            DEAD => 7,
            CONTROL => 5,
            _ => 0,
        };
    }
    let (total, ..) = counted(&before);

    let mut mm = Mm::resume(&before).unwrap();
    mm.cpu_offline(DEAD, CONTROL, &mut ()).unwrap();
    let after = mm.snapshot();
    assert_eq!(lists(&after, DEAD).count, 0);
    assert_eq!(counted(&after), (total + 7, 15, 0));
}
