//! Of a log with many reports: which kinds of them there are.

use std::collections::BTreeMap;
use std::fmt::Write;

use pfnlab::failure::{Diagnosis, Verdict};

/// Reports of a kind: the same was asked for, and it failed for the same reason.
struct Kind<'a> {
    first: &'a Diagnosis,
    last: u32,
    count: u32,
}

/// A line for every kind, in the order of their first reports.
pub(super) fn of(name: &str, diagnoses: &[Diagnosis]) -> String {
    let mut numbers = BTreeMap::new();
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for diagnosis in diagnoses {
        let asked = &diagnosis.asked;
        let key = (asked.order, asked.gfp, asked.oom_killer, word(diagnosis));
        let number = *numbers.entry(key).or_insert(kinds.len());
        if number == kinds.len() {
            kinds.push(Kind {
                first: diagnosis,
                last: 0,
                count: 0,
            });
        }
        kinds[number].last = asked.line;
        kinds[number].count += 1;
    }
    let mut text = format!("{name}: {} failed requests\n\n", diagnoses.len());
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{:>6} {:>10} {:>10} {:>6}  {:<16} {:<16} with",
        "times", "first line", "last line", "order", "verdict", "first asked by"
    );
    for Kind { first, last, count } in &kinds {
        let asked = &first.asked;
        let order = asked
            .order
            .map_or("-".to_owned(), |order| order.to_string());
        let end = if asked.oom_killer {
            ", a process was to die"
        } else {
            ""
        };
        let (line, who, gfp) = (asked.line, &asked.comm, asked.gfp);
        let _ = writeln!(
            text,
            "{count:>6} {line:>10} {last:>10} {order:>6}  {:<16} {who:<16} {gfp}{end}",
            word(first)
        );
    }
    let line = kinds.first().map_or(0, |kind| kind.first.asked.line);
    let _ = writeln!(
        text,
        "\n`--line {line}` explains the report that begins there, `--seeds 4` every one."
    );
    text
}

/// The verdict in a word or two.
fn word(diagnosis: &Diagnosis) -> &'static str {
    match diagnosis.verdict {
        Verdict::Fragmentation => "fragmentation",
        Verdict::Watermark => "watermark",
        Verdict::OutOfMemory => "out of memory",
        Verdict::FreedMeanwhile => "freed meanwhile",
        Verdict::Unknown => "unknown",
    }
}
