//! Two runs that must relate: nodes under other names, a node out of reach, counts folded earlier,
//! lists drained first (14, section G).

use std::collections::BTreeSet;

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Gfp, Inspect, MachineSpec, NodeId, NodeMask, NodeSpec, Op, Pfn, Request, Snapshot, Step,
    ZoneStat, ZoneState,
};
use pfnlab_proptests::strategies::{Choices, Scene, cases, traces};
use pfnlab_proptests::{Broken, Patience, for_all, hold};
use pfnlab_sim::{Driver, Outcome};
use proptest::prelude::*;
use proptest::sample::select;

fn node(cpus: &[u16], ram: &[&str]) -> NodeSpec {
    NodeSpec {
        cpus: cpus.to_vec(),
        ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
        ..NodeSpec::default()
    }
}

fn boot(nodes: Vec<NodeSpec>, profile: &'static Profile) -> Mm {
    let spec = MachineSpec {
        nodes,
        ..MachineSpec::default()
    };
    Mm::boot(&spec.build().unwrap(), profile, &Config::X86_64_NO_THP).unwrap()
}

fn generations() -> impl Strategy<Value = &'static Profile> {
    select(Profile::ALL.to_vec())
}

/// What came of a step, and its frames if it got several.
type Answer = (Outcome, Vec<Pfn>);

/// What came of every step, and the state afterwards.
fn outcomes(mm: Mm, steps: &[Step]) -> Result<(Vec<Answer>, Snapshot), Broken> {
    let mut driver = Driver::new(mm);
    let mut patience = Patience::default();
    let mut all = Vec::new();
    for step in steps {
        let outcome = driver.step(&step.op, &mut patience)?;
        let several = matches!(outcome, Outcome::Bulk { .. });
        let pages = if several {
            driver.pages().to_vec()
        } else {
            Vec::new()
        };
        all.push((outcome, pages));
    }
    Ok((all, driver.into_allocator().snapshot()))
}

fn equal<T: PartialEq + std::fmt::Debug>(kind: &str, one: &[T], other: &[T]) -> Result<(), Broken> {
    let first = one.iter().zip(other).position(|(one, other)| one != other);
    first.map_or(Ok(()), |at| {
        let (one, other) = (&one[at], &other[at]);
        Err(Broken::new(kind, &format!("{at}: {one:?}, then {other:?}")))
    })
}

/// The request as another numbering of the nodes would have it.
fn renamed(request: &Request, names: [u16; 3]) -> Request {
    let name = |node: NodeId| NodeId(names[usize::from(node.0)]);
    let mask = |mask: NodeMask| {
        let nodes = (0..3).filter(|&node| mask.contains(NodeId(node)));
        let bits = nodes.map(|node| 1 << names[usize::from(node)]).sum();
        NodeMask::from_bits(bits)
    };
    Request {
        node: request.node.map(name),
        nodes: request.nodes.map(mask),
        ..*request
    }
}

fn renamed_step(step: &Step, names: [u16; 3]) -> Step {
    let mut op = step.op;
    match &mut op {
        Op::Alloc { request, .. } | Op::Bulk { request, .. } | Op::Exact { request, .. } => {
            *request = renamed(request, names);
        }
        Op::ZoneFlags { zone, .. } => zone.node = NodeId(names[usize::from(zone.node.0)]),
        _ => {}
    }
    op.into()
}

/// 62: the number of a node is a name. Distances are far enough apart that no charge for CPUs or
/// for being asked often decides between two nodes.
#[test]
fn nodes_may_have_other_numbers() {
    const DISTANCES: [[u8; 3]; 3] = [[10, 20, 30], [20, 10, 40], [30, 40, 10]];
    let nodes = [
        node(&[0, 1], &["0x1000..24M"]),
        node(&[2], &["24M..40M", "4G..4112M"]),
        node(&[], &["40M..60M"]),
    ];
    let orders: [[u16; 3]; 5] = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let values = (generations(), select(orders.to_vec()), traces(200));
    for_all(60, values, |(profile, names, choices)| {
        let with_distances = |names: [u16; 3]| {
            let mut renamed = vec![NodeSpec::default(); 3];
            for (at, node) in nodes.iter().enumerate() {
                let mut distance = vec![0; 3];
                for (other, &far) in DISTANCES[at].iter().enumerate() {
                    distance[usize::from(names[other])] = far;
                }
                renamed[usize::from(names[at])] = NodeSpec {
                    distance,
                    ..node.clone()
                };
            }
            boot(renamed, profile)
        };
        let steps = choices.steps(&Scene::sized(3, 3));
        let (one, _) = outcomes(with_distances([0, 1, 2]), &steps)?;
        let steps: Vec<_> = steps
            .iter()
            .map(|step| renamed_step(step, *names))
            .collect();
        let (other, _) = outcomes(with_distances(*names), &steps)?;
        equal(profile.name(), &one, &other)
    });
}

/// The trace, kept to node 0.
fn on_node_0(choices: &Choices) -> Vec<Step> {
    let mut steps = choices.steps(&Scene::sized(2, 1));
    for step in &mut steps {
        if let Op::Alloc { request, .. } | Op::Bulk { request, .. } | Op::Exact { request, .. } =
            &mut step.op
        {
            *request = Request {
                gfp: request.gfp | Gfp::THISNODE,
                node: Some(NodeId(0)),
                nodes: None,
                ..*request
            };
        }
    }
    // What is divided among all zones anew would be divided among more.
    steps.retain(|step| !matches!(step.op, Op::Sysctl { .. }));
    steps
}

/// 63: a node that no request reaches changes nothing.
#[test]
fn a_node_out_of_reach_changes_nothing() {
    // Up to 3.8 zones are noted as full as soon as there are two nodes (05 §5.9).
    let with_cache = ["linux-2.6.37", "linux-3.8"];
    let profiles = Profile::ALL.iter().copied();
    let profiles: Vec<_> = profiles
        .filter(|profile| !with_cache.contains(&profile.name()))
        .collect();
    for_all(60, (select(profiles), traces(200)), |(profile, choices)| {
        let near = node(&[0, 1], &["0x1000..40M"]);
        let alone = boot(vec![near.clone()], profile).snapshot();
        let mut both = boot(vec![near, node(&[], &["48M..64M"])], profile).snapshot();
        // The limits of both are those of the one.
        both.zones.retain(|zone| zone.id.node != NodeId(0));
        both.zones.splice(0..0, alone.zones.iter().cloned());
        let resume = |snapshot| Mm::resume(snapshot).map_err(|error| Broken::new("resume", &error));
        let steps = on_node_0(choices);
        let (one, alone) = outcomes(resume(&alone)?, &steps)?;
        let (other, both) = outcomes(resume(&both)?, &steps)?;
        equal(profile.name(), &one, &other)?;
        equal(profile.name(), &alone.zones, &both.zones)
    });
}

/// The free frames of a zone: counted, and on its lists and those of its CPUs.
fn count(snapshot: &Snapshot, zone: &ZoneState) -> (i64, i64) {
    let stats = &snapshot.global.zone_stats;
    let free = stats
        .iter()
        .position(|&stat| stat == ZoneStat::FreePages)
        .unwrap();
    let differences = zone.pcp.iter().map(|pcp| pcp.vm_stat_diff[free]);
    let counted = zone.vm_stat[free] + differences.map(i64::from).sum::<i64>();
    let cached: u32 = zone.pcp.iter().map(|pcp| pcp.count).sum();
    (counted, i64::from(cached))
}

/// 68: folding differences changes no exact count and no list. What the same worker drains for being
/// far away, or too much, only moves.
#[test]
fn a_fold_changes_no_exact_count() {
    hold(60, cases(200), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut driver = Driver::new(mm);
        let mut patience = Patience::default();
        for (at, step) in case.trace.steps.iter().enumerate() {
            driver.step(&step.op, &mut patience)?;
            if at % 16 != 0 {
                continue;
            }
            let before = driver.allocator().snapshot();
            for (cpu, _) in case.machine().cpus() {
                driver.step(&Op::Vmstat { cpu }, &mut patience)?;
            }
            let after = driver.allocator().snapshot();
            for (before_zone, zone) in before.zones.iter().zip(&after.zones) {
                let (free, cached) = count(&before, before_zone);
                let (free_after, cached_after) = count(&after, zone);
                let drained = cached - cached_after;
                let what = format!("{}: {free} and {cached}, then {free_after}", zone.id);
                if drained < 0 || free_after - free != drained {
                    return Err(Broken::new("count", &what));
                }
                if drained == 0 && before_zone.free_lists != zone.free_lists {
                    return Err(Broken::new("lists", &what));
                }
                let differs = |pcp: &pfnlab_model::PcpState| {
                    pcp.vm_stat_diff.iter().any(|&difference| difference != 0)
                };
                if drained == 0 && zone.pcp.iter().any(differs) {
                    return Err(Broken::new("difference", &what));
                }
            }
        }
        Ok(())
    });
}

/// Every frame on a list.
fn free_frames(snapshot: &Snapshot) -> BTreeSet<Pfn> {
    let of = |pfns: &mut dyn Iterator<Item = &Pfn>, frames: u64| -> Vec<Pfn> {
        pfns.flat_map(|pfn| (0..frames).map(move |at| pfn.offset(at)))
            .collect()
    };
    let mut all = BTreeSet::new();
    for zone in &snapshot.zones {
        for list in &zone.free_lists {
            all.extend(of(&mut list.pfns.iter(), list.order.frames()));
        }
        for list in zone.pcp.iter().flat_map(|pcp| &pcp.lists) {
            all.extend(of(&mut list.pfns.iter(), list.order.frames()));
        }
    }
    all
}

/// 69: draining first changes which frame comes when, and not which there are.
#[test]
fn draining_loses_and_finds_nothing() {
    hold(60, cases(200), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut driver = Driver::new(mm);
        let mut patience = Patience::default();
        for step in &case.trace.steps {
            driver.step(&step.op, &mut patience)?;
        }
        let kept = driver.allocator().snapshot();
        for (cpu, _) in case.machine().cpus() {
            driver.step(&Op::Drain { cpu }, &mut patience)?;
        }
        let drained = driver.allocator().snapshot();
        if free_frames(&kept) != free_frames(&drained) {
            return Err(Broken::new("drain", &"other frames are free"));
        }
        if drained
            .zones
            .iter()
            .flat_map(|zone| &zone.pcp)
            .any(|pcp| pcp.count != 0)
        {
            return Err(Broken::new("drain", &"a per-CPU list is not empty"));
        }
        Ok(())
    });
}
