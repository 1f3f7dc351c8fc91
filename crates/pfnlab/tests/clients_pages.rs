//! The chapters about an allocator's clients, CPUs and traces show what the program says: every trace
//! in them is run, and what stands below it compared.

use std::fs;
use std::path::{Path, PathBuf};

use pfnlab::clients::Generation;
use pfnlab::clients::page_owner::{Context, Everywhere, PageOwner, SnapshotFacts};
use pfnlab::view::{Detail, Narrator, Style};
use pfnlab::{Driver, Event, Inspect, Op, TraceFile};

const CHAPTERS: [&str; 5] = [
    "slab.md",
    "lru-batches.md",
    "page-ext.md",
    "traces.md",
    "cpus-and-statistics.md",
];

#[test]
fn every_trace_in_the_chapters_says_what_stands_below_it() {
    for chapter in CHAPTERS {
        let path = folder().join(chapter);
        let stored = fs::read_to_string(&path).unwrap();
        let now = renewed(&stored);
        if std::env::var_os("PFNLAB_RENEW").is_some() {
            fs::write(&path, &now).unwrap();
        } else {
            let differs = stored.lines().zip(now.lines()).find(|(a, b)| a != b);
            assert!(
                stored == now,
                "docs/src/{chapter} is stale ({differs:?}): \
                 `PFNLAB_RENEW=1 cargo test -p pfnlab --test it clients_pages` writes it anew"
            );
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src")
}

/// The chapter with the text below every trace as it is now.
fn renewed(chapter: &str) -> String {
    let mut out = String::new();
    let mut rest = chapter;
    while let Some(at) = rest.find("```trace") {
        let (before, behind) = rest.split_at(at);
        let (info, body) = behind.split_once('\n').unwrap();
        let (trace, behind_trace) = body.split_once("```\n").unwrap();
        let (gap, text) = behind_trace.split_once("```text\n").unwrap();
        assert_eq!(gap, "\n", "a text follows its trace");
        let end = text.find("```\n").unwrap();
        let told = tell(info.trim_start_matches("```trace").trim(), trace);
        out += &format!("{before}{info}\n{trace}```\n\n```text\n{told}```\n");
        rest = &text[end + "```\n".len()..];
    }
    out + rest
}

fn tell(what: &str, trace: &str) -> String {
    let file = TraceFile::parse("chapter", trace, Path::new("")).unwrap();
    match what {
        "" => stories(&file, |_| true),
        "clients" => stories(&file, |op| matches!(op, Op::Client(_))),
        "slabinfo" => slabinfo(&file),
        "owner" => owners(&file),
        other => panic!("`{other}` is nothing to tell"),
    }
}

/// The stories of the operations that are to be told.
fn stories(file: &TraceFile, told: impl Fn(&Op) -> bool) -> String {
    let mm = file.boot().unwrap();
    let mut narrator = Narrator::from(mm.snapshot());
    let mut driver = Driver::new(mm);
    let stories = file.trace().steps.iter().filter_map(|step| {
        let mut events: Vec<Event> = Vec::new();
        driver.step(&step.op, &mut events).unwrap();
        let story = narrator.tell(&step.op, &events);
        told(&step.op).then(|| story.text(&Style::PLAIN, Detail::Brief))
    });
    stories.collect::<Vec<_>>().join("\n")
}

/// The lines of caches that have a slab.
fn slabinfo(file: &TraceFile) -> String {
    let mut driver = Driver::new(file.boot().unwrap());
    for step in &file.trace().steps {
        driver.step(&step.op, &mut ()).unwrap();
    }
    let text = driver.around().unwrap().slub().info().to_string();
    let lines = text.lines().filter(|line| {
        let objects = line.split_whitespace().nth(2);
        objects != Some("0")
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// The text of page_owner, the process and the time being those of the operation.
fn owners(file: &TraceFile) -> String {
    let mm = file.boot().unwrap();
    let generation = Generation::by_name(mm.profile().name()).unwrap();
    let mut owner = PageOwner::new(generation, Everywhere).unwrap();
    let mut driver = Driver::new(mm);
    for (number, step) in (1..).zip(&file.trace().steps) {
        let stack = owner.stack(&["post_alloc_hook+0x68/0x90", "__alloc_pages+0x1f4/0x350"]);
        owner.context(Context {
            stack,
            pid: 100 + number,
            tgid: 100,
            comm: "cat".to_owned(),
            time: u64::from(number) * 1_000_000,
        });
        driver.step(&step.op, &mut owner).unwrap();
    }
    owner.dump(&SnapshotFacts(&driver.allocator().snapshot()))
}
