//! What must hold when memory comes and goes, and ranges of it are asked for, amid ordinary
//! traffic.

use std::collections::BTreeMap;

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    AllocError, Block, CpuId, Inspect, MachineSpec, MemoryError, MemoryNotice, MemoryOp,
    MemoryStep, MigrateType, NodeId, NodeSpec, Observer, OnlineTo, Op, PageAllocator, Pfn,
    PfnRange, Reclaim, Snapshot, Step, Tenants, Ticket, ZoneStat,
};
use pfnlab_proptests::strategies::{Choices, Scene, traces};
use pfnlab_proptests::{Broken, Case, Patience, hold};
use pfnlab_sim::{Checker, Driver, Outcome, first_difference, run};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Frames of a section: 4 MiB.
const SECTION: u64 = 1024;

/// Two nodes of 40 and 16 MiB, and room for more memory behind each and between them.
fn machine(movable: bool, guards: u8) -> MachineSpec {
    let node = |cpus: &[u16], ram: &str| NodeSpec {
        cpus: cpus.to_vec(),
        ram: vec![ram.parse().unwrap()],
        ..NodeSpec::default()
    };
    MachineSpec {
        section_size: Some("4M".to_owned()),
        debug_guardpage_minorder: Some(guards),
        movablecore: movable.then(|| "40%".to_owned()),
        nodes: vec![node(&[0, 1], "4K..40M"), node(&[2], "64M..80M")],
        ..MachineSpec::default()
    }
}

/// What is asked about memory, of sections from 0 to 27.
fn memory_ops() -> impl Strategy<Value = MemoryOp> {
    let ranges = || {
        (0..28_u64, 1..=2_u64).prop_map(|(section, count)| {
            PfnRange::sized(Pfn::new(section * SECTION), count * SECTION)
        })
    };
    // Behind the memory of the first node, so that what was added is asked for again.
    let outside =
        || (10..12_u64).prop_map(|section| PfnRange::sized(Pfn::new(section * SECTION), SECTION));
    let cpus = || (0..3_u16).prop_map(CpuId);
    let within = (0..27 * SECTION, 1..1500_u64);
    prop_oneof![
        3 => (outside(), 0..2_u16).prop_map(|(range, node)| MemoryOp::Add { range, node: NodeId(node) }),
        8 => (outside(), select(&OnlineTo::ALL[..]), cpus())
            .prop_map(|(range, to, cpu)| MemoryOp::Online { range, to, cpu }),
        5 => (prop_oneof![outside(), ranges()], cpus()).prop_map(|(range, cpu)| MemoryOp::Offline { range, cpu }),
        2 => outside().prop_map(|range| MemoryOp::Remove { range }),
        4 => (within, cpus(), 0..8_u64).prop_map(|((start, frames), cpu, name)| {
            // Far from the tickets of the traffic.
            let ticket = Ticket((1 << 40) + name);
            MemoryOp::ContigAlloc { ticket, range: PfnRange::sized(Pfn::new(start), frames), cpu }
        }),
    ]
}

/// Traffic, and every so often something about memory. What a `contig-alloc` got is freed when its
/// name comes up again; it has another ticket then, as the CPU that is to free it may be gone.
fn cases() -> impl Strategy<Value = Case> {
    let parts = vec((traces(8), memory_ops()), 3..24);
    // Mostly no guards: they are in the way of what wants ranges.
    let built = (any::<bool>(), select(&[0, 0, 0, 1, 3, 5][..]));
    (select(Profile::ALL.to_vec()), built, parts).prop_map(|(profile, (movable, guards), parts)| {
        let mut steps: Vec<Step> = Vec::new();
        let mut latest = BTreeMap::new();
        for (at, (traffic, op)) in (0..).zip(&parts) {
            steps.extend(shifted(traffic, at));
            let mut op = *op;
            if let MemoryOp::ContigAlloc { ticket, cpu, .. } = &mut op {
                let name = *ticket;
                ticket.0 += at << 8;
                if let Some(ticket) = latest.insert(name, *ticket) {
                    let (cpu, cold) = (*cpu, false);
                    steps.push(Step::from(Op::Free { ticket, cpu, cold }));
                }
            }
            steps.push(Step::from(Op::Memory(op)));
        }
        Case::new(machine(movable, guards), profile, steps)
    })
}

/// Tickets of the parts of a trace lie apart.
fn shifted(traffic: &Choices, part: u64) -> Vec<Step> {
    let shift = |Ticket(number): Ticket| Ticket(number + (part << 30));
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

#[test]
fn rules_hold_while_memory_comes_and_goes() {
    let mut done = BTreeMap::new();
    let done_by = std::cell::RefCell::new(&mut done);
    hold(80, cases(), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut checker = Checker::new(mm)?.snapshot_every(1);
        let mut patience = Patience::default();
        for step in &case.trace.steps {
            let outcome = checker.step(&step.op, &mut patience)?;
            if let (Op::Memory(op), Outcome::Done | Outcome::Exact(_)) = (&step.op, outcome) {
                let verb = op.to_string().split(' ').next().unwrap().to_owned();
                *done_by.borrow_mut().entry(verb).or_insert(0) += 1;
            }
        }
        Ok(checker.finish()?)
    });
    // The cases are worth something: each of these came about.
    for verb in [
        "mem-add",
        "mem-online",
        "mem-offline",
        "mem-remove",
        "contig-alloc",
    ] {
        assert!(done.get(verb).is_some_and(|count| *count > 3), "{done:?}");
    }
}

#[test]
fn what_is_offline_is_resumed_as_it_was() {
    hold(40, cases(), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let (before, after) = case.trace.steps.split_at(case.trace.steps.len() / 2);
        let mut driver = Driver::new(mm);
        run(&mut driver, before, &mut Patience::default())?;
        let middle = driver.allocator().snapshot();
        let resumed = Mm::resume(&middle).map_err(|error| Broken::new("resume", &error))?;
        let mut other = driver.continue_on(resumed);
        let mut patience = Patience::default();
        for step in after {
            let one = driver.step(&step.op, &mut patience)?;
            let two = other.step(&step.op, &mut patience)?;
            if one != two {
                let what = format!("`{}`: {one:?}, resumed {two:?}", step.op);
                return Err(Broken::new("outcome", &what));
            }
        }
        let (one, two) = (driver.allocator().snapshot(), other.allocator().snapshot());
        let difference = first_difference(&one, &two);
        difference.map_or(Ok(()), |difference| Err(Broken::new("end", &difference)))
    });
}

/// What can be had of a machine, wherever it is: which frames are free, cached or guards, what is counted,
/// how large everything is.
fn worth(snapshot: &Snapshot) -> String {
    let zones = snapshot.zones.iter().map(|zone| {
        let free = zone.free_lists.iter().flat_map(|list| {
            let block = |&pfn| PfnRange::sized(pfn, list.order.frames());
            list.pfns.iter().map(block)
        });
        let free: u64 = free.map(PfnRange::frames).sum();
        let cached: u64 = zone.pcp.iter().map(|pcp| u64::from(pcp.count)).sum();
        let stats = &snapshot.global.zone_stats;
        let at = stats
            .iter()
            .position(|&stat| stat == ZoneStat::FreePages)
            .unwrap();
        let diffs = zone.pcp.iter().map(|pcp| i64::from(pcp.vm_stat_diff[at]));
        // A guard is free when the block below it, perhaps cached, is.
        let guarding: u64 = zone.guards.iter().map(|block| block.frames()).sum();
        let counted = zone.vm_stat[at] + diffs.sum::<i64>() + (cached + guarding) as i64;
        let lent: u64 = zone.lent.iter().map(|block| block.frames()).sum();
        format!(
            "{}: {} free, cached or guards, {counted} counted, {lent} lent, {} present, {} managed\n",
            zone.id,
            free + cached + guarding,
            zone.present,
            zone.managed,
        )
    });
    let zones: String = zones.collect();
    let nodes = snapshot
        .nodes
        .iter()
        .map(|node| format!("{:?} {}\n", node.zonelist, node.present));
    zones + &nodes.collect::<String>()
}

/// Goes on until it is told that memory is to go, and objects.
struct Objector {
    told: Vec<MemoryStep>,
}

impl Reclaim for Objector {}

impl Tenants for Objector {
    fn notify(
        &mut self,
        notice: MemoryNotice,
        _: CpuId,
        _: &mut impl PageAllocator,
        _: &mut impl Observer,
    ) -> Result<(), AllocError> {
        self.told.push(notice.step);
        match notice.step {
            MemoryStep::GoingOffline | MemoryStep::GoingOnline => Err(AllocError::NoZone),
            _ => Ok(()),
        }
    }
}

/// Memory that goes and comes back leaves the machine worth what it was; so does memory that was to
/// go when somebody objects, and everybody is told so.
#[test]
fn what_goes_and_comes_back_leaves_everything_as_it_was() {
    let none = PfnRange::default();
    hold(40, cases(), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut driver = Driver::new(mm);
        run(&mut driver, &case.trace.steps, &mut Patience::default())?;
        for section in 0..28 {
            let mm = driver.allocator_mut();
            let before = worth(&mm.snapshot());
            let (range, cpu) = (
                PfnRange::sized(Pfn::new(section * SECTION), SECTION),
                CpuId(0),
            );
            let offline = MemoryOp::Offline { range, cpu };
            let mut objector = Objector { told: Vec::new() };
            let vetoed = mm.memory(&offline, none, &mut objector, &mut ());
            let after = worth(&mm.snapshot());
            if after != before {
                return Err(Broken::new("veto", &format!("{range}: {before}{after}")));
            }
            let told = &objector.told[..];
            let heard = match vetoed {
                Err(MemoryError::Vetoed(_)) => {
                    told == [MemoryStep::GoingOffline, MemoryStep::CancelOffline]
                }
                // Up to 5.0 it is told even if nothing could be isolated.
                _ => told.is_empty() || told == [MemoryStep::CancelOffline],
            };
            if !heard {
                return Err(Broken::new(
                    "told",
                    &format!("{range}: {vetoed:?}, {told:?}"),
                ));
            }
            let Some(zone) = mm.zone_of(range.start()) else {
                continue;
            };
            let to = match zone.kind {
                pfnlab_model::ZoneKind::Movable => OnlineTo::Movable,
                _ => OnlineTo::Kernel,
            };
            if mm.memory(&offline, none, &mut (), &mut ()).is_err() {
                continue;
            }
            let gone = mm.snapshot();
            let listed = gone.zones.iter().flat_map(|zone| &zone.free_lists);
            let blocks = listed.flat_map(|list| {
                list.pfns
                    .iter()
                    .map(|&pfn| Block::containing(pfn, list.order))
            });
            if blocks.clone().any(|block| range.overlaps(block.range())) {
                return Err(Broken::new("gone", &format!("{range} is still on a list")));
            }
            let online = MemoryOp::Online { range, to, cpu };
            let back = mm.memory(&online, none, &mut (), &mut ());
            // What was the last of its zone may come back to another.
            if back.is_err() || mm.zone_of(range.start()) != Some(zone) {
                continue;
            }
            let after = worth(&mm.snapshot());
            if after != before {
                return Err(Broken::new("back", &format!("{range}: {before}{after}")));
            }
            let mt = mm.pageblock_type(range.start());
            if mt == MigrateType::Isolate {
                return Err(Broken::new("isolated", &range));
            }
        }
        Ok(())
    });
}
