//! Operations by proptest-state-machine: the allocator conforms, and a broken one does not.

use pfnlab_check::state_machine::{Boot, Conforms};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{Machine, MachineSpec, NodeSpec};
use pfnlab_zoo::{Bug, FirstFit};
use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;

fn machine() -> Machine {
    let spec = MachineSpec {
        nodes: vec![NodeSpec {
            cpus: vec![0],
            ram: vec!["0x1000..0x200000".parse().unwrap()],
            ..NodeSpec::default()
        }],
        ..MachineSpec::default()
    };
    spec.build().unwrap()
}

/// The newest generation on a small machine.
struct Newest;

impl Boot for Newest {
    type Allocator = Mm;

    fn boot() -> Mm {
        Mm::boot(
            &machine(),
            Profile::NEWEST,
            &pfnlab_mm::Config::X86_64_NO_THP,
        )
        .unwrap()
    }
}

prop_state_machine! {
    #![proptest_config(Config::with_cases(24))]
    #[test]
    fn the_newest_generation_conforms(sequential 1..200 => Conforms<Newest>);
}

/// An allocator that lends twice.
struct Broken;

impl Boot for Broken {
    type Allocator = FirstFit;

    fn boot() -> FirstFit {
        FirstFit::new(Bug::LendsTwice)
    }
}

prop_state_machine! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]
    #[test]
    #[should_panic(expected = "LEND-02 is broken")]
    fn what_is_lent_twice_is_found(sequential 1..30 => Conforms<Broken>);
}
