//! Rules about moving memory together.

use super::{Check, Rule};
use crate::ledger::Why;

pub(super) const COMPACT_01: Rule = Rule {
    id: "COMPACT-01",
    title: "compaction keeps to its zone",
    says: "What is moved while a zone is compacted was in that zone, and is in it afterwards.",
    source: "compact_zone",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::LeavesTheZone(..))),
};

pub(super) const COMPACT_02: Rule = Rule {
    id: "COMPACT-02",
    title: "the scanners never cross",
    says: "What is moved while a zone is compacted is moved to higher frames.",
    source: "compact_scanners_met",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::MovesDown(..))),
};

pub(super) const COMPACT_03: Rule = Rule {
    id: "COMPACT-03",
    title: "what is captured was wanted",
    says: "A block that compaction hands over is in the zone that is compacted, of the order that is \
           waited for, and on no list.",
    source: "compaction_capture",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::NotWanted(_))),
};
