//! Failed requests explained: small ones by hand; what makes no sense is refused. Reports of real
//! machines are in `failure_reports.rs`.

use pfnlab::ZoneKind;
use pfnlab::failure::{self, Answer, Change, Diagnosis, Verdict};

#[track_caller]
fn one(log: &str) -> Diagnosis {
    let mut all = failure::diagnose("log", log, None).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// By zone: free, kept, how low it may go, withheld, and the answer.
#[track_caller]
fn check(log: &str, zones: &[(ZoneKind, [u64; 4], Answer)], verdict: Verdict) -> Diagnosis {
    let diagnosis = one(log);
    let told = diagnosis.zones.iter().filter(|zone| zone.free.is_some());
    let told: Vec<_> = told
        .map(|zone| {
            let numbers = [
                zone.free.unwrap(),
                zone.kept,
                zone.mark.unwrap(),
                zone.withheld,
            ];
            (zone.zone.kind, numbers, zone.answer)
        })
        .collect();
    assert_eq!(told, zones);
    assert_eq!(diagnosis.verdict, verdict);
    diagnosis
}

/// Whether the change would have helped; `None`: it says nothing here.
fn helps(diagnosis: &Diagnosis, change: Change) -> Option<bool> {
    let mut rows = diagnosis.what_if.iter();
    let row = rows.find(|row| row.change == change)?;
    Some(row.served_by.is_some())
}

/// The external fragmentation index of [40, 20, 10, 0] for order 3 is 0.772.
#[test]
fn a_fragmented_zone_says_so_with_the_index() {
    let log = "\
x: page allocation failure: order:3, mode:0xcc0(GFP_KERNEL), nodemask=(null)
Node 0 Normal free:480kB min:40kB low:48kB high:56kB active_file:0kB
lowmem_reserve[]: 0 0
Node 0 Normal: 40*4kB (UM) 20*8kB (U) 10*16kB (E) 0*32kB = 480kB
";
    let answer = Answer::TooSmall { index: 772 };
    let zones = [(ZoneKind::Normal, [120, 0, 10, 0], answer)];
    let diagnosis = check(log, &zones, Verdict::Fragmentation);
    assert_eq!(helps(&diagnosis, Change::Order(2)), Some(true));
    assert_eq!(helps(&diagnosis, Change::Compacted), Some(true));
    // Up to 4.3 a kernel reckoned: 120 - 3 = 117, less 40, 20·2: 37 are more than 10/2/2, but
    // less 10·4 nothing is left.
    let old = log.replace("x: page", "CPU: 0 Not tainted 3.10.0 #1\nx: page");
    assert_eq!(one(&old).verdict, Verdict::Fragmentation);
    // Large blocks that lend to movable requests only are no fragmentation.
    let others = log.replace("0*32kB = 480kB", "2*32kB (C) = 544kB");
    assert_eq!(one(&others).zones[0].answer, Answer::ForOthers);
    assert_eq!(one(&others).verdict, Verdict::Watermark);
}

/// The mark is 350 frames, 100 of them a boost, which does not count for a single atomic frame.
#[test]
fn a_boost_does_not_count_for_an_atomic_frame() {
    let log = |mode: &str, free: u32| {
        format!(
            "x: page allocation failure: order:0, mode:{mode}, nodemask=(null)\n\
             CPU: 0 Not tainted 6.12.1 #1\n\
             Node 0 Normal free:{free}kB boost:400kB min:1400kB low:1500kB high:1600kB\n"
        )
    };
    let verdict = |mode, free| one(&log(mode, free)).verdict;
    assert_eq!(verdict("0xcc0(GFP_KERNEL)", 1404), Verdict::FreedMeanwhile);
    assert_eq!(verdict("0xcc0(GFP_KERNEL)", 1400), Verdict::Watermark);
    // 250 without the boost → 125 → 94.
    assert_eq!(verdict("0x820(GFP_ATOMIC)", 380), Verdict::FreedMeanwhile);
    assert_eq!(verdict("0x820(GFP_ATOMIC)", 376), Verdict::OutOfMemory);
}

#[test]
fn what_makes_no_sense_is_pointed_at() {
    let header = "x: page allocation failure: order:3, mode:0xcc0(GFP_KERNEL)\n";
    for (lines, expected) in [
        (
            "Node 0 Normal: 1*4kB (U) 1*8kB (U) = 16kB\n",
            "log:2:38: the blocks come to 12kB, the line says 16kB",
        ),
        (
            "Node 0 Normal: 1*4kB (U) 1*16kB (U) = 20kB\n",
            "log:2:28: `16kB (U) = 20kB` where twice the size before should be",
        ),
        (
            "Node 0 Normal: 1*4kB (Q) = 4kB\n",
            "log:2:23: `Q) = 4kB` where letters of migratetypes (U, M, E, H, C, I, R) should be",
        ),
        (
            "Node 0 Normal free:4kB min:x\n",
            "log:2:28: `x` where KiB should be",
        ),
        (
            "Node 0 Normal free:4kB min:18446744073709551615kB\n",
            "log:2:28: `18446744073709551615` is above the largest KiB, 1099511627776",
        ),
        (
            "Node 0 Normal free:4kB min:4kB low:4kB\n",
            "log:2:39: there is no `high:`",
        ),
        (
            "Node 77 Normal free:4kB\n",
            "log:2:6: `77` is above the largest node, 63",
        ),
    ] {
        let error = failure::diagnose("log", &format!("{header}{lines}"), None).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(failure::diagnose("log", "all is well\n", None).unwrap(), []);
}

/// A report, of which every line comes as `pass` has it.
fn passed_on(pass: impl Fn(&str) -> String) -> String {
    let report = "\
x: page allocation failure: order:3, mode:0xcc0(GFP_KERNEL), nodemask=(null)
Node 0 Normal free:480kB min:40kB low:48kB high:56kB active_file:0kB
lowmem_reserve[]: 0 0
Node 0 Normal: 40*4kB (UM) 20*8kB (U) 10*16kB (E) 0*32kB = 480kB
";
    report.lines().map(pass).collect()
}

#[test]
fn a_log_is_read_however_it_was_passed_on() {
    let plain = one(&passed_on(|line| format!("{line}\n")));
    assert_eq!(plain.verdict, Verdict::Fragmentation);
    for before in [
        "Nov 22 21:04:32 host kernel: ",
        "2026-11-22T21:04:32,123456+00:00 ",
        "[Sun Nov 22 21:04:32 2026] ",
        "[  +0.000011] ",
        "kern  :warn  : [ 1186.232273] ",
        "> [ 1186.232273][ T1108] ",
    ] {
        let log = passed_on(|line| format!("{before}{line}\r\n"));
        assert_eq!(one(&log), plain, "{before}");
    }
}

/// Two reports one after the other; one that makes no sense between two that do; the end of the log within a
/// line, so that nobody knows what the only zone has; a report without its first line.
#[test]
fn a_damaged_report_does_not_stand_in_the_way_of_others() {
    let whole = passed_on(|line| format!("{line}\n"));
    let wrong = whole.replace("= 480kB", "= 484kB");
    let read = failure::read(&format!("{whole}{wrong}{whole}"), None).unwrap();
    let lines: Vec<u32> = read.diagnoses.iter().map(|one| one.asked.line).collect();
    assert_eq!(lines, [1, 9]);
    let unreadable: Vec<u32> = read.unreadable.iter().map(|error| error.line).collect();
    assert_eq!(unreadable, [8]);
    assert_eq!(read.headless, None);

    let (cut, _) = whole.split_once("high:").unwrap();
    let read = failure::read(cut, None).unwrap();
    assert!(read.unreadable.is_empty());
    assert!(read.diagnoses[0].report.cut);
    assert_eq!(read.diagnoses[0].verdict, Verdict::Unknown);
    assert!(!one(&whole).report.cut);

    let (_, headless) = whole.split_once('\n').unwrap();
    let read = failure::read(headless, None).unwrap();
    assert_eq!((read.diagnoses.len(), read.headless), (0, Some(1)));
}
