//! `/proc/buddyinfo`.

use std::fmt::Write;

use pfnlab_model::Snapshot;

use super::{orders, populated};

/// `/proc/buddyinfo`: how many free blocks of every order each zone with memory has. Every line
/// ends with a blank, as the kernel's do.
///
/// ```text
/// Node 0, zone    DMA32      1      1      1      2      1      0      2      3      0      3    228
/// ```
pub fn buddyinfo(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for zone in populated(snapshot) {
        let _ = write!(text, "Node {}, zone {:>8} ", zone.id.node, zone.id.kind);
        for order in orders(snapshot) {
            let _ = write!(text, "{:>6} ", zone.free_blocks(order));
        }
        text.push('\n');
    }
    text
}
