//! What is wrong with a machine, and where.

use alloc::string::String;
use core::fmt;

use super::{MemRange, PAGE};
use crate::{ByteRange, BytesError, CpuId, NodeId, Pfn};

/// Where in a [`MachineSpec`](crate::MachineSpec) something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which node, by position; `None`: at the top.
    pub node: Option<usize>,
    /// In which field, as it is spelled in the saved form.
    pub field: &'static str,
    /// In which item of that field, by position.
    pub item: Option<usize>,
}

impl Place {
    pub(super) const fn field(field: &'static str) -> Place {
        Place {
            node: None,
            field,
            item: None,
        }
    }

    pub(super) const fn of_node(node: usize, field: &'static str, item: Option<usize>) -> Place {
        Place {
            node: Some(node),
            field,
            item,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(node) = self.node {
            write!(f, "node[{node}].")?;
        }
        f.write_str(self.field)?;
        match self.item {
            Some(item) => write!(f, "[{item}]"),
            None => Ok(()),
        }
    }
}

/// A machine that cannot exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineError {
    place: Place,
    problem: Problem,
}

impl MachineError {
    /// Which field is at fault.
    pub fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl core::error::Error for MachineError {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoNodes,
    NoCpus,
    NoMemory,
    TooManyNodes(usize),
    CpuAboveLimit(u16),
    CpuTwice(u16),
    CpuMissing(usize),
    DistanceCount { given: usize, nodes: usize },
    Distance { value: u8, own: bool },
    EmptyRange(ByteRange),
    AboveLimit(ByteRange),
    NoWholeFrame(ByteRange),
    Overlap(MemRange, MemRange),
    Size(BytesError),
    SectionSize(u64),
    Percent(String),
    NotMirror,
    DmaBits(u32),
    GuardOrder(u8),
    MemoryBlock(u64),
    OnlinePolicy(String),
}

impl Problem {
    pub(super) fn at(self, place: Place) -> MachineError {
        MachineError {
            place,
            problem: self,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoNodes => f.write_str("a machine needs at least one node"),
            Problem::NoCpus => f.write_str("a machine needs a CPU: give some node `cpus = [0]`"),
            Problem::NoMemory => {
                f.write_str("a machine needs RAM: give some node `ram = [\"1M..512M\"]`")
            }
            Problem::TooManyNodes(count) => {
                write!(
                    f,
                    "{count} nodes are more than the {} possible",
                    NodeId::LIMIT
                )
            }
            Problem::CpuAboveLimit(cpu) => {
                write!(f, "CPU {cpu} is not below the limit of {}", CpuId::LIMIT)
            }
            Problem::CpuTwice(cpu) => write!(f, "CPU {cpu} is already on a node"),
            Problem::CpuMissing(cpu) => {
                write!(
                    f,
                    "CPU {cpu} is on no node: CPUs are numbered from 0 without gaps"
                )
            }
            Problem::DistanceCount { given, nodes } => {
                write!(
                    f,
                    "{given} distances for {nodes} nodes: give one for every node"
                )
            }
            Problem::Distance { value, own: true } => {
                write!(f, "the distance of a node to itself is 10, not {value}")
            }
            Problem::Distance { value, own: false } => {
                write!(f, "the distance to another node is 10 to 255, not {value}")
            }
            Problem::EmptyRange(range) => {
                write!(
                    f,
                    "{range} is empty: the end is exclusive and lies behind the start"
                )
            }
            Problem::AboveLimit(range) => {
                write!(
                    f,
                    "{range} reaches above {:#x}, the highest address",
                    Pfn::LIMIT.get() * PAGE
                )
            }
            Problem::NoWholeFrame(range) => write!(f, "{range} holds no whole 4 KiB frame"),
            Problem::Overlap(first, second) => write!(
                f,
                "frames {} of node {} overlap frames {} of node {}",
                second.range, second.node, first.range, first.node
            ),
            Problem::Size(error) => error.fmt(f),
            Problem::SectionSize(bytes) => {
                write!(
                    f,
                    "a section is a power of two of at least 4 MiB, not {bytes:#x} bytes"
                )
            }
            Problem::NotMirror => f.write_str("only `kernelcore` can be `mirror`"),
            Problem::DmaBits(bits) => {
                write!(f, "a device reaches 12 to 64 address bits, not {bits}")
            }
            Problem::GuardOrder(order) => {
                write!(f, "guard pages are of orders below 0 to 5, not {order}")
            }
            Problem::MemoryBlock(bytes) => write!(
                f,
                "a memory block is a section or a power of two of them, not {bytes:#x} bytes"
            ),
            Problem::OnlinePolicy(text) => {
                write!(
                    f,
                    "`{text}` is no policy: there are contig-zones and auto-movable"
                )
            }
            Problem::Percent(text) => write!(f, "`{text}` is no percentage from 0% to 100%"),
        }
    }
}
