//! Guard pages and idle pages: the rules and the marks.

use crate::common::order;
use pfnlab_clients::Generation;
use pfnlab_clients::guard::Guards;
use pfnlab_clients::lru::Lru;
use pfnlab_clients::page_idle::IdlePages;
use pfnlab_clients::page_owner::{Entries, Everywhere};
use pfnlab_model::{Block, CpuId, LruList, NodeId, Pfn, ZoneId, ZoneKind};

const ZONE: ZoneId = ZoneId {
    node: NodeId(0),
    kind: ZoneKind::Normal,
};
const DMA: ZoneId = ZoneId {
    kind: ZoneKind::Dma,
    ..ZONE
};

fn block(pfn: u64, of: u8) -> Block {
    Block::new(Pfn::new(pfn), order(of)).unwrap()
}

/// An order-0 request takes a block of order 3 apart: with a least order of 2 the halves of order 1
/// and 0 are kept back, and come back when the page does.
#[test]
fn halves_below_the_least_order_wait_for_their_buddy() {
    let mut guards = Guards::new(2, Everywhere).unwrap();
    let halves = [block(4, 2), block(2, 1), block(1, 0)];
    assert_eq!(
        halves.map(|half| guards.keep_back(ZONE, half)),
        [false, true, true]
    );
    assert_eq!((guards.frames(ZONE), guards.frames(DMA)), (3, 0));
    assert!(!guards.release_buddy(DMA, block(0, 0)), "of another zone");
    assert!(guards.release_buddy(ZONE, block(0, 0)));
    assert!(guards.release_buddy(ZONE, block(0, 1)));
    assert!(
        !guards.release_buddy(ZONE, block(0, 2)),
        "the half of order 2 is on a free list"
    );
    assert_eq!(guards.frames(ZONE), 0);
}

#[test]
fn the_least_order_is_at_most_five() {
    assert!(Guards::new(5, Everywhere).is_ok());
    let refused = Guards::new(6, Everywhere).unwrap_err().to_string();
    assert_eq!(
        refused,
        "bad debug_guardpage_minorder value 6: there are 0 to 5"
    );
    let mut off = Guards::new(0, Everywhere).unwrap();
    assert!(!off.keep_back(ZONE, block(1, 0)));
}

/// In 4.14 and 5.0 the mark is in `page_ext`: before that is there, halves go to their free list.
#[test]
fn without_an_entry_nothing_is_kept_back() {
    struct Nowhere;
    impl Entries for Nowhere {
        fn has_entry(&self, _: Pfn) -> bool {
            false
        }
    }
    let mut guards = Guards::new(3, Nowhere).unwrap();
    assert!(!guards.keep_back(ZONE, block(1, 0)));
}

#[test]
fn only_pages_on_a_list_become_idle() {
    let mut memory = crate::common::Scribe::default();
    let mut lru = Lru::new(Generation::NEWEST);
    let cpu = CpuId(0);
    for pfn in 64..68 {
        let list = LruList::ActiveAnon;
        lru.add(block(pfn, 0), list, cpu, &mut memory, &mut ())
            .unwrap();
    }
    let mut idle = IdlePages::default();
    idle.write_on(1, u64::MAX, &lru);
    assert_eq!(idle.read(1), 0, "they wait in a batch");
    lru.drain(cpu, cpu, &mut memory, &mut ()).unwrap();
    idle.write_on(1, 0b0111, &lru);
    assert_eq!((idle.read(1), idle.read(0)), (0b0111, 0));
    idle.referenced(Pfn::new(65));
    idle.referenced(Pfn::new(67));
    assert_eq!(idle.read(1), 0b0101);
    assert!(idle.is_young(Pfn::new(65)) && !idle.is_young(Pfn::new(67)));
    idle.write_on(1, 0b0010, &lru);
    assert!(!idle.is_young(Pfn::new(65)), "asked again");
    idle.freed(Pfn::new(65));
    assert_eq!(idle.count(), 2);
    idle.write(u64::MAX, u64::MAX, |_| true);
    assert_eq!(idle.read(u64::MAX), 0, "no such frames");
}
