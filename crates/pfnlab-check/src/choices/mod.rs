//! Operations before it is known on what machine they run.
//!
//! A choice names what it is about by one of a few names; most come up again, and are freed then.
//! Any choice can be dropped, and what is left still makes sense: so generators shrink well, and any
//! bytes are operations.
//!
//! - [`Choice`], [`Choices`]: what is asked. [`Scene`]: what of a machine they depend on.
//! - `steps`: choices become operations. `arbitrary`: bytes become choices.

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod steps;

#[cfg(any(feature = "arbitrary", feature = "proptest"))]
use pfnlab_model::Gfp;
use pfnlab_model::{Machine, Pfn, Request, Sysctl, ZoneKind};

/// So many names for what is allocated.
pub const NAMES: u64 = 48;

/// What is asked, before it is known on what machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(pub Vec<Choice>);

/// One thing that is asked. CPUs and nodes are taken modulo those there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Allocates under a name, or frees what it names.
    Block {
        /// Below [`NAMES`].
        name: u64,
        /// What is asked; of a free only the CPU counts.
        request: Request,
    },
    /// Single frames at once.
    Bulk {
        /// Below [`NAMES`].
        name: u64,
        /// How many frames, from 1 on.
        count: u32,
        /// How, where and by whom.
        request: Request,
    },
    /// Frames in a row.
    Exact {
        /// Below [`NAMES`].
        name: u64,
        /// How many frames, from 1 on.
        frames: u32,
        /// How, where and by whom.
        request: Request,
    },
    /// What a name stands for becomes single frames.
    Split {
        /// Below [`NAMES`].
        name: u64,
    },
    /// Frees one of the frames of a split or a bulk.
    FreePage {
        /// Below [`NAMES`].
        name: u64,
        /// Which of them, from 0.
        page: u64,
        /// By whom.
        cpu: u16,
    },
    /// Empties the per-CPU lists of a CPU.
    Drain {
        /// Whose.
        cpu: u16,
    },
    /// Folds the statistics of a CPU.
    Vmstat {
        /// Whose.
        cpu: u16,
    },
    /// Takes a CPU away, or brings it back.
    Cpu {
        /// Which.
        cpu: u16,
        /// Whether it is to run.
        online: bool,
    },
    /// Writes a tunable.
    Sysctl {
        /// Which.
        sysctl: Sysctl,
        /// What to write.
        value: u64,
    },
    /// Changes the flags of a zone.
    ZoneFlags {
        /// On which node.
        node: u16,
        /// Which zone of it.
        kind: ZoneKind,
        /// Flags to set.
        set: u32,
        /// Flags to clear then.
        clear: u32,
        /// What its boost becomes.
        boost: Option<u64>,
    },
    /// A certain range at an edge of memory, under a name.
    Edge {
        /// Below [`NAMES`].
        name: u64,
        /// Which edge: the first or the last frame of some piece of memory.
        edge: u64,
        /// The range begins so many frames before the edge.
        before: u64,
        /// How many frames, from 1 on.
        frames: u64,
        /// By whom.
        cpu: u16,
    },
    /// A section of memory comes, goes, or comes back.
    Section {
        /// Which of those with memory.
        section: u64,
        /// Whether it is to be online.
        online: bool,
        /// By whom.
        cpu: u16,
    },
}

/// What of a machine choices depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// CPUs, from 1 on.
    pub cpus: u16,
    /// Nodes, from 1 on.
    pub nodes: u16,
    /// Where pieces of memory begin and end.
    pub edges: Vec<Pfn>,
    /// The first frames of memory sections.
    pub sections: Vec<Pfn>,
    /// Frames of a section.
    pub section_frames: u64,
}

impl Scene {
    /// So many CPUs and nodes, whatever memory they have: nothing is asked of certain ranges.
    pub fn sized(cpus: u16, nodes: u16) -> Scene {
        Scene {
            cpus: cpus.max(1),
            nodes: nodes.max(1),
            edges: Vec::new(),
            sections: Vec::new(),
            section_frames: 0,
        }
    }

    /// A machine.
    pub fn of(machine: &Machine) -> Scene {
        let section_frames = machine.section_frames();
        let pieces = || machine.memory().iter().map(|memory| memory.range);
        let sections = pieces().flat_map(|range| {
            let (first, last) = (range.start().get(), range.end().get());
            let first = first / section_frames;
            (first..last.div_ceil(section_frames)).map(|number| number * section_frames)
        });
        let mut sections: Vec<Pfn> = sections.map(Pfn::new).collect();
        sections.sort_unstable();
        sections.dedup();
        Scene {
            edges: pieces()
                .flat_map(|range| [range.start(), range.end()])
                .collect(),
            sections,
            section_frames,
            // Fits: a machine has fewer of either.
            ..Scene::sized(machine.cpus().len() as u16, machine.nodes().len() as u16)
        }
    }
}

/// What is often asked for. The extras go on top of a base, in any number.
#[cfg(feature = "arbitrary")]
pub(crate) const BASES: [Gfp; 7] = [
    Gfp::GFP_KERNEL,
    Gfp::GFP_KERNEL.union(Gfp::RECLAIMABLE),
    Gfp::GFP_HIGHUSER_MOVABLE,
    Gfp::GFP_ATOMIC,
    Gfp::GFP_NOWAIT,
    Gfp::GFP_TRANSHUGE_LIGHT,
    Gfp::NONE,
];

/// See [`BASES`]; the last contradicts `__GFP_MOVABLE`.
#[cfg(any(feature = "arbitrary", feature = "proptest"))]
pub(crate) const EXTRAS: [Gfp; 11] = [
    Gfp::THISNODE,
    Gfp::COMP,
    Gfp::MEMALLOC,
    Gfp::NOMEMALLOC,
    Gfp::DMA,
    Gfp::DMA32,
    Gfp::HIGH,
    Gfp::ZERO,
    Gfp::WRITE,
    Gfp::NORETRY,
    Gfp::RECLAIMABLE,
];
