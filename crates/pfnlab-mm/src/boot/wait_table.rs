//! How many queues those who wait for a page are spread over.

use super::Layout;
use crate::Profile;
use crate::profile::{Policy, Told, told};

/// Where those who wait for a page queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitTables {
    /// In a table of the page's zone (up to 4.8).
    PerZone,
    /// In one table for all pages.
    Global,
}

impl Policy for WaitTables {
    const DECIDES: &'static str = "where those wait who want a page";

    fn told(self) -> Told {
        match self {
            WaitTables::PerZone => told(
                "in a table of the page's zone",
                "~wait_table_hash_nr_entries",
            ),
            WaitTables::Global => told("in one table for all pages", "~page_wait_table"),
        }
    }
}

/// Frames that share a queue (`PAGES_PER_WAITQUEUE`).
const FRAMES_A_QUEUE: u64 = 256;
/// Queues of a zone's table, at least and at most.
const QUEUES: (u64, u64) = (4, 4096);
/// Queues of the one table (`WAIT_TABLE_SIZE`).
const GLOBAL: u64 = 256;

impl Layout {
    /// By node and kind: over how many queues those who wait for a page of the zone are spread
    /// (`wait_table_hash_nr_entries`, `WAIT_TABLE_SIZE`). Zones without memory have none of their
    /// own.
    pub fn wait_queues(&self, profile: &Profile) -> alloc::vec::Vec<u64> {
        let queues = |spanned: u64| match profile.wait_tables {
            WaitTables::Global => GLOBAL,
            WaitTables::PerZone if spanned == 0 => 0,
            WaitTables::PerZone => per_zone(spanned),
        };
        let zones = self.zones.iter();
        zones.map(|zone| queues(zone.span.frames())).collect()
    }
}

/// A power of two, near one queue for so many frames.
fn per_zone(spanned: u64) -> u64 {
    let (least, most) = QUEUES;
    let wanted = (spanned / FRAMES_A_QUEUE).max(1);
    wanted.next_power_of_two().clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_a_power_of_two_of_queues() {
        for (spanned, queues) in [
            (1, 4),
            (1024, 4),
            (1025, 4),
            (1280, 8),
            (4095, 16),
            (131_072, 512),
            (u64::MAX >> 12, 4096),
        ] {
            assert_eq!(per_zone(spanned), queues, "{spanned} frames");
        }
    }
}
