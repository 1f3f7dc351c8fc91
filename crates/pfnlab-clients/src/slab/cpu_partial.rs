//! The stack of partly used slabs a CPU has for itself: how many it keeps.

use pfnlab_model::PAGE_BYTES;

/// How many partly used slabs a CPU keeps (`set_cpu_partial`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuPartialRule {
    /// Before 3.2: none.
    None,
    /// Up to 5.15: until they have so many free objects.
    Objects,
    /// From 5.16: so many slabs, as if each were half full.
    Slabs,
}

/// The limits of one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuPartialLimit {
    /// None are kept.
    None,
    /// Free objects.
    Objects(u32),
    /// Slabs, and the objects they were found from.
    Slabs {
        /// At most so many slabs.
        slabs: u32,
        /// As many free objects as these should have.
        objects: u32,
    },
}

impl CpuPartialRule {
    /// The limit of a cache whose objects take `size` bytes, `per_slab` of them in a slab.
    pub fn limit(self, size: u32, per_slab: u16) -> CpuPartialLimit {
        match self {
            CpuPartialRule::None => CpuPartialLimit::None,
            CpuPartialRule::Objects => CpuPartialLimit::Objects(by_size(size, [2, 6, 13, 30])),
            CpuPartialRule::Slabs => {
                let objects = by_size(size, [6, 24, 52, 120]);
                CpuPartialLimit::Slabs {
                    slabs: (2 * objects).div_ceil(u32::from(per_slab)),
                    objects,
                }
            }
        }
    }
}

fn by_size(size: u32, [page, large, middle, small]: [u32; 4]) -> u32 {
    match size {
        _ if u64::from(size) >= PAGE_BYTES => page,
        1024.. => large,
        256.. => middle,
        _ => small,
    }
}

impl CpuPartialLimit {
    /// Whether a CPU keeps any.
    pub fn keeps(self) -> bool {
        self != CpuPartialLimit::None
    }

    /// Whether a stack of so many slabs, with so many free objects, is to be given up before
    /// another slab is put on it.
    pub(crate) fn is_reached(self, slabs: usize, free: u32) -> bool {
        match self {
            CpuPartialLimit::None => true,
            CpuPartialLimit::Objects(most) => free > most,
            CpuPartialLimit::Slabs { slabs: most, .. } => slabs as u64 >= u64::from(most),
        }
    }

    /// Whether a CPU that takes slabs from its node has enough: it got so many beside the one it
    /// works on, and so many free objects in all.
    pub(crate) fn is_enough(self, beside: u32, free: u32) -> bool {
        match self {
            CpuPartialLimit::None => true,
            CpuPartialLimit::Objects(most) => free > most / 2,
            CpuPartialLimit::Slabs { slabs: most, .. } => beside > most / 2,
        }
    }
}
