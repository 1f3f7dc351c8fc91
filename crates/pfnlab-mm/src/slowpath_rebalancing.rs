//! The slow path of a request that waits, up to 3.8, where there are owners to ask.

use pfnlab_model::{
    AllocError, Block, CompactResult, Event, Gfp, MemoryEvent, Observer, Order, Reclaim, Request,
};

use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::compaction::{COSTLY, Priority};
use crate::walk::Asked;

impl Mm {
    /// What is tried when the low watermark stands in the way of a request that may wait: as long as
    /// it is for a small block, until it is served or nobody has anything left to give up.
    ///
    /// # Errors
    /// When every attempt fails.
    pub(crate) fn slowpath_rebalancing(
        &mut self,
        asked: &Asked<'_>,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let Request { gfp, order, .. } = *asked.request;
        let mut given_up = 0;
        let flags = AllocFlags::slow(gfp, order > Order::ZERO, self.profile.reserves)
            .with(self.cma_flag(asked.mt))
            .without(AllocFlags::NO_WATERMARKS);
        let mut failure = match self.slowpath_once(asked, observer) {
            Err(error) if !is_for_this_node_only(gfp) => error,
            over => return over,
        };
        let mut patient = false;
        loop {
            if let Some(block) = self.compact_once(asked, flags, patient, owners, observer) {
                return Ok(block);
            }
            patient = true;
            let (found, progress) = self.after_reclaim(asked, flags, owners, observer);
            if let Some(block) = found {
                return Ok(block);
            }
            if progress == 0 && gfp.contains(Gfp::FS) && !gfp.contains(Gfp::NORETRY) {
                match self.out_of_memory(asked, failure, owners, observer) {
                    Ok(Some(block)) => return Ok(block),
                    Ok(None) => {}
                    Err(error) => return Err(error),
                }
            } else {
                given_up += progress;
                if progress == 0 || !is_retried(gfp, order, given_up) {
                    let last = self.compact_once(asked, flags, patient, owners, observer);
                    return last.ok_or(failure);
                }
            }
            match self.walk(asked, flags, observer) {
                Ok(block) => return Ok(block),
                Err(error) => failure = error,
            }
        }
    }

    /// Compacts, unless that is put off, and asks the zones again
    /// (`__alloc_pages_direct_compact`).
    fn compact_once(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        patient: bool,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let Request { order, cpu, .. } = *asked.request;
        let rule = self.profile.compaction;
        let least = if rule.remembers() { 0 } else { COSTLY };
        if order.get() <= least || self.is_compaction_put_off(asked, observer) {
            return None;
        }
        let priority = match patient || !rule.remembers() {
            true => Priority::SyncLight,
            false => Priority::Async,
        };
        // These generations capture nothing.
        let (_, result) = self.compact_zones(asked, flags, priority, owners, observer);
        if result == CompactResult::Skipped {
            return None;
        }
        for zone in &mut self.zones {
            if zone.is_populated() {
                zone.drain(cpu, cpu, &mut self.blocks, observer);
            }
        }
        let found = self.walk(asked, flags, observer).ok();
        if found.is_some() || priority == Priority::SyncLight {
            self.note_compaction(asked, found.is_some(), observer);
        }
        let served = found.is_some();
        observer.event(Event::Memory(MemoryEvent::CompactedFor { order, served }));
        found
    }
}

/// Those that want memory of their node, and nobody to be bothered (`GFP_THISNODE`).
fn is_for_this_node_only(gfp: Gfp) -> bool {
    gfp.contains(Gfp::THISNODE | Gfp::NOWARN | Gfp::NORETRY)
}

/// Whether a request is tried again after so much was given up (`should_alloc_retry`).
fn is_retried(gfp: Gfp, order: Order, given_up: u64) -> bool {
    if gfp.contains(Gfp::NORETRY) {
        return false;
    }
    let repeats = gfp.contains(Gfp::RETRY_MAYFAIL) && given_up < order.frames();
    gfp.contains(Gfp::NOFAIL) || order.get() <= COSTLY || repeats
}
