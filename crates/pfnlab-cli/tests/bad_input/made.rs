//! Input that is too large to be kept: it is made, refused shortly, and deleted.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{check, refusal};

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made");
    fs::create_dir_all(&folder).unwrap();
    folder
}

const HEAD: &str = "#pfnlab-trace 1\nmachine one-node\n";

/// A file of ten megabytes that is one line.
#[test]
fn a_huge_line_is_shown_in_part() {
    let long = "9".repeat(10 << 20);
    let rows = [
        (
            "number.trace",
            format!("{HEAD}a 1 order={long}\n"),
            "number.trace:3:11",
            "is no number",
        ),
        (
            "verb.trace",
            format!("{HEAD}{long}\n"),
            "verb.trace:3:1",
            "is no operation",
        ),
        (
            "first.trace",
            long.clone(),
            "first.trace:1:1",
            "a trace begins with the line",
        ),
        (
            "blanks.trace",
            format!("{HEAD}a{}1 1\n", " ".repeat(10 << 20)),
            "blanks.trace:3:",
            "no `1`",
        ),
        ("key.toml", format!("{long}=1\n"), "key.toml:1:", ""),
        (
            "value.toml",
            format!("[[node]]\ncpus = [{long}]\n"),
            "value.toml:2:",
            "",
        ),
    ];
    for (file, text, place, message) in rows {
        let folder = folder();
        fs::write(folder.join(file), text).unwrap();
        let verb = if file.ends_with("toml") {
            "boot"
        } else {
            "replay"
        };
        check(&folder, &[verb, file], place, message);
        fs::remove_file(folder.join(file)).unwrap();
    }
}

/// A hundred thousand lines, and an error in the last.
#[test]
fn a_late_error_is_found_at_its_line() {
    let folder = folder();
    let text = format!("{HEAD}{}a 1 order=99\n", "f 1\n".repeat(100_000));
    fs::write(folder.join("late.trace"), text).unwrap();
    check(
        &folder,
        &["replay", "late.trace"],
        "late.trace:100003:11",
        "order 99 is above",
    );
}

/// 70 KiB that unpack to 65 MiB.
#[test]
fn a_small_file_that_unpacks_to_much_is_refused() {
    let folder = folder();
    let file = fs::File::create(folder.join("bomb.json.gz")).unwrap();
    let mut encoder = GzEncoder::new(file, Compression::fast());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..65 {
        encoder.write_all(&blanks).unwrap();
    }
    encoder.finish().unwrap();
    fs::write(
        folder.join("bomb.trace"),
        "#pfnlab-trace 1\nstart bomb.json.gz\n",
    )
    .unwrap();
    let said = refusal(&folder, &["replay", "bomb.trace"]);
    assert!(said.contains("it unpacks to more than 64 MiB"), "{said}");
}
