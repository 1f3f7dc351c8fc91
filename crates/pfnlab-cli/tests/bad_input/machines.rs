//! Machines that cannot exist, and text that is no machine.

use crate::{Row, check, check_table, folder};

const ROWS: &[Row] = &[
    (
        "above-limit.toml",
        "3:8",
        "reaches above 0x100000000000, the highest address",
    ),
    (
        "address-2-64.toml",
        "3:8",
        "`18446744073709551616` is no size: write a number of bytes",
    ),
    ("address-max.toml", "3:8", "reaches above 0x100000000000"),
    (
        "all-reserved.toml",
        "",
        "machine all-reserved does not boot: all memory is reserved",
    ),
    (
        "backward.toml",
        "3:8",
        "0x4000000..0x100000 is empty: the end is exclusive",
    ),
    ("binary.toml", "2:118", "byte 0x80 is not UTF-8"),
    (
        "cpu-above-limit.toml",
        "2:12",
        "CPU 1024 is not below the limit of 1024",
    ),
    (
        "cpu-gap.toml",
        "1:1",
        "CPU 1 is on no node: CPUs are numbered from 0 without gaps",
    ),
    ("cpu-negative.toml", "2:9", "integer `-1`, expected u16"),
    ("cpu-too-large.toml", "2:9", "expected u16"),
    ("cpu-twice.toml", "5:9", "CPU 0 is already on a node"),
    ("crlf.toml", "3:8", "0x4000000..0x100000 is empty"),
    ("deep.toml", "1:88", "max recursion depth met"),
    (
        "distance-count.toml",
        "4:12",
        "3 distances for 1 nodes: give one for every node",
    ),
    (
        "distance-to-itself.toml",
        "4:13",
        "the distance of a node to itself is 10, not 0",
    ),
    ("empty.toml", "1:1", "missing field `node`"),
    (
        "half-a-frame.toml",
        "3:8",
        "0x1001..0x1fff holds no whole 4 KiB frame",
    ),
    ("json.toml", "1:1", "expected key"),
    ("key-twice.toml", "3:1", "duplicate key"),
    ("movablecore.toml", "1:15", "`-1M` is no size"),
    (
        "no-cpus.toml",
        "1:1",
        "a machine needs a CPU: give some node `cpus = [0]`",
    ),
    ("no-nodes.toml", "2:8", "a machine needs at least one node"),
    ("no-ram.toml", "1:1", "a machine needs RAM: give some node"),
    ("not-utf8.toml", "3:13", "byte 0xff is not UTF-8"),
    ("nul.toml", "2:11", "expected newline"),
    (
        "one-huge-zone.toml",
        "",
        "zone Normal would span 0xfff00000 frames, more than 0x80000000",
    ),
    (
        "overlap.toml",
        "7:8",
        "0x1ff00..0x40000 of node 1 overlap frames 0x100..0x20000 of node 0",
    ),
    (
        "percent.toml",
        "1:14",
        "`101%` is no percentage from 0% to 100%",
    ),
    (
        "ram-is-a-number.toml",
        "3:7",
        "integer `5`, expected a sequence",
    ),
    ("reserved-typo.toml", "1:22", "`16M-60M` is no size"),
    (
        "section-odd.toml",
        "1:16",
        "a section is a power of two of at least 4 MiB",
    ),
    (
        "section-zero.toml",
        "1:16",
        "a section is a power of two of at least 4 MiB",
    ),
    ("size-overflow.toml", "3:8", "`99999999999T` is no size"),
    (
        "too-many-nodes.toml",
        "1:1",
        "65 nodes are more than the 64 possible",
    ),
    ("truncated.toml", "2:10", "unclosed array, expected `]`"),
    (
        "unknown-field.toml",
        "3:1",
        "unknown field `memory`, expected one of `cpus`, `ram`",
    ),
];

#[test]
fn a_machine_that_cannot_be_is_refused_at_the_value_at_fault() {
    check_table("machine", ".toml", &["boot"], ROWS);
}

#[test]
fn a_machine_that_is_not_there_is_refused_by_name() {
    let folder = folder();
    check(
        &folder,
        &["boot", "none.toml"],
        "none.toml: ",
        "No such file",
    );
    check(
        &folder,
        &["boot", "machine"],
        "no machine `machine`",
        "there are two-node",
    );
    check(
        &folder.join(".."),
        &["boot", "./bad-input/../none.toml"],
        "",
        "No such file",
    );
}
