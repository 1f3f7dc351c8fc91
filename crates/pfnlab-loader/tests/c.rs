//! An allocator in C under the suite: sound, with bugs, and with bugs that would take us with it.

mod common;

use common::{buddy, compile, host, small, when_freed, with};
use pfnlab_check::{Case, Suite, check};
use pfnlab_loader::HostError;

#[test]
fn the_example_is_sound() {
    let host = host(&compile("sound", &buddy()));
    host.probe().unwrap();
    let suite = Suite::default().seeds(2).operations(500);
    let summary = suite.run(|machine| host.start(machine));
    assert_eq!(summary.map(|summary| summary.machines).ok(), Some(11));
}

/// What is found, within how many operations, and in words.
#[track_caller]
fn finds(name: &str, source: &str, kind: &str, most: usize, says: &str) {
    let host = host(&compile(name, source));
    let error = small().run(|machine| host.start(machine)).unwrap_err();
    let report = error.report().unwrap();
    assert_eq!(report.finding.kind, kind, "{report}");
    assert!(report.case.steps().len() <= most, "{report}");
    assert!(report.to_string().contains(says), "{report}");
}

#[test]
fn rules_are_asked() {
    let wrong = with("frame ^ (1ull << order)", "frame + (1ull << order)");
    finds("wrong-buddy", &wrong, "LEND-02", 5, "rule LEND-02");
    let single = with(
        "!= order)\n            break",
        "!= order || 1)\n            break",
    );
    finds("single", &single, "REFUSE-01", 6, "rule REFUSE-01");
    let late = with("return frame;", "return frame + 1;");
    finds("late", &late, "LEND-01", 1, "not a multiple of 0x2");
    let huge = with("return frame;", "return (int64_t)1 << 40;");
    finds(
        "huge",
        &huge,
        "LEND-04",
        1,
        "0x10000000000: no machine has it",
    );
}

#[test]
fn a_crash_is_a_finding() {
    let null = when_freed(3, "*(volatile int *)0 = 1;");
    finds("null", &null, "crash", 2, "signal: 11 (SIGSEGV)");
    let assertion = when_freed(3, "assert(order < 3);");
    finds(
        "assertion",
        &assertion,
        "crash",
        2,
        "Assertion `order < 3' failed",
    );
    let leaves = when_freed(3, "exit(3);");
    finds(
        "leaves",
        &leaves,
        "crash",
        2,
        "exit status: 3 in pfnlab_free",
    );
}

#[test]
fn an_endless_loop_is_a_finding() {
    let busy = when_freed(2, "for (;;) ;");
    finds(
        "busy",
        &busy,
        "timeout",
        2,
        "no answer within 300 ms in pfnlab_free",
    );
}

#[test]
fn too_much_memory_is_a_finding() {
    let hog = when_freed(1, "for (;;) memset(malloc(1 << 20), 1, 1 << 20);");
    finds("hog", &hog, "memory", 2, "more than 128 MiB");
    let talker = when_freed(1, "for (;;) puts(\"and on, and on, and on\");");
    finds("talker", &talker, "crash", 2, "(SIGXFSZ)");
}

#[test]
fn nonsense_is_a_finding() {
    let nonsense = when_freed(4, "return -77;");
    finds(
        "nonsense",
        &nonsense,
        "answer",
        2,
        "returned -77, which means nothing",
    );
    let never = with("return b;", "return NULL;");
    finds("never", &never, "answer", 0, "returned NULL");
}

/// What is printed on the way does not come between the answers, nor does what is read.
#[test]
fn a_library_may_talk() {
    let talks = when_freed(0, "printf(\"%d\\n\", getchar()); fflush(stdout);");
    let host = host(&compile("talks", &talks));
    let summary = small().run(|machine| host.start(machine));
    assert!(summary.is_ok(), "{summary:?}");
}

/// Split, bulk and exact of a library that has them are asked for, too.
#[test]
fn what_is_exported_is_asked_for() {
    let more = buddy()
        + "int32_t pfnlab_split(void *a, uint64_t frame, uint32_t order) {\n\
           struct buddy *b = a;\n\
           if (b->lent[frame - b->first] != (int)order) return PFNLAB_NOT_LENT;\n\
           memset(b->lent + (frame - b->first), 0, 1ull << order);\n\
           return PFNLAB_OK; }\n\
           int64_t pfnlab_bulk(void *a, const struct pfnlab_request *r, uint64_t *f, uint64_t n) {\n\
           uint64_t got = 0;\n\
           for (int64_t one; got < n && (one = pfnlab_alloc(a, r)) >= 0; got++) f[got] = one;\n\
           return got ? (int64_t)got : PFNLAB_EXHAUSTED; }\n";
    let sound = host(&compile("more", &more));
    let case = Case::parse(
        "#pfnlab-trace 1\nmachine-begin\n[[node]]\ncpus = [0]\nram = [\"0..64K\"]\nmachine-end\n\
         a 1 order=2\nsplit 1 base=10\nf 11\nbulk 20 n=3\nf 22\nf 10\n",
    )
    .unwrap();
    assert_eq!(check(&case, |machine| sound.start(machine)), Ok(()));
    let broken = [
        ("twice", "f[got] = one;", "f[got] = f[0] = one;", "LEND-02"),
        (
            "many",
            "got ? (int64_t)got",
            "got ? (int64_t)n + 1",
            "answer",
        ),
    ];
    for (name, from, to, kind) in broken {
        let host = host(&compile(name, &more.replace(from, to)));
        let finding = check(&case, |machine| host.start(machine)).unwrap_err();
        assert_eq!((finding.kind.as_str(), finding.step), (kind, Some(3)));
    }
}

#[test]
fn a_library_that_cannot_be_used_is_bad_input() {
    let refused = |name: &str, source: &str, says: &str| {
        let error = host(&compile(name, source)).probe().unwrap_err();
        assert!(matches!(error, HostError::Library { .. }));
        assert!(error.to_string().contains(says), "{error}");
    };
    let lacking = with("int32_t pfnlab_free", "int32_t pfnlab_fred");
    refused("lacking", &lacking, "it does not export pfnlab_free");
    let other = with("return PFNLAB_ABI", "return 7");
    refused("other", &other, "pfnlab_abi says 7; this program speaks 1");
    let early = buddy() + "__attribute__((constructor)) static void early(void) { abort(); }\n";
    refused("early", &early, "signal: 6 (SIGABRT) while it was loaded");
    let missing = host("no/such/lib.so".as_ref()).probe().unwrap_err();
    assert!(missing.to_string().contains("no/such/lib.so"), "{missing}");
}
