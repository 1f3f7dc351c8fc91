//! Machines: what a person writes down, and what it means once checked.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{ByteRange, BytesError, CpuId, NodeId, Pfn, PfnRange, parse_size};

/// Bytes in a page frame.
const PAGE: u64 = 4096;
/// The default section size: 128 MiB, `SECTION_SIZE_BITS` 27 on x86-64.
const SECTION_SIZE: u64 = 128 << 20;

/// A machine as a person describes it. [`MachineSpec::build`] checks it.
///
/// All ranges are bytes and half-open. RAM is rounded inward to whole frames, reservations
/// outward, as `memblock` does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct MachineSpec {
    /// A name to call it by.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// Bytes in a memory section, such as `128M`; a power of two of at least 4 MiB.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub section_size: Option<String>,
    /// Memory the firmware and the kernel keep: never released to the allocator.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub reserved: Vec<ByteRange>,
    /// `kernelcore=`: memory to leave outside the movable zones, such as `1G` or `40%`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub kernelcore: Option<String>,
    /// `movablecore=`: memory to put into the movable zones, such as `600M` or `50%`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub movablecore: Option<String>,
    /// The nodes.
    #[cfg_attr(feature = "serde", serde(rename = "node"))]
    pub nodes: Vec<NodeSpec>,
}

/// One NUMA node of a [`MachineSpec`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct NodeSpec {
    /// The CPUs on it; may be none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub cpus: Vec<u16>,
    /// Its RAM; may be none, and may lie between that of other nodes.
    #[cfg_attr(feature = "serde", serde(default))]
    pub ram: Vec<ByteRange>,
    /// The distance to every node, this one included; none given: 10 to itself, 20 to others.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub distance: Vec<u8>,
}

/// How much memory a `kernelcore=` or `movablecore=` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernelcore {
    /// So many frames.
    Frames(u64),
    /// So many percent of all memory, 0..=100.
    Percent(u8),
}

/// RAM of one node without a hole in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemRange {
    /// Its frames.
    pub range: PfnRange,
    /// The node it is on.
    pub node: NodeId,
}

/// A node of a checked [`Machine`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTopology {
    /// Its number.
    pub id: NodeId,
    /// Its CPUs, ascending.
    pub cpus: Vec<CpuId>,
    /// The distance to every node, by node number.
    pub distance: Vec<u8>,
}

/// A machine that can exist: RAM sorted and disjoint, every CPU on one node, nothing absurd.
///
/// ```
/// use pfnlab_model::{MachineSpec, NodeSpec};
/// let spec = MachineSpec {
///     nodes: vec![NodeSpec {
///         cpus: vec![0],
///         ram: vec!["0x1000..0x9f000".parse().unwrap(), "1M..512M".parse().unwrap()],
///         ..NodeSpec::default()
///     }],
///     ..MachineSpec::default()
/// };
/// let machine = spec.build().unwrap();
/// assert_eq!(machine.frames(), 158 + 130_816);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    name: String,
    nodes: Vec<NodeTopology>,
    memory: Vec<MemRange>,
    reserved: Vec<PfnRange>,
    section_frames: u64,
    kernelcore: Option<Kernelcore>,
    movablecore: Option<Kernelcore>,
}

impl Machine {
    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The nodes, by number.
    pub fn nodes(&self) -> &[NodeTopology] {
        &self.nodes
    }

    /// All RAM, ascending; neighbours on the same node are one range (`memblock.memory`).
    pub fn memory(&self) -> &[MemRange] {
        &self.memory
    }

    /// The RAM of one node, ascending.
    pub fn memory_of(&self, node: NodeId) -> impl Iterator<Item = PfnRange> {
        self.memory
            .iter()
            .filter(move |m| m.node == node)
            .map(|m| m.range)
    }

    /// What is never released, ascending and disjoint; may cover holes (`memblock.reserved`).
    pub fn reserved(&self) -> &[PfnRange] {
        &self.reserved
    }

    /// RAM that is not reserved, ascending.
    pub fn free_ranges(&self) -> impl Iterator<Item = MemRange> {
        self.memory.iter().flat_map(|memory| {
            let mut free = Vec::new();
            let mut start = memory.range.start();
            for reserved in &self.reserved {
                if let Some(range) = PfnRange::new(start, reserved.start().min(memory.range.end()))
                {
                    free.push(MemRange {
                        range,
                        node: memory.node,
                    });
                }
                start = start.max(reserved.end());
            }
            if let Some(range) = PfnRange::new(start, memory.range.end()) {
                free.push(MemRange {
                    range,
                    node: memory.node,
                });
            }
            free.into_iter().filter(|free| !free.range.is_empty())
        })
    }

    /// How many frames of RAM there are.
    pub fn frames(&self) -> u64 {
        self.memory.iter().map(|memory| memory.range.frames()).sum()
    }

    /// The first frame behind all RAM (`max_pfn`).
    pub fn end(&self) -> Pfn {
        self.memory
            .last()
            .map_or(Pfn::default(), |memory| memory.range.end())
    }

    /// Frames in a memory section, a power of two.
    pub fn section_frames(&self) -> u64 {
        self.section_frames
    }

    /// `kernelcore=`.
    pub fn kernelcore(&self) -> Option<Kernelcore> {
        self.kernelcore
    }

    /// `movablecore=`.
    pub fn movablecore(&self) -> Option<Kernelcore> {
        self.movablecore
    }

    /// Every CPU with its node, by CPU number, without gaps.
    pub fn cpus(&self) -> Vec<(CpuId, NodeId)> {
        let mut cpus: Vec<_> = self
            .nodes
            .iter()
            .flat_map(|node| node.cpus.iter().map(move |&cpu| (cpu, node.id)))
            .collect();
        cpus.sort_unstable();
        cpus
    }
}

impl MachineSpec {
    /// Checks the description and turns it into a machine.
    ///
    /// # Errors
    /// When no such machine can exist; the error says which field is at fault.
    pub fn build(&self) -> Result<Machine, MachineError> {
        let nodes = self.topology()?;
        let memory = self.memory()?;
        let section_frames = match &self.section_size {
            None => SECTION_SIZE / PAGE,
            Some(text) => section_frames(text)?,
        };
        Ok(Machine {
            name: self.name.clone(),
            nodes,
            memory,
            reserved: self.reservations()?,
            section_frames,
            kernelcore: core_size("kernelcore", self.kernelcore.as_deref())?,
            movablecore: core_size("movablecore", self.movablecore.as_deref())?,
        })
    }

    fn topology(&self) -> Result<Vec<NodeTopology>, MachineError> {
        let count = self.nodes.len();
        if count == 0 {
            return Err(Problem::NoNodes.at(Place::field("node")));
        }
        if count > usize::from(NodeId::LIMIT) {
            return Err(Problem::TooManyNodes(count).at(Place::field("node")));
        }
        let mut seen = Vec::new();
        let mut nodes = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            for (item, &cpu) in node.cpus.iter().enumerate() {
                let place = Place::of_node(number, "cpus", Some(item));
                if cpu >= CpuId::LIMIT {
                    return Err(Problem::CpuAboveLimit(cpu).at(place));
                }
                if seen.contains(&cpu) {
                    return Err(Problem::CpuTwice(cpu).at(place));
                }
                seen.push(cpu);
            }
            let distance = match node.distance.len() {
                0 => (0..count)
                    .map(|other| if other == number { 10 } else { 20 })
                    .collect(),
                length if length == count => node.distance.clone(),
                length => {
                    let place = Place::of_node(number, "distance", None);
                    return Err(Problem::DistanceCount {
                        given: length,
                        nodes: count,
                    }
                    .at(place));
                }
            };
            for (other, &value) in distance.iter().enumerate() {
                if (other == number && value != 10) || value < 10 {
                    let place = Place::of_node(number, "distance", Some(other));
                    return Err(Problem::Distance {
                        value,
                        own: other == number,
                    }
                    .at(place));
                }
            }
            let mut cpus: Vec<_> = node.cpus.iter().copied().map(CpuId).collect();
            cpus.sort_unstable();
            // Fits: there are at most NodeId::LIMIT nodes.
            nodes.push(NodeTopology {
                id: NodeId(number as u16),
                cpus,
                distance,
            });
        }
        seen.sort_unstable();
        if seen.is_empty() {
            return Err(Problem::NoCpus.at(Place::field("node")));
        }
        match seen
            .iter()
            .enumerate()
            .find(|&(number, &cpu)| number != usize::from(cpu))
        {
            Some((missing, _)) => Err(Problem::CpuMissing(missing).at(Place::field("node"))),
            None => Ok(nodes),
        }
    }

    fn memory(&self) -> Result<Vec<MemRange>, MachineError> {
        let mut placed: Vec<(MemRange, Place)> = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            for (item, &bytes) in node.ram.iter().enumerate() {
                let place = Place::of_node(number, "ram", Some(item));
                if bytes.start >= bytes.end {
                    return Err(Problem::EmptyRange(bytes).at(place));
                }
                if bytes.end > Pfn::LIMIT.get() * PAGE {
                    return Err(Problem::AboveLimit(bytes).at(place));
                }
                let start = Pfn::new(bytes.start.div_ceil(PAGE));
                match PfnRange::new(start, Pfn::new(bytes.end / PAGE)) {
                    Some(range) if !range.is_empty() => {
                        placed.push((
                            MemRange {
                                range,
                                node: NodeId(number as u16),
                            },
                            place,
                        ));
                    }
                    _ => return Err(Problem::NoWholeFrame(bytes).at(place)),
                }
            }
        }
        placed.sort_by_key(|(memory, _)| memory.range);
        if placed.is_empty() {
            return Err(Problem::NoMemory.at(Place::field("node")));
        }
        for pair in placed.windows(2) {
            if pair[0].0.range.overlaps(pair[1].0.range) {
                let problem = Problem::Overlap(pair[0].0, pair[1].0);
                return Err(problem.at(pair[1].1));
            }
        }
        let mut memory: Vec<MemRange> = Vec::new();
        for (next, _) in placed {
            match memory.last_mut() {
                Some(last) if last.node == next.node && last.range.end() == next.range.start() => {
                    last.range = PfnRange::sized(
                        last.range.start(),
                        last.range.frames() + next.range.frames(),
                    );
                }
                _ => memory.push(next),
            }
        }
        Ok(memory)
    }

    fn reservations(&self) -> Result<Vec<PfnRange>, MachineError> {
        let mut all = Vec::new();
        for (item, &bytes) in self.reserved.iter().enumerate() {
            let place = Place {
                node: None,
                field: "reserved",
                item: Some(item),
            };
            if bytes.start >= bytes.end {
                return Err(Problem::EmptyRange(bytes).at(place));
            }
            let start = Pfn::new(bytes.start / PAGE);
            all.extend(PfnRange::new(start, Pfn::new(bytes.end.div_ceil(PAGE))));
        }
        all.sort_unstable();
        let mut reserved: Vec<PfnRange> = Vec::new();
        for next in all {
            match reserved.last_mut() {
                Some(last) if next.start() <= last.end() => {
                    let end = last.end().max(next.end());
                    *last = PfnRange::sized(last.start(), end.since(last.start()));
                }
                _ => reserved.push(next),
            }
        }
        Ok(reserved)
    }
}

fn section_frames(text: &str) -> Result<u64, MachineError> {
    let place = Place::field("section-size");
    let bytes = parse_size(text).map_err(|error| Problem::Size(error).at(place))?;
    if bytes.is_power_of_two() && (4 << 20..=1 << 40).contains(&bytes) {
        Ok(bytes / PAGE)
    } else {
        Err(Problem::SectionSize(bytes).at(place))
    }
}

fn core_size(field: &'static str, text: Option<&str>) -> Result<Option<Kernelcore>, MachineError> {
    let Some(text) = text else { return Ok(None) };
    let place = Place::field(field);
    let core = match text.strip_suffix('%') {
        Some(percent) => match percent.parse() {
            Ok(percent) if percent <= 100 => Kernelcore::Percent(percent),
            _ => return Err(Problem::Percent(text.into()).at(place)),
        },
        None => {
            let bytes = parse_size(text).map_err(|error| Problem::Size(error).at(place))?;
            Kernelcore::Frames(bytes / PAGE)
        }
    };
    Ok(Some(core))
}

/// Where in a [`MachineSpec`] something is wrong.
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
    const fn field(field: &'static str) -> Place {
        Place {
            node: None,
            field,
            item: None,
        }
    }

    const fn of_node(node: usize, field: &'static str, item: Option<usize>) -> Place {
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
enum Problem {
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
}

impl Problem {
    fn at(self, place: Place) -> MachineError {
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
            Problem::Percent(text) => write!(f, "`{text}` is no percentage from 0% to 100%"),
        }
    }
}
