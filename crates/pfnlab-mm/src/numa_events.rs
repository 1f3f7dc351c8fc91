//! Counting which node served requests: hits, misses, foreign (`zone_statistics`).

use pfnlab_model::{CpuId, Observer};

use crate::Mm;
use crate::walk::Asked;
use crate::zone::Zone;
use crate::zonelist::ZoneRef;

/// Where that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumaCounters {
    /// In small differences of every CPU and zone, folded every second. That there are some is
    /// all that matters here: their fold renews the time a remote list has (4.14, 5.0). One that
    /// overflows in between, after 65 534 requests, is folded early; that is not followed.
    Differences,
    /// In counters of every CPU that are added up when somebody reads them (since 6.1).
    AddedUpWhenRead,
}

impl NumaCounters {
    /// Whether a request leaves a trace.
    #[inline]
    pub(crate) fn matter(self) -> bool {
        !matches!(self, NumaCounters::AddedUpWhenRead)
    }
}

impl Mm {
    /// A zone served a request.
    #[cold]
    pub(crate) fn count_numa(
        &mut self,
        asked: &Asked<'_>,
        by: ZoneRef,
        observer: &mut impl Observer,
    ) {
        let preferred = asked.preferred.zone;
        let cpu = asked.request.cpu;
        self.zones[by.zone.index()].pcps[cpu.index()].note_numa(observer);
        if by.id.node != preferred.id.node {
            self.zones[preferred.zone.index()].pcps[cpu.index()].note_numa(observer);
        }
    }
}

impl Zone {
    /// Folds what `cpu` counted; says whether there was any.
    pub(crate) fn fold_numa(&mut self, cpu: CpuId, observer: &mut impl Observer) -> bool {
        self.pcps[cpu.index()].take_numa(observer)
    }
}
