//! Fragmentation indices, in the kernel's own integer arithmetic.
//!
//! All are functions of the free blocks of a zone, by order. They say how much a number of free
//! frames is worth to somebody who wants them in one piece.
//!
//! ```
//! use pfnlab_model::Order;
//! use pfnlab_sim::index;
//! let free = [40, 20, 10, 0, 0, 0, 0, 0, 0, 0, 0];
//! let order = |order| Order::new(order).unwrap();
//! assert_eq!(index::unusable(&free, order(2)).to_string(), "0.666");
//! assert_eq!(index::extfrag(&free, order(3)).to_string(), " 0.772");
//! assert_eq!(index::extfrag(&free, order(2)).to_string(), "-1.000");
//! ```

use std::fmt;

use pfnlab_model::{Order, Snapshot, ZoneState};

/// The unusable free space index (`unusable_free_index`), in thousandths: the part of the free
/// memory that lies in blocks too small for the order. 0: none of it, 1000: all of it.
///
/// Printed as in debugfs `extfrag/unusable_index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unusable(pub u32);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The external fragmentation index (`__fragmentation_index`), in thousandths: why a request
/// would fail. Toward 0: for lack of memory; toward 1000: because it is fragmented; -1000: it
/// would not fail. A few large blocks give other negative values.
///
/// Printed as in debugfs `extfrag/extfrag_index`, with C's division: half of a negative one is
/// ` 0.-500`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extfrag(pub i32);

impl fmt::Display for Extfrag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:2}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// Free blocks summed up for an order (`struct contig_page_info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contiguous {
    frames: u64,
    blocks: u64,
    /// How many blocks of the order could be served.
    suitable: u64,
}

impl Contiguous {
    fn new(free_blocks: &[u64], order: Order) -> Contiguous {
        let mut sum = Contiguous {
            frames: 0,
            blocks: 0,
            suitable: 0,
        };
        for (number, &blocks) in (0..).zip(free_blocks) {
            sum.frames += blocks << number;
            sum.blocks += blocks;
            if number >= order.get() {
                sum.suitable += blocks << (number - order.get());
            }
        }
        sum
    }

    /// The frames that lie in blocks too small.
    fn unusable(self, order: Order) -> u64 {
        self.frames - self.suitable * order.frames()
    }
}

/// The unusable free space index of `free_blocks`, by order, for blocks of `order`.
pub fn unusable(free_blocks: &[u64], order: Order) -> Unusable {
    let sum = Contiguous::new(free_blocks, order);
    let index = match sum.frames {
        0 => 1000,
        frames => sum.unusable(order) * 1000 / frames,
    };
    // Fits: it is at most 1000.
    Unusable(index as u32)
}

/// The external fragmentation index of `free_blocks`, by order, for blocks of `order`.
pub fn extfrag(free_blocks: &[u64], order: Order) -> Extfrag {
    let sum = Contiguous::new(free_blocks, order);
    if sum.blocks == 0 {
        return Extfrag(0);
    }
    if sum.suitable > 0 {
        return Extfrag(-1000);
    }
    let per_block = (1000 + sum.frames * 1000 / order.frames()) / sum.blocks;
    // Fits: every block is smaller than the order, so this is at most 2000.
    Extfrag(1000 - per_block as i32)
}

/// The fragmentation score of a zone (`extfrag_for_order`), in percent: what proactive compaction
/// looks at. From Linux 5.9 on.
pub fn extfrag_for_order(free_blocks: &[u64], order: Order) -> u32 {
    let sum = Contiguous::new(free_blocks, order);
    match sum.frames {
        0 => 0,
        // Fits: it is at most 100.
        frames => (sum.unusable(order) * 100 / frames) as u32,
    }
}

/// The fragmentation score of a node (`fragmentation_score_node`): those of its zones, each
/// weighted with its size and rounded down. `zones` are frames present and free blocks by order.
pub fn node_score<'a>(zones: impl Iterator<Item = (u64, &'a [u64])> + Clone, order: Order) -> u32 {
    let present: u64 = zones.clone().map(|(present, _)| present).sum();
    let weighted = |(size, free): (u64, &[u64])| {
        size * u64::from(extfrag_for_order(free, order)) / (present + 1)
    };
    // Fits: it is at most 100.
    zones.map(weighted).sum::<u64>() as u32
}

/// The free blocks of a zone, by order up to the largest: what the other functions take.
pub fn free_blocks(snapshot: &Snapshot, zone: &ZoneState) -> Vec<u64> {
    let orders = Order::ZERO.through(snapshot.global.top_order);
    orders.map(|order| zone.free_blocks(order)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: [u64; 11] = [40, 20, 10, 0, 0, 0, 0, 0, 0, 0, 0];

    fn order(order: u8) -> Order {
        Order::new(order).unwrap()
    }

    fn one(blocks: u64, of: u8) -> [u64; 11] {
        let mut free = [0; 11];
        free[usize::from(of)] = blocks;
        free
    }

    /// F = 120, B = 70: the three orders of the worked example.
    #[test]
    fn many_small_blocks() {
        assert_eq!(unusable(&SMALL, order(3)), Unusable(1000));
        assert_eq!(extfrag(&SMALL, order(3)), Extfrag(772));
        assert_eq!(unusable(&SMALL, order(2)), Unusable(666));
        assert_eq!(extfrag(&SMALL, order(2)), Extfrag(-1000));
        assert_eq!(unusable(&SMALL, order(1)), Unusable(333));
        assert_eq!(extfrag_for_order(&SMALL, order(2)), 66);
    }

    #[test]
    fn so_little_that_the_index_misleads() {
        assert_eq!(extfrag(&one(3, 0), order(9)), Extfrag(665));
    }

    #[test]
    fn one_block_just_too_small_is_below_zero() {
        let index = extfrag(&one(1, 8), order(9));
        assert_eq!(index, Extfrag(-500));
        assert_eq!(index.to_string(), " 0.-500");
    }

    /// Every way to have up to three blocks of each of three orders.
    #[test]
    fn indices_keep_their_bounds() {
        for way in 0..64 {
            let mut free = one(way % 4, 0);
            (free[1], free[2]) = (way / 4 % 4, way / 16);
            for at in 0..5 {
                let large = free[usize::from(at)..].iter().any(|&blocks| blocks > 0);
                assert!(unusable(&free, order(at)) <= Unusable(1000), "{free:?}");
                let none_needed = extfrag(&free, order(at)) == Extfrag(-1000);
                assert_eq!(none_needed, large, "{free:?}, order {at}");
            }
        }
    }

    #[test]
    fn nothing_free() {
        assert_eq!(unusable(&[0; 11], order(0)), Unusable(1000));
        assert_eq!(extfrag(&[0; 11], order(0)), Extfrag(0));
        assert_eq!(extfrag_for_order(&[0; 11], order(0)), 0);
    }

    #[test]
    fn text_is_as_in_debugfs() {
        assert_eq!(Unusable(1000).to_string(), "1.000");
        assert_eq!(Unusable(7).to_string(), "0.007");
        assert_eq!(Extfrag(-1000).to_string(), "-1.000");
        assert_eq!(Extfrag(42).to_string(), " 0.042");
    }

    /// The two rows of R. Harris on linux-mm, orders 0 to 10: 1983 single frames, and one.
    #[test]
    fn single_frames_many_and_one() {
        let row = |blocks| {
            let free = one(blocks, 0);
            Order::all().map(move |order| extfrag(&free, order).0)
        };
        let many = [-1000, 500, 750, 875, 937, 969, 984, 992, 996, 998, 999];
        let single = [-1000, -500, -250, -125, -62, -31, -15, -7, -3, -1, 0];
        assert!(row(1983).eq(many));
        assert!(row(1).eq(single));
        let printed = row(1983).map(|index| Extfrag(index).to_string());
        let expected =
            "-1.000  0.500  0.750  0.875  0.937  0.969  0.984  0.992  0.996  0.998  0.999";
        assert_eq!(printed.collect::<Vec<_>>().join(" "), expected);
        // C's remainder keeps the sign, and `%03d` counts it: that is how a kernel prints them.
        let printed = row(1).map(|index| Extfrag(index).to_string());
        let expected =
            "-1.000  0.-500  0.-250  0.-125  0.-62  0.-31  0.-15  0.-07  0.-03  0.-01  0.000";
        assert_eq!(printed.collect::<Vec<_>>().join(" "), expected,);
    }

    /// Two zones of 100 and 300 frames that score 100 and 50: 10000/401 = 24 and 15000/401 = 37.
    #[test]
    fn a_node_sums_its_zones_each_rounded_down() {
        let (small, half) = (one(2, 0), [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut half = half;
        half[1] = 1;
        assert_eq!(extfrag_for_order(&small, order(1)), 100);
        assert_eq!(extfrag_for_order(&half, order(1)), 50);
        let zones = [(100, &small[..]), (300, &half[..])];
        assert_eq!(node_score(zones.into_iter(), order(1)), 24 + 37);
    }
}
