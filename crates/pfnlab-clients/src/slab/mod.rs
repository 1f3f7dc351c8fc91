//! Caches of objects smaller than a frame (SLUB), as a client of any page allocator.
//!
//! A cache asks for blocks with exactly the orders and masks the kernel's does, cuts them into
//! objects, and gives a block back when no object of it is in use and enough others are there.
//!
//! - [`Slub`]: every cache of a machine, and `kmalloc`. Start here.
//! - [`SlubSetup`]: the CPUs and nodes it is on.
//! - [`slab_orders`]: how large slabs are. [`Slot`]: what an object takes. [`SlabMasks`]: the two
//!   masks a slab is asked for with.
//! - [`SlabPolicy`]: what differs between generations.
//! - [`kmalloc`]: which cache serves which size.
//! - [`CpuPartialLimit`]: how many slabs a CPU keeps for itself.
//! - [`SlabInfo`]: what `/proc/slabinfo` says.
//!
//! Inside, `cache` is one cache and where its slabs are, `slow` the slow path of an allocation,
//! `give_back` that of a free, `node` a node's list, `page` one slab.

mod policy;

mod order;
mod slot;

mod gfp;

mod cpu_partial;
mod node;
mod page;

mod cache;

mod give_back;
mod slow;

pub mod kmalloc;

mod error;
mod setup;
mod slub;

mod info;

pub use cpu_partial::{CpuPartialLimit, CpuPartialRule};
pub use error::{CacheError, GiveBackError, LendError};
pub use gfp::{CompoundRule, Effort, SlabMasks};
pub use info::{SlabInfo, SlabLine};
pub use node::LeastPartial;
pub use order::{CpuCount, CpuTotals, OrderLimits, OrderObjects, OrderRule, slab_orders};
pub use policy::SlabPolicy;
pub use setup::{RemotePartial, SlubSetup};
pub use slot::{FreePointer, Slot};
pub use slow::NamedNode;
pub use slub::Slub;
