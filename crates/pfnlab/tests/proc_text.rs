//! `/proc` in the form of the older generations, against what their kernels printed. The recorded
//! state is from late in the boot, the text from a moment after it: counters moved meanwhile.

mod common;

use std::path::{Path, PathBuf};

use pfnlab_linux::{proc, read_snapshot};

const MACHINES: [&str; 4] = ["2.6.37-m3z", "3.8-m7", "4.14-m6", "5.0-cma-m1"];

fn of(machine: &str, file: &str) -> PathBuf {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot-logs");
    logs.join(machine).join(file)
}

fn printed(machine: &str, file: &str) -> String {
    let text = common::unpack(&of(machine, "machine.json.gz"));
    let machine: serde_json::Value = serde_json::from_str(&text).unwrap();
    let printed = &machine["facts"]["boot"][file];
    printed.as_str().unwrap().to_owned()
}

/// Without what a snapshot does not hold: the statistics of nodes, and, from 4.14 on, who allocated
/// on which node.
fn zone_part(zoneinfo: &str) -> String {
    let mut of_node = false;
    let mut ours = String::new();
    for line in zoneinfo.lines() {
        of_node = line == "  per-node stats" || of_node && !line.starts_with("  pages free");
        if !of_node && !line.starts_with("      numa_") {
            ours.push_str(line);
            ours.push('\n');
        }
    }
    ours
}

/// The lines that say something else than the kernel's, by their first word. Where words differ, and
/// not only numbers, the form is another.
fn other_numbers(ours: &str, real: &str) -> Vec<String> {
    let form = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let unpadded = |text: &str| form(text).replace(' ', "");
    assert_eq!(ours.lines().count(), real.lines().count());
    let mut other = Vec::new();
    for (ours, real) in ours
        .lines()
        .zip(real.lines())
        .filter(|(ours, real)| ours != real)
    {
        assert_eq!(unpadded(ours), unpadded(real));
        // Digits may be more or fewer, and blanks before them: not before the words.
        let indent = |text: &str| text.len() - text.trim_start().len();
        assert_eq!(indent(ours), indent(real), "{ours}");
        other.push(real.split_whitespace().next().unwrap_or("").to_owned());
    }
    other.sort();
    other.dedup();
    other
}

#[test]
fn zoneinfo_has_the_form_of_its_generation() {
    for machine in MACHINES {
        let ours = proc::zoneinfo(&read_snapshot(of(machine, "early3.json.gz")).unwrap());
        let other = other_numbers(&ours, &zone_part(&printed(machine, "zoneinfo")));
        let moving = |line: &String| {
            let counts = ["pages", "managed", "count:"];
            counts.contains(&line.as_str()) || line.starts_with("nr_") || line.starts_with("numa_")
        };
        assert!(other.iter().all(moving), "{machine}: {other:?}");
    }
}

#[test]
fn pagetypeinfo_and_buddyinfo_have_the_form_of_their_generation() {
    for machine in MACHINES {
        let state = read_snapshot(of(machine, "early3.json.gz")).unwrap();
        let real = printed(machine, "pagetypeinfo");
        let other = other_numbers(&proc::pagetypeinfo(&state), &real);
        assert!(
            other.iter().all(|line| line == "Node"),
            "{machine}: {other:?}"
        );
        let real = printed(machine, "buddyinfo");
        let other = other_numbers(&proc::buddyinfo(&state), &real);
        assert!(
            other.iter().all(|line| line == "Node"),
            "{machine}: {other:?}"
        );
    }
}
