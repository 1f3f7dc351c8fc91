//! Release: a part of what is held goes.

use pfnlab_model::{CpuId, Gfp, Op, Ticket};

use crate::Stream;
use crate::phase::ask::one_of;
use crate::phase::{Percent, Phase, Site, Table};

plain! {
    /// Random tickets are freed, from all that are live or from those of certain flags.
    pub struct Release {
        /// The part of them that is freed.
        pub percent: Percent = Percent::ALL,
        /// Only what was asked for with exactly these flags. Left out: whatever is live.
        #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
        pub only: Option<Gfp> = None,
        /// The CPUs it runs on, all equally often. None: every CPU.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub cpus: Vec<CpuId> = Vec::new(),
    }
}

/// A release on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    percent: Percent,
    only: Option<Gfp>,
    cpus: Vec<CpuId>,
    /// Who goes, the last first; `None`: not decided yet.
    victims: Option<Vec<Ticket>>,
    picks: Stream,
    places: Stream,
}

impl Release {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            percent: self.percent,
            only: self.only,
            cpus: site.cpus_or_all(&self.cpus),
            victims: None,
            picks: site.stream("picks"),
            places: site.stream("cpus"),
        }
    }
}

impl Running {
    fn choose(&mut self, table: &Table) -> Vec<Ticket> {
        let live = table.live();
        let mut all: Vec<_> = live
            .filter(|live| self.only.is_none_or(|only| live.gfp == only))
            .map(|live| live.ticket)
            .collect();
        let count = self.percent.of(all.len() as u64) as usize;
        for place in 0..count {
            // Fits: tickets are u32.
            let other = place + self.picks.below((all.len() - place) as u32) as usize;
            all.swap(place, other);
        }
        all.truncate(count);
        all
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        if self.victims.is_none() {
            self.victims = Some(self.choose(table));
        }
        let ticket = self.victims.as_mut()?.pop()?;
        let cpu = one_of(&self.cpus, &mut self.places).unwrap_or_default();
        Some(table.free(ticket, cpu))
    }
}
