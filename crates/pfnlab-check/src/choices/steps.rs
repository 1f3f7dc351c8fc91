//! Choices become operations.

use std::collections::BTreeSet;

use pfnlab_model::{
    CpuId, MemoryOp, NodeId, OnlineTo, Op, PfnRange, Request, Step, Ticket, ZoneFlags, ZoneId,
};

use super::{Choice, Choices, NAMES, Scene};

/// Tickets of one name lie this far apart; a split or bulk fits in between.
const APART: u64 = 1 << 11;

/// What each name stands for.
struct Names {
    /// How often each was given; the tickets of a name begin at `(given * NAMES + name) * APART`.
    given: [u64; NAMES as usize],
    latest: [Ticket; NAMES as usize],
    live: BTreeSet<u64>,
}

impl Names {
    fn latest(&self, name: u64) -> Ticket {
        self.latest[(name % NAMES) as usize]
    }

    /// A ticket nobody has had.
    fn give(&mut self, name: u64) -> Ticket {
        let name = name % NAMES;
        let at = name as usize;
        self.given[at] += 1;
        self.live.insert(name);
        self.latest[at] = Ticket((self.given[at] * NAMES + name) * APART);
        self.latest[at]
    }
}

impl Choices {
    /// The steps on a scene. Every allocation has tickets of its own, so any step can be dropped.
    ///
    /// A mask may name nodes that do not exist, and so leave none.
    pub fn steps(&self, scene: &Scene) -> Vec<Step> {
        let mut names = Names {
            given: [0; NAMES as usize],
            latest: [Ticket(0); NAMES as usize],
            live: BTreeSet::new(),
        };
        let ops = self.0.iter().filter_map(|choice| {
            let op = op(choice, scene, &mut names)?;
            Some(Step::from(op))
        });
        ops.collect()
    }
}

/// What a choice asks; `None`: the scene has nothing it could be about.
fn op(choice: &Choice, scene: &Scene, names: &mut Names) -> Option<Op> {
    let cpu = |cpu: u16| CpuId(cpu % scene.cpus);
    let fit = |request: &Request| Request {
        cpu: cpu(request.cpu.0),
        node: request.node.map(|node| NodeId(node.0 % scene.nodes)),
        ..*request
    };
    Some(match choice {
        Choice::Block { name, request } if names.live.remove(&(name % NAMES)) => Op::Free {
            ticket: names.latest(*name),
            cpu: cpu(request.cpu.0),
            cold: false,
        },
        Choice::Block { name, request } => Op::Alloc {
            ticket: names.give(*name),
            request: fit(request),
        },
        Choice::Bulk {
            name,
            count,
            request,
        } => Op::Bulk {
            base: names.give(*name),
            count: *count,
            request: fit(request),
        },
        Choice::Exact {
            name,
            frames,
            request,
        } => Op::Exact {
            ticket: names.give(*name),
            frames: *frames,
            request: fit(request),
        },
        Choice::Split { name } => {
            let ticket = names.latest(*name);
            let base = ticket;
            Op::Split { ticket, base }
        }
        Choice::FreePage {
            name,
            page,
            cpu: by,
        } => Op::Free {
            ticket: Ticket(names.latest(*name).0 + page % APART),
            cpu: cpu(*by),
            cold: false,
        },
        Choice::Drain { cpu: whose } => Op::Drain { cpu: cpu(*whose) },
        Choice::Vmstat { cpu: whose } => Op::Vmstat { cpu: cpu(*whose) },
        Choice::Cpu {
            cpu: which,
            online: true,
        } => Op::CpuOnline { cpu: cpu(*which) },
        Choice::Cpu { cpu: which, .. } => Op::CpuOffline { cpu: cpu(*which) },
        Choice::Sysctl { sysctl, value } => Op::Sysctl {
            sysctl: *sysctl,
            value: *value,
        },
        Choice::ZoneFlags {
            node,
            kind,
            set,
            clear,
            boost,
        } => Op::ZoneFlags {
            zone: ZoneId {
                node: NodeId(node % scene.nodes),
                kind: *kind,
            },
            set: ZoneFlags::from_bits(*set),
            clear: ZoneFlags::from_bits(*clear),
            boost: *boost,
        },
        Choice::Edge {
            name,
            edge,
            before,
            frames,
            cpu: by,
        } => {
            let edge = one_of(&scene.edges, *edge)?;
            let start = edge.get().saturating_sub(*before);
            Op::Memory(MemoryOp::ContigAlloc {
                ticket: names.give(*name),
                range: PfnRange::sized(pfnlab_model::Pfn::new(start), *frames),
                cpu: cpu(*by),
            })
        }
        Choice::Section {
            section,
            online,
            cpu: by,
        } => {
            let start = one_of(&scene.sections, *section)?;
            let range = PfnRange::sized(start, scene.section_frames);
            let (to, cpu) = (OnlineTo::Default, cpu(*by));
            Op::Memory(match online {
                true => MemoryOp::Online { range, to, cpu },
                false => MemoryOp::Offline { range, cpu },
            })
        }
    })
}

fn one_of<T: Copy>(all: &[T], number: u64) -> Option<T> {
    let at = number.checked_rem(all.len() as u64)?;
    // Fits: it is a position in memory.
    Some(all[at as usize])
}
