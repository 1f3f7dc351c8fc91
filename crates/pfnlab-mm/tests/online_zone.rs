//! Which zone memory goes to that comes online, and what a node is that gets its first memory.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CpuId, Gfp, Inspect, MachineSpec, MemoryError, MemoryOp, NodeId, NodeSpec, OnlineTo,
    PageAllocator, Pfn, PfnRange, Request, ZoneId, ZoneKind,
};

/// Frames of a section: 128 MiB.
const SECTION: u64 = 1 << 15;

/// 512 MiB on node 0; node 1 has neither memory nor CPUs.
fn machine() -> MachineSpec {
    let node = |cpus: &[u16], ram: &[&str]| NodeSpec {
        cpus: cpus.to_vec(),
        ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
        ..NodeSpec::default()
    };
    MachineSpec {
        nodes: vec![node(&[0], &["4K..512M"]), node(&[], &[])],
        ..MachineSpec::default()
    }
}

fn boot(machine: &MachineSpec, profile: &'static Profile) -> Mm {
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap()
}

fn sections(first: u64, count: u64) -> PfnRange {
    PfnRange::sized(Pfn::new(first * SECTION), count * SECTION)
}

fn run(mm: &mut Mm, op: MemoryOp) -> Result<(), MemoryError> {
    mm.memory(&op, PfnRange::default(), &mut (), &mut ())
        .map(|_| ())
}

fn add(mm: &mut Mm, range: PfnRange, node: u16) -> Result<(), MemoryError> {
    run(
        mm,
        MemoryOp::Add {
            range,
            node: NodeId(node),
        },
    )
}

/// Adds a range and puts it online; the kind of its zone.
fn online(mm: &mut Mm, range: PfnRange, node: u16, to: OnlineTo) -> ZoneKind {
    add(mm, range, node).unwrap();
    run(
        mm,
        MemoryOp::Online {
            range,
            to,
            cpu: CpuId(0),
        },
    )
    .unwrap();
    mm.zone_of(range.start()).unwrap().kind
}

fn since_4_13() -> impl Iterator<Item = &'static Profile> {
    let fixed = ["linux-2.6.37", "linux-3.8"];
    let all = Profile::ALL.iter().copied();
    all.filter(move |profile| !fixed.contains(&profile.name()))
}

/// The contig-zones policy (zone choice, 9.3): what lies in neither zone, or in both, is the
/// kernel's, or with `movable_node` movable.
#[test]
fn the_option_decides_between_kernel_and_movable() {
    for profile in since_4_13() {
        for movable_node in [false, true] {
            let machine = MachineSpec {
                movable_node,
                ..machine()
            };
            let mut mm = boot(&machine, profile);
            let neither = online(&mut mm, sections(64, 1), 0, OnlineTo::Default);
            let expected = match movable_node {
                true => ZoneKind::Movable,
                false => ZoneKind::Normal,
            };
            assert_eq!(neither, expected, "{}", profile.name());
            // Between two of the other kind lies what is of that kind.
            let (kernel, movable) = (OnlineTo::Kernel, OnlineTo::Movable);
            assert_eq!(
                online(&mut mm, sections(80, 1), 1, kernel),
                ZoneKind::Normal
            );
            assert_eq!(
                online(&mut mm, sections(90, 1), 1, kernel),
                ZoneKind::Normal
            );
            assert_eq!(
                online(&mut mm, sections(85, 1), 1, OnlineTo::Default),
                ZoneKind::Normal
            );
            assert_eq!(
                online(&mut mm, sections(84, 1), 1, movable),
                ZoneKind::Movable
            );
            assert_eq!(
                online(&mut mm, sections(86, 1), 1, movable),
                ZoneKind::Movable
            );
            // In both.
            assert!(
                mm.snapshot()
                    .zones
                    .iter()
                    .filter(|zone| zone.present > 0)
                    .count()
                    >= 3
            );
            let both = PfnRange::sized(Pfn::new(87 * SECTION), SECTION);
            assert_eq!(
                online(&mut mm, both, 1, OnlineTo::Default),
                ZoneKind::Normal
            );
        }
    }
}

/// The auto-movable policy: 512 MiB of kernel memory afford three times as much movable memory,
/// and 1 % on top; what comes afterwards is the kernel's, but affords nothing.
#[test]
fn movable_memory_is_bounded_by_kernel_memory() {
    let machine = MachineSpec {
        online_policy: Some("auto-movable".into()),
        ..machine()
    };
    for profile in since_4_13() {
        let mut mm = boot(&machine, profile);
        let kinds: Vec<ZoneKind> = (0..14)
            .map(|at| online(&mut mm, sections(64 + at, 1), 0, OnlineTo::Default))
            .collect();
        let movable = kinds
            .iter()
            .filter(|kind| **kind == ZoneKind::Movable)
            .count();
        let knows = ["linux-6.1.0", "linux-6.1.y", "linux-6.12.0", "linux-6.12.y"];
        // A frame of the 512 MiB is missing, the 1 % makes up for it: 12 sections.
        let expected = if knows.contains(&profile.name()) {
            12
        } else {
            0
        };
        assert_eq!(movable, expected, "{}: {kinds:?}", profile.name());
        assert!(
            kinds[movable..]
                .iter()
                .all(|kind| *kind == ZoneKind::Normal)
        );
        // Another node has no kernel memory of its own to manage it.
        let other = online(&mut mm, sections(100, 1), 1, OnlineTo::Default);
        assert_eq!(other, ZoneKind::Normal, "{}", profile.name());
        // The policy is still in force in an allocator that goes on from here.
        let state = mm.snapshot();
        assert_eq!(Mm::resume(&state).unwrap().snapshot(), state);
    }
}

/// Memory blocks of 256 MiB: what is half of one is refused, when it is plugged in (up to 4.14 that
/// goes by sections) or when it is to come online.
#[test]
fn memory_comes_by_whole_blocks() {
    let machine = MachineSpec {
        memory_block_size: Some("256M".into()),
        ..machine()
    };
    for profile in Profile::ALL {
        let mut mm = boot(&machine, profile);
        let (half, whole) = (sections(64, 1), sections(64, 2));
        let by_sections = ["linux-2.6.37", "linux-3.8", "linux-4.14"];
        let refused = Err(MemoryError::NotWhole(half.start()));
        match by_sections.contains(&profile.name()) {
            true => {
                assert_eq!(add(&mut mm, half, 0), Ok(()), "{}", profile.name());
                assert_eq!(add(&mut mm, sections(65, 1), 0), Ok(()));
            }
            false => {
                assert_eq!(add(&mut mm, half, 0), refused, "{}", profile.name());
                assert_eq!(add(&mut mm, whole, 0), Ok(()));
            }
        }
        let (to, cpu) = (OnlineTo::Default, CpuId(0));
        assert_eq!(
            run(
                &mut mm,
                MemoryOp::Online {
                    range: half,
                    to,
                    cpu
                }
            ),
            refused
        );
        assert_eq!(
            run(
                &mut mm,
                MemoryOp::Online {
                    range: whole,
                    to,
                    cpu
                }
            ),
            Ok(())
        );
        assert_eq!(
            run(&mut mm, MemoryOp::Offline { range: half, cpu }),
            refused
        );
        assert_eq!(
            run(&mut mm, MemoryOp::Offline { range: whole, cpu }),
            Ok(())
        );
    }
}

/// A node that gets its first memory is on every zonelist, first on its own, until it loses it.
#[test]
fn a_node_comes_into_being() {
    for profile in Profile::ALL {
        let name = profile.name();
        let mut mm = boot(&machine(), profile);
        let lists = |mm: &Mm| -> Vec<Vec<ZoneId>> {
            let nodes = mm.snapshot().nodes;
            nodes.into_iter().map(|node| node.zonelist).collect()
        };
        let before = lists(&mm);
        assert!(
            !before.iter().flatten().any(|zone| zone.node == NodeId(1)),
            "{name}"
        );
        let to_node_1 = Request {
            node: Some(NodeId(1)),
            ..Request::new(Gfp::GFP_KERNEL)
        };
        let elsewhere = mm.alloc(&to_node_1, &mut ()).unwrap();
        assert_eq!(
            mm.zone_of(elsewhere.start()).unwrap().node,
            NodeId(0),
            "{name}"
        );

        let range = sections(64, 1);
        assert_eq!(
            online(&mut mm, range, 1, OnlineTo::Default),
            ZoneKind::Normal
        );
        let normal = ZoneId {
            node: NodeId(1),
            kind: ZoneKind::Normal,
        };
        let with = lists(&mm);
        assert_eq!(with[1].first(), Some(&normal), "{name}");
        assert_eq!(with[0].last(), Some(&normal), "{name}");
        let state = mm.snapshot();
        let node = &state.nodes[1];
        assert_eq!(
            (node.start, node.spanned, node.present),
            (range.start(), SECTION, SECTION)
        );
        let there = mm.alloc(&to_node_1, &mut ()).unwrap();
        assert!(range.contains(there.start()), "{name}");

        mm.free(there, CpuId(0), &mut ()).unwrap();
        run(
            &mut mm,
            MemoryOp::Offline {
                range,
                cpu: CpuId(0),
            },
        )
        .unwrap();
        assert_eq!(lists(&mm), before, "{name}");
        run(&mut mm, MemoryOp::Remove { range }).unwrap();
        assert_eq!(mm.snapshot().offline, []);
    }
}
