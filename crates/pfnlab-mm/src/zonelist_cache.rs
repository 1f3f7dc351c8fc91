//! Which zones of a zonelist were full lately, so that walks pass over them
//! (`struct zonelist_cache`).

use alloc::vec;
use alloc::vec::Vec;

use crate::profile::{Policy, Told, told};
use pfnlab_model::{Event, NodeId, Observer, Refusal, ZonelistCacheState};

/// When a walk begins to pass over zones that were full lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CachePolicy {
    /// When the first zone did not serve, for whatever reason; that zone is noted before (2.6.37).
    AfterFirst,
    /// When the first zone failed the watermark test; that zone is noted afterwards (3.8).
    AfterLow,
    /// Never: nothing is noted (since 4.14).
    Absent,
}

impl Policy for CachePolicy {
    const DECIDES: &'static str = "when zones that were full lately are passed over";

    fn told(self) -> Told {
        match self {
            CachePolicy::AfterFirst => told(
                "when the first zone did not serve, for whatever reason; that one is noted before",
                "zonelist_cache, ~zlc_mark_zone_full",
            ),
            CachePolicy::AfterLow => told(
                "when the first zone failed the watermark test; that one is noted afterwards",
                "zonelist_cache, ~zlc_mark_zone_full",
            ),
            CachePolicy::Absent => told("never", "zonelist_cache is gone by 4.14"),
        }
    }
}

impl CachePolicy {
    /// Whether a generation has such a cache.
    #[inline]
    pub(crate) fn is_there(self) -> bool {
        !matches!(self, CachePolicy::Absent)
    }

    /// Whether a walk begins to pass over full zones before the zone that failed like this is
    /// noted, and whether after.
    pub(crate) fn begins(self, why: Refusal) -> (bool, bool) {
        match self {
            CachePolicy::AfterFirst => (false, true),
            CachePolicy::AfterLow => (why != Refusal::NothingFound, false),
            CachePolicy::Absent => (false, false),
        }
    }
}

/// What is noted about the zones of one node's zonelist.
///
/// Time stands still here, as it does within a recorded case: what is forgotten is decided by how
/// long ago it was when the machine was resumed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZonelistCache {
    since_zap: u64,
    zap_due: bool,
    /// By position on the zonelist.
    full: Vec<bool>,
}

impl ZonelistCache {
    /// One for a zonelist of `zones` zones, none of which is full.
    pub(crate) fn new(zones: usize) -> ZonelistCache {
        ZonelistCache {
            since_zap: 0,
            zap_due: true,
            full: vec![false; zones],
        }
    }

    /// One as recorded; `None`: a position lies beyond the list.
    pub(crate) fn resume(state: &ZonelistCacheState, zones: usize) -> Option<ZonelistCache> {
        let mut full = vec![false; zones];
        for &at in &state.full {
            *full.get_mut(at as usize)? = true;
        }
        Some(ZonelistCache {
            since_zap: state.since_zap,
            zap_due: state.zap_due,
            full,
        })
    }

    /// It as plain data.
    pub(crate) fn state(&self) -> ZonelistCacheState {
        let full = (0..).zip(&self.full).filter(|(_, full)| **full);
        ZonelistCacheState {
            since_zap: self.since_zap,
            zap_due: self.zap_due,
            full: full.map(|(at, _)| at).collect(),
        }
    }

    /// Whether the zone at a position was full lately.
    pub(crate) fn is_full(&self, at: usize) -> bool {
        self.full[at]
    }

    /// Notes that a zone is full (`zlc_mark_zone_full`).
    pub(crate) fn note_full(&mut self, node: NodeId, at: usize, observer: &mut impl Observer) {
        if !self.full[at] {
            self.full[at] = true;
            let at = at as u32;
            observer.event(Event::ZoneNotedFull { node, at });
        }
    }

    /// A walk begins to use it: what is older than a second is forgotten (`zlc_setup`).
    pub(crate) fn begin(&mut self, node: NodeId, observer: &mut impl Observer) {
        if self.zap_due {
            self.since_zap = 0;
            self.zap_due = false;
            self.full.fill(false);
            observer.event(Event::FullZonesForgotten { node });
        }
    }
}
