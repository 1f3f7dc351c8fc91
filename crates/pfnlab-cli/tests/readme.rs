//! Every command in the README, and in the chapters that show any, prints what stands below it.

use std::fs;
use std::path::Path;

use trycmd::TestCases;
use trycmd::schema::Bin;

/// The commands run where a reader runs them: in a folder with the files of the repository. What
/// they write stays there.
#[test]
fn every_command_in_the_readme_prints_what_stands_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap();
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    for folder in [
        "examples",
        "docs/src/course",
        "crates/pfnlab/tests/recordings/6.12/m1/w02",
    ] {
        copy(&root.join(folder), &here.join(folder));
    }
    std::env::set_current_dir(&here).unwrap();
    TestCases::new()
        .register_bin("cargo", Bin::Ignore)
        .case(root.join("README.md"))
        .case(root.join("docs/src/from-firmware-map-to-free-lists.md"))
        .case(root.join("docs/src/one-trace-eight-kernels.md"))
        .case(root.join("docs/src/memory-hotplug.md"))
        .case(root.join("docs/src/teach-with-it.md"))
        .case(root.join("docs/src/course/*.md"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
