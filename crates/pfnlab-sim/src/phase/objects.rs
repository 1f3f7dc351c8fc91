//! Objects: `kmalloc` and `kfree` of many sizes.

use pfnlab_model::{CpuId, Gfp, Op, Request, Ticket};

use crate::phase::ask::one_of;
use crate::phase::{Phase, Site, Table};
use crate::{Outcome, Stream};

plain! {
    /// Objects of caches come and go, near a level.
    pub struct Objects {
        /// How many operations.
        pub ops: u32 = 10_000,
        /// How many objects are in use once the level is reached.
        pub live: u32 = 5_000,
        /// The sizes asked for, in bytes, all equally often. None: every size of `kmalloc`.
        pub sizes: Vec<u32> = Vec::new(),
        /// The flags asked with, all equally often. None: `GFP_KERNEL`.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
        pub gfp: Vec<Gfp> = Vec::new(),
        /// The CPUs it runs on, all equally often. None: every CPU.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub cpus: Vec<CpuId> = Vec::new(),
    }
}

/// Objects on their way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    level: usize,
    sizes: Vec<u32>,
    gfp: Vec<Gfp>,
    cpus: Vec<CpuId>,
    live: Vec<Ticket>,
    asked: Option<Ticket>,
    kinds: Stream,
    picks: Stream,
    asks: Stream,
    places: Stream,
}

/// The sizes of `kmalloc`.
const SIZES: [u32; 13] = [
    8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192,
];

impl Objects {
    pub(crate) fn at(&self, site: &Site) -> Running {
        let or = |given: &[u32]| match given {
            [] => SIZES.to_vec(),
            given => given.to_vec(),
        };
        let gfp = match &self.gfp[..] {
            [] => vec![Gfp::GFP_KERNEL],
            given => given.to_vec(),
        };
        Running {
            left: self.ops,
            level: self.live as usize,
            sizes: or(&self.sizes),
            gfp,
            cpus: site.cpus_or_all(&self.cpus),
            live: Vec::new(),
            asked: None,
            kinds: site.stream("kinds"),
            picks: site.stream("picks"),
            asks: site.stream("asks"),
            places: site.stream("cpus"),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        self.left = self.left.checked_sub(1)?;
        let cpu = one_of(&self.cpus, &mut self.places).unwrap_or_default();
        // Three steps toward the level for one away from it.
        let toward = self.kinds.below(4) != 0;
        let takes = toward == (self.live.len() < self.level);
        if !takes && !self.live.is_empty() {
            // Fits: there are not 2^32 tickets.
            let at = self.picks.below(self.live.len() as u32) as usize;
            self.asked = None;
            return Some(table.free(self.live.swap_remove(at), cpu));
        }
        let size = one_of(&self.sizes, &mut self.asks).unwrap_or(8);
        let gfp = one_of(&self.gfp, &mut self.asks).unwrap_or(Gfp::GFP_KERNEL);
        let op = table.kmalloc(
            size,
            Request {
                cpu,
                ..Request::new(gfp)
            },
        );
        self.asked = op.gives().map(|(ticket, _)| ticket);
        Some(op)
    }

    fn observe(&mut self, _: &Table, outcome: &Outcome) {
        if let (Some(ticket), Outcome::Object(_)) = (self.asked, outcome) {
            self.live.push(ticket);
        }
    }
}
