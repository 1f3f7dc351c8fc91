//! `/proc` in the form of the older generations, against what their kernels printed. The recorded
//! state is from late in the boot, the text from a moment after it: counters moved meanwhile.

use std::path::{Path, PathBuf};

use pfnlab::boot::facts::FactsFile;
use pfnlab_linux::proc::{self, Counters};
use pfnlab_linux::read_snapshot;
use pfnlab_model::{NodeId, Snapshot, ZoneId, ZoneKind};

const MACHINES: [&str; 4] = ["2.6.37-m3z", "3.8-m7", "4.14-m6", "5.0-cma-m1"];

fn of(machine: &str, file: &str) -> PathBuf {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot-logs");
    logs.join(machine).join(file)
}

fn printed(machine: &str, file: &str) -> String {
    let text = crate::common::unpack(&of(machine, "machine.json.gz"));
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
        let state = read_snapshot(of(machine, "early3.json.gz")).unwrap();
        let ours = proc::zoneinfo(&state, &Counters::default());
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

/// Every line of a kernel's vmstat, taken as told.
fn told(vmstat: &str) -> Counters {
    let mut counters = Counters::default();
    for line in vmstat.lines() {
        let (name, count) = line.split_once(' ').unwrap();
        let count = count.parse().unwrap();
        counters.node(NodeId(0), name, count);
        counters.machine(name, count);
        counters.zone(NOWHERE, name, count);
    }
    counters
}

/// A zone that no state has.
const NOWHERE: ZoneId = ZoneId {
    node: NodeId(99),
    kind: ZoneKind::Device,
};

/// A facts file of a newer kernel.
fn facts(machine: &str) -> FactsFile {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot-logs");
    FactsFile::parse(&crate::common::unpack(
        &logs.join(format!("{machine}.facts.txt.gz")),
    ))
}

/// With all counters told, and a state that holds none, the text comes out as the kernel printed it:
/// every name is known, and in its place.
#[test]
fn vmstat_has_the_lines_of_its_generation() {
    let mut state = read_snapshot(of(MACHINES[0], "early3.json.gz")).unwrap();
    state.global.zone_stats.clear();
    let profiles = ["linux-2.6.37", "linux-3.8", "linux-4.14", "linux-5.0"];
    let older = MACHINES.map(|machine| printed(machine, "vmstat"));
    let newer = ["6.1-fake4", "6.12-2node"].map(facts);
    let newer = newer.map(|facts| facts.section("/proc/vmstat").unwrap().to_owned());
    let all = profiles.into_iter().chain(["linux-6.1.y", "linux-6.12.y"]);
    for (profile, real) in all.zip(older.into_iter().chain(newer)) {
        profile.clone_into(&mut state.profile);
        assert_eq!(proc::vmstat(&state, &told(&real)), real, "{profile}");
    }
}

/// What the zones of a machine count by its zoneinfo adds up to what its vmstat says. The two were
/// read one after the other; a kernel that folds who allocated where only on reading has a few more
/// of those in one of them.
#[test]
fn zones_add_up_to_the_machine() {
    for machine in MACHINES {
        let mut state = read_snapshot(of(machine, "early3.json.gz")).unwrap();
        let counters = counted(&printed(machine, "zoneinfo"), &mut state);
        let ours = proc::vmstat(&state, &counters);
        let real = printed(machine, "vmstat");
        let of_machine = real.find("nr_dirty_threshold").unwrap();
        let other = other_numbers(&ours, &real[..of_machine]);
        let folded_on_reading = |name: &String| name.starts_with("numa_");
        assert!(other.iter().all(folded_on_reading), "{machine}: {other:?}");
        assert!(
            other.is_empty() || !machine.starts_with(['2', '3']),
            "{machine}: {other:?}"
        );
    }
}

/// With the counters of nodes and of who allocated where, zoneinfo has all lines of the kernel's.
#[test]
fn zoneinfo_is_whole_with_what_is_told() {
    for machine in MACHINES {
        let mut state = read_snapshot(of(machine, "early3.json.gz")).unwrap();
        let real = printed(machine, "zoneinfo");
        let counters = counted(&real, &mut state);
        let other = other_numbers(&proc::zoneinfo(&state, &counters), &real);
        // The state is from before; its counters were set.
        let earlier = |line: &String| ["pages", "managed", "count:"].contains(&line.as_str());
        assert!(other.iter().all(earlier), "{machine}: {other:?}");
    }
}

/// The counters of zoneinfo: those of zones that a state holds go there, the others are told.
fn counted(zoneinfo: &str, state: &mut Snapshot) -> Counters {
    let mut counters = Counters::default();
    for part in zoneinfo.split("Node ").skip(1) {
        let mut of_node = false;
        let mut words = part.split([',', ' ', '\n']).filter(|word| !word.is_empty());
        let node = NodeId(words.next().unwrap().parse().unwrap());
        let kind = ZoneKind::from_name(words.nth(1).unwrap()).unwrap();
        let id = ZoneId { node, kind };
        for line in part.lines() {
            of_node = line == "  per-node stats" || of_node && !line.starts_with("  pages free");
            let Some((name, count)) = counter(line) else {
                continue;
            };
            let mut stats = state.global.zone_stats.iter();
            match stats.position(|stat| stat.name() == name) {
                _ if of_node => counters.node(node, name, count),
                Some(at) => {
                    let mut zones = state.zones.iter_mut();
                    let zone = zones.find(|zone| zone.id == id).unwrap();
                    zone.vm_stat[at] = i64::try_from(count).unwrap();
                }
                None => counters.zone(id, name, count),
            }
        }
    }
    counters
}

/// A line that has a counter: its name and a number.
fn counter(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split_whitespace();
    let (name, count) = (words.next()?, words.next()?);
    let is_counter = ["nr_", "numa_", "workingset_"];
    let known = is_counter.iter().any(|start| name.starts_with(start));
    known.then(|| (name, count.parse().unwrap()))
}
