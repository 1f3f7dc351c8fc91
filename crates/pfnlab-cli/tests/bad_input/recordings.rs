//! Recordings that are not whole, or say what cannot be.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::check;

const FILES: [&str; 3] = ["before.json.gz", "ops.jsonl.gz", "after.json.gz"];

/// A copy of a recorded case.
fn copy(name: &str) -> PathBuf {
    let good = Path::new(env!("CARGO_MANIFEST_DIR"));
    let good = good.join("../pfnlab/tests/recordings/6.12/m1/w01m");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("bad-recordings")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    for file in FILES {
        fs::copy(good.join(file), folder.join(file)).unwrap();
    }
    folder
}

/// Replaces text, at one place, in a file. It need not be packed again.
fn alter(folder: &Path, file: &str, from: &str, to: &str) {
    let mut text = String::new();
    let packed = File::open(folder.join(file)).unwrap();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    assert!(text.contains(from), "no `{from}` in {file}");
    fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_recording_that_says_what_cannot_be_is_refused_where_it_does() {
    let rows = [
        (
            "ops.jsonl.gz",
            "\"i\":7,",
            "\"i\":8,",
            "ops.jsonl.gz:8: operation 8 follows where 7",
        ),
        (
            "ops.jsonl.gz",
            "\"i\":7,",
            "\"i\":-7,",
            "ops.jsonl.gz:8: field `i`: invalid value",
        ),
        (
            "ops.jsonl.gz",
            "\"i\":7,",
            "\"i\":7,,",
            "ops.jsonl.gz:8:8: no JSON object: key must be",
        ),
        (
            "ops.jsonl.gz",
            "\"i\":7,",
            "\"x\":1,\"i\":7,",
            "ops.jsonl.gz:8: field `x` is not known here",
        ),
        (
            "ops.jsonl.gz",
            "\"cpu\":0,",
            "\"cpu\":1024,",
            "ops.jsonl.gz:1: 1024 is no CPU",
        ),
        (
            "ops.jsonl.gz",
            "\"cpu\":0,",
            "",
            "ops.jsonl.gz:1: field `cpu` is missing",
        ),
        (
            "ops.jsonl.gz",
            "\"op\":\"alloc\"",
            "\"op\":\"bailout\"",
            "operation `bailout` is not known",
        ),
        (
            "ops.jsonl.gz",
            "\"order\":0",
            "\"order\":11",
            "order 11 is above the largest, 10",
        ),
        (
            "ops.jsonl.gz",
            "\"order\":0",
            "\"order\":\"0\"",
            "field `order`: invalid type",
        ),
        (
            "ops.jsonl.gz",
            "\"nid\":-1",
            "\"nid\":64",
            "64 is no node: nodes are below 64",
        ),
        (
            "ops.jsonl.gz",
            "\"gfp\":[",
            "\"gfp\":[\"MAGIC\",",
            "`MAGIC` is no GFP flag",
        ),
        (
            "ops.jsonl.gz",
            "\"raw_gfp\":",
            "\"raw_gfp\":1",
            "the names stand for mask",
        ),
        (
            "ops.jsonl.gz",
            "\"pfn\":",
            "\"pfn\":99999999",
            "is not below 0x100000000",
        ),
        (
            "ops.jsonl.gz",
            "\"z\":[0,1]",
            "\"z\":[0,5]",
            "5 is no zone index of this kernel",
        ),
        (
            "ops.jsonl.gz",
            "\"mt\":1",
            "\"mt\":7",
            "7 is no migratetype of this kernel",
        ),
        (
            "before.json.gz",
            "\"format\":1",
            "\"format\":9",
            "the beginning: format 9 is not known: 1 is",
        ),
        (
            "before.json.gz",
            "\"6.12\"",
            "\"7.1\"",
            "kernel `7.1` is not known",
        ),
        (
            "before.json.gz",
            "\"nr_orders\":11",
            "\"nr_orders\":0",
            "global: order 255 is above",
        ),
        (
            "before.json.gz",
            "\"max_nr_zones\":5",
            "\"max_nr_zones\":9",
            "max_nr_zones is 9, but",
        ),
        (
            "before.json.gz",
            "\"zones\":[",
            "\"zones\":{",
            "invalid type: map, expected a sequence",
        ),
        (
            "before.json.gz",
            "\"spanned\":",
            "\"spanned\":99999999999",
            "before.json.gz: Node 0, zone DMA: spans",
        ),
        ("before.json.gz", "\"count\":", "\"count\":1", "count is 1"),
        ("after.json.gz", "\"6.12\"", "\"6.1\"", "./after.json.gz: "),
        (
            "after.json.gz",
            "\"zones\":[",
            "\"zones\":[]}",
            "after.json.gz:",
        ),
    ];
    for (number, (file, from, to, message)) in rows.into_iter().enumerate() {
        let folder = copy(&format!("row-{number}"));
        alter(&folder, file, from, to);
        check(&folder, &["replay", "."], "", message);
    }
}

#[test]
fn a_recording_that_is_not_whole_is_refused_by_file() {
    for file in FILES.into_iter().filter(|file| *file != "ops.jsonl.gz") {
        let folder = copy(&format!("without-{file}"));
        fs::remove_file(folder.join(file)).unwrap();
        check(
            &folder,
            &["replay", "."],
            &format!("./{file}: "),
            "cannot be read: No such file",
        );
    }
    for file in FILES {
        let folder = copy(&format!("cut-{file}"));
        let bytes = fs::read(folder.join(file)).unwrap();
        fs::write(folder.join(file), &bytes[..bytes.len() / 2]).unwrap();
        check(
            &folder,
            &["replay", "."],
            &format!("./{file}: "),
            "cannot be read: ",
        );
    }
    let folder = copy("not-utf8");
    fs::write(folder.join("ops.jsonl.gz"), b"{}\n\xff\n").unwrap();
    check(
        &folder,
        &["replay", "."],
        "./ops.jsonl.gz: ",
        "line 2 is not UTF-8 text",
    );
}
