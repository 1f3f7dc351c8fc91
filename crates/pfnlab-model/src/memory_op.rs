//! Operations that add memory, take it away, ask for a certain range of it, or make room in it.

use core::fmt;

use crate::{CompactGoal, CpuId, NodeId, Order, PfnRange, Ticket};

/// Which zone memory is put into when it comes online (the state written to a memory block).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnlineTo {
    /// Where it fits to what lies around it (`online`).
    #[default]
    Default,
    /// A zone for whatever the kernel needs (`online_kernel`).
    Kernel,
    /// The movable zone (`online_movable`).
    Movable,
}

impl OnlineTo {
    /// The three.
    pub const ALL: [OnlineTo; 3] = [OnlineTo::Default, OnlineTo::Kernel, OnlineTo::Movable];

    /// The word for it in a trace.
    pub const fn name(self) -> &'static str {
        match self {
            OnlineTo::Default => "default",
            OnlineTo::Kernel => "kernel",
            OnlineTo::Movable => "movable",
        }
    }

    /// What a word stands for.
    pub fn by_name(name: &str) -> Option<OnlineTo> {
        OnlineTo::ALL.into_iter().find(|to| to.name() == name)
    }
}

/// One thing that was asked about a range of frames, or about all of a node's.
///
/// ```
/// use pfnlab_model::{CpuId, MemoryOp, OnlineTo, Op, Pfn, PfnRange};
/// let range = PfnRange::sized(Pfn::new(0x38000), 0x8000);
/// let op = Op::Memory(MemoryOp::Online { range, to: OnlineTo::Movable, cpu: CpuId(0) });
/// assert_eq!(op.to_string(), "mem-online 0x38000..0x40000 movable cpu=0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryOp {
    /// `mem-add`: whole memory sections are plugged in; nothing can be had of them yet
    /// (`add_memory`).
    Add {
        /// Their frames.
        range: PfnRange,
        /// The node they are on.
        node: NodeId,
    },
    /// `mem-remove`: sections that are offline are taken out (`remove_memory`).
    Remove {
        /// Their frames.
        range: PfnRange,
    },
    /// `mem-online`: sections are given to the allocator (`online_pages`).
    Online {
        /// Their frames.
        range: PfnRange,
        /// Which zone they go to.
        to: OnlineTo,
        /// The CPU it is done on.
        cpu: CpuId,
    },
    /// `mem-offline`: sections are emptied and taken from the allocator (`offline_pages`).
    Offline {
        /// Their frames.
        range: PfnRange,
        /// The CPU it is done on.
        cpu: CpuId,
    },
    /// `contig-alloc`: exactly these frames, whoever has them (`alloc_contig_range`). They are
    /// named as one and freed one by one.
    ContigAlloc {
        /// What they will be called.
        ticket: Ticket,
        /// The frames.
        range: PfnRange,
        /// The CPU it is done on.
        cpu: CpuId,
    },
    /// `cma-alloc`: so many frames in a row from a contiguous memory area (`cma_alloc`).
    CmaAlloc {
        /// What they will be called.
        ticket: Ticket,
        /// Which area: their number in the order they were set aside.
        area: u16,
        /// How many frames.
        frames: u32,
        /// The first is a multiple of so many, counted from the beginning of memory.
        align: Order,
        /// The CPU it is done on.
        cpu: CpuId,
    },
    /// `cma-release`: frames go back to their area (`cma_release`). A ticket that names nothing of
    /// an area: nothing happens.
    CmaRelease {
        /// The frames.
        ticket: Ticket,
        /// The CPU it is done on.
        cpu: CpuId,
    },
    /// `compact`: what is in use on a node is moved together (`compact_node`, `kcompactd`).
    Compact {
        /// Which node.
        node: NodeId,
        /// Until when.
        goal: CompactGoal,
        /// The CPU it is done on.
        cpu: CpuId,
    },
    /// `waiting`: from now on requests that may wait do, or do not: those who have memory are asked
    /// for it. At first they are not.
    Waiting {
        /// Whether they do.
        on: bool,
        /// Anonymous memory can be given up, too: there is swap space.
        swap: bool,
    },
    /// `kswapd`: the background reclaimer of a node does what it was asked for (`balance_pgdat`).
    /// Nobody asked: nothing happens.
    Kswapd {
        /// Which node's.
        node: NodeId,
        /// The CPU it runs on.
        cpu: CpuId,
    },
}

impl MemoryOp {
    /// The ticket it gives out.
    pub fn gives(&self) -> Option<Ticket> {
        match *self {
            MemoryOp::ContigAlloc { ticket, .. } | MemoryOp::CmaAlloc { ticket, .. } => {
                Some(ticket)
            }
            _ => None,
        }
    }

    /// The CPU it is done on; adding and removing concerns none.
    pub fn cpu(&self) -> CpuId {
        match *self {
            MemoryOp::Add { .. } | MemoryOp::Remove { .. } | MemoryOp::Waiting { .. } => CpuId(0),
            MemoryOp::Online { cpu, .. }
            | MemoryOp::Offline { cpu, .. }
            | MemoryOp::ContigAlloc { cpu, .. }
            | MemoryOp::CmaAlloc { cpu, .. }
            | MemoryOp::CmaRelease { cpu, .. }
            | MemoryOp::Compact { cpu, .. }
            | MemoryOp::Kswapd { cpu, .. } => cpu,
        }
    }
}

impl fmt::Display for MemoryOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            MemoryOp::Add { range, node } => write!(f, "mem-add {range} node={node}"),
            MemoryOp::Remove { range } => write!(f, "mem-remove {range}"),
            MemoryOp::Online { range, to, cpu } => {
                write!(f, "mem-online {range} {} cpu={cpu}", to.name())
            }
            MemoryOp::Offline { range, cpu } => write!(f, "mem-offline {range} cpu={cpu}"),
            MemoryOp::ContigAlloc { ticket, range, cpu } => {
                write!(f, "contig-alloc {ticket} range={range} cpu={cpu}")
            }
            MemoryOp::CmaAlloc {
                ticket,
                area,
                frames,
                align,
                cpu,
            } => write!(
                f,
                "cma-alloc {ticket} area={area} pages={frames} align={align} cpu={cpu}"
            ),
            MemoryOp::CmaRelease { ticket, cpu } => write!(f, "cma-release {ticket} cpu={cpu}"),
            MemoryOp::Compact { node, goal, cpu } => {
                write!(f, "compact node={node} ")?;
                match goal {
                    CompactGoal::All => f.write_str("all")?,
                    CompactGoal::Order(order) => write!(f, "order={order}")?,
                    CompactGoal::Proactive => f.write_str("proactive")?,
                }
                write!(f, " cpu={cpu}")
            }
            MemoryOp::Waiting { on, swap } => {
                let swap = if swap { " swap" } else { "" };
                write!(f, "waiting {}{swap}", if on { "on" } else { "off" })
            }
            MemoryOp::Kswapd { node, cpu } => write!(f, "kswapd node={node} cpu={cpu}"),
        }
    }
}
