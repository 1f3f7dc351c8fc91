//! What differs between generations: every choice a cache of objects leaves to its kernel.

use pfnlab_model::CacheSpec;

use super::CacheError;
use super::cpu_partial::{CpuPartialLimit, CpuPartialRule};
use super::gfp::{CompoundRule, Effort};
use super::kmalloc::KmallocKinds;
use super::node::LeastPartial;
use super::order::{CpuCount, OrderRule};
use super::slot::{FreePointer, Slot};
use super::slow::NamedNode;

/// How the caches of one generation behave. Every field is an enum that one file matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlabPolicy {
    /// How the order of slabs is found.
    pub(crate) order: OrderRule,
    /// Which CPUs count for the least number of objects.
    pub(crate) cpus: CpuCount,
    /// The most objects of a slab (`MAX_OBJS_PER_PAGE`).
    pub(crate) most_objects: u32,
    /// Where a free object keeps the address of the next.
    pub(crate) free_pointer: FreePointer,
    /// What a slab is allocated as.
    pub(crate) compound: CompoundRule,
    /// How hard the first try is.
    pub(crate) effort: Effort,
    /// How many partly used slabs a CPU keeps.
    pub(crate) cpu_partial: CpuPartialRule,
    /// How many empty slabs a node keeps.
    pub(crate) least_partial: LeastPartial,
    /// Which kinds of `kmalloc` caches there are, and what they are called.
    pub(crate) kmalloc: KmallocKinds,
    /// What a request that names a node tries first.
    pub(crate) named_node: NamedNode,
}

impl SlabPolicy {
    pub(crate) const LINUX_2_6_37: SlabPolicy = SlabPolicy {
        order: OrderRule::FewerObjects,
        cpus: CpuCount::Possible,
        most_objects: 65_535,
        free_pointer: FreePointer::Start,
        compound: CompoundRule::Large,
        effort: Effort::Reclaims,
        cpu_partial: CpuPartialRule::None,
        least_partial: LeastPartial::Log,
        kmalloc: KmallocKinds::Plain,
        named_node: NamedNode::Preferred,
    };

    pub(crate) const LINUX_3_8: SlabPolicy = SlabPolicy {
        most_objects: 32_767,
        cpu_partial: CpuPartialRule::Objects,
        least_partial: LeastPartial::HalfLog,
        ..SlabPolicy::LINUX_2_6_37
    };

    pub(crate) const LINUX_4_14: SlabPolicy = SlabPolicy {
        effort: Effort::None,
        ..SlabPolicy::LINUX_3_8
    };

    pub(crate) const LINUX_5_0: SlabPolicy = SlabPolicy {
        kmalloc: KmallocKinds::Reclaim,
        ..SlabPolicy::LINUX_4_14
    };

    pub(crate) const LINUX_6_1: SlabPolicy = SlabPolicy {
        cpus: CpuCount::Present,
        free_pointer: FreePointer::Middle,
        cpu_partial: CpuPartialRule::Slabs,
        kmalloc: KmallocKinds::Cgroup,
        ..SlabPolicy::LINUX_5_0
    };

    pub(crate) const LINUX_6_12: SlabPolicy = SlabPolicy {
        order: OrderRule::LessWaste,
        compound: CompoundRule::Always,
        named_node: NamedNode::ThisFirst,
        ..SlabPolicy::LINUX_6_1
    };
}

impl SlabPolicy {
    /// What an object of `spec` takes.
    ///
    /// # Errors
    /// When no such object can be.
    pub fn slot(&self, spec: &CacheSpec) -> Result<Slot, CacheError> {
        Slot::of(spec, self.free_pointer)
    }

    /// How many partly used slabs a CPU keeps of a cache whose objects take `size` bytes,
    /// `per_slab` of them in a slab.
    pub fn cpu_partial(&self, size: u32, per_slab: u16) -> CpuPartialLimit {
        self.cpu_partial.limit(size, per_slab)
    }
}
