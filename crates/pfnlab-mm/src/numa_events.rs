//! Counting which node served requests: hits, misses, foreign (`zone_statistics`).

use pfnlab_model::ZoneStat::{NumaForeign, NumaHit, NumaLocal, NumaMiss, NumaOther};
use pfnlab_model::{CpuId, Observer};

use crate::Mm;
use crate::profile::{Policy, Told, told};
use crate::walk::Asked;
use crate::zone::Zone;
use crate::zonelist::ZoneRef;

/// Where that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumaCounters {
    /// Among the zone's own counters (up to 3.8).
    WithZone,
    /// In small differences of every CPU and zone, folded every second. That there are some is
    /// all that matters here: their fold renews the time a remote list has (4.14, 5.0). One that
    /// overflows in between, after 65 534 requests, is folded early; that is not followed.
    Differences,
    /// In counters of every CPU that are added up when somebody reads them (since 6.1).
    AddedUpWhenRead,
}

impl Policy for NumaCounters {
    const DECIDES: &'static str = "where it is counted how near a page was";

    fn told(self) -> Told {
        match self {
            NumaCounters::WithZone => told(
                "among the counters of the zone",
                "NUMA_HIT in ~zone_stat_item",
            ),
            NumaCounters::Differences => told(
                "on their own, by differences of every CPU",
                "NUMA_HIT in ~numa_stat_item",
            ),
            NumaCounters::AddedUpWhenRead => told(
                "on their own, added up when somebody reads them",
                "NUMA_HIT in ~numa_stat_item",
            ),
        }
    }
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
    #[inline(never)]
    pub(crate) fn count_numa(
        &mut self,
        asked: &Asked<'_>,
        by: ZoneRef,
        observer: &mut impl Observer,
    ) {
        let preferred = asked.preferred.zone;
        let cpu = asked.request.cpu;
        let near = by.id.node == preferred.id.node;
        match self.profile.numa {
            NumaCounters::AddedUpWhenRead => {}
            NumaCounters::Differences => {
                self.zones[by.zone.index()].pcps[cpu.index()].note_numa(observer);
                if !near {
                    self.zones[preferred.zone.index()].pcps[cpu.index()].note_numa(observer);
                }
            }
            NumaCounters::WithZone => {
                let local = self.cpus[cpu.index()].node == by.id.node;
                let zone = &mut self.zones[by.zone.index()];
                zone.count_one(if near { NumaHit } else { NumaMiss }, cpu, observer);
                zone.count_one(if local { NumaLocal } else { NumaOther }, cpu, observer);
                if !near {
                    self.zones[preferred.zone.index()].count_one(NumaForeign, cpu, observer);
                }
            }
        }
    }
}

impl Zone {
    /// Folds what `cpu` counted; says whether there was any.
    pub(crate) fn fold_numa(&mut self, cpu: CpuId, observer: &mut impl Observer) -> bool {
        self.pcps[cpu.index()].take_numa(observer)
    }
}
