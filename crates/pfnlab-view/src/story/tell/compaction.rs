//! Compaction: where it began, and what came of it.

use pfnlab_model::{CompactResult, CompactionEvent, Scanner};

use super::{OUTER, Teller};
use crate::names::{self, counted};

impl Teller<'_> {
    /// What compaction did. Positions are told with what comes of it.
    pub(super) fn compaction(&mut self, event: CompactionEvent) {
        if let Some(words) = step(event) {
            self.say_at(OUTER, words);
        }
    }
}

/// A step in words; `None`: others say it.
fn step(event: CompactionEvent) -> Option<String> {
    Some(match event {
        CompactionEvent::Started {
            zone,
            order,
            migrate,
            free,
        } => {
            let goal = match order {
                Some(order) => format!("for a block of order {order}"),
                None => "as far as that goes".to_owned(),
            };
            format!(
                "{} is compacted {goal}: what can be moved is looked for from {migrate} up, free \
                 frames from the pageblock of {free} down.",
                names::zone(zone)
            )
        }
        CompactionEvent::Ended {
            zone,
            result,
            moved,
            ..
        } => {
            let why = match result {
                CompactResult::Skipped => {
                    "too little is free to move anything to, or large blocks are not what is \
                     missing"
                }
                CompactResult::Deferred => "it came to nothing lately",
                CompactResult::Continue => "it is not finished",
                CompactResult::Complete => "the whole zone was looked through",
                CompactResult::PartialSkipped => "the rest of the zone was looked through",
                CompactResult::Contended => "there is nowhere to move anything to",
                CompactResult::Success => "what was wanted can be had",
            };
            format!(
                "Compaction of {} is over ({result}): {why}; {} moved.",
                names::zone(zone),
                counted(u64::from(moved), "block")
            )
        }
        CompactionEvent::Captured { zone, block } => format!(
            "{block} has grown in {}: it goes straight to who waits for it.",
            names::zone(zone)
        ),
        CompactionEvent::DeferralSet {
            zone,
            considered,
            shift,
            least,
        } if considered > 0 => format!(
            "Compaction of {} for orders from {least} on: asked for {considered} of {} times.",
            names::zone(zone),
            1_u64 << shift
        ),
        CompactionEvent::DeferralSet {
            zone, shift, least, ..
        } if shift > 0 => format!(
            "For orders from {least} on, {} is compacted every {} times from now on.",
            names::zone(zone),
            1_u64 << shift
        ),
        CompactionEvent::SkipsForgotten { zone } => format!(
            "It is forgotten which pageblocks of {} held nothing.",
            names::zone(zone)
        ),
        CompactionEvent::ScannerSet {
            scanner: Scanner::Free | Scanner::MigrateAsync | Scanner::MigrateSync,
            ..
        }
        | CompactionEvent::DeferralSet { .. }
        | CompactionEvent::Known { .. }
        | CompactionEvent::SkipSet { .. }
        | CompactionEvent::ForgettingDue { .. } => return None,
    })
}
