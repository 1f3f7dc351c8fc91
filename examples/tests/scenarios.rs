//! Every scenario makes its point, and comes to what it came to before.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use pfnlab::model::Order;
use pfnlab::scenario::{PhaseSummary, Scenario, ScenarioOptions, ScenarioSummary, ZoneIndices};
use pfnlab::sim::RefusalKind;
use pfnlab::{Repro, TraceFile, ZoneKind, replay};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn open(name: &str) -> Scenario {
    let path = folder().join(format!("{name}.toml"));
    Scenario::open(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn run(name: &str) -> ScenarioSummary {
    let mut run = open(name).start(&ScenarioOptions::default()).unwrap();
    run.drive(|_| {}).unwrap();
    run.summary()
}

/// The files in the folder, without `.toml`, sorted.
fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.filter_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        Some(name.strip_suffix(".toml")?.to_owned())
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The phases of one kind, in order.
fn phases<'a>(summary: &'a ScenarioSummary, name: &str) -> Vec<&'a PhaseSummary> {
    let phases = summary.phases.iter();
    phases.filter(|phase| phase.name == name).collect()
}

fn last(summary: &ScenarioSummary) -> &PhaseSummary {
    summary.phases.last().unwrap()
}

/// The unusable free space index at the end, in thousandths.
fn unusable(summary: &ScenarioSummary, zone: ZoneKind, order: u8) -> u32 {
    let indices = ZoneIndices::of(&summary.last, &[Order::new(order).unwrap()]);
    let found = indices.iter().find(|indices| indices.zone.kind == zone);
    found.unwrap().unusable[0].0
}

/// Looks for the point of a scenario in its numbers.
type Look = fn(&ScenarioSummary);

/// What is to be seen in the numbers of every scenario.
const POINTS: &[(&str, Look)] = &[
    ("checkerboard", |summary| {
        let all = summary.phases[0].free;
        assert_eq!(last(summary).free, all / 2);
        assert_eq!(last(summary).scores, [99]);
        assert_eq!(summary.tally.refused, 1100);
        assert_eq!(unusable(summary, ZoneKind::Dma32, 1), 1000);
    }),
    ("checkerboard-huge", |summary| {
        let [requests] = phases(summary, "requests")[..] else {
            panic!();
        };
        assert_eq!((requests.tally.lent, requests.tally.refused), (100, 0));
        let board = &phases(summary, "idle")[0];
        assert!(board.free.abs_diff(summary.phases[0].free / 2) < 3000);
    }),
    ("survivors", |summary| {
        let idle = phases(summary, "idle")[0];
        assert!(idle.held * 100 < summary.phases[0].free);
        assert!(idle.scores[0] > 90);
        assert!(last(summary).tally.refused > 100);
    }),
    ("memory-leaves", |summary| {
        const SECTION: u64 = 1 << 15;
        let before = phases(summary, "release")[0];
        let [left, back, taken, stays] = phases(summary, "memory")[..] else {
            panic!();
        };
        // Whoever has memory keeps as much; what is free is as much less as left, and comes back.
        assert_eq!((left.held, back.held), (before.held, before.held));
        let all = before.free + before.cached;
        assert_eq!((left.free, back.free), (all - SECTION, all));
        assert_eq!(taken.held, before.held + 4096);
        let there = |phase: &PhaseSummary| (phase.held, phase.free + phase.cached);
        assert_eq!(there(stays), there(taken));
    }),
    ("sawtooth", |summary| {
        let [before, after] = summary.buddyinfo();
        assert_eq!(before, after);
        assert_eq!(summary.phases[0].scores, last(summary).scores);
    }),
    ("grouping", |summary| {
        assert_eq!(last(summary).tally.lent, 200);
    }),
    ("no-grouping", |summary| {
        assert!(last(summary).tally.refused > 150);
    }),
    ("stolen-blocks", |summary| {
        let requests = phases(summary, "requests")[0];
        assert!(requests.fell_back > 30);
        assert_eq!(requests.fell_back, requests.claimed);
        assert!(requests.mixed > 30 && requests.mixed < 60);
        assert!(last(summary).scores[0] < 10);
    }),
    ("long-drift", |summary| {
        let [before, peak, after] = phases(summary, "idle")[..] else {
            panic!();
        };
        assert!(before.scores[0] < 5 && peak.scores[0] > 90 && after.scores[0] > 90);
        assert!(before.held.abs_diff(peak.held) < 100);
        assert!(before.held.abs_diff(after.held) < 100);
    }),
    ("producer-consumer", |summary| {
        let handoff = phases(summary, "handoff")[0];
        assert!(handoff.held == 0 && handoff.cached > 4000);
        assert_eq!(last(summary).cached, 0);
        assert_eq!(last(summary).free, summary.phases[0].free);
    }),
    ("edge-of-memory", |summary| {
        let floors: Vec<_> = summary.phases[1..].iter().map(|phase| phase.free).collect();
        assert!(floors[0] > floors[1] && floors[1] > floors[2], "{floors:?}");
        assert_eq!(floors[2], 0);
        let watermark = RefusalKind::Watermark as usize;
        assert!(summary.tally.refusals[watermark] > 300);
    }),
    ("movable-zone", |summary| {
        let [kernel, users] = phases(summary, "requests")[..] else {
            panic!();
        };
        assert!(kernel.tally.refused > 300);
        assert_eq!(users.tally.lent, 400);
        assert_eq!(unusable(summary, ZoneKind::Dma32, 9), 1000);
        assert_eq!(unusable(summary, ZoneKind::Movable, 9), 0);
    }),
    ("mixed-orders", |summary| {
        let served: Vec<_> = phases(summary, "requests")
            .iter()
            .map(|phase| phase.tally.lent)
            .collect();
        assert!(served[0] == 100 && served[2] < 50, "{served:?}");
        assert!(served.is_sorted_by(|a, b| a >= b), "{served:?}");
    }),
    ("node-local", |summary| {
        let [local, anywhere] = phases(summary, "requests")[..] else {
            panic!();
        };
        assert_eq!(local.tally.refused, 1000);
        assert_eq!(anywhere.tally.lent, 1000);
    }),
    ("slab-fallback", |summary| {
        let [before, pieces, large] = phases(summary, "objects")[..] else {
            panic!();
        };
        assert!(before.slabs > 0 && before.slabs_fell_back == 0);
        // Four objects of 1024 bytes in a slab of one frame.
        assert!(pieces.slabs > 400, "{pieces:?}");
        // A slab that was given back may have merged with the free frame beside it.
        assert!(pieces.slabs_fell_back + 2 > pieces.slabs, "{pieces:?}");
        assert!(pieces.tally.objects > 2000 && pieces.tally.refused == 0);
        assert_eq!((large.slabs, large.tally.refused), (0, 100));
        assert_eq!(large.slabs_fell_back, 100);
    }),
    ("eight-kernels", |summary| {
        let [kernel, huge] = phases(summary, "requests")[..] else {
            panic!();
        };
        assert_eq!(kernel.fell_back, kernel.claimed);
        assert!(huge.tally.lent > 20 && huge.tally.refused < 10);
    }),
    ("compaction", |summary| {
        let [before, after] = phases(summary, "requests")[..] else {
            panic!();
        };
        assert_eq!((before.tally.lent, before.tally.refused), (0, 10));
        assert_eq!((after.tally.lent, after.tally.refused), (10, 0));
        let (board, compacted) = (&summary.phases[1], phases(summary, "compaction")[0]);
        assert_eq!(board.held, compacted.held);
        assert!(board.scores[0] == 99 && compacted.scores[0] < 20);
    }),
    ("page-cache-churn", |summary| {
        let [refused, served] = phases(summary, "page-cache")[..] else {
            panic!();
        };
        assert!(refused.tally.refused > 3000);
        assert_eq!((served.tally.lent, served.tally.refused), (20_000, 0));
        assert_eq!(last(summary).tally.lent, 500);
        assert!(served.free < 1000, "memory stays full");
    }),
    ("memory-hog", |summary| {
        assert_eq!(summary.tally.refused, 0);
        assert!(phases(summary, "page-cache")[0].free > 10_000);
        assert_eq!(last(summary).tally.lent, 4);
    }),
    ("kernel-build", |summary| {
        let [first, at_hand, waits] = phases(summary, "bursts")[..] else {
            panic!();
        };
        assert_eq!((first.tally.lent, first.tally.refused), (64, 0));
        assert_eq!((at_hand.tally.lent, at_hand.tally.refused), (0, 64));
        assert!((8..64).contains(&waits.tally.lent), "some");
    }),
    ("network-bursts", |summary| {
        let [full, behind] = phases(summary, "bursts")[..] else {
            panic!();
        };
        assert!(full.tally.refused > 300, "most");
        assert_eq!((behind.tally.lent, behind.tally.refused), (256, 0));
    }),
    ("database-buffers", |summary| {
        let [grown, anew] = phases(summary, "fill")[..] else {
            panic!();
        };
        // Of 128 pageblocks.
        assert!((4..32).contains(&grown.tally.lent));
        assert!(grown.tally.lent.abs_diff(anew.tally.lent) <= 2);
        assert!(2 * grown.free > summary.phases[0].free);
    }),
    ("container-churn", |summary| {
        let all = summary.phases[0].free;
        for night in phases(summary, "compaction") {
            assert!(100 * night.free > 99 * all);
            assert!(night.scores[0] > 10);
        }
        let asked = last(summary).tally.lent;
        assert!((32..60).contains(&asked), "{asked} of 64");
    }),
    ("long-uptime", |summary| {
        for night in phases(summary, "compaction") {
            assert!(2 * night.free > summary.phases[0].free);
            assert!(night.scores[0] > 75);
        }
    }),
    ("slab-drip", |summary| {
        let held = summary.phases[0].free - last(summary).free;
        let objects = summary.tally.objects - summary.tally.objects_freed;
        assert!(objects < 1500, "one in twenty of 20,000, and some");
        // 16 objects fill a frame.
        assert!(held > 6 * objects / 16, "{held} frames, {objects} objects");
    }),
    ("guards", |summary| {
        let [before, after] = summary.buddyinfo();
        let all = summary.phases[0].free;
        let filled = phases(summary, "fill")[0];
        assert_eq!((filled.free, filled.cached), (0, 0));
        assert_eq!(4 * filled.held, all);
        assert_eq!((last(summary).free, after), (all, before));
    }),
    ("reserves", |summary| {
        let filled = phases(summary, "fill")[0];
        assert_eq!(filled.free, 3840, "all that zone DMA manages");
        assert_eq!(last(summary).tally.lent, 100);
    }),
];

/// Where the stored fingerprints are.
const STORED: &str = "fingerprints.txt";

const ALARM: &str = "

The scenarios no longer come to what they came to. That is an alarm, not an error: somebody changed
what the allocator, the phases, the random streams or the fingerprint do.

- You meant to change it: look at the summaries (`pfnlab run examples/scenarios/NAME.toml`), see
  that each still makes the point of its comment, and store the new fingerprints with
  `PFNLAB_RENEW=1 cargo test -p pfnlab-examples`. Say in the commit why they changed.
- You did not: one of the lines above is the shortest way to find out. `pfnlab run NAME.toml
  --record before.trace` on the old version, `pfnlab replay before.trace` on the new one; it names
  the first operation that came to something else.
- Only a release build differs from a debug build: that is a bug, always.
";

#[test]
fn every_scenario_makes_its_point_and_rings_no_alarm() {
    let points: BTreeMap<_, _> = POINTS.iter().copied().collect();
    assert_eq!(names(), points.keys().copied().collect::<Vec<_>>());
    let mut now = String::new();
    for (name, point) in points {
        let summary = run(name);
        point(&summary);
        let _ = writeln!(now, "{name} {:016x}", summary.repro.fingerprint);
    }
    let path = folder().join(STORED);
    if std::env::var_os("PFNLAB_RENEW").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<_> = now
        .lines()
        .filter(|line| !stored.lines().any(|stored| stored == *line))
        .collect();
    assert!(stored == now, "{}{ALARM}", changed.join("\n"));
}

#[test]
fn a_scenario_is_the_same_twice_and_another_seed_is_another() {
    let fingerprint = |seed| {
        let options = ScenarioOptions {
            seed: Some(seed),
            ops: Some(20_000),
            ..ScenarioOptions::default()
        };
        let mut run = open("mixed-orders").start(&options).unwrap();
        run.drive(|_| {}).unwrap();
        run.summary().repro.fingerprint
    };
    assert_eq!(fingerprint(1), fingerprint(1));
    assert_ne!(fingerprint(1), fingerprint(2));
}

/// Machines by name and written out, and a tunable.
#[test]
fn a_recorded_scenario_replays_to_the_same_fingerprint() {
    for name in ["mixed-orders", "node-local", "reserves"] {
        let options = ScenarioOptions {
            ops: Some(5000),
            ..ScenarioOptions::default()
        };
        let mut run = open(name).start(&options).unwrap();
        let mut text = Vec::new();
        run.record(&mut text, |_| {}).unwrap();
        let repro: Repro = run.summary().repro;
        let text = String::from_utf8(text).unwrap();
        let trace = TraceFile::parse("a.trace", &text, Path::new("")).unwrap();
        let replayed = replay::trace(&trace, |_| {}).unwrap();
        assert_eq!(replayed.divergence, None, "{name}");
        assert_eq!(replayed.fingerprint, repro.fingerprint, "{name}");
        assert_eq!(repro.ops, 5000, "{name}");
    }
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let path = folder().join("schema.json");
    let schema = pfnlab::scenario::schema();
    if std::env::var_os("PFNLAB_RENEW").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == schema,
        "examples/scenarios/schema.json is stale: \
         `PFNLAB_RENEW=1 cargo test -p pfnlab-examples` writes it anew"
    );
}

/// The opening comment and the sentence are what a reader sees first.
#[test]
fn every_scenario_says_what_there_is_to_see() {
    for name in names() {
        let text = fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("#:schema schema.json"), "{name}");
        assert!(
            lines.next().is_some_and(|line| line.starts_with("# ")),
            "{name}"
        );
        assert!(!open(&name).spec().about.is_empty(), "{name}");
    }
}
