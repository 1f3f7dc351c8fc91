//! Traces of tracepoints: of running kernels line by line, and the forms of every generation.

use std::fs::File;

use pfnlab_linux::kmem::{self, KmemEvent, KmemKernel, KmemLines, KmemRecord};
use pfnlab_linux::read_unpacked;
use pfnlab_model::{Gfp, MigrateType, Order, Pfn};

fn kernel(profile: &str) -> KmemKernel {
    KmemKernel::of(profile).unwrap()
}

/// The one event of a line.
#[track_caller]
fn one<'a>(profile: &str, line: &'a str) -> KmemRecord<'a> {
    let trace = kmem::read(line, kernel(profile)).unwrap();
    assert_eq!(trace.records.len(), 1, "{line}");
    trace.records[0]
}

/// A line that is read comes out as it was.
#[track_caller]
fn check(profile: &str, line: &str) {
    let printed = one(profile, line).ftrace(kernel(profile)).to_string();
    assert_eq!(printed, line);
}

#[track_caller]
fn refused(line: &str, expected: &str) {
    let error = kmem::read(line, kernel("linux-6.12.y")).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

/// What running kernels printed: nothing is passed over, and every event is printed as it was.
#[test]
fn every_line_of_real_traces_comes_out_as_it_went_in() {
    for (name, profile) in [("6.12", "linux-6.12.y"), ("6.1", "linux-6.1.y")] {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/kmem");
        let file = File::open(format!("{fixtures}/{name}.txt.gz")).unwrap();
        let text = String::from_utf8(read_unpacked(file).unwrap()).unwrap();
        let trace = kmem::read(&text, kernel(profile)).unwrap();
        let all = text.lines().count() as u64;
        let expected = KmemLines {
            header: 12,
            events: all - 12,
            ..KmemLines::default()
        };
        assert_eq!(trace.lines, expected, "{name}");
        assert_eq!(trace.lines.total(), all);
        let lines: Vec<_> = text.lines().collect();
        for record in &trace.records {
            let line = lines[record.line as usize - 1];
            assert_eq!(record.ftrace(kernel(profile)).to_string(), line);
        }
        // Every kind that is in a trace of the page allocator.
        let kinds: [fn(&KmemEvent<'_>) -> bool; 6] = [
            |event| matches!(event, KmemEvent::Alloc { .. }),
            |event| matches!(event, KmemEvent::Free { .. }),
            |event| matches!(event, KmemEvent::FreeBatched { .. }),
            |event| matches!(event, KmemEvent::ZoneLocked { .. }),
            |event| matches!(event, KmemEvent::PcpuDrain { .. }),
            |event| matches!(event, KmemEvent::Extfrag { .. }),
        ];
        for is_kind in kinds {
            assert!(trace.records.iter().any(|record| is_kind(&record.event)));
        }
    }
}

#[test]
fn the_forms_of_every_generation() {
    check(
        "linux-2.6.37",
        "            bash-1234  [003]  1234.567890: mm_page_alloc: page=ffffea0000123480 \
         pfn=74531 order=1 migratetype=2 gfp_flags=GFP_TEMPORARY|GFP_NOWARN",
    );
    check(
        "linux-2.6.37",
        "            bash-1234  [003]  1234.567890: mm_page_free_direct: page=ffffea0000123480 \
         pfn=74531 order=0",
    );
    check(
        "linux-2.6.37",
        "          <idle>-0     [000]     0.000001: mm_pagevec_free: page=ffffea0000123480 \
         pfn=74531 order=0 cold=1",
    );
    check(
        "linux-3.8",
        "     Web Content-77    [000] d.h3     9.000001: mm_page_free_batched: \
         page=ffffea0000123480 pfn=74531 order=0 cold=0",
    );
    check(
        "linux-4.14",
        "            bash-1234  (-----) [012] d..1  1234.567890: mm_page_alloc: \
         page=ffffea0000123480 pfn=74531 order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE",
    );
    check(
        "linux-5.0",
        "            bash-1234  ( 1230) [012] ....  1234.567890: mm_page_free_batched: \
         page=00000000c0ffee00 pfn=74531 order=0",
    );
    check(
        "linux-6.12.y",
        "            bash-1234    [003] d..1.  1234.567890: mm_page_alloc: page=00000000c0ffee00 \
         pfn=0x1a2b3 order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE|__GFP_COMP",
    );
    check(
        "linux-6.1.y",
        "            bash-1234    (   1230) [012] d..2.  1234.567890: mm_page_pcpu_drain: \
         page=00000000c0ffee00 pfn=0x12323 order=0 migratetype=1",
    );
}

/// Each line a program's own form of the same fact.
#[test]
fn perf_and_trace_cmd_say_the_same() {
    let fact = "page=0x1a2b3 pfn=0x1a2b3 order=9 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE";
    let lines = [
        format!("            bash  1234 [003]  1234.567890:   kmem:mm_page_alloc: {fact}"),
        format!("            bash  1230/1234  [003]  1234.567890123:  kmem:mm_page_alloc: {fact}"),
        format!("            bash  1234  1234.567890:          1 kmem:mm_page_alloc: {fact}"),
        format!("            bash-1234  [003]  1234.567890: mm_page_alloc:        {fact}"),
        format!("            bash-1234  [003] d..1.  1234.567890: mm_page_alloc:        {fact}"),
    ];
    for line in lines {
        let record = one("linux-6.12.y", &line);
        assert_eq!((record.comm, record.pid), ("bash", 1234), "{line}");
        assert_eq!(record.cpu.unwrap_or(3), 3, "{line}");
        assert_eq!(record.time.nanoseconds / 1000, 1_234_567_890, "{line}");
        let KmemEvent::Alloc {
            page, order, gfp, ..
        } = record.event
        else {
            panic!("{line}");
        };
        assert_eq!(page.frame(), Some(Pfn::new(0x1a2b3)));
        assert_eq!((order, gfp), (Order::new(9).unwrap(), 0x10_0cca));
    }
}

#[test]
fn a_task_may_be_called_anything() {
    for (comm, pid) in [("a [000] b", 5), ("x-7 y", 6), ("(sd-pam)", 7), ("-", 8)] {
        let line = format!(
            "{comm:>16}-{pid:<7} [001] ..... 1.000000: mm_page_free: page=1 pfn=0x2 order=0"
        );
        let record = one("linux-6.12.y", &line);
        assert_eq!((record.comm, record.pid, record.cpu), (comm, pid, Some(1)));
    }
}

/// Frame 0 is a frame; what names no page is told by the page.
#[test]
fn a_refused_request_is_told_by_its_page() {
    for page in ["          (null)", "(nil)", "0000000000000000", "0x0"] {
        let line = format!(
            "            bash-1234    [003] .....     1.000000: mm_page_alloc: page={page} pfn=0x0 \
             order=4 migratetype=0 gfp_flags=GFP_KERNEL"
        );
        let record = one("linux-6.12.y", &line);
        assert_eq!(record.event.page().unwrap().frame(), None, "{line}");
        assert_eq!(record.ftrace(kernel("linux-6.12.y")).to_string(), line);
    }
    // 2.6.37 computes a number all the same.
    let line = "            bash-1234  [003]     1.000000: mm_page_alloc: page=          (null) \
                pfn=439804651110400 order=4 migratetype=0 gfp_flags=GFP_ATOMIC";
    assert_eq!(
        one("linux-2.6.37", line).event.page().unwrap().frame(),
        None
    );
}

#[test]
fn every_other_line_is_counted() {
    let text = "\
# tracer: nop
# entries-in-buffer/entries-written: 70/100   #P:2
##### CPU 1 buffer started ####
CPU:1 [LOST 17 EVENTS]
CPU:0 [LOST EVENTS]

 => __alloc_pages
        ffffffffb8a1c3d0 __alloc_pages+0x1c0 ([kernel.kallsyms])
            bash-1234    [003] .....     1.000000: sched_switch: prev_comm=bash ==> next_comm=x
            bash-1234    [003] .....     1.000000: mm_page_free: page=1 pfn=0x2 order=0
";
    let lines = kmem::read(text, kernel("linux-6.12.y")).unwrap().lines;
    assert_eq!((lines.header, lines.overwritten), (2, 30));
    assert_eq!((lines.notes, lines.lost), (3, 17));
    assert_eq!((lines.blank, lines.stack, lines.events), (1, 2, 1));
    assert_eq!(
        lines.foreign.into_iter().collect::<Vec<_>>(),
        [("sched_switch".to_owned(), 1)]
    );
}

#[test]
fn what_makes_no_sense_is_pointed_at() {
    let who = "bash-1234 [003] ..... 1.000000: ";
    refused(
        "hello",
        "line 1, column 1: `hello` where a line of a trace should be",
    );
    refused(
        &format!("{who}mm_page_free: page=1 pfn=0x2 order=11"),
        "line 1, column 68: `11` is above the largest order, 10",
    );
    refused(
        &format!("\n{who}mm_page_free: page=1 pfn=two order=0"),
        "line 2, column 58: `two order=0` where frame number should be",
    );
    refused(
        &format!("{who}mm_page_free: page=1 pfn=0x100000000 order=0"),
        "line 1, column 58: `0x100000000` is above the largest frame number, 4294967295",
    );
    refused(
        &format!("{who}mm_page_free: page=1 pfn=0x2 order=0 cold=1"),
        "line 1, column 70: `cold=1` where the end of the line should be",
    );
    refused(
        &format!("{who}mm_page_free: page=(null) pfn=0x0 order=0"),
        "line 1, column 66: the event is about a page, and names none",
    );
    refused(
        &format!(
            "{who}mm_page_alloc: page=1 pfn=0x2 order=0 migratetype=0 gfp_flags=GFP_USER|GFP_LOST"
        ),
        "line 1, column 104: no flag is called `GFP_LOST` in this kernel",
    );
    refused(
        "# entries-in-buffer/entries-written: 9/3   #P:2",
        "line 1, column 40: `3   #P:2` where at least as many events as are in the buffer should be",
    );
}

/// The worked masks of the kernel's tables, both ways.
#[test]
fn masks_and_words() {
    for (profile, raw, words) in [
        ("linux-6.12.y", 0x14_0cca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP"),
        (
            "linux-6.12.y",
            0x2c20,
            "GFP_ATOMIC|__GFP_NOWARN|__GFP_DIRECT_RECLAIM",
        ),
        ("linux-6.12.y", 0x2800, "GFP_NOWAIT"),
        ("linux-6.12.y", 0x100_0cc0, "GFP_KERNEL|0x1000000"),
        ("linux-6.1.y", 0x2800, "GFP_NOWAIT|__GFP_NOWARN"),
        ("linux-6.1.y", 0xa20, "GFP_ATOMIC"),
        ("linux-6.1.y", 0, "none"),
        ("linux-5.0", 0x23_42ca, "GFP_TRANSHUGE"),
        ("linux-4.14", 0x3_42ca, "GFP_TRANSHUGE_LIGHT"),
        ("linux-4.14", 0x108_0020, "GFP_ATOMIC"),
        ("linux-3.8", 0, "GFP_NOWAIT"),
        ("linux-3.8", 0x43_52da, "GFP_TRANSHUGE"),
        ("linux-2.6.37", 0x8_00d0, "GFP_TEMPORARY"),
        ("linux-2.6.37", 0x1, "0x1"),
    ] {
        assert_eq!(kernel(profile).gfp_text(raw), words, "{profile}");
        assert_eq!(kernel(profile).gfp_mask(words), Some(raw), "{profile}");
    }
    // Any mask comes back.
    for profile in [
        "linux-2.6.37",
        "linux-3.8",
        "linux-4.14",
        "linux-5.0",
        "linux-6.1.y",
        "linux-6.12.y",
    ] {
        for bit in 0..32 {
            let raw = 1_u32 << bit | 0xc0;
            let words = kernel(profile).gfp_text(raw);
            assert_eq!(
                kernel(profile).gfp_mask(&words),
                Some(raw),
                "{profile} {words}"
            );
        }
    }
    let (gfp, rest) = kernel("linux-6.12.y").flags(0x100_0cc0);
    assert_eq!((gfp, rest), (Gfp::GFP_KERNEL, 0x100_0000));
}

/// 1 and 2 changed places in 4.4.
#[test]
fn numbers_of_migratetypes() {
    let old = kernel("linux-3.8");
    let new = kernel("linux-6.12.y");
    assert_eq!(old.migratetype(1), Some(MigrateType::Reclaimable));
    assert_eq!(new.migratetype(1), Some(MigrateType::Movable));
    assert_eq!(new.migratetype(4), Some(MigrateType::Isolate));
    let areas = KmemKernel { cma: true, ..new };
    assert_eq!(areas.migratetype(4), Some(MigrateType::Cma));
    assert_eq!(new.migratetype(5), None);
}
