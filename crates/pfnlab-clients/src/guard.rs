//! Guard pages (`debug_guardpage_minorder`): halves left over from a split that are kept back, so
//! that whoever writes past the end of a block is caught.
//!
//! These are the rules and the marks. Whether an allocator asks them when it splits and merges is
//! its own affair.

use alloc::collections::BTreeMap;
use core::fmt;

use pfnlab_model::{Block, Order, Pfn, ZoneId};

use crate::page_owner::Entries;

/// The blocks that are kept back.
///
/// ```
/// use pfnlab_clients::guard::Guards;
/// use pfnlab_clients::page_owner::Everywhere;
/// use pfnlab_model::*;
/// let zone = ZoneId { node: NodeId(0), kind: ZoneKind::Normal };
/// let block = |pfn, order| Block::new(Pfn::new(pfn), Order::new(order).unwrap()).unwrap();
/// let mut guards = Guards::new(1, Everywhere).unwrap();
/// assert!(!guards.keep_back(zone, block(2, 1)));      // a half of order 1 goes to its free list
/// assert!(guards.keep_back(zone, block(1, 0)));       // one of order 0 becomes a guard
/// assert_eq!(guards.frames(zone), 1);
/// assert!(guards.release_buddy(zone, block(0, 0)));   // frame 0 comes back: they merge
/// ```
#[derive(Clone, Debug)]
pub struct Guards<E> {
    below: u8,
    entries: E,
    guards: BTreeMap<Pfn, (ZoneId, Order)>,
}

/// A `debug_guardpage_minorder` that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadOrder(pub u64);

impl fmt::Display for BadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "bad debug_guardpage_minorder value {}: there are 0 to 5",
            self.0
        )
    }
}

impl core::error::Error for BadOrder {}

/// Half the largest order.
const LARGEST: u64 = Order::MAX.get() as u64 / 2;

impl<E: Entries> Guards<E> {
    /// Halves below this order are kept back; 0: none. `entries` says where a mark can be set: in
    /// 4.14 and 5.0 it is in `page_ext`, so nowhere before that is there; up to 3.8 and from 6.1 on
    /// it is in the page.
    ///
    /// # Errors
    /// When the order is above half the largest.
    pub fn new(min_order: u64, entries: E) -> Result<Guards<E>, BadOrder> {
        if min_order > LARGEST {
            return Err(BadOrder(min_order));
        }
        Ok(Guards {
            below: min_order as u8,
            entries,
            guards: BTreeMap::new(),
        })
    }

    /// A split leaves an upper half over (`set_page_guard`). Says whether it is kept back: then it
    /// goes to no free list, and is no free memory.
    pub fn keep_back(&mut self, zone: ZoneId, half: Block) -> bool {
        let guarded = half.order().get() < self.below && self.entries.has_entry(half.start());
        if guarded {
            self.guards.insert(half.start(), (zone, half.order()));
        }
        guarded
    }

    /// A block comes back. Says whether its buddy is a guard of the same zone and order: then the
    /// mark is gone, its frames count as free again, and the two merge (`clear_page_guard`).
    pub fn release_buddy(&mut self, zone: ZoneId, block: Block) -> bool {
        let buddy = block.buddy().start();
        let found = self.guards.get(&buddy) == Some(&(zone, block.order()));
        if found {
            self.guards.remove(&buddy);
        }
        found
    }

    /// Whether a frame begins a guard.
    pub fn is_guard(&self, pfn: Pfn) -> bool {
        self.guards.contains_key(&pfn)
    }

    /// The frames of a zone that are kept back.
    pub fn frames(&self, zone: ZoneId) -> u64 {
        let guards = self.guards.values().filter(|(known, _)| *known == zone);
        guards.map(|(_, order)| order.frames()).sum()
    }
}
