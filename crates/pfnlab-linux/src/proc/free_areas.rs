//! The free areas in the report of memory that a kernel logs when it runs out (`show_mem`).

use std::fmt::Write;

use pfnlab_model::{Order, Snapshot, ZoneState};

use super::{orders, populated};
use crate::form::form_of;

/// Whether a line says of which types the blocks of an order are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreeAreasForm {
    /// 2.6.37: it does not.
    Counts,
    /// 3.8 on: by a letter for every type that has one.
    Types,
}

impl FreeAreasForm {
    /// The form of a profile. A profile we do not know is taken for a newer kernel.
    pub fn of(profile: &str) -> FreeAreasForm {
        let before = [("linux-2.6.37", FreeAreasForm::Counts)];
        form_of(profile, &before, FreeAreasForm::Types)
    }
}

/// The free areas of every zone with memory: how many free blocks of every size, of which types,
/// and how much that is (`show_free_areas`). [`MigrateType::letter`](pfnlab_model::MigrateType::letter)
/// has the letters.
///
/// ```text
/// Node 0 DMA32: 1*4kB (U) 2*8kB (UM) 0*16kB 0*32kB … = 20kB
/// ```
pub fn free_areas(snapshot: &Snapshot) -> String {
    let form = FreeAreasForm::of(&snapshot.profile);
    let mut text = String::new();
    for zone in populated(snapshot) {
        // Writing to a String cannot fail.
        let _ = write!(text, "Node {} {}: ", zone.id.node, zone.id.kind);
        let mut total = 0;
        for order in orders(snapshot) {
            let blocks = zone.free_blocks(order);
            let _ = write!(text, "{blocks}*{}kB ", kib(order));
            if blocks > 0 && form == FreeAreasForm::Types {
                let _ = write!(text, "({}) ", letters(snapshot, zone, order));
            }
            total += blocks * kib(order);
        }
        let _ = writeln!(text, "= {total}kB");
    }
    text
}

/// The size of a block, with pages of 4 KiB.
fn kib(order: Order) -> u64 {
    order.frames() * 4
}

/// The types that have blocks of an order, by their numbers.
fn letters(snapshot: &Snapshot, zone: &ZoneState, order: Order) -> String {
    let types = snapshot.global.migratetypes.iter();
    let has = |mt| {
        let mut lists = zone.free_lists.iter();
        lists.any(|list| list.order == order && list.mt == mt && !list.pfns.is_empty())
    };
    types.filter(|mt| has(**mt)).map(|mt| mt.letter()).collect()
}
