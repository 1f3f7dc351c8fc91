//! Small recordings, made as they are needed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use pfnlab_linux::{RecordedOp, Recording};
use pfnlab_model::MigrateType;

/// A file of the fixtures.
pub(crate) fn fixture(path: &str) -> String {
    format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A folder of this test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Text as a gzip file.
pub(crate) fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A case with these operations, whose state before and after is in a file.
pub(crate) fn case(name: &str, state: &str, ops: &str) -> PathBuf {
    let folder = folder(name);
    for copy in ["before.json.gz", "after.json.gz"] {
        fs::copy(state, folder.join(copy)).unwrap();
    }
    fs::write(folder.join("ops.jsonl.gz"), packed(ops)).unwrap();
    folder
}

/// Reads such a case and describes its operations the short way.
pub(crate) fn read(name: &str, state: &str, ops: &str) -> String {
    let recording = match Recording::open(case(name, state, ops)) {
        Ok(recording) => recording,
        Err(error) => {
            let folder = error.path().parent().unwrap().to_owned();
            let text = error.to_string();
            return text.replace(&format!("{}/", folder.display()), "");
        }
    };
    let lines = recording.ops.iter().map(describe);
    lines.collect::<Vec<_>>().join("\n")
}

fn describe(recorded: &RecordedOp) -> String {
    let got = &recorded.got;
    let mut text = format!("{}: {} => {:?}", recorded.line, recorded.op, got.status);
    for pfn in &got.pfns {
        text += &format!(" {pfn}");
    }
    if let Some(after) = got.after {
        let mt = after.mt.map_or("-", MigrateType::name);
        let (zone, pcp, free) = (after.zone, after.pcp, after.free);
        let (flags, boost) = (after.flags.bits(), after.boost);
        text += &format!("; {zone}: {mt} pcp {pcp} free {free} flags {flags} boost {boost}");
    }
    if let Some(ret) = got.ret {
        text += &format!("; returned {ret}");
    }
    text
}
