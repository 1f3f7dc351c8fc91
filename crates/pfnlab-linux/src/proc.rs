//! What `/proc` and the log say about a snapshot, to the byte.
//!
//! - [`buddyinfo`]: `/proc/buddyinfo`, free blocks by order.
//! - [`pagetypeinfo`]: `/proc/pagetypeinfo`, the same by migratetype, and pageblocks.
//! - [`zoneinfo`]: `/proc/zoneinfo`, of every zone.
//! - [`vmstat`]: `/proc/vmstat`, counters of the whole machine.
//! - [`kpageflags`]: `/proc/kpageflags`, what every frame is.
//! - [`Counters`]: what the last two show and no snapshot holds.
//! - [`free_areas`]: the lines of `show_mem` about free blocks.
//! - [`read`]: the same files of a running kernel, read back.

mod buddyinfo;
mod counters;
mod free_areas;
mod kpageflags;
mod pagetypeinfo;
mod vmstat;
mod zoneinfo;

pub mod read;

pub use buddyinfo::buddyinfo;
pub use counters::Counters;
pub use free_areas::{FreeAreasForm, free_areas};
pub use kpageflags::{PageFlags, kpageflags};
pub use pagetypeinfo::pagetypeinfo;
pub use vmstat::vmstat;
pub use zoneinfo::{ZoneinfoForm, zoneinfo};

use pfnlab_model::{Order, Snapshot, ZoneState};

/// The zones that have memory (`populated_zone`).
fn populated(snapshot: &Snapshot) -> impl Iterator<Item = &ZoneState> {
    snapshot.zones.iter().filter(|zone| zone.present > 0)
}

/// Every order the kernel has.
fn orders(snapshot: &Snapshot) -> impl Iterator<Item = Order> + use<> {
    Order::ZERO.through(snapshot.global.top_order)
}

/// What is printed of a folded count: it dips below 0 while differences are not folded yet, and then
/// 0 is printed.
fn printed(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
