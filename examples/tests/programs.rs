//! Every program prints what it is said to print.

use std::path::PathBuf;
use std::process::Command;

/// Cargo builds the programs of a package before its tests, beside them.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    let folder = test.parent().and_then(|deps| deps.parent());
    let folder = folder.expect("tests lie in target/…/deps");
    folder
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

#[track_caller]
fn check(name: &str, expected: &str) {
    let path = program(name);
    let output = Command::new(&path).output().unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo test -p pfnlab-examples` builds it",
            path.display()
        )
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}");
}

#[test]
fn first_allocation() {
    check(
        "first_allocation",
        "\
GFP_KERNEL: frame 0x3000 of zone DMA32, in a pageblock of type Unmovable
GFP_HIGHUSER_MOVABLE: frame 0x3400 of zone DMA32, in a pageblock of type Movable
GFP_KERNEL|__GFP_DMA: frame 0x100 of zone DMA, in a pageblock of type Unmovable
",
    );
}

/// Five halvings from order 10 to order 5, and the same five undone.
#[test]
fn split_and_merge() {
    check(
        "split_and_merge",
        "\
a block of order 5 is asked for:
  split 0x3000+2^10
  split 0x3000+2^9
  split 0x3000+2^8
  split 0x3000+2^7
  split 0x3000+2^6
  handed out 0x3000+2^5
it is freed:
  came back 0x3000+2^5
  merged to 0x3000+2^6
  merged to 0x3000+2^7
  merged to 0x3000+2^8
  merged to 0x3000+2^9
  merged to 0x3000+2^10
",
    );
}

#[test]
fn your_workload() {
    check(
        "your_workload",
        "\
order  0: 0x1fbf0+2^0
order  1: 0x1fbb0+2^1
order  2: 0x1fb70+2^2
order  3: 0x1fb30+2^3
order  4: 0x1faf0+2^4
order  5: 0x1f8a0+2^5
order  6: no free block of order 6 or above
",
    );
}

#[test]
fn another_allocator() {
    check(
        "another_allocator",
        "\
mixed-orders  46830 served,    77 refused,  6830 not offered
checkerboard   1345 served,     0 refused,     0 not offered
requests          0 served,    64 refused,     0 not offered
3423 of 4096 frames are held
",
    );
}

#[test]
fn save_and_resume() {
    check(
        "save_and_resume",
        "\
saved: 5 zones in JSON, 6224 tickets in use
20000 operations later both are in the same state: true
",
    );
}

/// What the chapter about it shows is what it prints.
#[test]
fn your_allocator() {
    let report = include_str!("../../docs/src/your-allocator-report.txt");
    let report = report
        .strip_prefix("```text\n")
        .and_then(|report| report.strip_suffix("```\n"));
    let summary = "every rule holds: 150075 operations on 10 machines, 0 cases replayed";
    let report = report.expect("a block of text");
    check("your_allocator", &format!("{summary}\n\n{report}\n"));
}
