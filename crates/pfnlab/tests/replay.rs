//! Recordings of a running Linux 6.12.117 come to exactly what was recorded.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pfnlab::replay::{self, Totals};

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

#[test]
fn every_recorded_case_is_exact_and_identical() {
    let mut totals = Totals::default();
    for case in replay::cases([recordings()]).unwrap() {
        let replayed = replay::recording(&case, |_| {}).unwrap();
        if let Some(divergence) = &replayed.divergence {
            panic!("{}: {divergence}", case.display());
        }
        assert!(
            replayed.is_identical(),
            "{}: {:?}",
            case.display(),
            replayed.differences
        );
        totals.add(&replayed);
    }
    assert_eq!(
        totals.to_string(),
        "exact 24002/24002 ops in 4/4 cases, after identical in 4/4"
    );
}

/// A case that says something else than the kernel did: line `line` of its operations has `from`
/// replaced by `to`.
fn falsified(name: &str, line: usize, from: &str, to: &str) -> PathBuf {
    let (original, copy) = (
        recordings().join("6.12/m1/w02"),
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(name),
    );
    fs::create_dir_all(&copy).unwrap();
    for file in ["before.json.gz", "after.json.gz"] {
        fs::copy(original.join(file), copy.join(file)).unwrap();
    }
    let mut ops = String::new();
    let file = File::open(original.join("ops.jsonl.gz")).unwrap();
    GzDecoder::new(file).read_to_string(&mut ops).unwrap();
    let mut lines: Vec<_> = ops.lines().map(str::to_owned).collect();
    assert!(lines[line - 1].contains(from), "{}", lines[line - 1]);
    lines[line - 1] = lines[line - 1].replace(from, to);
    let file = File::create(copy.join("ops.jsonl.gz")).unwrap();
    let mut encoder = GzEncoder::new(file, Compression::fast());
    encoder.write_all(lines.join("\n").as_bytes()).unwrap();
    encoder.finish().unwrap();
    copy
}

#[test]
fn a_false_field_is_found_and_named() {
    let case = falsified("false-free", 100, "\"free\":", "\"free\":1");
    let replayed = replay::recording(&case, |_| {}).unwrap();
    let divergence = replayed.divergence.unwrap();
    assert_eq!((divergence.step, divergence.line), (99, 100));
    let fields: Vec<_> = divergence.fields.iter().map(|field| &field.field).collect();
    assert_eq!(fields, ["folded free frames of node 0 zone DMA32"]);
    assert_eq!(replayed.exact, replayed.ops - 1);
}

#[test]
fn a_case_without_its_end_is_an_error_that_names_the_file() {
    let case = falsified("no-end", 1, "\"i\":0", "\"i\":0");
    fs::remove_file(case.join("after.json.gz")).unwrap();
    let error = replay::recording(&case, |_| {}).unwrap_err().to_string();
    assert!(error.contains("after.json.gz"), "{error}");
}
