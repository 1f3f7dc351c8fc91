//! Machines boot into the zones that Linux 6.12.117 printed for them.

use std::fs;
use std::path::Path;

use pfnlab::boot::{Booted, zones};
use pfnlab::model::ZoneKind;
use pfnlab::{kernel, machine};

/// The expected text is the kernel's own: its console, from `Zone ranges:` on.
#[track_caller]
fn check_log(name: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let machine =
        machine::load(&here.join(format!("../../examples/machines/{name}.toml"))).unwrap();
    let log = fs::read_to_string(here.join(format!("tests/boot-logs/{name}.txt"))).unwrap();
    let profile = kernel::profile(Some("linux-6.12.y")).unwrap();
    let booted = Booted::new(&machine, profile, &kernel::config(None).unwrap()).unwrap();
    assert_eq!(booted.zone_ranges(), log);
}

#[test]
fn two_nodes_have_the_zones_of_the_log() {
    check_log("2node");
}

#[test]
fn a_movable_zone_starts_where_the_log_says() {
    check_log("kernelcore");
}

#[test]
fn unaligned_holes_have_the_ranges_of_the_log() {
    check_log("holes");
}

#[test]
fn the_tour_has_two_nodes_a_hole_and_four_kinds_of_zone() {
    let machine = machine::built_in("two-node").unwrap();
    let profile = kernel::profile(None).unwrap();
    let booted = Booted::new(&machine, profile, &kernel::config(None).unwrap()).unwrap();
    let zones = zones(&booted.snapshot());
    for kind in [
        ZoneKind::Dma,
        ZoneKind::Dma32,
        ZoneKind::Normal,
        ZoneKind::Movable,
    ] {
        assert!(zones.iter().any(|zone| zone.zone == kind.name()), "{kind}");
    }
    assert!(zones.iter().any(|zone| zone.present < zone.spanned));
    assert_eq!((machine.nodes().len(), machine.cpus().len()), (2, 4));
}
