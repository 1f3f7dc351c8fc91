//! Zones that were full lately, by the rules of the specification (zonelist cache, 5.9).

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{Gfp, Inspect, PageAllocator, Request, Watermarks, ZoneStat};

use crate::worked_counts::counter;
use crate::zonelists::{boot, node};

/// Why the first zone does not serve.
#[derive(Clone, Copy, Debug)]
enum First {
    /// The mark is not met.
    Low,
    /// It counts free frames above the mark, but none is on a list: a CPU has not said yet that it
    /// took the last.
    Empty,
}

/// Three nodes of a zone each, asked in their order; the second was noted as full a while ago,
/// though it is not.
fn three(profile: &'static Profile, first: First) -> Mm {
    let nodes = vec![
        node(&[0], &["16M..80M"], &[]),
        node(&[1], &["80M..144M"], &[]),
        node(&[2], &["144M..208M"], &[]),
    ];
    let mut state = boot(nodes, profile).snapshot();
    let free = counter(&state, ZoneStat::FreePages);
    for zone in &mut state.zones {
        zone.watermarks = Watermarks::default();
    }
    let first_asked = state.nodes[0].zonelist[0];
    let mut zones = state.zones.iter_mut();
    let zone = zones.find(|zone| zone.id == first_asked).unwrap();
    zone.free_lists.clear();
    let counted = match first {
        First::Low => 0,
        First::Empty => 20,
    };
    zone.vm_stat[free] = counted;
    zone.pcp[0].vm_stat_diff[free] = -counted as i8;
    let cache = state.nodes[0].zonelist_cache.as_mut().unwrap();
    cache.full = vec![1];
    cache.zap_due = false;
    Mm::resume(&state).unwrap()
}

/// 2.6.37 looks at what was noted once the first zone did not serve, 3.8 once one did not meet the
/// mark.
#[test]
fn full_zones_are_passed_over_once_a_zone_failed_as_the_generation_says() {
    let cases = [
        ("linux-2.6.37", First::Low, 2),
        ("linux-2.6.37", First::Empty, 2),
        ("linux-3.8", First::Low, 2),
        ("linux-3.8", First::Empty, 1),
    ];
    for (name, first, expected) in cases {
        let profile = Profile::ALL.iter().find(|profile| profile.name() == name);
        let mut mm = three(profile.unwrap(), first);
        let block = mm.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ()).unwrap();
        let node = mm.zone_of(block.start()).unwrap().node.0;
        assert_eq!(node, expected, "{name}, {first:?}");
        // The first is full now, whatever it failed for.
        let state = mm.snapshot();
        let cache = state.nodes[0].zonelist_cache.as_ref().unwrap();
        assert_eq!(cache.full, [0, 1], "{name}, {first:?}");
    }
}
