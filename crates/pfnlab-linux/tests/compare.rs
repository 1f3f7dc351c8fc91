//! Whatever is changed in a snapshot, the comparison finds it.

use pfnlab_linux::{NOT_COMPARED, differences, read_snapshot};
use pfnlab_model::{Snapshot, ZoneKind};
use serde_json::Value;

fn state(file: &str) -> Snapshot {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    read_snapshot(format!("{fixtures}/{file}.json.gz")).unwrap()
}

/// One place of a saved snapshot, as a JSON pointer.
fn places(value: &Value, path: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{path}/{name}"), all);
            }
        }
        Value::Array(items) => {
            all.push(path.to_owned());
            // Of a long list the ends stand for the rest.
            for (position, item) in items.iter().enumerate() {
                if position < 2 || position + 2 > items.len() {
                    places(item, &format!("{path}/{position}"), all);
                }
            }
        }
        _ => all.push(path.to_owned()),
    }
}

/// Other values that may be possible in a place.
fn others(value: &Value) -> Vec<Value> {
    let names = ["Dma", "Normal", "Movable", "Isolate", "Bounce", "other"];
    let names = names.into_iter().map(Value::from);
    match value {
        Value::Null => {
            let pageblocks = serde_json::json!({"first": 0, "types": [], "movable": []});
            let cache = serde_json::json!({"since_zap": 0, "zap_due": false, "full": []});
            let structs = [1.into(), pageblocks, cache];
            structs.into_iter().chain(names).collect()
        }
        Value::Bool(yes) => vec![Value::from(!yes)],
        Value::String(text) => names.filter(|name| name != text).collect(),
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            vec![Value::from(number + 1), Value::from(number - 1)]
        }
        Value::Array(items) if items.is_empty() => {
            let block = serde_json::json!([0, 0]);
            [0.into(), block]
                .into_iter()
                .chain(names)
                .map(|item| vec![item].into())
                .collect()
        }
        Value::Array(items) => vec![items[1..].into()],
        Value::Object(_) => Vec::new(),
    }
}

#[test]
fn every_change_is_found() {
    for machine in [
        "6.12-m9/state",
        "6.1-m1s/state",
        "older/2.6.37",
        "older/5.0-cma",
    ] {
        let before = state(machine);
        let saved = serde_json::to_value(&before).unwrap();
        let mut all = Vec::new();
        places(&saved, "", &mut all);
        let mut ignored = Vec::new();
        for place in &all {
            let tried = others(saved.pointer(place).unwrap());
            let possible = tried.into_iter().find_map(|other| {
                let mut changed = saved.clone();
                *changed.pointer_mut(place).unwrap() = other;
                serde_json::from_value::<Snapshot>(changed).ok()
            });
            // A pair cannot be shortened, and a list of structs that is empty not be filled from
            // here: their items are changed, and those of other lists.
            let Some(after) = possible else {
                assert!(saved.pointer(place).unwrap().is_array(), "{place}");
                continue;
            };
            assert_ne!(before, after, "{place}");
            if differences(&before, &after).is_empty() || differences(&after, &before).is_empty() {
                ignored.push(place.split('/').next_back().unwrap());
            }
        }
        ignored.sort_unstable();
        ignored.dedup();
        assert_eq!(ignored, ["lent", "memory"], "{machine}");
    }
    for field in ["zones[].lent", "zones[].memory"] {
        assert!(NOT_COMPARED.iter().any(|(known, _)| *known == field));
    }
}

#[test]
fn nothing_differs_from_itself() {
    for machine in ["6.12-m5/state", "6.12-m9/state", "6.1-m1s/state"] {
        assert_eq!(differences(&state(machine), &state(machine)), []);
    }
}

#[test]
fn a_difference_says_where_and_what() {
    let expected = state("6.12-m9/state");
    let mut got = expected.clone();
    let mut zones = got.zones.iter_mut();
    let zone = zones.find(|zone| zone.id.kind == ZoneKind::Dma).unwrap();
    let list = &mut zone.free_lists[1];
    list.pfns.swap(1, 2);
    zone.pcp[0].vm_stat_diff[0] += 3;
    zone.pcp[0].lists.clear();

    let (list, pcp) = (
        &expected.zones[0].free_lists[1].pfns,
        &expected.zones[0].pcp[0],
    );
    let (diff, first) = (pcp.vm_stat_diff[0], pcp.lists[0].pfns[0]);
    let found = differences(&expected, &got);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            format!(
                "zones[0.DMA].free_lists[1 Movable][1]: expected {:?} (of 3), got {:?} (of 3)",
                list[1], list[2]
            ),
            format!(
                "zones[0.DMA].pcp[0].vm_stat_diff[NR_FREE_PAGES]: expected {diff}, got {}",
                diff + 3
            ),
            format!(
                "zones[0.DMA].pcp[0].lists[1].pfns[0]: expected {first:?} (of 3), got the end (of 0)"
            ),
        ]
    );
}
