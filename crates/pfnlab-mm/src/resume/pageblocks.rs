//! Pageblocks: their types, and how many frames in them can be moved or are on a list.

use pfnlab_model::{Pfn, Snapshot};

use super::{ResumeError, inconsistent};
use crate::Config;
use crate::pageblock::Pageblocks;

/// The pageblocks of all zones.
///
/// # Errors
/// When they reach beyond their zone, or hold more than they can.
pub(super) fn resume(snapshot: &Snapshot, config: &Config) -> Result<Pageblocks, ResumeError> {
    let ends = snapshot
        .zones
        .iter()
        .map(|zone| zone.start.get().saturating_add(zone.spanned));
    let end = ends.max().unwrap_or(0);
    if end > Pfn::LIMIT.get() {
        return Err(inconsistent(
            "zones",
            "a zone reaches above the highest frame",
        ));
    }
    let mut blocks = Pageblocks::new(config.pageblock_order, Pfn::new(end));
    for zone in &snapshot.zones {
        let Some(state) = &zone.pageblocks else {
            continue;
        };
        let covered = state.types.len() as u64 * config.pageblock_order.frames();
        let last = state.first.get().saturating_add(covered);
        let aligned = state.first.is_aligned(config.pageblock_order);
        if !aligned || last > Pfn::new(end).align_up(config.pageblock_order).get() {
            return Err(inconsistent(
                zone.id,
                "its pageblocks reach beyond its span",
            ));
        }
        let start_of = |at: usize| {
            state
                .first
                .offset((at as u64) << config.pageblock_order.get())
        };
        for (at, &mt) in state.types.iter().enumerate() {
            blocks.record(start_of(at), mt);
        }
        let holds = |at: u32, frames: u32, why| {
            let most = config.pageblock_order.frames();
            if (at as usize) < state.types.len() && u64::from(frames) <= most {
                Ok(start_of(at as usize))
            } else {
                Err(inconsistent(zone.id, why))
            }
        };
        for &(at, frames) in &state.movable {
            let start = holds(at, frames, "more movable frames than a pageblock holds")?;
            blocks.set_movable(start, frames);
        }
        for &(at, frames) in &state.listed {
            let start = holds(at, frames, "more listed frames than a pageblock holds")?;
            blocks.record_listed(start, frames);
        }
    }
    Ok(blocks)
}
