//! Files that are no snapshots, and snapshots that no allocator can be in.

use std::fs;
use std::path::Path;

use pfnlab::{Driver, Inspect, Mm, TraceFile, kernel, machine, snapshot};
use serde_json::{Value, json};

use crate::{Row, check, check_table};

/// Each is the start of a trace; the place is in the snapshot.
const FILES: &[Row] = &[
    ("damaged.json.gz.trace", "", "damaged.json.gz: "),
    (
        "deep.json.trace",
        "",
        "deep.json:1:100022: this is no snapshot: EOF",
    ),
    (
        "empty.json.trace",
        "",
        "empty.json:1:0: this is no snapshot: EOF",
    ),
    ("format-2-64.json.trace", "", "expected u32"),
    ("list.json.trace", "", "list.json:1:"),
    (
        "newer.json.trace",
        "",
        "this snapshot has format 2; only format 1 can be read",
    ),
    ("no-format.json.trace", "", "missing field `format`"),
    ("no-gzip.json.gz.trace", "", "no-gzip.json.gz: "),
    ("not-utf8.json.trace", "", "not-utf8.json:1:"),
    (
        "trailing.json.trace",
        "",
        "trailing.json:1:14: this is no snapshot: trailing characters",
    ),
    ("truncated.json.gz.trace", "", "truncated.json.gz: "),
    (
        "truncated.json.trace",
        "",
        "truncated.json:1:66: this is no snapshot: EOF",
    ),
];

#[test]
fn a_file_that_is_no_snapshot_is_refused() {
    check_table("snapshot", ".trace", &["replay", "check"], FILES);
}

/// A snapshot of a small machine with something on every kind of list.
fn good() -> Value {
    let machine = machine::resolve("one-node").unwrap();
    let mm = Mm::boot(
        &machine,
        kernel::profile(None).unwrap(),
        &kernel::config(None).unwrap(),
    );
    let mut driver = Driver::new(mm.unwrap());
    let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=3\na 2\na 3 order=4\nf 2\n";
    let trace = TraceFile::parse("a.trace", text, Path::new("")).unwrap();
    for step in &trace.trace().steps {
        driver.step(&step.op, &mut ()).unwrap();
    }
    serde_json::from_str(&snapshot::to_json(&driver.allocator().snapshot())).unwrap()
}

/// What is altered, to what, and a part of what is said. Zone 1 is DMA32, the only one with memory.
fn alterations() -> Vec<(&'static str, Value, &'static str)> {
    let huge = json!(u64::MAX);
    let frame = good()["zones"][1]["free_lists"][0]["pfns"][0].clone();
    vec![
        ("/format", json!(2), "this snapshot has format 2"),
        ("/profile", json!("linux-7"), "no profile `linux-7`"),
        ("/surprise", json!(1), "unknown field `surprise`"),
        ("/nodes", json!([]), "there must be at least one of each"),
        ("/cpus/0/cpu", json!(1), "numbered from 0 without gaps"),
        ("/cpus/0/node", json!(1), "numbered from 0 without gaps"),
        (
            "/global/top_order",
            json!(11),
            "order 11 is above the largest, 10",
        ),
        (
            "/global/pageblock_order",
            json!(0),
            "a pageblock has more than one frame",
        ),
        (
            "/global/pcp_batch_scale_max",
            json!(200),
            "no kernel is built with such",
        ),
        (
            "/global/zone_kinds",
            json!(["Normal"]),
            "no kernel is built with such zones",
        ),
        (
            "/global/zone_stats",
            json!([]),
            "that of free frames among them",
        ),
        (
            "/global/min_free_kbytes",
            huge.clone(),
            "larger than anybody can make it",
        ),
        (
            "/global/watermark_scale_factor",
            json!(3001),
            "larger than anybody can make it",
        ),
        (
            "/global/lowmem_reserve_ratio/0",
            huge.clone(),
            "larger than anybody can make it",
        ),
        (
            "/global/lowmem_reserve_ratio",
            json!([]),
            "one for every kind of zone",
        ),
        (
            "/nodes/0/zonelist/0/kind",
            json!("Movable"),
            "on a zonelist, but it has no memory",
        ),
        (
            "/nodes/0/zonelist/0/node",
            json!(3),
            "on a zonelist, but there is no such zone",
        ),
        (
            "/zones/1/start",
            huge.clone(),
            "reaches above the highest frame",
        ),
        (
            "/zones/1/start",
            json!(4_294_967_295_u32),
            "reaches above the highest frame",
        ),
        (
            "/zones/1/spanned",
            json!(1_u64 << 32),
            "spans more frames than a zone can",
        ),
        (
            "/zones/1/present",
            huge.clone(),
            "at most its span is present, and managed",
        ),
        (
            "/zones/1/managed",
            huge.clone(),
            "at most its span is present, and managed",
        ),
        (
            "/zones/1/memory",
            json!([[0, 16], [8, 32]]),
            "memory outside its span",
        ),
        (
            "/zones/1/memory",
            json!([[16, 0]]),
            "a range of frames does not run backward",
        ),
        (
            "/zones/1/watermarks/high",
            huge.clone(),
            "larger than any memory",
        ),
        ("/zones/1/boost", huge.clone(), "larger than any memory"),
        (
            "/zones/1/lowmem_reserve/3",
            huge.clone(),
            "larger than any memory",
        ),
        (
            "/zones/1/highatomic_reserved",
            huge.clone(),
            "larger than any memory",
        ),
        (
            "/zones/1/vm_stat/0",
            json!(i64::MIN),
            "a counter is larger than any memory",
        ),
        (
            "/zones/1/vm_stat",
            json!([]),
            "keeps every counter of the generation",
        ),
        (
            "/zones/1/pageset_high_max",
            json!(u32::MAX),
            "larger than any zone",
        ),
        (
            "/zones/1/pcp",
            json!([]),
            "has lists for every CPU, or no memory",
        ),
        (
            "/zones/1/pcp/0/batch",
            json!(0),
            "a batch is 1 to 16384 frames",
        ),
        (
            "/zones/1/pcp/0/batch",
            json!(u32::MAX),
            "a batch is 1 to 16384 frames",
        ),
        (
            "/zones/1/pcp/0/high",
            json!(u32::MAX),
            "larger than any zone",
        ),
        (
            "/zones/1/pcp/0/free_count",
            json!(u32::MAX),
            "larger than any zone",
        ),
        (
            "/zones/1/pcp/0/alloc_factor",
            json!(32),
            "a batch is doubled at most 16 times",
        ),
        (
            "/zones/1/pcp/0/stat_threshold",
            json!(126),
            "beyond 125 at the latest",
        ),
        (
            "/zones/1/pcp/0/count",
            json!(7),
            "hold another number of frames",
        ),
        ("/zones/1/pcp/0/lists/0/order", json!(1), ""),
        (
            "/zones/1/pcp/0/lists/0/index",
            json!(200),
            "holds blocks of another order",
        ),
        (
            "/zones/1/pcp/0/lists/0/pfns/0",
            frame,
            "the frame is in two places",
        ),
        ("/zones/1/free_lists/0/order", json!(10), ""),
        (
            "/zones/1/free_lists/0/mt",
            json!("Cma"),
            "a migratetype that this kernel is built without",
        ),
        (
            "/zones/1/free_lists/0/mt",
            json!("Unknown"),
            "unknown variant",
        ),
        (
            "/zones/1/free_lists/0/pfns/0",
            huge,
            "a block lies outside its memory",
        ),
        (
            "/zones/1/pageblocks/first",
            json!(1),
            "its pageblocks reach beyond its span",
        ),
        (
            "/zones/1/pageblocks/movable",
            json!([[0, 513]]),
            "more movable frames than a pageblock",
        ),
        (
            "/zones/1/lent/0",
            json!([1, 10]),
            "no block of order 10 starts at 0x1",
        ),
    ]
}

#[test]
fn a_snapshot_no_allocator_can_be_in_is_refused() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad-snapshots");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("a.trace"),
        "#pfnlab-trace 1\nstart a.json\na 1\n",
    )
    .unwrap();
    let good = good();
    for (pointer, value, message) in alterations() {
        let mut altered = good.clone();
        match altered.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => altered[&pointer[1..]] = value,
        }
        fs::write(folder.join("a.json"), altered.to_string()).unwrap();
        check(&folder, &["check", "a.trace"], "a.json", message);
    }
}

/// A block that covers a smaller one: neither starts where the other does.
#[test]
fn a_frame_in_two_blocks_is_found() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("two-blocks");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("a.trace"),
        "#pfnlab-trace 1\nstart a.json\na 1\n",
    )
    .unwrap();
    let mut altered = good();
    let lists = altered["zones"][1]["free_lists"].as_array_mut().unwrap();
    let top = lists.last().unwrap()["pfns"][0].as_u64().unwrap();
    let small = lists.iter_mut().find(|list| list["order"] == 0).unwrap();
    small["pfns"].as_array_mut().unwrap().push(json!(top + 5));
    fs::write(folder.join("a.json"), altered.to_string()).unwrap();
    check(
        &folder,
        &["check", "a.trace"],
        "a.json",
        "the frame is in two places",
    );
}
