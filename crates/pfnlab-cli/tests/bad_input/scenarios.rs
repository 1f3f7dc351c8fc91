//! Scenarios that cannot run, and text that is no scenario.

use std::fs;
use std::path::Path;

use crate::{Row, check, check_table, folder};

const ROWS: &[Row] = &[
    (
        "binary.toml",
        "3:10",
        "byte 0x80 is not UTF-8: this is no text",
    ),
    (
        "config-unknown.toml",
        "1:10",
        "no config `vax`: there are x86_64",
    ),
    (
        "consumers-not-there.toml",
        "5:25",
        "no CPU 9: the last of the machine is 0",
    ),
    (
        "cpu-not-there.toml",
        "5:25",
        "no CPU 7: the last of the machine is 0",
    ),
    (
        "empty-phase.toml",
        "4:1",
        "a [[phase]] names one phase, such as `idle = {}`",
    ),
    ("empty.toml", "1:1", "missing field `machine`"),
    ("gfp-typo.toml", "5:24", "`GFP_KERNAL` is no GFP flag"),
    ("json.toml", "1:1", "invalid key-value pair, expected key"),
    ("key-twice.toml", "2:1", "duplicate key"),
    (
        "low-above-high.toml",
        "5:20",
        "`low`, 80 %, is above `high`, 20 %",
    ),
    (
        "machine-address-max.toml",
        "4:8",
        "0x100000..0xffffffffffffffff reaches above 0x100000000000, the highest address",
    ),
    (
        "machine-is-a-folder.toml",
        "2:11",
        "no machine `../machine`: there are two-node, one-node, and files that end in .toml",
    ),
    (
        "machine-is-a-list.toml",
        "2:11",
        "invalid type: sequence, expected the name of a machine, or a table that describes one",
    ),
    (
        "machine-itself.toml",
        "1:1",
        "unknown field `about`, expected one of `name`",
    ),
    (
        "machine-no-cpus.toml",
        "2:1",
        "a machine needs a CPU: give some node `cpus = [0]`",
    ),
    (
        "machine-not-there.toml",
        "2:11",
        "nowhere.toml: No such file",
    ),
    (
        "machine-overlap.toml",
        "8:3",
        "frames 0x2000..0x8000 of node 1 overlap frames 0x100..0x4000 of node 0",
    ),
    (
        "machine-unknown.toml",
        "2:11",
        "no machine `nowhere`: there are two-node, one-node, and files that end in .toml",
    ),
    (
        "max-order-12.toml",
        "5:30",
        "order 12 is above the largest, 10",
    ),
    (
        "max-order-below.toml",
        "5:42",
        "`max-order`, 3, is below `order`, 5",
    ),
    ("no-machine.toml", "1:1", "missing field `machine`"),
    ("no-phase.toml", "1:1", "missing field `phase`"),
    (
        "node-not-there.toml",
        "5:25",
        "no node 3: the last of the machine is 0",
    ),
    (
        "not-utf8.toml",
        "1:13",
        "byte 0xe9 is not UTF-8: this is no text",
    ),
    (
        "nul.toml",
        "4:10",
        "unexpected key or value, expected newline, `#`",
    ),
    (
        "ops-2-64.toml",
        "5:17",
        "invalid type: integer `18446744073709551616` as i128, expected u32",
    ),
    (
        "ops-float.toml",
        "5:17",
        "invalid type: floating point `1.5`, expected u32",
    ),
    ("order-11.toml", "5:30", "order 11 is above the largest, 10"),
    (
        "order-256.toml",
        "5:30",
        "invalid value: integer `256`, expected u8",
    ),
    ("percent-101.toml", "5:20", "101 is no percentage: 0 to 100"),
    (
        "percent-negative.toml",
        "5:21",
        "invalid value: integer `-1`, expected u64",
    ),
    (
        "percent-text.toml",
        "5:20",
        "invalid type: string \"half\", expected u64",
    ),
    (
        "phase-is-a-number.toml",
        "3:9",
        "invalid type: integer `5`, expected a sequence",
    ),
    (
        "profile-unknown.toml",
        "1:11",
        "no profile `linux-7.7`: nearest to that release is `linux-6.12.y`",
    ),
    (
        "report-order-11.toml",
        "8:11",
        "order 11 is above the largest, 10",
    ),
    ("report-unknown.toml", "8:1", "unknown field `picture`"),
    (
        "seed-negative.toml",
        "1:8",
        "invalid value: integer `-1`, expected u64",
    ),
    (
        "sysctl-refused.toml",
        "8:26",
        "the kernel refuses 0 for watermark_scale_factor",
    ),
    (
        "sysctl-text.toml",
        "8:19",
        "invalid type: string \"much\", expected u32",
    ),
    (
        "sysctl-unknown.toml",
        "8:14",
        "no sysctl `swappiness`: there are min_free_kbytes",
    ),
    (
        "sysctl-zone-not-there.toml",
        "8:34",
        "the kernel refuses 1 for lowmem_reserve_ratio.HighMem",
    ),
    (
        "sysctl-zone-unknown.toml",
        "8:31",
        "no sysctl `lowmem_reserve_ratio.DMA9`",
    ),
    (
        "trace-inside.toml",
        "2:9",
        "key with no value, expected `=`",
    ),
    (
        "truncated.toml",
        "5:21",
        "unclosed inline table, expected `}`",
    ),
    (
        "two-in-one-phase.toml",
        "4:1",
        "a [[phase]] names one phase, such as `idle = {}`",
    ),
    (
        "unknown-field.toml",
        "1:1",
        "unknown field `speed`, expected one of `about`",
    ),
    (
        "unknown-parameter.toml",
        "5:10",
        "unknown field `percents`, expected one of `percent`, `refusals`, `ask`",
    ),
    (
        "unknown-phase.toml",
        "5:1",
        "unknown variant `explode`, expected one of `churn`, `sawtooth`",
    ),
    (
        "weights-huge.toml",
        "5:80",
        "invalid value: integer `4294967295`, expected u8",
    ),
];

#[test]
fn a_scenario_that_cannot_run_is_refused_at_the_value_at_fault() {
    check_table("scenario", ".toml", &["run"], ROWS);
}

#[test]
fn a_scenario_that_is_not_there_is_refused_by_name() {
    let said = [("none.toml", "No such file"), ("scenario", "directory")];
    for (name, message) in said {
        check(&folder(), &["run", name], &format!("{name}: "), message);
    }
}

/// Its machine is in a file of its own: there the error is.
#[test]
fn a_bad_machine_file_is_named_and_not_the_scenario() {
    let folder = folder();
    let machines = folder.join("machine");
    let place = machines.join("backward.toml");
    let text = format!("machine = '{}'\n[[phase]]\nidle = {{}}\n", place.display());
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad-machine.toml");
    fs::write(&made, text).unwrap();
    let scenario = made.display().to_string();
    let place = format!("{}:3:8", place.display());
    check(
        &folder,
        &["run", &scenario],
        &place,
        "is empty: the end is exclusive",
    );
}

/// Ten megabytes in one line, and nothing is written where a recording was to go.
#[test]
fn a_huge_line_is_shown_in_part_and_nothing_is_recorded() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("huge-scenario");
    fs::create_dir_all(&folder).unwrap();
    let long = "9".repeat(10 << 20);
    let text = format!("machine = \"one-node\"\n[[phase]]\nfill = {{ percent = {long} }}\n");
    fs::write(folder.join("huge.toml"), text).unwrap();
    check(
        &folder,
        &["run", "huge.toml", "--record", "out.trace"],
        "huge.toml:3:20",
        "",
    );
    assert!(!folder.join("out.trace").exists());
    fs::remove_file(folder.join("huge.toml")).unwrap();
}
