//! What `/proc/slabinfo` says.

use core::fmt;

use pfnlab_model::{CacheFlags, CacheId};

use super::cache::Cache;
use super::cpu_partial::CpuPartialLimit;
use super::kmalloc::KmallocKinds;
use super::node::NodePartial;
use super::page::Slab;

/// The caches of a machine, as a table. Printed it is `/proc/slabinfo` of version 2.1: a header of
/// two lines, then one line for every cache, the newest first, whether it holds anything or not.
#[derive(Clone, Copy, Debug)]
pub struct SlabInfo<'a> {
    names: KmallocKinds,
    caches: &'a [Cache],
}

/// The numbers of one cache. A CPU's own free objects count as active, as they do for the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlabLine {
    /// Which cache.
    pub cache: CacheId,
    /// What one object takes, in bytes.
    pub slot: u32,
    /// The preferred order of a slab.
    pub order: u8,
    /// How many objects such a slab has.
    pub per_slab: u16,
    /// The least order.
    pub min_order: u8,
    /// Objects that are not free in a slab on a node's list.
    pub active: u32,
    /// Objects of all slabs.
    pub objects: u32,
    /// Objects clients have.
    pub lent: u32,
    /// Slabs.
    pub slabs: u32,
    /// Slabs on the lists of nodes.
    pub partial: u32,
    /// Frames of all slabs.
    pub frames: u64,
    /// Slabs that were made with the least order though the cache prefers a larger one.
    pub fallbacks: u64,
    /// How many partly used slabs a node keeps.
    pub min_partial: u32,
    /// How many a CPU keeps.
    pub cpu_partial: CpuPartialLimit,
    /// Its memory can be reclaimed.
    pub reclaimable: bool,
}

impl<'a> SlabInfo<'a> {
    pub(super) fn new(names: KmallocKinds, caches: &'a [Cache]) -> SlabInfo<'a> {
        SlabInfo { names, caches }
    }

    /// Every cache, the newest first.
    pub fn lines(&self) -> impl Iterator<Item = SlabLine> + use<'a> {
        self.caches.iter().rev().map(line)
    }

    /// One cache; `None`: there is none.
    pub fn cache(&self, id: CacheId) -> Option<SlabLine> {
        self.lines().find(|line| line.cache == id)
    }

    /// Frames of slabs that can be reclaimed, and of those that cannot (`NR_SLAB_RECLAIMABLE`,
    /// `NR_SLAB_UNRECLAIMABLE`).
    pub fn frames(&self) -> (u64, u64) {
        let sum = |reclaimable| {
            let lines = self.lines().filter(|line| line.reclaimable == reclaimable);
            lines.map(|line| line.frames).sum()
        };
        (sum(true), sum(false))
    }
}

fn line(cache: &Cache) -> SlabLine {
    let slabs = cache.slabs.values();
    let listed = slabs.clone().filter(|slab| !slab.frozen);
    let free: u32 = listed.map(|slab| slab.free.len() as u32).sum();
    let objects: u32 = slabs.clone().map(Slab::objects).sum();
    SlabLine {
        cache: cache.id,
        slot: cache.slot,
        order: cache.preferred.order.get(),
        per_slab: cache.preferred.objects,
        min_order: cache.least.order.get(),
        active: objects - free,
        objects,
        lent: cache.lent(),
        slabs: cache.slabs.len() as u32,
        partial: cache.nodes.iter().map(NodePartial::len).sum(),
        frames: cache.frames(),
        fallbacks: cache.fallbacks,
        min_partial: cache.least_partial,
        cpu_partial: cache.cpu_partial,
        reclaimable: cache.flags.contains(CacheFlags::RECLAIM),
    }
}

impl fmt::Display for SlabInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "slabinfo - version: 2.1\n\
             # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> \
             : tunables <limit> <batchcount> <sharedfactor> \
             : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
        )?;
        self.lines().try_for_each(|line| {
            let name = self.names.name(line.cache);
            let SlabLine {
                active,
                objects,
                slot,
                per_slab,
                order,
                slabs,
                ..
            } = line;
            writeln!(
                f,
                "{name:<17} {active:>6} {objects:>6} {slot:>6} {per_slab:>4} {:>4} \
                 : tunables    0    0    0 : slabdata {slabs:>6} {slabs:>6}      0",
                1 << order
            )
        })
    }
}
