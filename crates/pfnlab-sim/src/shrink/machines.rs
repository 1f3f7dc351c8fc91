//! Smaller machines.

use pfnlab_model::{ByteRange, MachineSpec, NodeSpec};

const PAGE: u64 = 4096;

/// Machines that are a little smaller or plainer than this one, the smallest first. Each is smaller
/// in some order that has an end, so that taking one after the other ends too.
pub(super) fn smaller(machine: &MachineSpec) -> Vec<MachineSpec> {
    let mut all = plainer(machine);
    all.extend(without_a_node(machine));
    all.extend(with_fewer_cpus(machine));
    all.extend(with_less_memory(machine));
    all.extend(without_a_reservation(machine));
    all.extend(shifted(machine));
    all.retain(|smaller| smaller != machine && smaller.build().is_ok());
    all
}

/// Everything but the nodes as usual: first all of it, then one by one.
fn plainer(machine: &MachineSpec) -> Vec<MachineSpec> {
    let nodes = machine.nodes.clone();
    let only_nodes = MachineSpec {
        nodes,
        ..MachineSpec::default()
    };
    let changes: [fn(&mut MachineSpec); 11] = [
        |machine| machine.name.clear(),
        |machine| machine.section_size = None,
        |machine| machine.kernelcore = None,
        |machine| machine.movablecore = None,
        |machine| machine.movable_node = false,
        |machine| machine.debug_guardpage_minorder = None,
        |machine| machine.memory_block_size = None,
        |machine| machine.online_policy = None,
        |machine| machine.hotplug.clear(),
        |machine| machine.mirrored.clear(),
        |machine| {
            let nodes = machine.nodes.iter_mut();
            nodes.for_each(|node| node.distance.clear());
        },
    ];
    let changed = changes.map(|change| {
        let mut machine = machine.clone();
        change(&mut machine);
        machine
    });
    [only_nodes].into_iter().chain(changed).collect()
}

/// One node less; its CPUs move to the first that is left.
fn without_a_node(machine: &MachineSpec) -> impl Iterator<Item = MachineSpec> {
    let count = machine.nodes.len();
    (0..count).rev().filter(move |_| count > 1).map(|gone| {
        let mut smaller = machine.clone();
        let cpus = smaller.nodes.remove(gone).cpus;
        smaller.nodes[0].cpus.extend(cpus);
        smaller.nodes[0].cpus.sort_unstable();
        for node in &mut smaller.nodes {
            if gone < node.distance.len() {
                node.distance.remove(gone);
            }
        }
        smaller
    })
}

/// CPU 0 alone, and then without the last CPU.
fn with_fewer_cpus(machine: &MachineSpec) -> [MachineSpec; 2] {
    let last = machine.nodes.iter().flat_map(|node| &node.cpus).max();
    let last = last.copied().unwrap_or(0);
    [0, last.saturating_sub(1)].map(|most| {
        let mut smaller = machine.clone();
        for node in &mut smaller.nodes {
            node.cpus.retain(|&cpu| cpu <= most);
        }
        smaller
    })
}

/// One piece of RAM less, or its lower or upper part.
fn with_less_memory(machine: &MachineSpec) -> Vec<MachineSpec> {
    let mut all = Vec::new();
    for (number, node) in machine.nodes.iter().enumerate() {
        for (item, &piece) in node.ram.iter().enumerate() {
            let with = |change: &dyn Fn(&mut NodeSpec)| {
                let mut smaller = machine.clone();
                change(&mut smaller.nodes[number]);
                smaller
            };
            all.push(with(&|node| {
                node.ram.remove(item);
            }));
            let parts = parts(piece);
            all.extend(parts.map(|part| with(&|node| node.ram[item] = part)));
        }
    }
    all
}

/// Its halves, then all but a quarter, an eighth …, a frame, on either side.
fn parts(piece: ByteRange) -> impl Iterator<Item = ByteRange> {
    let frames = piece.size() / PAGE;
    let steps = (1..u64::BITS).map(move |shift| frames >> shift);
    let steps = steps.take_while(|&step| step > 0);
    steps.flat_map(move |step| {
        let less = step * PAGE;
        let end = piece.end - less;
        let start = piece.start + less;
        [ByteRange { end, ..piece }, ByteRange { start, ..piece }]
    })
}

fn without_a_reservation(machine: &MachineSpec) -> impl Iterator<Item = MachineSpec> {
    (0..machine.reserved.len()).map(|gone| {
        let mut smaller = machine.clone();
        smaller.reserved.remove(gone);
        smaller
    })
}

/// What lies behind a hole, or behind the beginning of all addresses, is moved down: by the whole hole,
/// or by less, so that positions modulo some power of two stay.
fn shifted(machine: &MachineSpec) -> Vec<MachineSpec> {
    let mut memory: Vec<ByteRange> = machine
        .nodes
        .iter()
        .flat_map(|node| node.ram.clone())
        .collect();
    memory.sort_unstable();
    let mut end = 0;
    let mut all = Vec::new();
    for piece in memory {
        let hole = piece.start.saturating_sub(end);
        let mut moves: Vec<u64> = (PAGE.ilog2()..u64::BITS)
            .map(|shift| hole >> shift << shift)
            .take_while(|&by| by > 0)
            .collect();
        moves.dedup();
        all.extend(moves.iter().map(|&by| moved_down(machine, piece.start, by)));
        end = end.max(piece.end);
    }
    all
}

/// Everything from an address on lies so much lower.
fn moved_down(machine: &MachineSpec, from: u64, by: u64) -> MachineSpec {
    let mut machine = machine.clone();
    let ram = machine.nodes.iter_mut().flat_map(|node| &mut node.ram);
    let others = [
        &mut machine.reserved,
        &mut machine.hotplug,
        &mut machine.mirrored,
    ];
    for range in ram.chain(others.into_iter().flatten()) {
        if range.start >= from {
            range.start -= by;
            range.end -= by;
        }
    }
    machine
}
