//! Shared by the tests of this crate: the example in C, as it is and with bugs.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pfnlab_check::Suite;
use pfnlab_check::machines::machine;
use pfnlab_loader::{Host, Limits};

/// The text of `examples/c/buddy.c`.
pub fn buddy() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/c/buddy.c");
    fs::read_to_string(path).unwrap()
}

/// The example with a part of it written otherwise.
pub fn with(from: &str, to: &str) -> String {
    let sound = buddy();
    assert_eq!(sound.matches(from).count(), 1, "`{from}`");
    sound.replace(from, to)
}

/// The example, in which a free of so large a block does something else first.
pub fn when_freed(order: u32, does: &str) -> String {
    with(
        "    put(b, frame, order);\n    return",
        &format!("    if (order == {order}) {{ {does} }}\n    put(b, frame, order);\n    return"),
    )
}

/// Compiles a library, and says where it is.
pub fn compile(name: &str, source: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (code, library) = (
        folder.join(format!("{name}.c")),
        folder.join(format!("lib{name}.so")),
    );
    fs::write(&code, source).unwrap();
    let headers = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let done = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-O1", "-shared", "-fPIC"])
        .args(["-include", "stdio.h", "-include", "assert.h", "-I"])
        .arg(headers)
        .arg("-o")
        .args([&library, &code])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.is_empty(), "{said}");
    library
}

/// A host of a library, under tight limits.
pub fn host(library: &Path) -> Host {
    let limits = Limits {
        call: Duration::from_millis(300),
        memory_mib: 128,
    };
    Host::new(env!("CARGO_BIN_EXE_pfnlab-host"), library, limits)
}

/// A suite of one small machine.
pub fn small() -> Suite {
    Suite::default()
        .machines(vec![machine("small", &[(2, &[(3, 253)])])])
        .seeds(2)
        .operations(400)
        .shrink_operations(4000)
}
