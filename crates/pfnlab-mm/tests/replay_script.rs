//! Boots written by hand: what the firmware says of nodes, and what follows from it.

use pfnlab_mm::boot::memblock::{Memblock, MemblockPolicy};
use pfnlab_mm::boot::numa::node_ranges;
use pfnlab_mm::boot::{Replayed, replay_script};
use pfnlab_model::{
    Affinity, BootOp, BootScript, BootStep, ByteRange, CpuId, DumpRegion, FirmwareRange,
    MemblockCall, MemblockDump, MemblockRequest, NodeId,
};

fn range(text: &str) -> ByteRange {
    text.parse().unwrap()
}

/// A PC with 4 GiB above the first MiB, whose firmware says `NODE RANGE [hotplug]`.
fn script(said: &[&str]) -> BootScript {
    let usable = |text: &str| FirmwareRange {
        range: range(text),
        kind: "usable".into(),
    };
    let affinity = |text: &&str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        Affinity {
            line: 5,
            node: NodeId(words[0].parse().unwrap()),
            range: range(words[1]),
            hotplug: words.get(2) == Some(&"hotplug"),
        }
    };
    BootScript {
        firmware: vec![usable("0..0x9fc00"), usable("1M..4G")],
        affinity: said.iter().map(affinity).collect(),
        ..BootScript::default()
    }
}

fn replay(script: &BootScript) -> Replayed {
    replay_script(script, MemblockPolicy::LINUX_6_12)
}

#[track_caller]
fn nodes(said: &[&str], expected: &[&str]) {
    let found = replay(&script(said)).nodes;
    let found: Vec<_> = found
        .iter()
        .map(|n| format!("{} {}", n.node, n.range))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn ranges_of_a_node_are_joined_over_holes() {
    nodes(
        &["0 0..640K", "0 1M..2G", "1 2G..4G"],
        &["0 0x1000..0x80000000", "1 0x80000000..0x100000000"],
    );
}

#[test]
fn ranges_of_a_node_are_not_joined_over_another_node() {
    nodes(
        &["0 0..1G", "1 1G..2G", "0 2G..3G", "1 3G..4G"],
        &[
            "0 0x1000..0x40000000",
            "1 0x40000000..0x80000000",
            "0 0x80000000..0xc0000000",
            "1 0xc0000000..0x100000000",
        ],
    );
}

#[test]
fn a_range_is_cut_to_where_memory_is_and_one_without_memory_is_dropped() {
    nodes(
        &["0 0..3G", "1 3G..9G", "2 16G..32G hotplug"],
        &["0 0x1000..0xc0000000", "1 0xc0000000..0x100000000"],
    );
}

#[test]
fn a_firmware_that_puts_memory_on_two_nodes_is_not_believed() {
    nodes(&["0 0..3G", "1 2G..4G"], &["0 0x1000..0x100000000"]);
}

#[test]
fn a_firmware_that_forgets_more_than_a_mib_is_not_believed() {
    nodes(
        &["0 0..2G", "1 0x80100000..4G"],
        &["0 0x1000..0x80000000", "1 0x80100000..0x100000000"],
    );
    nodes(&["0 0..2G", "1 0x80101000..4G"], &["0 0x1000..0x100000000"]);
}

#[test]
fn without_a_word_all_is_on_node_0() {
    nodes(&[], &["0 0x1000..0x100000000"]);
}

#[test]
fn nodes_of_6_1_begin_at_address_0() {
    let mut memblock = Memblock::new(MemblockPolicy::LINUX_6_1);
    memblock.add(range("0x1000..2G")).unwrap();
    let found = node_ranges(&script(&["0 0..2G"]), &memblock, MemblockPolicy::LINUX_6_1);
    assert_eq!(found[0].range, range("0..2G"));
}

fn allocate(line: u32, size: u64) -> BootStep {
    let request = MemblockRequest {
        size,
        align: 64,
        from: 0,
        to: 0,
        node: None,
        call: MemblockCall::TryNid,
    };
    step(
        line,
        BootOp::Allocate {
            request,
            granted: None,
        },
    )
}

fn step(line: u32, op: BootOp) -> BootStep {
    BootStep {
        line,
        by: String::new(),
        op,
    }
}

fn first_dump(reserved: &[&str]) -> BootStep {
    let region = |text: &&str| DumpRegion {
        range: range(text),
        node: None,
        flags: 0,
    };
    let reserved: Vec<_> = reserved.iter().map(region).collect();
    step(
        2,
        BootOp::Dump(MemblockDump {
            reserved,
            ..MemblockDump::default()
        }),
    )
}

fn node_data(line: u32, node: u16, granted: &str) -> BootStep {
    step(
        line,
        BootOp::NodeData {
            node: NodeId(node),
            granted: range(granted),
        },
    )
}

#[test]
fn with_movable_node_a_kernel_stays_low_until_it_knows_the_nodes() {
    let mut script = script(&["0 0..2G", "1 2G..4G hotplug"]);
    script.command_line = "movable_node".into();
    script.steps = vec![
        first_dump(&["0..1M", "16M..32M"]),
        allocate(4, 4096),
        allocate(6, 4096),
        node_data(7, 0, "0x7ffff000..2G"),
        node_data(8, 1, "0x7fffe000..0x7ffff000"),
        allocate(9, 4096),
    ];
    let done = replay(&script);
    let ours: Vec<_> = done
        .answers
        .iter()
        .map(|answer| answer.ours.unwrap())
        .collect();
    // Bottom up; then top down, and never where memory can be unplugged, even for node 1.
    assert_eq!(
        ours,
        [0x10_0000, 0x10_1000, 0x7fff_f000, 0x7fff_e000, 0x7fff_d000]
    );
}

#[test]
fn a_node_that_holds_a_reservation_can_no_longer_be_unplugged() {
    let mut script = script(&["0 0..2G", "1 2G..4G hotplug"]);
    script.command_line = "movable_node".into();
    script.steps = vec![
        first_dump(&["0..1M", "3G..0xc0001000"]),
        node_data(7, 1, "0xfffff000..4G"),
    ];
    assert!(replay(&script).answers[0].is_same());
}

#[test]
fn where_the_kernel_answered_differently_its_answer_stands() {
    let mut script = script(&[]);
    let mut wrong = allocate(6, 4096);
    if let BootOp::Allocate { granted, .. } = &mut wrong.op {
        *granted = Some(range("1G..0x40001000"));
    }
    script.steps = vec![first_dump(&[]), wrong, allocate(7, 4096)];
    let done = replay(&script);
    assert!(!done.answers[0].is_same());
    assert_eq!(done.answers[0].ours, Some(0xffff_f000));
    assert_eq!(done.answers[1].ours, Some(0xffff_f000));
    assert!(done.memblock.reserved().overlaps(range("1G..0x40001000")));
}

#[test]
fn the_kernel_is_memory_even_if_the_command_line_takes_it_out() {
    let mut script = script(&[]);
    script.user_map = vec![FirmwareRange {
        range: range("1G..2G"),
        kind: "usable".into(),
    }];
    let mut brk = step(1, BootOp::Reserve(range("20M..21M")));
    brk.by = "setup_arch+0x1/0x2".into();
    let added = |text| step(1, BootOp::Add(range(text)));
    script.steps = vec![
        brk,
        added("16M..22M"),
        added("1G..2G"),
        first_dump(&["16M..21M"]),
    ];
    let done = replay(&script);
    assert!(done.added.unwrap().is_same());
    assert_eq!(done.memblock.start_of_memory(), 16 << 20);
}

#[test]
fn a_machine_has_the_nodes_cpus_and_options_of_the_script() {
    let mut script = script(&["0 0..2G", "2 2G..4G"]);
    script.cpus = vec![(CpuId(0), NodeId(0)), (CpuId(1), NodeId(3))];
    script.command_line = "kernelcore=40% movablecore=1G -- movablecore=2G".into();
    script.steps = vec![first_dump(&["0..1M"])];
    let done = replay(&script);
    let spec = done.machine_spec(&script);
    assert_eq!(spec.kernelcore.as_deref(), Some("40%"));
    assert_eq!(spec.movablecore.as_deref(), Some("1G"));
    assert_eq!(spec.nodes.len(), 4);
    assert_eq!(
        (&spec.nodes[1].ram[..], &spec.nodes[3].cpus[..]),
        (&[][..], &[1][..])
    );
    let machine = spec.build().unwrap();
    assert_eq!(machine.frames(), 0x9e + (1 << 20) - 0x100);
    assert_eq!(machine.reserved()[0].frames(), 0x100);
}
