//! Boot logs become scripts, and scripts become the same machine.

use std::io::Read;

use flate2::read::GzDecoder;
use pfnlab_linux::bootlog::{read, read_file};
use pfnlab_mm::boot::memblock::MemblockPolicy;
use pfnlab_mm::boot::{Replayed, replay_script};
use pfnlab_model::{
    BootOp, BootScript, ByteRange, CpuId, MemblockCall, MemblockList, MemblockRequest, NodeId,
};

const LOGS: [(&str, MemblockPolicy); 2] = [
    ("6.1-fake4", MemblockPolicy::LINUX_6_1),
    ("6.12-2node", MemblockPolicy::LINUX_6_12),
];

fn path(log: &str) -> String {
    format!(
        "{}/tests/fixtures/boot/{log}.log.gz",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn text(log: &str) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path(log)).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn replay(log: &str) -> (BootScript, Replayed) {
    let policy = LOGS.iter().find(|(name, _)| *name == log).unwrap().1;
    let script = read_file(path(log)).unwrap();
    let done = replay_script(&script, policy);
    (script, done)
}

fn range(text: &str) -> ByteRange {
    text.parse().unwrap()
}

#[test]
fn every_request_of_a_real_boot_is_met_where_the_kernel_met_it() {
    for (log, requests) in [("6.1-fake4", 66), ("6.12-2node", 54)] {
        let (_, done) = replay(log);
        assert_eq!(done.answers.len(), requests, "{log}");
        for answer in &done.answers {
            assert!(answer.is_same(), "{log}: {answer:x?}");
            assert!(answer.ours.is_some());
        }
        assert_eq!(done.refused, []);
        assert!(done.added.unwrap().is_same());
        assert!(done.growths.is_empty());
    }
}

#[test]
fn the_lists_print_as_the_kernel_printed_them() {
    for (log, _) in LOGS {
        let (_, done) = replay(log);
        let console = text(log).replace('\r', "");
        assert_eq!(done.dumps.len(), 2);
        for dump in &done.dumps {
            let ours = dump.ours.to_string();
            assert_eq!(ours, dump.kernel.to_string(), "{log}, line {}", dump.line);
            let lines = console.lines().skip(dump.line as usize - 1);
            let printed: Vec<_> = lines.map(|line| &line["[    0.000000] ".len()..]).collect();
            assert!(
                ours.lines()
                    .eq(printed[..ours.lines().count()].iter().copied())
            );
        }
    }
}

#[test]
fn the_machine_is_the_one_the_kernel_saw() {
    for (log, cpus) in [("6.1-fake4", 2), ("6.12-2node", 4)] {
        let (script, done) = replay(log);
        let machine = done.machine_spec(&script).build().unwrap();
        assert_eq!(machine.cpus().len(), cpus, "{log}");
        let console = text(log);
        let printed: Vec<&str> = console
            .lines()
            .filter_map(|line| line.trim_end().split_once("]   node "))
            .map(|(_, line)| line.trim_start())
            .collect();
        let ours: Vec<String> = machine
            .memory()
            .iter()
            .map(|memory| {
                let (start, end) = (
                    memory.range.start().get() << 12,
                    memory.range.end().get() << 12,
                );
                format!("{}: [mem {start:#018x}-{:#018x}]", memory.node, end - 1)
            })
            .collect();
        assert_eq!(ours, printed, "{log}");
    }
}

#[test]
fn what_a_log_says() {
    let script = read_file(path("6.12-2node")).unwrap();
    assert_eq!(script.release(), "6.12.117+deb12-amd64");
    assert_eq!(script.option("log_buf_len"), Some("4M"));
    assert_eq!(script.firmware.len(), 7);
    assert_eq!(script.firmware[3].range, range("1M..0x7ffe0000"));
    assert!(script.firmware[3].is_usable() && !script.firmware[4].is_usable());
    let affinity: Vec<_> = script
        .affinity
        .iter()
        .map(|a| (a.node.0, a.range))
        .collect();
    assert_eq!(
        affinity,
        [
            (0, range("0..640K")),
            (0, range("1M..1G")),
            (1, range("1G..2G"))
        ]
    );
    let cpus: Vec<_> = script
        .cpus
        .iter()
        .map(|(cpu, node)| (cpu.0, node.0))
        .collect();
    assert_eq!(cpus, [(0, 0), (1, 0), (2, 1), (3, 1)]);
    let freed: Vec<_> = script
        .freed_late
        .iter()
        .map(|f| (&f.what[..], f.bytes >> 10))
        .collect();
    assert!(freed.contains(&("initrd", 1072)));
    assert!(freed.contains(&("unused kernel image (initmem)", 4264)));
    let real_mode = script
        .steps
        .iter()
        .find(|step| step.by.starts_with("reserve_real_mode"));
    assert_eq!(
        real_mode.unwrap().op,
        BootOp::Allocate {
            request: MemblockRequest {
                size: 28672,
                align: 4096,
                from: 0,
                to: 1 << 20,
                node: None,
                call: MemblockCall::PhysRange,
            },
            granted: Some(range("0x98000..0x9f000")),
        }
    );
    let nodes = script
        .steps
        .iter()
        .filter(|step| matches!(step.op, BootOp::NodeData { .. }));
    assert_eq!(nodes.count(), 2);
}

#[test]
fn a_fake_node_replaces_what_the_firmware_says() {
    let script = read_file(path("6.1-fake4")).unwrap();
    let fake: Vec<_> = script
        .fake_nodes
        .iter()
        .map(|a| (a.node.0, a.range))
        .collect();
    assert_eq!(
        fake,
        [
            (0, range("0..512M")),
            (1, range("512M..1G")),
            (2, range("1G..1536M")),
            (3, range("1536M..0x7ffe0000")),
        ]
    );
}

/// A log without `memblock=debug` still says where memory is and on which node.
#[test]
fn an_ordinary_log_has_no_steps_and_gives_a_machine() {
    let plain: String = text("6.12-2node")
        .lines()
        .filter(|line| !line.contains("memblock_"))
        .filter(|line| {
            !line.contains("MEMBLOCK") && !line.contains("memory[") && !line.contains("reserved[")
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let script = read(&plain).unwrap();
    assert_eq!(script.steps, []);
    let done = replay_script(&script, MemblockPolicy::LINUX_6_12);
    assert_eq!(done.answers, []);
    assert_eq!(done.added, None);
    let (_, whole) = replay("6.12-2node");
    assert_eq!(done.memblock.memory(), whole.memblock.memory());
}

/// `dmesg -x`, printk with callers, `journalctl`, no stamps at all.
#[test]
fn whatever_stands_in_front_of_a_line() {
    let reserve = "memblock_reserve: [0x0000000000000000-0x0000000000000fff] setup_arch+0x1/0x2";
    for front in [
        "[    0.000000] ",
        "<6>[    0.000000] ",
        "[    0.000000][    T0] ",
        "",
        "Nov 22 01:05:00 host kernel: ",
    ] {
        let log = format!("{front}Linux version 6.12.0 (gcc)\n{front}{reserve}\r\n");
        let script = read(&log).unwrap();
        assert_eq!(script.release(), "6.12.0", "{front}");
        assert_eq!(script.steps.len(), 1, "{front}");
        assert_eq!(script.steps[0].line, 2);
        assert_eq!(script.steps[0].op, BootOp::Reserve(range("0..4096")));
        assert_eq!(script.steps[0].by, "setup_arch+0x1/0x2");
    }
}

#[test]
fn what_a_program_prints_on_a_console_is_not_the_kernels_word() {
    let script = read(
        "\
[    0.000000] Linux version 6.12.0
Linux version 2.6.37
memblock_reserve: [0x0-0xfff] nobody
",
    )
    .unwrap();
    assert_eq!(script.release(), "6.12.0");
    assert_eq!(script.steps, []);
}

#[test]
fn a_request_without_an_answer_was_not_met() {
    let script = read(
        "\
memblock_alloc_exact_nid_raw: 16 bytes align=0x40 nid=1 from=0x0 max_addr=0x0 memmap_alloc+0x1/0x2
memblock_alloc_try_nid: 32 bytes align=0x40 nid=-1 from=0x0 max_addr=0x0 sparse_init+0x1/0x2
memblock_reserve: [0x1000-0x101f] memblock_alloc_range_nid+0x1/0x2
memblock: reserved is doubled to 256 at [0x4000-0x5fff]
memblock_reserve: [0x4000-0x5fff] memblock_double_array+0x1/0x2
",
    )
    .unwrap();
    let granted = script.steps.iter().filter_map(|step| match step.op {
        BootOp::Allocate { granted, .. } => Some(granted),
        _ => None,
    });
    let granted: Vec<_> = granted.collect();
    assert_eq!(granted, [None, Some(ByteRange::sized(0x1000, 0x20))]);
    let at = ByteRange::sized(0x4000, 0x2000);
    let (list, entries) = (MemblockList::Reserved, 256);
    assert_eq!(script.steps[2].op, BootOp::Doubled { list, entries, at });
}

/// The kernel counts the CPUs that come up in one line, unless something gets in between.
#[test]
fn cpus_may_come_up_in_lines_of_their_own() {
    let script = read(
        "\
[    0.1] SRAT: PXM 1 -> APIC 0x00 -> Node 1
[    0.2] .... node  #0, CPUs:      #1
[    0.3] tsc: something else
[    0.4]  #2
[    0.5] .... node  #1, CPUs:   #3
[    0.6] smp: Brought up 2 nodes, 5 CPUs
",
    )
    .unwrap();
    let nodes = [1, 0, 0, 1, 1].map(NodeId);
    assert!(script.cpus.into_iter().eq((0..5).map(CpuId).zip(nodes)));
}

/// Memory that the command line or the kernel itself took out of the map.
#[test]
fn a_map_that_was_changed() {
    let script = read(
        "\
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-0x000000003ffdffff] usable
e820: remove [mem 0x12c00000-0xfffffffffffffffe] usable
user-defined physical RAM map:
user: [mem 0x0000000000000000-0x000000000009fbff] usable
user: [mem 0x0000000000100000-0x0000000012bfffff] usable
user: [mem 0x0000000020000000-0x000000002fffffff] usable
e820: update [mem 0x00000000-0x00000fff] usable ==> reserved
e820: update [mem 0x2f000000-0x2fffffff] usable ==> reserved
e820: update [mem 0x20000000-0x20000fff] usable ==> usable
",
    )
    .unwrap();
    let done = replay_script(&script, MemblockPolicy::LINUX_6_12);
    let memory: Vec<_> = done
        .memblock
        .memory()
        .regions()
        .iter()
        .map(|r| r.range)
        .collect();
    let expected = ["0x1000..0x9f000", "1M..300M", "512M..0x2f000000"].map(range);
    assert_eq!(memory, expected);
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number() {
    let check = |line: &str, error: &str| {
        let log = format!("[    0.0] Linux version 6.12.0\n[    0.0] {line}\n");
        let problem = read(&log).unwrap_err().to_string();
        assert_eq!(problem, format!("line 2: {error}"));
    };
    check("memblock_reserve: [0x1000", "`` where - should be");
    check(
        "memblock_reserve: (0x1000-0x1fff) x",
        "`(0x1000-0x1fff) x` where [ should be",
    );
    check(
        "memblock_add: [0x2000-0xfff] x",
        "the range 0x2000-0xfff runs backward",
    );
    check(
        "memblock_add: [0x0-0x10000000000000000] x",
        "`10000000000000000` is no number of at most 64 bits",
    );
    check(
        "memblock_alloc_try_nid: 1 bytes align=0x8 nid=64 from=0x0 max_addr=0x0 x",
        "node 64 is not below the limit of 64",
    );
    check(
        ".... node #0, CPUs: #70000",
        "CPU 70000 is not below the limit of 1024",
    );
    check(
        "Linux version 6.1.0",
        "a second boot begins here; give one boot at a time",
    );
}

/// Cut off, garbled or mixed up, a log is read or refused.
#[test]
fn no_log_makes_the_reader_panic() {
    for (log, policy) in LOGS {
        let text = text(log);
        for cut in (0..text.len()).step_by(97) {
            let _ = read(&text[..cut]);
        }
        let bytes = text.as_bytes();
        for seed in 0..300_usize {
            let mut garbled = bytes[..bytes.len() / 2].to_vec();
            for change in 1..8 {
                let at = (seed * 7919 + change * 104_729) % garbled.len();
                garbled[at] =
                    [b'0', b'f', b'-', b'[', b']', b' ', b'\n', 0xff][(seed + change) % 8];
            }
            if let Ok(script) = read(&String::from_utf8_lossy(&garbled)) {
                let done = replay_script(&script, policy);
                let _ = done.machine_spec(&script).build();
            }
        }
    }
}

#[test]
fn a_list_shows_as_many_entries_as_it_says() {
    let log = "\
MEMBLOCK configuration:
 memory size = 0x0000000000001000 reserved size = 0x0000000000000000
 memory.cnt  = 0x2
 memory[0x0]\t[0x0000000000000000-0x0000000000000fff], 0x0000000000001000 bytes flags: 0x0
 reserved.cnt  = 0x0
";
    let problem = read(log).unwrap_err().to_string();
    assert_eq!(
        problem,
        "line 5: the memory list says 2 entries and shows 1"
    );
}

/// How 2.6.37 and 3.8 print it: bare numbers, ends behind ranges, other words.
#[test]
fn older_kernels_are_understood() {
    let old = read(
        "\
[    0.000000] Linux version 2.6.37 (gcc) #1 SMP
[    0.000000]  BIOS-e820: 0000000000100000 - 000000007ffe0000 (usable)
[    0.000000]  BIOS-e820: 000000007ffe0000 - 0000000080000000 (reserved)
[    0.000000] e820 update range: 0000000000000000 - 0000000000010000 (usable) ==> (reserved)
[    0.000000]     memblock_x86_reserve_range: [0x0009d000-0x0009efff]       TRAMPOLINE
[    0.000000] SRAT: PXM 1 -> APIC 0x00 -> Node 1
[    0.000000] SRAT: Node 1 PXM 1 40000000-80000000
[    0.000000] SRAT: Node 0 [0,a0000) + [100000,40000000) -> [0,40000000)
[    0.000000] Faking node 2 at 0000000040000000-0000000060000000 (512MB)
[    0.000000] Initmem setup node 1 0000000040000000-000000007ffe0000
[    0.000000]     memblock_x86_reserve_range: [0x7ff9c000-0x7ff9efff]        NODE_DATA
[    0.000000]   NODE_DATA [000000007ff9c000 - 000000007ff9efff]
[    0.000000]        memblock_x86_free_range: [0x3f400000-0x3f5fffff]
[    0.348658] Booting Node   1, Processors  #1 #2 Ok.
[    0.532391] Brought up 4 CPUs
[    0.797608] Freeing SMP alternatives: 8k freed
[    0.797609] Freeing initrd memory: 260k freed
",
    )
    .unwrap();
    let usable = |entry: &&pfnlab_model::FirmwareRange| entry.is_usable();
    let usable: Vec<_> = old
        .firmware
        .iter()
        .filter(usable)
        .map(|e| e.range)
        .collect();
    assert_eq!(usable, [range("0x100000..0x7ffe0000")]);
    assert_eq!(old.unusable, [range("0..0x10000")]);
    assert_eq!(old.affinity.len(), 1);
    assert_eq!(old.affinity[0].range, range("0x40000000..0x80000000"));
    assert_eq!(old.fake_nodes[0].range, range("0x40000000..0x60000000"));
    let ops: Vec<_> = old.steps.iter().map(|step| step.op.clone()).collect();
    let expected = [
        BootOp::Reserve(range("0x9d000..0x9f000")),
        BootOp::NodeData {
            node: NodeId(1),
            granted: range("0x7ff9c000..0x7ff9f000"),
        },
        BootOp::Free(range("0x3f400000..0x3f600000")),
    ];
    assert_eq!(ops, expected);
    let nodes: Vec<u16> = old.cpus.iter().map(|(_, node)| node.0).collect();
    assert_eq!(nodes, [1, 1, 1, 1]);
    let freed: Vec<u64> = old.freed_late.iter().map(|late| late.bytes >> 10).collect();
    assert_eq!(freed, [8, 260]);

    let later = read(
        "\
[    0.000000] Linux version 3.8.0 (gcc) #1 SMP
[    0.000000] memblock_reserve: [0x00000000099000-0x0000000009f000] setup_real_mode+0x6b/0x179
[    0.000000]    memblock_free: [0x0000003fe00000-0x0000003fe00000] free_bootmem+0x9/0xb
[    0.000000] __memblock_free_early: [0x0000007f699000-0x0000007fa98fff] sparse_init+0x1eb/0x218
[    0.000000] memblock_reserve: [0x0000000001c86000-0x0000000001c8bfff] setup_arch+0x4b9/0x823
",
    )
    .unwrap();
    let ops: Vec<_> = later.steps.iter().map(|step| step.op.clone()).collect();
    let expected = [
        BootOp::Reserve(range("0x99000..0x9f000")),
        BootOp::Free(range("0x3fe00000..0x3fe00000")),
        BootOp::Free(range("0x7f699000..0x7fa99000")),
        BootOp::Reserve(range("0x1c86000..0x1c8c000")),
    ];
    assert_eq!(ops, expected);
}
