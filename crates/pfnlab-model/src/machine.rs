//! Machines: what a person writes down, and what it means once checked.

mod error;
mod options;
mod text;

use alloc::string::String;
use alloc::vec::Vec;

use crate::{ByteRange, CpuId, NodeId, Order, Pfn, PfnRange, parse_size};

use error::Problem;
pub use error::{MachineError, Place};
pub use options::{OnlinePolicy, probed_memory_block};

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
    /// `kernelcore=`: memory to leave outside the movable zones, such as `1G` or `40%`; or `mirror`:
    /// all that is mirrored.
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
    /// `movable_node`: memory that can be unplugged is in the movable zones, and `kernelcore=` and
    /// `movablecore=` mean nothing.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "core::ops::Not::not")
    )]
    pub movable_node: bool,
    /// Memory that can be unplugged, says the firmware. Matters with `movable_node`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub hotplug: Vec<ByteRange>,
    /// Memory that is mirrored, says the firmware. Matters with `kernelcore = "mirror"`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub mirrored: Vec<ByteRange>,
    /// How many address bits the weakest device reaches, says the firmware; 12 to 64. None given:
    /// all. Where the lowest zone of arm64 ends.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub dma_bits: Option<u32>,
    /// `debug_guardpage_minorder=`, with `debug_pagealloc=on`: of a block that is split, upper halves
    /// below this order are kept back; 0 to 5. None given: 0, which is none.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub debug_guardpage_minorder: Option<u8>,
    /// Bytes that come online and go offline together: a multiple of a section by a power of two;
    /// or `bare-metal` or `hypervisor`: as an x86-64 kernel finds it there. None given: a section.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub memory_block_size: Option<String>,
    /// `memory_hotplug.online_policy=`: `contig-zones`, or since 5.14 `auto-movable`. Which zone
    /// memory goes to that comes online, unless somebody says so. None given: `contig-zones`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub online_policy: Option<String>,
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
    /// What is mirrored.
    Mirror,
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
    movable_node: bool,
    hotplug: Vec<PfnRange>,
    mirrored: Vec<PfnRange>,
    dma_bits: u32,
    guardpage_minorder: Order,
    memory_block_frames: u64,
    online_policy: OnlinePolicy,
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

    /// `movable_node`.
    pub fn movable_node(&self) -> bool {
        self.movable_node
    }

    /// What can be unplugged, ascending and disjoint; may cover holes.
    pub fn hotplug(&self) -> &[PfnRange] {
        &self.hotplug
    }

    /// What is mirrored, ascending and disjoint; may cover holes.
    pub fn mirrored(&self) -> &[PfnRange] {
        &self.mirrored
    }

    /// How many address bits the weakest device reaches.
    pub fn dma_bits(&self) -> u32 {
        self.dma_bits
    }

    /// `debug_guardpage_minorder=`: upper halves below this order are kept back when a block is
    /// split; 0: none.
    pub fn guardpage_minorder(&self) -> Order {
        self.guardpage_minorder
    }

    /// Frames that come online and go offline together: some power of two times a section.
    pub fn memory_block_frames(&self) -> u64 {
        self.memory_block_frames
    }

    /// `memory_hotplug.online_policy=`.
    pub fn online_policy(&self) -> OnlinePolicy {
        self.online_policy
    }

    /// The same machine with more reserved.
    pub fn with_reserved(mut self, more: &[PfnRange]) -> Machine {
        self.reserved.extend(more);
        self.reserved = merged(self.reserved);
        self
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
        let end = memory
            .last()
            .map_or(Pfn::default(), |last| last.range.end());
        let block = self.memory_block_size.as_deref();
        Ok(Machine {
            name: self.name.clone(),
            guardpage_minorder: options::guardpage_minorder(self.debug_guardpage_minorder)?,
            memory_block_frames: options::memory_block_frames(block, section_frames, end)?,
            online_policy: options::online_policy(self.online_policy.as_deref())?,
            nodes,
            memory,
            reserved: outward("reserved", &self.reserved)?,
            section_frames,
            kernelcore: core_size("kernelcore", self.kernelcore.as_deref())?,
            movablecore: core_size("movablecore", self.movablecore.as_deref())?,
            movable_node: self.movable_node,
            hotplug: outward("hotplug", &self.hotplug)?,
            mirrored: outward("mirrored", &self.mirrored)?,
            dma_bits: match self.dma_bits {
                None => 64,
                Some(bits) if (12..=64).contains(&bits) => bits,
                Some(bits) => return Err(Problem::DmaBits(bits).at(Place::field("dma-bits"))),
            },
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
}

/// Ranges in whole frames, all that they touch; ascending and disjoint.
fn outward(field: &'static str, ranges: &[ByteRange]) -> Result<Vec<PfnRange>, MachineError> {
    let mut all = Vec::new();
    for (item, &bytes) in ranges.iter().enumerate() {
        let place = Place {
            node: None,
            field,
            item: Some(item),
        };
        if bytes.start >= bytes.end {
            return Err(Problem::EmptyRange(bytes).at(place));
        }
        let start = Pfn::new(bytes.start / PAGE);
        all.extend(PfnRange::new(start, Pfn::new(bytes.end.div_ceil(PAGE))));
    }
    Ok(merged(all))
}

/// The same frames, ascending and disjoint.
fn merged(mut all: Vec<PfnRange>) -> Vec<PfnRange> {
    all.sort_unstable();
    let mut merged: Vec<PfnRange> = Vec::new();
    for next in all {
        match merged.last_mut().filter(|last| next.start() <= last.end()) {
            Some(last) => {
                let end = last.end().max(next.end());
                *last = PfnRange::sized(last.start(), end.since(last.start()));
            }
            None => merged.push(next),
        }
    }
    merged
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
        None if text == "mirror" && field == "kernelcore" => Kernelcore::Mirror,
        None if text == "mirror" => return Err(Problem::NotMirror.at(place)),
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
