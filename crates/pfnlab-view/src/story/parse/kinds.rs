//! Kinds of events and beats: what belongs together.

use pfnlab_model::{End, Event, Refusal, ZoneId};

use crate::story::beat::Beat;

/// The zone whose lists an event speaks of.
pub(super) fn zone_of(event: Event) -> Option<ZoneId> {
    match event {
        Event::Unlinked { zone, .. }
        | Event::Linked { zone, .. }
        | Event::Guarded { zone, .. }
        | Event::Unguarded { zone, .. }
        | Event::PcpLinked { zone, .. }
        | Event::PcpUnlinked { zone, .. }
        | Event::PcpTuned { zone, .. }
        | Event::BoostSet { zone, .. }
        | Event::PcpRefilled { zone, .. }
        | Event::FlagsSet { zone, .. }
        | Event::NotClaimed { zone, .. }
        | Event::NofailWarned { zone, .. }
        | Event::ZoneRefused {
            zone,
            why: Refusal::NothingFound,
        } => Some(zone),
        _ => None,
    }
}

pub(super) fn is_count(event: Event) -> bool {
    matches!(
        event,
        Event::StatSet { .. } | Event::DiffSet { .. } | Event::HighAtomicFree { .. }
    )
}

/// Counters and the like.
pub(super) fn is_bookkeeping(beat: &Beat) -> bool {
    matches!(
        beat,
        Beat::Stat { .. }
            | Beat::Diff { .. }
            | Beat::Tuned { .. }
            | Beat::Other(
                Event::HighAtomicFree { .. }
                    | Event::ReclaimEncouraged { .. }
                    | Event::Guarded { .. }
                    | Event::Unguarded { .. }
            )
    )
}

/// What belongs to finding one block.
pub(super) fn is_taking(beat: &Beat) -> bool {
    is_bookkeeping(beat)
        || matches!(
            beat,
            Beat::Take(_)
                | Beat::Moved { .. }
                | Beat::NotClaimed { .. }
                | Beat::Retyped { .. }
                | Beat::Boost { .. }
                | Beat::Flags { .. }
        )
}

/// What belongs to a refill.
pub(super) fn is_filling(beat: &Beat) -> bool {
    is_taking(beat)
        || matches!(
            beat,
            Beat::Fallback(_) | Beat::PcpPut { end: End::Tail, .. }
        )
}

/// What belongs to a drain.
pub(super) fn is_draining(beat: &Beat) -> bool {
    matches!(
        beat,
        Beat::PcpOff { .. } | Beat::Put(_) | Beat::Retyped { .. }
    ) || (is_bookkeeping(beat) && !matches!(beat, Beat::Tuned { .. }))
}
