//! Recordings to test with, and copies of them that say something else than the kernel did.

#![allow(dead_code, reason = "every test uses a part of it")]

pub(crate) mod leaves;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

/// The project's own copy of some recordings.
pub(crate) fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

/// The unpacked text of a file.
pub(crate) fn unpack(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Writes a packed file.
pub(crate) fn pack(path: &Path, text: &str) {
    let mut encoder = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
}

/// A copy of a recorded case, to be altered.
pub(crate) struct Copy {
    /// Where it lies.
    pub(crate) folder: PathBuf,
}

impl Copy {
    /// A copy of `case`, called `name`.
    pub(crate) fn of(case: &str, name: &str) -> Copy {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        for file in ["before.json.gz", "ops.jsonl.gz", "after.json.gz"] {
            fs::copy(recordings().join(case).join(file), folder.join(file)).unwrap();
        }
        Copy { folder }
    }

    /// Alters the text of one of its files.
    pub(crate) fn alter(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.folder.join(file);
        let text = change(unpack(&path));
        pack(&path, &text);
    }

    /// Alters the operations, an object each.
    pub(crate) fn alter_ops(&self, change: impl FnOnce(&mut Vec<Value>)) {
        self.alter("ops.jsonl.gz", |text| {
            let lines = text.lines();
            let mut ops = lines
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            change(&mut ops);
            ops.iter().map(|op| format!("{op}\n")).collect()
        });
    }

    /// Alters the state at the end: the leaf at `path` becomes what `change` makes of its text.
    pub(crate) fn alter_after(&self, path: &str, change: impl FnOnce(&str) -> String) {
        self.alter("after.json.gz", |text| {
            let leaves = leaves::of(&text);
            let leaf = leaves.iter().find(|leaf| leaf.path == path);
            let leaf = leaf.unwrap_or_else(|| panic!("no {path}"));
            leaf.replaced(&text, &change(&text[leaf.span.clone()]))
        });
    }

    /// Exchanges two leaves of the state at the end.
    pub(crate) fn swap_after(&self, first: &str, second: &str) {
        let text = unpack(&self.folder.join("after.json.gz"));
        let value = |path: &str| {
            let leaves = leaves::of(&text);
            let leaf = leaves.into_iter().find(|leaf| leaf.path == path).unwrap();
            text[leaf.span].to_owned()
        };
        let (one, other) = (value(first), value(second));
        assert_ne!(one, other, "{first} and {second}");
        self.alter_after(first, |_| other);
        self.alter_after(second, |_| one);
    }
}
