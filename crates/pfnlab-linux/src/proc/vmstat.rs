//! `/proc/vmstat`, and which counters each generation has.

use std::fmt::Write;

use pfnlab_model::{Snapshot, ZoneStat};

use super::{Counters, printed};
use crate::form::form_of;

/// The names of counters before the newest, as kernels of the generation print them.
const BEFORE: &[(&str, &str)] = &[
    ("linux-2.6.37", include_str!("vmstat/2.6.37.txt")),
    ("linux-3.8", include_str!("vmstat/3.8.txt")),
    ("linux-4.14", include_str!("vmstat/4.14.txt")),
    ("linux-5.0", include_str!("vmstat/5.0.txt")),
    ("linux-6.1.0", include_str!("vmstat/6.1.txt")),
    ("linux-6.1.y", include_str!("vmstat/6.1.txt")),
];

const NEWEST: &str = include_str!("vmstat/6.12.txt");

/// Whose counter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Every zone has it.
    Zone,
    /// Every node has it (since 4.14).
    Node,
    /// There is one.
    Machine,
}

/// The counters of a profile's generation, in the order in which they are printed (`vmstat_text`).
/// Those that only some builds have are among them.
pub(super) fn items(profile: &str) -> impl Iterator<Item = (Owner, &'static str)> {
    let mut owner = Owner::Machine;
    let words = form_of(profile, BEFORE, NEWEST).split_whitespace();
    words.filter_map(move |word| {
        owner = match word {
            "[zone]" => Owner::Zone,
            "[node]" => Owner::Node,
            "[machine]" => Owner::Machine,
            name => return Some((owner, name)),
        };
        None
    })
}

/// `/proc/vmstat`: what the zones count, added up over the machine, and what else is told, in the
/// order of the snapshot's generation.
///
/// A snapshot holds the counters of zones. The counters of nodes and of events are shown when they
/// are among `counters`; left out is what nobody tells, never shown as 0.
///
/// ```text
/// nr_free_pages 41433
/// nr_zone_inactive_anon 69
/// ```
pub fn vmstat(snapshot: &Snapshot, counters: &Counters) -> String {
    let mut text = String::new();
    for (owner, name) in items(&snapshot.profile) {
        let count = match owner {
            Owner::Zone => of_zones(snapshot, name).or_else(|| counters.of_zones(name)),
            Owner::Node => counters.of_nodes(name),
            Owner::Machine => counters.of_machine(name),
        };
        if let Some(count) = count {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name} {count}");
        }
    }
    text
}

/// A counter that the snapshot holds, over all zones.
fn of_zones(snapshot: &Snapshot, name: &str) -> Option<u64> {
    let mut stats = snapshot.global.zone_stats.iter();
    let stat: ZoneStat = *stats.find(|stat| stat.name() == name)?;
    Some(printed(snapshot.machine_wide(stat)))
}
