//! Text that is no trace, and traces that ask for what cannot be.

use crate::{Row, check, check_table, folder};

const ROWS: &[Row] = &[
    ("binary.trace", "1:1", "byte 0xff is not UTF-8"),
    (
        "bom.trace",
        "1:1",
        "a trace begins with the line `#pfnlab-trace 1`",
    ),
    (
        "boost.trace",
        "3:36",
        "18446744073709551615 is above the largest, 4294967296",
    ),
    (
        "bulk-count.trace",
        "3:10",
        "4294967295 is above the largest, 1048576",
    ),
    (
        "bulk-onto-live.trace",
        "4:1",
        "ticket 12 still names something",
    ),
    ("bulk-without-count.trace", "3:1", "`bulk` needs `n=`"),
    ("cpu.trace", "3:9", "1024 is above the largest, 1023"),
    ("crlf.trace", "4:11", "order 99 is above the largest, 10"),
    (
        "empty.trace",
        "1:1",
        "a trace begins with the line `#pfnlab-trace 1`",
    ),
    ("escape.trace", "3:11", "is no number: decimal or 0x"),
    (
        "exact-none.trace",
        "3:15",
        "exact asks for at least one page",
    ),
    (
        "exact-too-many.trace",
        "3:15",
        "1025 is above the largest, 1024",
    ),
    (
        "expectation-above-limit.trace",
        "3:8",
        "0x100000000 is above the largest, 4294967295",
    ),
    ("expectation-list.trace", "3:20", "`` is no number"),
    (
        "expectation-missing.trace",
        "3:7",
        "what should come of it: a PFN, fail, or skip, is missing",
    ),
    ("field-twice.trace", "3:13", "`order` is given twice"),
    ("flags.trace", "3:34", "8 is above the largest, 7"),
    (
        "gfp.trace",
        "3:9",
        "`__GFP_MAGIC` is no GFP flag: use names such as GFP_KERNEL",
    ),
    (
        "late-header.trace",
        "4:1",
        "the header comes before the first operation",
    ),
    ("live-ticket.trace", "4:1", "ticket 1 still names something"),
    ("machine-inside.trace", "5:8", "0x400000..0x200000 is empty"),
    (
        "newer.trace",
        "1:1",
        "a trace begins with the line `#pfnlab-trace 1`",
    ),
    (
        "no-first-line.trace",
        "1:1",
        "a trace begins with the line `#pfnlab-trace 1`",
    ),
    ("no-machine-end.trace", "2:1", "no `machine-end` follows"),
    (
        "no-machine.trace",
        "1:1",
        "no line says what it runs on: add `machine NAME`",
    ),
    (
        "no-such-config.trace",
        "3:8",
        "no config `riscv128`: there are x86_64",
    ),
    (
        "no-such-machine.trace",
        "2:9",
        "no machine `nowhere`: there are two-node",
    ),
    (
        "no-such-profile.trace",
        "3:9",
        "no profile `linux-7.0`: nearest to that release is `linux-6.12.y`",
    ),
    (
        "no-such-snapshot.trace",
        "2:7",
        "nowhere.json: No such file",
    ),
    ("no-ticket.trace", "3:3", "`order=3` is no number"),
    ("node.trace", "3:10", "64 is above the largest, 63"),
    ("nodes.trace", "3:15", "64 is above the largest, 63"),
    ("not-utf8.trace", "3:7", "byte 0xc3 is not UTF-8"),
    (
        "one-word-too-many.trace",
        "3:13",
        "`now` is one word too many",
    ),
    (
        "order-2-64.trace",
        "3:11",
        "`18446744073709551616` is no number",
    ),
    ("order-negative.trace", "3:11", "`-1` is no number"),
    ("order.trace", "3:11", "order 11 is above the largest, 10"),
    (
        "split-behind-the-last-ticket.trace",
        "5:3",
        "4294967299 is above the largest, 4294967295",
    ),
    (
        "split-onto-live.trace",
        "5:1",
        "ticket 12 still names something",
    ),
    ("start-is-a-folder.trace", "2:7", "Is a directory"),
    (
        "sysctl-value.trace",
        "3:24",
        "99999999999 is above the largest, 4294967295",
    ),
    (
        "sysctl.trace",
        "3:8",
        "no sysctl `swappiness`: there are min_free_kbytes",
    ),
    (
        "ticket-2-32.trace",
        "3:3",
        "4294967296 is above the largest, 4294967295",
    ),
    ("two-machines.trace", "3:1", "the machine is already given"),
    (
        "unknown-field.trace",
        "3:5",
        "no `ordr` here: there are order, gfp, cpu, node, nodes",
    ),
    (
        "unknown-op.trace",
        "3:1",
        "`alloc` is no operation: a, f, split, bulk",
    ),
    ("utf16.trace", "1:1", "byte 0xff is not UTF-8"),
    (
        "zone.trace",
        "3:24",
        "`Upper` is no zone: such as DMA32 or Normal",
    ),
];

#[test]
fn a_trace_that_makes_no_sense_is_refused_at_the_word_at_fault() {
    check_table("trace", ".trace", &["replay", "check"], ROWS);
}

#[test]
fn a_trace_that_is_not_there_is_refused_by_name() {
    let folder = folder();
    for verb in ["replay", "check"] {
        check(
            &folder,
            &[verb, "none.trace"],
            "none.trace: ",
            "No such file",
        );
    }
    check(&folder, &["check", "trace"], "trace: ", "Is a directory");
    check(
        &folder,
        &["replay", "machine"],
        "machine: ",
        "nothing to replay here or below",
    );
}
