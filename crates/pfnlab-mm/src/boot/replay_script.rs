//! A recorded boot, done again: the same requests, our answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use pfnlab_model::{
    Affinity, BootOp, BootScript, BootStep, ByteRange, MachineSpec, MemblockCall, MemblockDump,
    MemblockList, MemblockRequest, NodeId, NodeSpec, Order,
};

use super::early_node_map::{ActiveRange, EarlyNodeMap, NodeHash};
use super::firmware::{kernel_image, merged, usable_memory};
use super::memblock::{Growth, Memblock, MemblockError, MemblockPolicy, Region, RegionFlags};
use super::numa::{NodeRange, node_ranges};

/// Until the direct map is built only the first MiB can be reached (`ISA_END_ADDRESS`).
const FIRST_MIB: u64 = 1 << 20;
/// Memory is cut to whole frames.
const PAGE: u64 = 4096;
/// The descriptor of a node is aligned to a cache line (`SMP_CACHE_BYTES`).
const CACHE_LINE: u64 = 64;
/// Who reserves the array of a list that became longer.
const GROWTH: &str = "memblock_double_array";

/// A recorded boot, done again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The boot allocator at the end of the script.
    pub memblock: Memblock,
    /// Which memory is on which node.
    pub nodes: Vec<NodeRange>,
    /// For every request where it was met; `None`: not at all.
    pub answers: Vec<Checked<Option<u64>>>,
    /// Both lists, whenever the kernel printed them.
    pub dumps: Vec<Checked<MemblockDump>>,
    /// Every list that became longer.
    pub growths: Vec<Checked<Option<Growth>>>,
    /// What was added as memory, in as few ranges as possible; `None`: the log does not say.
    pub added: Option<Checked<Vec<ByteRange>>>,
    /// The steps our allocator refused, by line.
    pub refused: Vec<(u32, MemblockError)>,
}

/// What the kernel did, and what we did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<T> {
    /// The line of the log, from 1.
    pub line: u32,
    /// What the kernel did.
    pub kernel: T,
    /// What we did.
    pub ours: T,
}

impl<T: PartialEq> Checked<T> {
    /// Whether both are the same.
    pub fn is_same(&self) -> bool {
        self.kernel == self.ours
    }
}

/// Does a recorded boot again.
///
/// Taken from the script are the memory map, the reservations of the first dump (some were made
/// before the kernel listened to `memblock=debug`), what the firmware says of nodes, every
/// request, every reservation without one, and what was given back. Everything else is found
/// anew. Where our answer differs the kernel's is reserved, so that one difference stays one.
pub fn replay_script(script: &BootScript, policy: MemblockPolicy) -> Replayed {
    let first_dump = script.steps.iter().position(|step| is_dump(&step.op));
    let (before, after) = script.steps.split_at(first_dump.unwrap_or(0));
    let mut replay = Replay::start(script, policy);
    replay.add_memory(before);
    for step in after {
        replay.step(step);
    }
    replay.finish()
}

fn is_dump(op: &BootOp) -> bool {
    matches!(op, BootOp::Dump(_))
}

struct Replay<'a> {
    script: &'a BootScript,
    policy: MemblockPolicy,
    done: Replayed,
    /// The line in which each list became longer, as far as the kernel says.
    growths: Vec<(u32, Growth)>,
    /// Memory that can be unplugged is marked.
    hotplug_known: bool,
    /// Memory is marked with its node.
    nodes_known: bool,
}

impl<'a> Replay<'a> {
    fn start(script: &'a BootScript, policy: MemblockPolicy) -> Replay<'a> {
        let mut memblock = Memblock::new(policy);
        memblock.may_grow = true;
        memblock.set_current_limit(FIRST_MIB);
        // Until it is known what can be unplugged, the kernel stays close to its image.
        memblock.movable_node = script.option("movable_node").is_some();
        memblock.bottom_up = memblock.movable_node;
        memblock.mirrored_kernelcore = script.option("kernelcore") == Some("mirror");
        memblock.kernel_end = kernel_image(script).map_or(0, |image| image.end);
        Replay {
            script,
            policy,
            done: Replayed {
                memblock,
                nodes: Vec::new(),
                answers: Vec::new(),
                dumps: Vec::new(),
                growths: Vec::new(),
                added: None,
                refused: Vec::new(),
            },
            growths: Vec::new(),
            hotplug_known: false,
            nodes_known: false,
        }
    }

    /// Adds what the map says, or what the log says was added where there is no map.
    fn add_memory(&mut self, before: &[BootStep]) {
        let added = before.iter().filter_map(|step| match step.op {
            BootOp::Add(range) => Some((step.line, range)),
            _ => None,
        });
        let (lines, kernel): (Vec<u32>, Vec<ByteRange>) = added.unzip();
        let kernel = merged(kernel);
        let line = lines.first().copied().unwrap_or(0);
        let has_map = !self.script.memory_map().is_empty();
        let ours = if has_map {
            usable_memory(self.script, self.policy)
        } else {
            kernel.clone()
        };
        for &range in if kernel.is_empty() { &ours } else { &kernel } {
            let added = self.done.memblock.add(range);
            self.note(line, added);
        }
        if has_map && !kernel.is_empty() {
            self.done.added = Some(Checked { line, kernel, ours });
        }
        if self.policy.trim.trims() {
            let trimmed = self.done.memblock.trim(PAGE);
            self.note(line, trimmed);
        }
    }

    fn step(&mut self, step: &BootStep) {
        let line = step.line;
        self.mark_hotplug_before(line);
        match &step.op {
            BootOp::Add(range) => self.change(line, |memblock| memblock.add(*range)),
            BootOp::Remove(range) => self.change(line, |memblock| memblock.remove(*range)),
            BootOp::Reserve(_) if step.by.starts_with(GROWTH) => {}
            BootOp::Reserve(range) => self.change(line, |memblock| memblock.reserve(*range)),
            BootOp::Free(range) => self.change(line, |memblock| memblock.free(*range)),
            BootOp::Allocate { request, granted } => {
                self.see_faked_nodes_before(line);
                if !matches!(request.call, MemblockCall::PhysRange) {
                    self.done.memblock.set_current_limit(u64::MAX);
                }
                self.allocate(line, request, *granted);
            }
            BootOp::NodeData { node, granted } => {
                self.done.memblock.set_current_limit(u64::MAX);
                self.mark_nodes(line);
                let request = MemblockRequest {
                    size: granted.size(),
                    align: CACHE_LINE,
                    from: 0,
                    to: 0,
                    node: Some(*node),
                    call: MemblockCall::PhysTryNid,
                };
                self.allocate(line, &request, Some(*granted));
            }
            BootOp::Doubled { list, entries, at } => {
                let (list, entries, at) = (*list, *entries, *at);
                self.growths.push((line, Growth { list, entries, at }));
            }
            BootOp::Dump(kernel) => self.dump(line, kernel),
        }
    }

    fn allocate(&mut self, line: u32, request: &MemblockRequest, granted: Option<ByteRange>) {
        let ours = self.done.memblock.locate(request).ok();
        let kernel = granted.map(|range| range.start);
        self.done.answers.push(Checked { line, kernel, ours });
        if let Some(start) = kernel.or(ours) {
            let range = ByteRange::sized(start, request.size);
            self.change(line, |memblock| memblock.reserve(range));
        }
    }

    /// The first dump says what is reserved; the others are compared.
    fn dump(&mut self, line: u32, kernel: &MemblockDump) {
        if self.done.dumps.is_empty() {
            let mirror = RegionFlags::MIRROR;
            for range in self.script.mirrored() {
                self.change(line, |memblock| memblock.mark(range, mirror));
            }
            for region in &kernel.reserved {
                let region = Region {
                    range: region.range,
                    node: region.node,
                    flags: RegionFlags::from_bits(region.flags),
                };
                self.change(line, |memblock| memblock.reserve_region(region));
            }
        }
        self.done.dumps.push(Checked {
            line,
            kernel: kernel.clone(),
            ours: self.done.memblock.dump(),
        });
    }

    /// The firmware's table of nodes was read before `line`: now memory that can be unplugged is
    /// known (`acpi_numa_memory_affinity_init`).
    fn mark_hotplug_before(&mut self, line: u32) {
        let read = |said: &[Affinity]| said.last().is_some_and(|said| said.line < line);
        if self.hotplug_known || !read(&self.script.affinity) {
            return;
        }
        self.hotplug_known = true;
        for said in self.script.affinity.iter().filter(|said| said.hotplug) {
            let hotplug = RegionFlags::HOTPLUG;
            self.change(line, |memblock| memblock.mark(said.range, hotplug));
        }
    }

    /// Once nodes are read, requests are answered top down whatever was before (`numa_init`).
    fn see_faked_nodes_before(&mut self, line: u32) {
        if self.script.fake_nodes.iter().any(|fake| fake.line < line) {
            self.done.memblock.bottom_up = false;
        }
    }

    /// Marks memory, and what is reserved of it, with its node (`numa_register_memblks`). A node
    /// with anything reserved can no longer be unplugged (`numa_clear_kernel_node_hotplug`).
    fn mark_nodes(&mut self, line: u32) {
        if self.nodes_known {
            return;
        }
        self.nodes_known = true;
        self.done.memblock.bottom_up = false;
        let nodes = node_ranges(self.script, &self.done.memblock, self.policy);
        let lists = [MemblockList::Memory, MemblockList::Reserved];
        let marked = if self.policy.reserved_nodes.marks() {
            2
        } else {
            1
        };
        for &list in &lists[..marked] {
            for &NodeRange { range, node } in &nodes {
                self.change(line, |memblock| memblock.set_node(list, range, Some(node)));
            }
        }
        let reserved = self.done.memblock.reserved().regions().iter();
        let kept: Vec<NodeId> = reserved.filter_map(|region| region.node).collect();
        for &NodeRange { range, .. } in nodes.iter().filter(|range| kept.contains(&range.node)) {
            let hotplug = RegionFlags::HOTPLUG;
            self.change(line, |memblock| memblock.clear(range, hotplug));
        }
        self.done.nodes = nodes;
    }

    fn change(
        &mut self,
        line: u32,
        change: impl FnOnce(&mut Memblock) -> Result<(), MemblockError>,
    ) {
        let outcome = change(&mut self.done.memblock);
        self.note(line, outcome);
    }

    fn note(&mut self, line: u32, outcome: Result<(), MemblockError>) {
        if let Err(error) = outcome {
            self.done.refused.push((line, error));
        }
    }

    fn finish(mut self) -> Replayed {
        let end = u32::MAX;
        self.mark_hotplug_before(end);
        self.mark_nodes(end);
        self.done.memblock.set_current_limit(u64::MAX);
        let ours = self.done.memblock.growths();
        let most = ours.len().max(self.growths.len());
        self.done.growths = (0..most)
            .map(|position| Checked {
                line: self.growths.get(position).map_or(0, |(line, _)| *line),
                kernel: self.growths.get(position).map(|(_, growth)| *growth),
                ours: ours.get(position).copied(),
            })
            .collect();
        self.done
    }
}

impl Replayed {
    /// The list of nodes beside the boot allocator, for a kernel for so many nodes, and what it was
    /// told, with the entries it had before; `None`: this kernel has no such list
    /// (`memblock_x86_register_active_regions`).
    pub fn early_node_map(
        &self,
        policy: MemblockPolicy,
        max_nodes: u64,
    ) -> Option<(EarlyNodeMap, Vec<(ActiveRange, usize)>)> {
        if !policy.registry.is_apart() {
            return None;
        }
        let mut map = EarlyNodeMap::new(EarlyNodeMap::capacity_for(max_nodes));
        let mut told = Vec::new();
        let mut nodes: Vec<NodeId> = self.nodes.iter().map(|range| range.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            for (frames, _) in self.memblock.pfn_ranges(Some(node)) {
                told.push((ActiveRange { frames, node }, map.ranges().len()));
                // What does not fit is forgotten.
                let _ = map.add(node, frames);
            }
        }
        Some((map, told))
    }

    /// From the first to the last byte of every node, holes included.
    pub fn node_spans(&self) -> Vec<(NodeId, core::ops::Range<u64>)> {
        let mut nodes: Vec<(NodeId, core::ops::Range<u64>)> = Vec::new();
        for &NodeRange { range, node } in &self.nodes {
            match nodes.iter_mut().find(|(known, _)| *known == node) {
                Some((_, bytes)) => {
                    *bytes = bytes.start.min(range.start)..bytes.end.max(range.end);
                }
                None => nodes.push((node, range.start..range.end)),
            }
        }
        nodes
    }

    /// The table 2.6.37 looks nodes of addresses up in; `None`: nodes lie so that there is none.
    pub fn node_hash(&self) -> Option<NodeHash> {
        NodeHash::new(&self.node_spans())
    }

    /// The machine as far as the script knows it: nodes with their memory and CPUs, what is
    /// reserved, `kernelcore=` and `movablecore=`. Distances are in no log. A machine without a
    /// known CPU gets one, on node 0.
    pub fn machine_spec(&self, script: &BootScript) -> MachineSpec {
        let memory = self.memblock.memory().regions();
        let node_of = |node: Option<NodeId>| node.unwrap_or_default().index();
        let described = script.steps.iter().filter_map(|step| match step.op {
            BootOp::NodeData { node, .. } => Some(node),
            _ => None,
        });
        let last = memory
            .iter()
            .map(|region| region.node.unwrap_or_default())
            .chain(script.cpus.iter().map(|(_, node)| *node))
            .chain(described)
            .max();
        let count = last.unwrap_or_default().index() + 1;
        let mut nodes: Vec<NodeSpec> = (0..count).map(|_| NodeSpec::default()).collect();
        // Where memory was not cut to whole frames, only those were told to the zones.
        for (frames, node) in self.memblock.pfn_ranges(None) {
            let range = ByteRange {
                start: frames.start().get() * PAGE,
                end: frames.end().get() * PAGE,
            };
            nodes[node_of(node)].ram.push(range);
        }
        for &(cpu, node) in &script.cpus {
            nodes[node.index()].cpus.push(cpu.0);
        }
        if script.cpus.is_empty() {
            nodes[0].cpus.push(0);
        }
        let size = |name| script.option(name);
        let movable = |name| size(name).filter(|size| *size != "mirror");
        let reserved = self.memblock.reserved().regions().iter();
        MachineSpec {
            name: name(script),
            reserved: reserved.map(|region| region.range).collect(),
            kernelcore: size("kernelcore").map(ToString::to_string),
            movablecore: movable("movablecore").map(ToString::to_string),
            movable_node: script.option("movable_node").is_some(),
            debug_guardpage_minorder: guard_order(script),
            online_policy: script
                .option("memory_hotplug.online_policy")
                .filter(|policy| *policy == "auto-movable")
                .map(ToString::to_string),
            hotplug: memory
                .iter()
                .filter(|region| region.flags.contains(RegionFlags::HOTPLUG))
                .map(|region| region.range)
                .collect(),
            mirrored: script.mirrored().collect(),
            nodes,
            ..MachineSpec::default()
        }
    }
}

fn name(script: &BootScript) -> String {
    match script.release() {
        "" => String::new(),
        release => format!("boot of {release}"),
    }
}

/// Below which order halves are kept back: only with `debug_pagealloc`, and what is no such order
/// is overheard.
fn guard_order(script: &BootScript) -> Option<u8> {
    script.option("debug_pagealloc")?;
    let order: u8 = script.option("debug_guardpage_minorder")?.parse().ok()?;
    (order <= Order::MAX.get() / 2).then_some(order)
}
