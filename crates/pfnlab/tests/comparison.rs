//! The comparison is honest: a recording that says anything else than the kernel did is found out.

use std::collections::BTreeSet;
use std::fs;

use crate::common::{Copy, leaves, recordings, unpack};
use pfnlab::linux::{differences, read_snapshot, read_untouched};
use pfnlab::replay::{self, CaseReplay};
use serde_json::{Value, json};

fn replayed(copy: &Copy) -> CaseReplay {
    replay::recording(&copy.folder, |_| {}).unwrap()
}

/// Alters one operation, from 0; the replay must find this operation, name this field, and no other.
#[track_caller]
fn check_op(case: &str, step: usize, change: impl FnOnce(&mut Value), fields: &[&str]) {
    let copy = Copy::of(
        case,
        &format!("altered-op/{}/{step}", case.replace('/', "-")),
    );
    copy.alter_ops(|ops| change(&mut ops[step]));
    let replay = replayed(&copy);
    let divergence = replay.divergence.expect("it diverges");
    let named: Vec<_> = divergence
        .fields
        .iter()
        .map(|field| field.field.as_str())
        .collect();
    assert_eq!(
        (divergence.step, divergence.line),
        (step as u64, step as u32 + 1)
    );
    assert_eq!(named, fields);
    assert_eq!(replay.exact, replay.ops - 1);
    assert!(replay.differences.is_empty(), "the end is as it was");
}

/// Alters the state at the end; the replay must name this place, and no other.
#[track_caller]
fn check_after(case: &str, name: &str, change: impl FnOnce(&Copy), path: &str) {
    let copy = Copy::of(case, &format!("altered-after/{name}"));
    change(&copy);
    let replay = replayed(&copy);
    let paths: Vec<_> = replay.differences.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(paths, [path]);
    assert_eq!(replay.exact, replay.ops, "the operations are as they were");
}

fn one_more(text: &str) -> String {
    (text.parse::<i64>().unwrap() + 1).to_string()
}

#[test]
fn an_altered_operation_is_found_and_the_field_named() {
    let case = "6.12/m1/w02";
    check_op(
        case,
        99,
        |op| op["free"] = json!(1),
        &["folded free frames of node 0 zone DMA32"],
    );
    check_op(case, 100, |op| op["pfn"] = json!(1), &["frames"]);
    check_op(case, 101, |op| op["mt"] = json!(3), &["pageblock type"]);
    check_op(
        case,
        102,
        |op| op["zf"] = json!(2),
        &["flags of node 0 zone DMA32"],
    );
    check_op(
        case,
        103,
        |op| op["boost"] = json!(512),
        &["watermark boost of node 0 zone DMA32"],
    );
    check_op(
        case,
        104,
        |op| op["pcp"] = json!(0),
        &["frames on the per-CPU lists of node 0 zone DMA32"],
    );
    check_op(
        case,
        105,
        |op| *op = ended_otherwise(op).unwrap(),
        &["status", "frames", "zone"],
    );
}

#[test]
fn an_altered_end_is_found_and_the_place_named() {
    let case = "6.12/m1/w02";
    check_after(
        case,
        "list-order",
        |copy| {
            copy.swap_after(
                "zones[1].free_lists[20].pfns[0]",
                "zones[1].free_lists[20].pfns[1]",
            );
        },
        "zones[0.DMA32].free_lists[10 Movable][0]",
    );
    check_after(
        case,
        "pcp-order",
        |copy| {
            copy.swap_after(
                "zones[1].pcp[0].lists[0].pfns[0]",
                "zones[1].pcp[0].lists[0].pfns[1]",
            );
        },
        "zones[0.DMA32].pcp[0].lists[0].pfns[0]",
    );
    check_after(
        case,
        "counter",
        |copy| copy.alter_after("zones[1].vm_stat.NR_FREE_PAGES", one_more),
        "zones[0.DMA32].vm_stat[NR_FREE_PAGES]",
    );
    check_after(
        case,
        "pageblock",
        |copy| {
            copy.alter_after("zones[1].pageblocks.mt", |types| {
                types.replacen('1', "2", 1)
            });
        },
        "zones[0.DMA32].pageblocks.types[0]",
    );
    check_after(
        case,
        "flags",
        |copy| copy.alter_after("zones[1].flags", one_more),
        "zones[0.DMA32].flags",
    );
    check_after(
        case,
        "skip-bits",
        |copy| {
            copy.alter_after("zones[1].pageblocks.skip", |bits| {
                bits.replacen('0', "1", 1)
            });
        },
        "zones[0.1].pageblocks.skip",
    );
}

#[test]
fn a_missing_operation_is_found() {
    let copy = Copy::of("6.12/m1/w02", "missing-op");
    copy.alter_ops(|ops| drop(ops.pop()));
    assert!(!replayed(&copy).is_identical());
}

/// What came of an operation, by the field that says so.
const RESULTS: [&str; 9] = [
    "pfn", "pfns", "got", "z", "mt", "pcp", "free", "zf", "boost",
];

/// An operation that says something else in one field; `None`: it cannot without being refused.
fn falsified(op: &Value, field: &str) -> Option<Value> {
    let mut op = op.clone();
    let value = op.get_mut(field)?;
    *value = match (field, &*value) {
        (_, Value::Null) => return None,
        ("got", _) => return None, // Must agree with `pfns`, which is altered.
        ("pfns", Value::Array(pfns)) => {
            let mut pfns = pfns.clone();
            let last = pfns.last_mut()?;
            *last = json!(last.as_u64().unwrap() ^ 1);
            json!(pfns)
        }
        ("z", z) => json!([z[0], z[1].as_u64().unwrap() ^ 1]),
        ("mt", mt) => json!((mt.as_u64().unwrap() + 1) % 5),
        (_, number) => json!(number.as_i64().unwrap() ^ 1),
    };
    Some(op)
}

/// An operation that says it ended otherwise.
fn ended_otherwise(op: &Value) -> Option<Value> {
    let mut other = op.as_object().unwrap().clone();
    match (op["op"].as_str().unwrap(), op.get("st").is_some()) {
        ("alloc" | "free" | "split", false) => {
            other.retain(|name, _| !["z", "mt", "pcp", "free", "zf", "boost"].contains(&&**name));
            let status = if op["op"] == "alloc" { "fail" } else { "skip" };
            other.insert("pfn".to_owned(), Value::Null);
            other.insert("st".to_owned(), json!(status));
        }
        ("zset", false) => {
            other.retain(|name, _| !["z", "pcp", "free", "zf", "boost"].contains(&&**name));
            other.insert("st".to_owned(), json!("skip"));
        }
        ("alloc" | "free", true) => {
            other.remove("st");
            let zone = json!({"pfn": 4096, "z": [0, 1], "mt": 1, "pcp": 0, "free": 1, "zf": 0});
            other.extend(zone.as_object().unwrap().clone());
        }
        _ => return None,
    }
    Some(Value::Object(other))
}

/// Every field in which a kind of operation says what came of it is altered in one operation; the
/// replay must find exactly as many.
#[test]
fn no_field_of_an_operation_is_read_over() {
    let mut kinds = BTreeSet::new();
    for case in [
        "6.12/m2/w14",
        "6.1/m1/w05b",
        "6.12/m1x/w13b",
        "6.12/m12-smallcache/w07",
    ] {
        let copy = Copy::of(case, &format!("all-fields/{}", case.replace('/', "-")));
        let mut altered = 0;
        copy.alter_ops(|ops| {
            for op in ops {
                let kind = format!("{} {}", op["op"], op.get("st").unwrap_or(&Value::Null));
                let results = RESULTS.iter().map(|field| (*field, falsified(op, field)));
                let status = ("st", ended_otherwise(op));
                for (field, falsified) in results.chain([status]) {
                    let Some(falsified) = falsified else { continue };
                    if kinds.insert((kind.clone(), field)) {
                        *op = falsified;
                        altered += 1;
                        break;
                    }
                }
            }
        });
        let replay = replayed(&copy);
        assert_eq!(replay.ops - replay.exact, altered, "{case}");
    }
    let of = |kind: &str| kinds.iter().filter(|(k, _)| k.starts_with(kind)).count();
    assert_eq!(
        ["\"alloc\"", "\"free\"", "\"split\"", "\"bulk\"", "\"zset\""].map(of),
        [9, 9, 8, 7, 6],
        "{kinds:?}"
    );
}

/// Every field of the state at the end is altered, one after the other: it is found, or the field
/// is one of those that are not compared.
#[test]
fn no_field_of_the_end_is_read_over() {
    let not_compared: Vec<_> = replay::not_compared().map(|(field, _)| field).collect();
    let is_listed = |kind: &str| {
        not_compared.iter().any(|field| {
            let prefix = field.strip_suffix('*').unwrap_or(field);
            kind.starts_with(prefix)
        })
    };
    let (mut kinds, mut listed, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for case in ["6.12/m2/w14", "6.1/m1/w14"] {
        let original = recordings().join(case).join("after.json.gz");
        let text = unpack(&original);
        let ours = read_snapshot(&original).unwrap();
        let before = read_untouched(recordings().join(case).join("before.json.gz")).unwrap();
        let folder = Copy::of(case, &format!("every-field/{}", case.replace('/', "-"))).folder;
        for leaf in leaves::of(&text).iter().rev() {
            let kind = leaf.kind();
            if !kinds.insert(kind.clone()) {
                continue;
            }
            let altered = altered(&text[leaf.span.clone()]);
            let path = folder.join("after.json.gz");
            fs::write(&path, leaf.replaced(&text, &altered)).unwrap();
            let is_found = match read_snapshot(&path) {
                Ok(altered) => {
                    let untouched = read_untouched(&path).unwrap();
                    !differences(&altered, &ours).is_empty()
                        || !before.differences(&untouched).is_empty()
                }
                Err(_) => true,
            };
            if is_found == is_listed(&kind) {
                wrong.push(format!(
                    "{case}: {} = {altered}: found {is_found}",
                    leaf.path
                ));
            }
            if !is_found {
                listed.insert(kind);
            }
        }
    }
    assert!(kinds.len() > 120, "{}", kinds.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused = not_compared.iter().filter(|field| {
        let prefix = field.strip_suffix('*').unwrap_or(field);
        !listed.iter().any(|kind| kind.starts_with(prefix))
    });
    assert_eq!(unused.copied().collect::<Vec<_>>(), ELSEWHERE);
}

/// What is not compared, but in no `after.json` of these kernels.
const ELSEWHERE: &[&str] = &[
    // A result of operations, two fields of ours, and one no recording has.
    "ops[].ret of vmstat",
    "zones[].lent",
    "zones[].memory",
    "zones[].pcp[].vm_numa_stat_diff",
];

/// Another value of the same kind.
fn altered(value: &str) -> String {
    match value {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        "null" => "1".to_owned(),
        "[]" => "[1]".to_owned(),
        text if text.starts_with('"') => {
            let flipped = if text.contains('0') {
                text.replacen('0', "1", 1)
            } else {
                text.replacen('1', "0", 1)
            };
            if flipped == text {
                "\"other\"".to_owned()
            } else {
                flipped
            }
        }
        number => one_more(number),
    }
}

const PAGE: &str = include_str!("../../../docs/src/conformance.md");

#[test]
fn the_page_lists_what_is_not_compared() {
    let rows = replay::not_compared().map(|(field, why)| format!("| `{field}` | {why} |\n"));
    let table: String = rows.collect();
    let wanted = format!("| field | why not |\n|---|---|\n{table}\n");
    assert!(PAGE.contains(&wanted), "the page should show\n{wanted}");
}

#[test]
fn the_example_on_the_page_is_what_a_replay_says() {
    let copy = Copy::of("6.12/m1/w03", "page-example");
    copy.alter("ops.jsonl.gz", |ops| {
        let (from, to) = ("\"order\":3,\"pfn\":25128,", "\"order\":3,\"pfn\":25136,");
        assert!(ops.contains(from));
        ops.replacen(from, to, 1)
    });
    let said = replayed(&copy).divergence.unwrap().to_string();
    assert!(PAGE.contains(&said), "the page should show\n{said}");
}
