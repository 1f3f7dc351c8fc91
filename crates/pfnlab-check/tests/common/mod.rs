//! Shared by the tests of this crate.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part of it")]

use pfnlab_check::machines::machine;
use pfnlab_check::model::{Machine, MachineSpec};
use pfnlab_zoo::{Bug, FirstFit, Home, Layout};

/// The machine on which a bug is at home. [`Home::ThreeZones`] brings its own layout: a machine
/// that fits it.
pub fn spec(home: Home) -> MachineSpec {
    match home {
        Home::ThreeZones => machine(
            "three-zones",
            &[(1, &[(0, 256), (512, 256)]), (1, &[(256, 256)])],
        ),
        Home::Border => machine("border", &[(2, &[(3, 297)]), (1, &[(300, 421)])]),
        Home::Closed => machine("plain", &[(1, &[(0, 512)])]),
    }
}

/// An allocator with a bug, at home.
pub fn at_home(bug: Bug, machine: &Machine) -> FirstFit {
    let layout = match bug.home() {
        Home::ThreeZones => Layout::three_zones(),
        Home::Border => Layout::of(machine),
        Home::Closed => Layout::of(machine).closed(),
    };
    FirstFit::on(layout, bug)
}
