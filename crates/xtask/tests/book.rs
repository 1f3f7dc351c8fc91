//! The book shows what is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pfnlab::{TraceFile, replay};
use xtask::book::{COURSE, FOLDER, PREDICTIONS};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_picture_of_the_course_is_drawn_from_its_trace() {
    let folder = root().join(FOLDER);
    for lesson in &COURSE {
        let drawn = lesson.picture(&folder).unwrap();
        let shown = read(&folder.join(lesson.picture_file()));
        assert!(
            drawn == shown,
            "{} is stale: cargo xtask book",
            lesson.picture_file()
        );
    }
}

/// The chapters say what each request got, and the traces expect it: that of the lesson, and the one
/// that breaks something.
#[test]
fn every_trace_of_the_course_comes_to_what_it_expects() {
    for lesson in &COURSE {
        for file in [lesson.trace_file(), format!("{}-broken.trace", lesson.name)] {
            let trace = TraceFile::open(&root().join(FOLDER).join(&file)).unwrap();
            let replayed = replay::trace(&trace, |_| {}).unwrap();
            assert!(replayed.report.expected > 0, "{file}");
            assert_eq!(replayed.divergence, None, "{file}");
        }
    }
}

#[test]
fn every_lesson_can_be_stepped_through() {
    let folder = root().join(FOLDER);
    for lesson in &COURSE {
        let page = lesson.steps(&folder).unwrap();
        assert!(page.contains(lesson.title), "{}", lesson.name);
        assert_eq!(page, lesson.steps(&folder).unwrap(), "{}", lesson.name);
    }
}

/// One picture, one page to step through, one thing to predict, one to break, and what it is called in the kernel.
#[test]
fn every_lesson_has_its_parts_in_their_order() {
    let summary = read(&root().join("docs/src/SUMMARY.md"));
    let mut before = 0;
    for lesson in &COURSE {
        let entry = summary.find(&format!("(course/{}.md)", lesson.name));
        let entry = entry.unwrap_or_else(|| panic!("{} is not in the summary", lesson.name));
        assert!(before < entry, "{} comes earlier", lesson.name);
        before = entry;
        let chapter = read(&root().join(FOLDER).join(format!("{}.md", lesson.name)));
        let picture = format!("]({})", lesson.picture_file());
        assert!(chapter.starts_with(&format!("# {}\n", lesson.title)));
        let steps = format!("]({})", lesson.steps_file());
        let parts = [
            &picture[..],
            "Not so:",
            &format!("<iframe class=\"steps\" src=\"{}\"", lesson.steps_file()),
            &steps,
            "## Predict",
            "<div class=\"predict\" data-answer=",
            "<details>",
            "## Break it",
            "<details>",
            "## In the kernel",
        ];
        let mut rest = &chapter[..];
        for part in parts {
            let at = rest.find(part);
            let at = at.unwrap_or_else(|| panic!("{}: no `{part}`", lesson.name));
            rest = &rest[at + part.len()..];
        }
    }
}

/// The prediction of every lesson, by a run of its trace.
#[test]
fn the_answer_to_every_prediction_is_what_the_allocator_does() {
    let folder = root().join(FOLDER);
    let mut proved = 0;
    for lesson in &COURSE {
        let chapter = read(&folder.join(format!("{}.md", lesson.name)));
        let asked: Vec<_> = chapter.split("<div class=\"predict\"").skip(1).collect();
        let known = PREDICTIONS.iter().filter(|one| one.lesson == lesson.name);
        let known: Vec<_> = known.collect();
        assert_eq!(asked.len(), known.len(), "{}", lesson.name);
        for (asked, prediction) in asked.iter().zip(known) {
            let (right, asked) = asked.split_once('>').unwrap();
            let right = right.trim_start_matches(" data-answer=").trim_matches('"');
            let (choices, _) = asked.split_once("<details>").unwrap();
            let choices: Vec<_> = choices
                .lines()
                .filter_map(|line| line.split_once(". "))
                .collect();
            assert!(choices.len() >= 2, "{}", lesson.name);
            let right = choices.iter().find(|(number, _)| *number == right);
            let answer = prediction.answer(&folder).unwrap();
            assert_eq!(
                right.map(|(_, words)| *words),
                Some(&answer[..]),
                "{}",
                lesson.name
            );
            proved += 1;
        }
    }
    assert_eq!(proved, PREDICTIONS.len());
}

/// What many believe, and in which lesson it is met head on.
const NOT_SO: [(&str, &str); 11] = [
    ("two free blocks side by side are buddies", "merging"),
    ("free lists are sorted by address", "lists"),
    ("merging searches for a free neighbour", "merging"),
    ("a request succeeds if enough is free", "watermarks"),
    ("much free means not fragmented", "compaction"),
    ("merging crosses zones, nodes, holes", "walls"),
    ("the type belongs to the page", "pageblocks"),
    ("the top order is the number of orders", "orders"),
    ("stealing is claiming", "fallback"),
    ("a failed mark is an empty list", "watermarks"),
    ("eight free frames are a free block of order 3", "orders"),
];

#[test]
fn every_misconception_is_met() {
    let folder = root().join(FOLDER);
    let overview = read(&folder.join("index.md"));
    let (_, table) = overview.split_once("## What is not so").unwrap();
    for (belief, lesson) in NOT_SO {
        let chapter = read(&folder.join(format!("{lesson}.md")));
        let met = format!("> **Not so: \"{belief}.\"**");
        assert!(chapter.contains(&met), "{lesson} does not say: {belief}");
        assert!(table.contains(&format!("]({lesson}.md)")), "{lesson}");
    }
    // And the overview has a row for each, and for two that readers brought besides.
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(".md)"));
    assert_eq!(rows.count(), NOT_SO.len() + 2);
}

#[test]
fn every_chapter_is_in_the_summary_and_every_link_leads_somewhere() {
    let src = root().join("docs/src").canonicalize().unwrap();
    let mut chapters = Vec::new();
    for folder in [src.clone(), src.join("course")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                chapters.push(path);
            }
        }
    }
    let linked: BTreeSet<PathBuf> = links(&src.join("SUMMARY.md"));
    for chapter in &chapters {
        let named = chapter.ends_with("SUMMARY.md") || linked.contains(chapter);
        assert!(named, "{} is not in the summary", chapter.display());
        links(chapter);
    }
}

/// The files a chapter links to; those of the network left out.
fn links(chapter: &Path) -> BTreeSet<PathBuf> {
    let text = read(chapter);
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split([')', '#']).next());
    // Pages to step through are made when the book is built.
    let built = |target: &str| target.contains("://") || target.ends_with("-steps.html");
    let targets = targets.filter(|target| !target.is_empty() && !built(target));
    let there = targets.map(|target| {
        let path = chapter.parent().unwrap().join(target);
        let found = path.canonicalize();
        found.unwrap_or_else(|error| panic!("{}: {target}: {error}", chapter.display()))
    });
    there.collect()
}
