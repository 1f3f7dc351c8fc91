//! Recordings: the real ones, and small ones with something wrong in them.

use std::fs;
use std::path::PathBuf;

use crate::common::{fixture, folder, packed};
use pfnlab_linux::{Recording, RecordingError, Status, read_snapshot};
use pfnlab_model::{
    CpuId, Gfp, MigrateType, NodeId, Op, Order, Pfn, Trace, TraceStart, ZoneId, ZoneKind,
};

/// Four cases of a kernel 6.12 with 512 MiB and one CPU.
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../pfnlab/tests/recordings");

/// A state of kernel 6.12.
const STATE: &str = "6.12-m9/state.json.gz";

/// Reads a case of kernel 6.12 and describes its operations the short way.
fn read(name: &str, ops: &str) -> String {
    crate::common::read(name, &fixture(STATE), ops)
}

/// A case of kernel 6.12 with these operations.
fn case(name: &str, ops: &str) -> PathBuf {
    crate::common::case(name, &fixture(STATE), ops)
}

#[test]
fn every_operation_is_understood() {
    let ops = r#"{"i":0,"op":"alloc","cpu":3,"nid":-1,"gfp":["KSWAPD_RECLAIM","MOVABLE","HIGHMEM"],"raw_gfp":10250,"id":2,"order":0,"nodemask":[0,1],"pfn":271675,"z":[1,1],"mt":1,"pcp":427,"free":250622,"zf":0}
{"i":1,"op":"alloc","cpu":2,"nid":0,"gfp":["THISNODE","ATOMIC"],"raw_gfp":2105344,"id":0,"order":9,"pfn":null,"st":"fail"}
{"i":2,"op":"free","cpu":0,"id":2,"pfn":271675,"z":[1,1],"mt":3,"pcp":7,"free":-17,"zf":5,"boost":512}
{"i":3,"op":"free","cpu":0,"id":2,"pfn":null,"st":"skip"}
{"i":4,"op":"split","cpu":0,"id":5,"base":520,"pfn":113664,"z":[0,2],"mt":0,"pcp":1,"free":8617,"zf":4}
{"i":5,"op":"drain","cpu":1}
{"i":6,"op":"bulk","cpu":0,"nid":1,"gfp":[],"raw_gfp":8192,"n":4,"base":100,"pfns":[9,8],"got":2,"z":[0,0],"mt":2,"pcp":3,"free":5,"zf":0}
{"i":7,"op":"bulk","cpu":0,"nid":-1,"gfp":["HIGH"],"raw_gfp":8224,"n":4,"base":104,"pfns":[],"got":0}
{"i":8,"op":"vmstat","cpu":1,"ret":-2}
{"i":9,"op":"zset","cpu":0,"nid":0,"zone":1,"set":2,"clear":1,"set_boost":64,"z":[0,1],"pcp":2497,"free":105812,"zf":2,"boost":64}
{"i":10,"op":"zset","cpu":0,"nid":0,"zone":3,"set":0,"clear":0,"set_boost":null,"st":"skip"}
"#;
    let described = "\
1: a 2 order=0 gfp=GFP_NOWAIT|__GFP_HIGHMEM|__GFP_MOVABLE cpu=3 nodes=0,1 => Ok 0x4253b; Node 1, zone DMA32: Movable pcp 427 free 250622 flags 0 boost 0
2: a 0 order=9 gfp=__GFP_ATOMIC|__GFP_NOWARN|__GFP_THISNODE cpu=2 node=0 => Fail
3: f 2 cpu=0 => Ok 0x4253b; Node 1, zone DMA32: HighAtomic pcp 7 free -17 flags 5 boost 512
4: f 2 cpu=0 => Skip
5: split 5 base=520 => Ok 0x1bc00; Node 0, zone Normal: Unmovable pcp 1 free 8617 flags 4 boost 0
6: drain cpu=1 => Ok
7: bulk 100 n=4 gfp=__GFP_NOWARN cpu=0 node=1 => Ok 0x9 0x8; Node 0, zone DMA: Reclaimable pcp 3 free 5 flags 0 boost 0
8: bulk 104 n=4 gfp=__GFP_HIGH|__GFP_NOWARN cpu=0 => Fail
9: vmstat cpu=1 => Ok; returned -2
10: zone-flags node=0 zone=DMA32 set=2 clear=1 boost=64 => Ok; Node 0, zone DMA32: - pcp 2497 free 105812 flags 2 boost 64
11: zone-flags node=0 zone=Movable set=0 clear=0 => Skip";
    assert_eq!(read("understood", ops), described);

    let trace = Recording::open(case("understood-trace", ops)).unwrap();
    let trace = trace.to_trace("before.json");
    assert_eq!(trace.start, TraceStart::Snapshot("before.json".to_owned()));
    let text = trace.to_string();
    assert_eq!(Trace::parse(&text).unwrap().trace, trace);
    let expected = text.lines().filter_map(|line| line.split_once(" => "));
    let expected: Vec<_> = expected.map(|(_, expected)| expected).collect();
    assert_eq!(
        expected,
        ["0x4253b", "fail", "skip", "0x9,0x8", "fail", "skip"]
    );
}

#[test]
fn what_is_not_understood_is_an_error_with_its_line() {
    let drain = r#"{"i":0,"op":"drain","cpu":0}"#;
    let mut wrong = Vec::new();
    for (line, error) in [
        ("", "0: no JSON object: EOF while parsing a value"),
        (
            "[1]",
            "0: no JSON object: invalid type: sequence, expected a map",
        ),
        (r#"{"op":"drain","cpu":0}"#, "field `i` is missing"),
        (
            r#"{"i":2,"op":"drain","cpu":0}"#,
            "operation 2 follows where 1 should",
        ),
        (r#"{"i":1,"cpu":0}"#, "field `op` is missing"),
        (
            r#"{"i":1,"op":"shrink","cpu":0}"#,
            "operation `shrink` is not known",
        ),
        (
            r#"{"i":1,"op":"drain","cpu":0,"zone":1}"#,
            "field `zone` is not known here",
        ),
        (r#"{"i":1,"op":"drain","cpu":1024}"#, "1024 is no CPU"),
        (
            r#"{"i":1,"op":"drain","cpu":0,"st":"fail"}"#,
            "status `fail` is not known here",
        ),
        (
            r#"{"i":1,"op":"free","cpu":0,"id":1,"st":"badop"}"#,
            "status `badop` is not known here",
        ),
        (
            r#"{"i":1,"op":"free","cpu":0,"id":1,"pfn":5,"z":[0,7],"mt":1,"pcp":0,"free":0,"zf":0}"#,
            "7 is no zone index of this kernel",
        ),
        (
            r#"{"i":1,"op":"free","cpu":0,"id":1,"pfn":5,"z":[64,0],"mt":1,"pcp":0,"free":0,"zf":0}"#,
            "64 is no node: nodes are below 64",
        ),
        (
            r#"{"i":1,"op":"free","cpu":0,"id":1,"pfn":5,"z":[0,0],"mt":5,"pcp":0,"free":0,"zf":0}"#,
            "5 is no migratetype of this kernel",
        ),
        (
            r#"{"i":1,"op":"free","cpu":0,"id":1,"pfn":4294967296}"#,
            "frame 0x100000000 is not below 0x100000000",
        ),
        (
            r#"{"i":1,"op":"free","cpu":0,"id":1,"pfn":null}"#,
            "field `pfn`: invalid type: null, expected u64",
        ),
        (
            r#"{"i":1,"op":"alloc","cpu":0,"id":1,"order":11}"#,
            "order 11 is above the largest, 10",
        ),
        (
            r#"{"i":1,"op":"alloc","cpu":0,"id":1,"order":0,"nid":0,"nodemask":[0,99]}"#,
            "99 is no node: nodes are below 64",
        ),
        (
            r#"{"i":1,"op":"alloc","cpu":0,"id":1,"order":0,"nid":-1,"gfp":["HIHG"],"raw_gfp":8192}"#,
            "`HIHG` is no GFP flag",
        ),
        (
            r#"{"i":1,"op":"alloc","cpu":0,"id":1,"order":0,"nid":-1,"gfp":["HIGH"],"raw_gfp":8192}"#,
            "the names stand for mask 0x2020, but 0x2000 was passed",
        ),
        (
            r#"{"i":1,"op":"bulk","cpu":0,"base":1,"n":3,"nid":-1,"gfp":[],"raw_gfp":8192,"pfns":[1],"got":2}"#,
            "2 frames were given, but 1 are listed",
        ),
    ] {
        let found = read("errors", &format!("{drain}\n{line}\n"));
        let reason = found.strip_prefix("ops.jsonl.gz:2:");
        if reason.map(str::trim_start) != Some(error) {
            wrong.push((line, found));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn broken_files_are_errors() {
    let at = case("broken", "");
    let open = || Recording::open(&at).unwrap_err();
    let ops = at.join("ops.jsonl.gz");

    let whole = packed("{\"i\":0,\"op\":\"drain\",\"cpu\":0}\n");
    fs::write(&ops, &whole[..whole.len() - 9]).unwrap();
    assert!(matches!(open(), RecordingError::Unreadable { path, .. } if path == ops));
    fs::write(&ops, [0xff, 0xfe]).unwrap();
    assert!(matches!(open(), RecordingError::Unreadable { path, .. } if path == ops));
    fs::remove_file(&ops).unwrap();
    assert!(matches!(open(), RecordingError::Unreadable { path, .. } if path == ops));

    let after = at.join("after.json.gz");
    fs::copy(fixture("6.1-m1s/state.json.gz"), &after).unwrap();
    let error = open().to_string();
    assert!(
        error.ends_with("before comes from kernel 6.12, after from 6.1"),
        "{error}"
    );
}

#[test]
fn a_state_that_cannot_be_is_an_error() {
    let mut file = String::new();
    let packed = fs::read(fixture(STATE)).unwrap();
    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_string(&mut decoder, &mut file).unwrap();
    let path = folder("states").join("state.json");
    let check = |from: &str, to: &str, error: &str| {
        assert!(file.contains(from), "{from}");
        fs::write(&path, file.replacen(from, to, 1)).unwrap();
        let found = read_snapshot(&path).unwrap_err().to_string();
        assert_eq!(found, format!("{}: {error}", path.display()));
    };
    let nr_free = r#""nr_free":[3,"#;
    check(
        nr_free,
        r#""nr_free":[4,"#,
        "zones[0]: nr_free is 4, but 3 are there",
    );
    let kernel = r#""kernel":"6.12""#;
    check(
        kernel,
        r#""kernel":"7.0""#,
        "the beginning: kernel `7.0` is not known",
    );
    let format = r#""format":1"#;
    check(
        format,
        r#""format":2"#,
        "the beginning: format 2 is not known: 1 is",
    );
    let zones = r#""max_nr_zones":5"#;
    let error = "the beginning: max_nr_zones is 4, but this kernel has 5";
    check(zones, r#""max_nr_zones":4"#, error);
    let stat = r#""NR_FREE_PAGES""#;
    check(
        stat,
        r#""NR_PAGES""#,
        "zones[0].vm_stat: NR_PAGES stands where this kernel has NR_FREE_PAGES",
    );
    let orders = r#""nr_orders":11"#;
    check(
        orders,
        r#""nr_orders":0"#,
        "global: order 255 is above the largest, 10",
    );
    let types = r#""mt":"01111111""#;
    check(
        types,
        r#""mt":"01111119""#,
        "zones[0]: `9` is no migratetype of this kernel",
    );
    check(
        types,
        r#""mt":"0111111""#,
        "zones[0]: count is 8, but 7 are there",
    );
    check(
        r#""nid":0"#,
        r#""nid":-1"#,
        "nodes[0]: node -1 is out of range",
    );

    fs::write(&path, "{}").unwrap();
    let error = read_snapshot(&path).unwrap_err();
    assert!(matches!(error, RecordingError::Json { .. }), "{error}");
    assert_eq!(error.line(), Some(1));
}

/// The kernels number what they both have alike; 6.1 notes types on its per-CPU lists.
#[test]
fn a_state_of_6_1_has_noted_types_and_one_high() {
    let state = read_snapshot(fixture("6.1-m1s/state.json.gz")).unwrap();
    assert_eq!(state.profile, "linux-6.1.y");
    let mut noted = 0;
    for zone in &state.zones {
        assert_eq!(zone.pageset_high_min, zone.pageset_high_max);
        assert_eq!(zone.highatomic_free, None);
        for list in zone.pcp.iter().flat_map(|pcp| &pcp.lists) {
            assert_eq!(list.noted.len(), list.pfns.len());
            noted += list.noted.len();
        }
    }
    assert!(noted > 0);
}

/// The first lines of this file are quoted in the test: what they say must arrive.
#[test]
fn a_real_case_is_read() {
    let recording = Recording::open(format!("{RECORDINGS}/6.12/m1/w02")).unwrap();
    let ops = &recording.ops;
    // {"i":0,"op":"alloc","cpu":0,"nid":-1,"gfp":["KSWAPD_RECLAIM","RECLAIMABLE"],
    //  "raw_gfp":10256,"id":0,"order":0,"pfn":17762,"z":[0,1],"mt":2,"pcp":2154,"free":106158,"zf":0}
    let Op::Alloc { request, .. } = ops[0].op else {
        panic!("{:?}", ops[0]);
    };
    assert_eq!(request.gfp, Gfp::GFP_NOWAIT | Gfp::RECLAIMABLE);
    assert_eq!((request.order, request.cpu), (Order::ZERO, CpuId(0)));
    assert_eq!(ops[0].got.pfns, [Pfn::new(17762)]);
    let after = ops[0].got.after.unwrap();
    let dma32 = ZoneId {
        node: NodeId(0),
        kind: ZoneKind::Dma32,
    };
    assert_eq!((after.zone, after.pcp, after.free), (dma32, 2154, 106_158));
    assert_eq!(after.mt, Some(MigrateType::Reclaimable));

    assert_eq!(ops.len(), 7000);
    let allocs = ops.iter().filter(|op| matches!(op.op, Op::Alloc { .. }));
    assert_eq!(allocs.count(), 3848);
    assert!(ops.iter().all(|op| op.got.status == Status::Ok));
    assert_eq!(recording.before.profile, "linux-6.12.y");
    assert_eq!(recording.before.cpus.len(), 1);
    // What the operations took from the buddy lists, the counters know of.
    let zone = recording.after.zone(dma32).unwrap();
    let blocks = zone.free_lists.iter();
    let free: u64 = blocks
        .map(|list| list.pfns.len() as u64 * list.order.frames())
        .sum();
    let folded = zone.vm_stat[0] + i64::from(zone.pcp[0].vm_stat_diff[0]);
    assert_eq!(i64::try_from(free).unwrap(), folded);
}

#[test]
fn cases_are_found_below_a_folder_in_order() {
    let root = folder("found");
    for case in ["m2/w01", "m1/w02", "m1/w01", "m1/snapshots"] {
        fs::create_dir_all(root.join(case)).unwrap();
        if case != "m1/snapshots" {
            fs::write(root.join(case).join("ops.jsonl.gz"), "").unwrap();
        }
    }
    let names = |paths: &[&str]| {
        let found = Recording::find(paths.iter().map(|path| root.join(path))).unwrap();
        let names = found.iter().map(|path| path.strip_prefix(&root).unwrap());
        names
            .map(|name| name.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&[""]), ["m1/w01", "m1/w02", "m2/w01"]);
    assert_eq!(names(&["m2", "m1/w02", "m2/w01"]), ["m1/w02", "m2/w01"]);

    let empty = folder("empty");
    let error = Recording::find([&empty]).unwrap_err();
    assert!(matches!(error, RecordingError::NoCase { path } if path == empty));
    let error = Recording::find([empty.join("nowhere")]).unwrap_err();
    assert!(matches!(error, RecordingError::Unreadable { .. }));
}
