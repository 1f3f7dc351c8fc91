//! What must hold while what is in use is moved together and given up, amid ordinary traffic.

use std::cell::RefCell;
use std::collections::BTreeMap;

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    ClientOp, CompactGoal, CompactionEvent, CpuId, Event, Inspect, LruList, MachineSpec,
    MemoryEvent, MemoryOp, NodeId, NodeSpec, Observer, Op, Order, Step, Ticket,
};
use pfnlab_proptests::strategies::{Choices, Scene, traces};
use pfnlab_proptests::{Broken, Case, hold};
use pfnlab_sim::{Checker, Driver, first_difference};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Two small nodes, so that memory gets short.
fn machine(movable: bool) -> MachineSpec {
    let node = |cpus: &[u16], ram: &str| NodeSpec {
        cpus: cpus.to_vec(),
        ram: vec![ram.parse().unwrap()],
        ..NodeSpec::default()
    };
    MachineSpec {
        movablecore: movable.then(|| "40%".to_owned()),
        nodes: vec![node(&[0, 1], "4K..12M"), node(&[2], "12M..20M")],
        ..MachineSpec::default()
    }
}

/// What makes room.
fn memory_ops() -> impl Strategy<Value = MemoryOp> {
    let cpus = || (0..3_u16).prop_map(CpuId);
    let nodes = || (0..3_u16).prop_map(NodeId);
    let goals = prop_oneof![
        2 => Just(CompactGoal::All),
        4 => (1..=10_u8).prop_map(|order| CompactGoal::Order(Order::new(order).unwrap())),
        1 => Just(CompactGoal::Proactive),
    ];
    prop_oneof![
        4 => (nodes(), goals, cpus()).prop_map(|(node, goal, cpu)| MemoryOp::Compact { node, goal, cpu }),
        2 => (nodes(), cpus()).prop_map(|(node, cpu)| MemoryOp::Kswapd { node, cpu }),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(on, swap)| MemoryOp::Waiting { on, swap }),
    ]
}

/// Traffic, most of which stays, and every so often something that makes room. Some of what stays is
/// put on a list, from which it can be given up.
fn cases() -> impl Strategy<Value = Case> {
    let lists = select(vec![
        LruList::InactiveFile,
        LruList::ActiveFile,
        LruList::InactiveAnon,
    ]);
    let parts = vec((traces(60), memory_ops(), lists), 2..12);
    let profiles = select(Profile::ALL.to_vec());
    (profiles, any::<bool>(), parts).prop_map(|(profile, movable, parts)| {
        let mut steps: Vec<Step> = Vec::new();
        for (at, (traffic, op, list)) in (0..).zip(&parts) {
            for step in shifted(traffic, at) {
                let listed = match step.op {
                    Op::Alloc { ticket, request } => Some((ticket, request.cpu)),
                    _ => None,
                };
                steps.push(step);
                if let Some((ticket, cpu)) = listed.filter(|(ticket, _)| ticket.0 % 3 == 0) {
                    let list = *list;
                    steps.push(Step::from(Op::Client(ClientOp::LruAdd {
                        ticket,
                        list,
                        cpu,
                    })));
                }
            }
            steps.push(Step::from(Op::Memory(*op)));
        }
        Case::new(machine(movable), profile, steps)
    })
}

/// Tickets of the parts of a trace lie apart.
fn shifted(traffic: &Choices, part: u64) -> Vec<Step> {
    let shift = |Ticket(number): Ticket| Ticket(number + (part << 20));
    let mut steps = traffic.steps(&Scene::sized(3, 2));
    for step in &mut steps {
        match &mut step.op {
            Op::Alloc { ticket, .. } | Op::Free { ticket, .. } | Op::Exact { ticket, .. } => {
                *ticket = shift(*ticket);
            }
            Op::Bulk { base, .. } => *base = shift(*base),
            Op::Split { ticket, base } => {
                *ticket = shift(*ticket);
                *base = shift(*base);
            }
            _ => {}
        }
    }
    steps
}

/// What was seen, so that the cases can be seen to be some.
#[derive(Default)]
struct Seen {
    kinds: BTreeMap<&'static str, u64>,
}

impl Observer for Seen {
    fn event(&mut self, event: Event) {
        let kind = match event {
            Event::Memory(MemoryEvent::Migrated { .. }) => "moved",
            Event::Memory(MemoryEvent::Reclaimed { .. }) => "given up",
            Event::Memory(MemoryEvent::OomKilled { .. }) => "killed",
            Event::Compaction(CompactionEvent::Ended { result, .. }) => result.name(),
            Event::Compaction(CompactionEvent::SkipSet { .. }) => "skipped pageblock",
            _ => return,
        };
        *self.kinds.entry(kind).or_default() += 1;
    }
}

#[test]
fn rules_hold_while_room_is_made() {
    let seen = RefCell::new(Seen::default());
    hold(60, cases(), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut checker = Checker::new(mm)?.snapshot_every(1);
        for step in &case.trace.steps {
            checker.step(&step.op, &mut *seen.borrow_mut())?;
        }
        Ok(())
    });
    let kinds = &seen.borrow().kinds;
    for kind in [
        "moved",
        "given up",
        "complete",
        "success",
        "skipped",
        "skipped pageblock",
    ] {
        assert!(kinds.contains_key(kind), "{kind} was not seen: {kinds:?}");
    }
}

/// An allocator that is saved and resumed between any two operations goes on as though it had not
/// been: what compaction remembers is saved, too.
#[test]
fn what_compaction_remembers_is_saved() {
    hold(20, cases(), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let config = mm.config().clone();
        let mut straight = Driver::new(mm);
        let mut resumed: Option<Driver<Mm>> = None;
        for (at, step) in case.trace.steps.iter().enumerate() {
            if at % 50 == 25 {
                let driver = resumed.as_ref().unwrap_or(&straight);
                let snapshot = driver.allocator().snapshot();
                let mm = Mm::resume_as(&snapshot, &config)
                    .map_err(|error| Broken::new("resume", &error))?;
                resumed = Some(driver.continue_on(mm));
            }
            let expected = straight.step(&step.op, &mut ())?;
            if let Some(driver) = &mut resumed {
                let outcome = driver.step(&step.op, &mut ())?;
                if outcome != expected {
                    return Err(Broken::new("outcome", &format!("{outcome:?} {expected:?}")));
                }
            }
        }
        let Some(driver) = resumed else { return Ok(()) };
        let (left, right) = (
            straight.allocator().snapshot(),
            driver.allocator().snapshot(),
        );
        match first_difference(&left, &right) {
            None => Ok(()),
            Some(difference) => Err(Broken::new("state", &difference)),
        }
    });
}
