//! What `/proc` and the log say about a snapshot, to the byte.
//!
//! - [`buddyinfo`]: `/proc/buddyinfo`, free blocks by order.
//! - [`pagetypeinfo`]: `/proc/pagetypeinfo`, the same by migratetype, and pageblocks.
//! - [`zoneinfo`]: `/proc/zoneinfo`, the part about zones.
//! - [`free_areas`]: the lines of `show_mem` about free blocks.
//! - [`read`]: the same files of a running kernel, read back.

mod buddyinfo;
mod free_areas;
mod pagetypeinfo;
mod zoneinfo;

pub mod read;

pub use buddyinfo::buddyinfo;
pub use free_areas::{FreeAreasForm, free_areas};
pub use pagetypeinfo::pagetypeinfo;
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
