//! The same work with a knob turned; how many huge pages could be had; many seeds, on any number of
//! threads.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use pfnlab::scenario::Scenario;
use pfnlab::sweep::{Metric, Sweep};
use pfnlab::{Error, Order, TraceFile, snapshot, what_if};
use pfnlab::{Mm, boot::Booted, kernel, machine};

/// A node of 64 MiB above 4 GiB, where there is one zone.
const MACHINE: &str = "\
machine-begin
[[node]]
cpus = [0]
ram = [\"4G..4160M\"]
machine-end
profile linux-6.12.y
config x86_64-no-thp
";

fn trace(ops: &str) -> TraceFile {
    let text = format!("#pfnlab-trace 1\n{MACHINE}{ops}");
    TraceFile::parse("a.trace", &text, Path::new("")).unwrap()
}

fn scenario(text: &str) -> Scenario {
    Scenario::parse("a.toml", text, Path::new("")).unwrap()
}

/// Every second frame of two blocks is free, of one of them between movable frames. 30 blocks are
/// whole. The movable one can be emptied, for there is room; the other never.
#[test]
fn huge_pages_depend_on_who_is_in_the_way() {
    let mut ops = String::new();
    let two = [(1, "GFP_KERNEL"), (2000, "GFP_HIGHUSER_MOVABLE")];
    for (first, gfp) in two {
        for ticket in first..first + 512 {
            ops.push_str(&format!("a {ticket} order=0 gfp={gfp} cpu=0\n"));
        }
        ops.push_str("drain cpu=0\n");
        for ticket in (first..first + 512).step_by(2) {
            ops.push_str(&format!("f {ticket} cpu=0\n"));
        }
    }
    ops.push_str("drain cpu=0\n");
    let rows = what_if::of_trace(&trace(&ops), &[] as &[&str]).unwrap();
    let huge = rows[0].huge;
    // 32 blocks: the kernel's cannot be had, the users' can. Of 15,872 free frames 31 are made.
    assert_eq!((huge.compacted, huge.dropped), (31, 31));
    assert_eq!(rows[0].end.free, 31 * 512);
    // Two are in pieces, and the last ones are below the mark: 64 MiB keep 1 MiB free.
    assert!((28..=30).contains(&huge.now), "{huge:?}");
}

/// With all memory in users' hands but for every second frame, half of the blocks can be made by
/// moving, and all by dropping.
#[test]
fn a_checkerboard_can_be_compacted_to_half() {
    let text = "machine = \"one-node\"\n[[phase]]\ncheckerboard = { keep = 2, ask = { gfp = [\"GFP_HIGHUSER_MOVABLE|__GFP_MEMALLOC\"] } }\n[[phase]]\nidle = {}\n";
    let row = &what_if::of_scenario(&scenario(text), &[] as &[&str]).unwrap()[0];
    assert_eq!(row.huge.now, 0);
    assert!(row.huge.compacted <= row.end.free / 512);
    // A block of each zone may be lost to rounding.
    assert!(row.huge.compacted + 2 >= row.end.free / 512);
    assert!(row.huge.dropped >= 2 * row.huge.compacted - 4, "{row:?}");
}

#[test]
fn a_knob_makes_a_difference() {
    let text = "machine = \"one-node\"\n[[phase]]\nfill = { ask = { gfp = [\"GFP_KERNEL\"] } }\n";
    let settings = [
        "min_free_kbytes=131072",
        "movablecore=50%",
        "pageblock-order=10",
    ];
    let rows = what_if::of_scenario(&scenario(text), &settings).unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.setting.as_str()).collect();
    assert_eq!(names[0], what_if::AS_IT_IS);
    assert_eq!(names[1..], settings);
    // 128 MiB more are kept free, but for the reserve that was there; the kernel cannot have what
    // only movable frames may be in: half of memory.
    assert!(rows[1].end.free > rows[0].end.free + 20_000, "{rows:?}");
    assert!(rows[2].end.free > rows[0].end.free + 50_000, "{rows:?}");
}

/// Operations that ask for nearly all frames, give every second one back, and ask for one more; which
/// the last one is.
fn every_second_frame() -> (String, u32) {
    let mut ops = String::new();
    for ticket in 1..=16_000 {
        ops.push_str(&format!("a {ticket} gfp=GFP_HIGHUSER_MOVABLE cpu=0\n"));
    }
    for ticket in (1..=16_000).step_by(2) {
        ops.push_str(&format!("f {ticket} cpu=0\n"));
    }
    ops.push_str("drain cpu=0\na 20000 gfp=GFP_KERNEL cpu=0\n");
    let last = 16_000 + 8_000 + 1;
    (ops, last)
}

/// Memory is asked for until nothing is left, and every second frame given back: nothing is in one
/// piece, until it is compacted. Ahead of need that is done, too; not after the last request.
#[test]
fn an_earlier_compaction_makes_huge_pages() {
    let (ops, last) = every_second_frame();
    let knobs = [
        format!("compact-at={last}"),
        format!("compact-at={}", last + 1),
        format!("proactive-every={last}"),
    ];
    let rows = what_if::of_trace(&trace(&ops), &knobs).unwrap();
    let huge: Vec<u64> = rows.iter().map(|row| row.huge.now).collect();
    assert!(huge[1] > huge[0] + 4, "{huge:?}");
    assert_eq!(huge[2], huge[0]);
    assert!(huge[3] > huge[0], "{huge:?}");
    // What is done besides counts nowhere.
    assert!(rows.iter().all(|row| row.end.ops == rows[0].end.ops));
}

/// Every second frame is free: the score is 99. Whoever is eager has whole blocks made of it; who is not at
/// all has none. Where nothing is compacted ahead of need, and where a kernel knows no such thing, it says so.
#[test]
fn eagerness_ahead_of_need_is_a_knob() {
    let (ops, last) = every_second_frame();
    let knobs = [0, 20, 90]
        .map(|percent| format!("proactive-every={last},compaction_proactiveness={percent}"));
    let rows = what_if::of_trace(&trace(&ops), &knobs).unwrap();
    let huge: Vec<u64> = rows.iter().map(|row| row.huge.now).collect();
    assert_eq!(huge[1], huge[0], "{huge:?}");
    assert!(huge[2] > huge[1] && huge[3] > huge[2], "{huge:?}");

    let alone = ["compaction_proactiveness=50"];
    let error = what_if::of_trace(&trace(&ops), &alone).unwrap_err();
    assert!(error.to_string().contains("proactive-every=N"), "{error}");
    let older = ["profile=linux-5.0,proactive-every=100,compaction_proactiveness=50"];
    let error = what_if::of_trace(&trace(&ops), &older).unwrap_err();
    assert_eq!(
        error.to_string(),
        "linux-5.0 has no compaction_proactiveness"
    );
    // What a trace has compacted ahead of need itself goes by it.
    let ahead = trace(&format!("{ops}compact node=0 proactive\n"));
    let rows = what_if::of_trace(&ahead, &["compaction_proactiveness=0"]).unwrap();
    assert!(rows[0].huge.now > rows[1].huge.now, "{rows:?}");
}

/// 2,000 frames leak; of those that do, a tenth.
#[test]
fn a_slower_leak_leaves_more() {
    let ops: String = (1..=4_000)
        .map(|ticket| match ticket % 2 {
            0 => format!("f {} cpu=0\n", ticket / 4 * 4 + 1),
            _ => format!("a {ticket} order=0 gfp=GFP_KERNEL cpu=0\n"),
        })
        .collect();
    let rows = what_if::of_trace(&trace(&ops), &["leak=10%", "leak=100%"]).unwrap();
    // Of 2,000 requests the first of every pair comes back: 1,000 leak, and 900 fewer do.
    assert_eq!(rows[1].end.free, rows[0].end.free + 900);
    assert_eq!(rows[2].end, rows[0].end);
    let refused = what_if::of_scenario(
        &scenario("machine = \"one-node\"\n[[phase]]\nidle = {}\n"),
        &["leak=10%"],
    );
    let expected =
        "leak says something of a trace only: a scenario makes its operations as it goes";
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

#[test]
fn what_cannot_be_turned_is_told() {
    let refused = |setting: &str| {
        let rows = what_if::of_trace(&trace("a 1\n"), &[setting]);
        rows.unwrap_err().to_string()
    };
    assert!(refused("foo=1").starts_with("no knob `foo`: there are compact-at, "));
    assert_eq!(
        refused("min_free_kbytes=much"),
        "`min_free_kbytes=much` sets nothing: min_free_kbytes is a number"
    );
    assert_eq!(
        refused("leak=200%"),
        "`leak=200%` sets nothing: leak is a percentage, 0% to 100%"
    );
    assert_eq!(
        refused("watermark_scale_factor=9999"),
        "the kernel refuses 9999 for watermark_scale_factor"
    );
    assert!(refused("profile=linux-7").starts_with("no profile `linux-7`"));
}

#[test]
fn a_saved_state_has_its_machine() {
    let folder = folder("saved");
    let machine = machine::resolve("one-node").unwrap();
    let booted = Booted::new(
        &machine,
        kernel::profile(None).unwrap(),
        &kernel::config(None).unwrap(),
    );
    snapshot::save(&booted.unwrap().snapshot(), &folder.join("s.json")).unwrap();
    let text = "#pfnlab-trace 1\nstart s.json\na 1 order=9\n";
    let trace = TraceFile::parse("a.trace", text, &folder).unwrap();
    assert_eq!(
        what_if::of_trace(&trace, &["min_free_kbytes=99999"])
            .unwrap()
            .len(),
        2
    );
    let error = what_if::of_trace(&trace, &["movablecore=50%"]).unwrap_err();
    let expected = "movablecore cannot be otherwise: a.trace begins with a saved state";
    assert_eq!(error.to_string(), expected);
}

/// A state in which a block is handed out gives it a name when the trace asks for that.
#[test]
fn what_is_in_use_in_a_saved_state_can_be_freed() {
    let folder = folder("held");
    let before = trace("a 1 order=3 gfp=GFP_KERNEL cpu=0\n");
    let mut driver = before.driver().unwrap();
    for step in &before.trace().steps {
        driver.step(&step.op, &mut ()).unwrap();
    }
    let state = pfnlab::Inspect::snapshot(driver.allocator());
    snapshot::save(&state, &folder.join("s.json")).unwrap();
    let text = "#pfnlab-trace 1\nstart s.json held=7\nf 7 cpu=0\nf 8 cpu=0 => skip\n";
    let trace = TraceFile::parse("a.trace", text, &folder).unwrap();
    let replayed = pfnlab::replay::trace(&trace, |_| {}).unwrap();
    assert_eq!(
        (replayed.report.tally.freed, replayed.report.diverged),
        (1, 0)
    );
    let checked = pfnlab::check::check(&trace, |_| {}).unwrap();
    assert_eq!((checked.ops, checked.breach), (2, None));
    assert_eq!(Order::ZERO.frames(), 1);
    drop(Mm::resume(&state).unwrap());
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("what-if-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn sweep() -> Sweep {
    let text = "machine = \"one-node\"\n[[phase]]\nchurn = { ops = 500, percent = 5 }\n";
    Sweep::new(
        scenario(text),
        &["profile=linux-4.14", "pageblock-order=8"],
        5,
        24,
    )
    .unwrap()
}

/// On one thread and on two, at once and interrupted: a batch is lost, of another half is left.
#[test]
fn a_sweep_is_the_same_however_it_is_run() {
    let (sweep, folder) = (sweep(), folder("sweep"));
    let jobs = NonZeroUsize::new;
    let alone = sweep.run(None, jobs(1), |_| {}).unwrap();
    assert_eq!(alone.len(), 3 * 24);
    assert!(
        alone
            .iter()
            .map(|record| record.seed)
            .eq((5..29).cycle().take(72))
    );
    assert_eq!(sweep.run(None, jobs(2), |_| {}).unwrap(), alone);
    assert_eq!(sweep.run(Some(&folder), jobs(2), |_| {}).unwrap(), alone);
    let lost = folder.join("batch-001-00000021.jsonl");
    let broken = folder.join("batch-002-00000005.jsonl");
    fs::remove_file(&lost).unwrap();
    let text = fs::read_to_string(&broken).unwrap();
    fs::write(&broken, &text[..text.len() / 2]).unwrap();
    assert_eq!(sweep.run(Some(&folder), jobs(1), |_| {}).unwrap(), alone);
    assert_eq!(fs::read_to_string(&broken).unwrap(), text);
    // What is there is taken as it is, and not run again.
    let huge = text.replace("\"huge\":", "\"huge\":1");
    fs::write(&broken, huge).unwrap();
    assert_ne!(sweep.run(Some(&folder), jobs(1), |_| {}).unwrap(), alone);
}

#[test]
fn a_folder_holds_one_sweep() {
    let folder = folder("other");
    sweep().run(Some(&folder), None, |_| {}).unwrap();
    let text = "machine = \"two-node\"\n[[phase]]\nchurn = { ops = 500 }\n";
    let other = Sweep::new(scenario(text), &[] as &[&str], 5, 24).unwrap();
    let error = other.run(Some(&folder), None, |_| {}).unwrap_err();
    assert!(matches!(error, Error::OtherSweep { .. }), "{error}");
}

/// What is added up is what the records say.
#[test]
fn a_summary_is_of_its_setting() {
    let sweep = sweep();
    let records = sweep.run(None, None, |_| {}).unwrap();
    let free = Metric::by_name("free").unwrap();
    let summaries = sweep.summaries(&records, free);
    assert_eq!(summaries.len(), 3);
    for (setting, summary) in (0..).zip(&summaries) {
        let own = records.iter().filter(|record| record.setting == setting);
        let mut own: Vec<u64> = own.map(|record| record.free).collect();
        own.sort_unstable();
        let expected = (own[0], own[11], own[23]);
        assert_eq!((summary.least, summary.median, summary.most), expected);
        assert!(summary.from <= summary.median && summary.median <= summary.to);
    }
    assert_eq!((summaries[0].less, summaries[0].more), (0, 0));
    assert!(!summaries[0].significant);
}
