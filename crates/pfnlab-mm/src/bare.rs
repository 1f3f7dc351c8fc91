//! The buddy alone: one zone, and nothing else that decides anything. For experiments, worked
//! examples, and worlds small enough to visit every state of.
//!
//! ```
//! use pfnlab_mm::Profile;
//! use pfnlab_mm::bare::{Bare, request};
//! use pfnlab_model::{MigrateType, Order, PageAllocator, Pfn};
//! let zone = Bare {
//!     start: Pfn::new(0),
//!     blocks: 1,
//!     top: Order::new(3).unwrap(),
//!     pageblock: Order::new(3).unwrap(),
//!     highest_first: false,
//! };
//! let mut mm = zone.boot(Profile::NEWEST);
//! let page = mm.alloc(&request(Order::ZERO, MigrateType::Movable), &mut ()).unwrap();
//! assert_eq!(page.start(), Pfn::new(0));
//! ```

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{
    Block, FreeListState, Gfp, Inspect, MachineSpec, MigrateType, NodeSpec, Order, Pfn, PfnRange,
    Request, Snapshot, Watermarks, ZoneStat,
};

use crate::{Config, Mm, Profile};

/// A zone to be looked at alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// Its first frame, a multiple of the largest block.
    pub start: Pfn,
    /// How many of the largest blocks it has.
    pub blocks: u64,
    /// The largest order.
    pub top: Order,
    /// The order of a pageblock.
    pub pageblock: Order,
    /// Whether the lists start with the highest block, as after a boot that put every block at the
    /// head, or with the lowest.
    pub highest_first: bool,
}

impl Bare {
    /// The zone of a generation, free as a whole.
    ///
    /// # Panics
    /// When no allocator can be in that state, such as when it is no zone at all.
    pub fn boot(&self, profile: &'static Profile) -> Mm {
        Mm::resume(&self.snapshot(profile)).expect("a zone that is free as a whole")
    }

    /// The state it begins in: no watermark, nothing withheld, every pageblock movable, and per-CPU
    /// lists as a kernel sets them to switch them off (`zone_pcp_disable`: a high mark of 0, and
    /// batches of 1).
    ///
    /// # Panics
    /// When no machine of the generation boots.
    pub fn snapshot(&self, profile: &'static Profile) -> Snapshot {
        let mut snapshot = booted(profile);
        let frames = self.blocks << self.top.get();
        let global = &mut snapshot.global;
        global.top_order = self.top;
        global.pageblock_order = self.pageblock;
        global.mobility_disabled = false;
        global.watermark_boost_factor = 0;
        let stats = &global.zone_stats;
        let free = stats.iter().position(|&stat| stat == ZoneStat::FreePages);
        let node = &mut snapshot.nodes[0];
        (node.start, node.spanned, node.present) = (self.start, frames, frames);
        let zone = &mut snapshot.zones[0];
        zone.start = self.start;
        (zone.spanned, zone.present, zone.managed) = (frames, frames, frames);
        zone.memory = vec![PfnRange::sized(self.start, frames)];
        zone.watermarks = Watermarks::default();
        zone.percpu_drift_mark = 0;
        (
            zone.pageset_high_min,
            zone.pageset_high_max,
            zone.pageset_batch,
        ) = (0, 0, 1);
        zone.lowmem_reserve.fill(0);
        zone.vm_stat.fill(0);
        // Fits: a zone has fewer frames.
        zone.vm_stat[free.expect("every generation counts free frames")] = frames as i64;
        zone.free_lists = vec![FreeListState {
            order: self.top,
            mt: MigrateType::Movable,
            pfns: self.tops(),
        }];
        if let Some(pageblocks) = &mut zone.pageblocks {
            let count = (frames >> self.pageblock.get()) as usize;
            pageblocks.first = self.start;
            pageblocks.types = vec![Some(MigrateType::Movable); count];
            pageblocks.movable.clear();
        }
        for pcp in &mut zone.pcp {
            (pcp.count, pcp.high, pcp.batch) = (0, 0, 1);
            (pcp.high_min, pcp.high_max) = (0, 0);
            // No count lags behind.
            pcp.stat_threshold = 0;
            pcp.vm_stat_diff.fill(0);
            for list in &mut pcp.lists {
                list.pfns.clear();
                list.noted.clear();
            }
        }
        snapshot
    }

    fn tops(&self) -> VecDeque<Pfn> {
        let block = |number| self.start.offset(number << self.top.get());
        if self.highest_first {
            (0..self.blocks).rev().map(block).collect()
        } else {
            (0..self.blocks).map(block).collect()
        }
    }
}

/// Any small machine of this generation.
fn booted(profile: &'static Profile) -> Snapshot {
    let spec = MachineSpec {
        nodes: vec![NodeSpec {
            cpus: vec![0],
            ram: vec!["0..16M".parse().expect("a range of bytes")],
            ..NodeSpec::default()
        }],
        ..MachineSpec::default()
    };
    let machine = spec.build().expect("there is such a machine");
    let mm = Mm::boot(&machine, profile, &Config::X86_64_NO_THP).expect("it boots");
    mm.snapshot()
}

/// A request for a block of a migratetype.
pub fn request(order: Order, mt: MigrateType) -> Request {
    let gfp = match mt {
        MigrateType::Movable => Gfp::GFP_HIGHUSER_MOVABLE,
        MigrateType::Reclaimable => Gfp::GFP_KERNEL | Gfp::RECLAIMABLE,
        _ => Gfp::GFP_KERNEL,
    };
    Request {
        order,
        ..Request::new(gfp)
    }
}

/// Every free block of the zone.
pub fn free_blocks(mm: &Mm) -> Vec<Block> {
    let snapshot = mm.snapshot();
    let lists = snapshot.zones[0].free_lists.iter();
    let blocks = lists.flat_map(|list| {
        let pfns = list.pfns.iter();
        pfns.map(|&pfn| Block::new(pfn, list.order).expect("lists hold aligned blocks"))
    });
    let mut blocks: Vec<Block> = blocks.collect();
    blocks.sort_unstable_by_key(|block| block.start());
    blocks
}
