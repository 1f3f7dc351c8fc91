//! What one run came to, number by number.

use serde::{Deserialize, Serialize};

/// What one run came to. Counts are of the whole machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Which setting, by position; 0: the scenario as it is.
    pub setting: u32,
    /// The seed.
    pub seed: u64,
    /// Operations.
    pub ops: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Requests served from blocks of another migratetype (`mm_page_alloc_extfrag`).
    pub fallbacks: u64,
    /// Those after which the pageblock belonged to the type that asked.
    pub claimed: u64,
    /// At the end: pageblocks that hold a frame of another migratetype than their own.
    pub mixed: u64,
    /// At the end: frames on the free lists.
    pub free: u64,
    /// At the end: the unusable free space index for order 9, in thousandths.
    pub unusable: u64,
    /// At the end: huge pages to be had.
    pub huge: u64,
    /// The same after perfect compaction, at most.
    pub compacted: u64,
    /// The same after all was dropped that can be, at most.
    pub dropped: u64,
    /// 16 hex digits over all outcomes and the final state.
    pub fingerprint: String,
}

impl Record {
    /// One line of JSON, without the newline.
    ///
    /// # Panics
    /// Never: it is plain data.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a record is plain data")
    }
}

/// A number of a record.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// What it is called.
    pub name: &'static str,
    /// Whether more of it is better.
    pub more_is_better: bool,
    of: fn(&Record) -> u64,
}

impl Metric {
    /// Every number that says how well it went.
    pub const ALL: [Metric; 10] = [
        Metric::new("ops", true, |record| record.ops),
        Metric::new("refused", false, |record| record.refused),
        Metric::new("fallbacks", false, |record| record.fallbacks),
        Metric::new("claimed", false, |record| record.claimed),
        Metric::new("mixed", false, |record| record.mixed),
        Metric::new("free", true, |record| record.free),
        Metric::new("unusable", false, |record| record.unusable),
        Metric::new("huge", true, |record| record.huge),
        Metric::new("compacted", true, |record| record.compacted),
        Metric::new("dropped", true, |record| record.dropped),
    ];

    const fn new(name: &'static str, more_is_better: bool, of: fn(&Record) -> u64) -> Metric {
        Metric {
            name,
            more_is_better,
            of,
        }
    }

    /// The metric with this name.
    pub fn by_name(name: &str) -> Option<&'static Metric> {
        const ALL: &[Metric] = &Metric::ALL;
        ALL.iter().find(|metric| metric.name == name)
    }

    /// What it is in a record.
    pub fn of(&self, record: &Record) -> u64 {
        (self.of)(record)
    }
}
