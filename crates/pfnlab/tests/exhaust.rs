//! Every state of small zones, on every kernel generation: as many as can be counted on paper.
//!
//! A block of n frames is held, or free, or two halves that are not both free as a whole:
//! `states(n) = 2 + states(n / 2)² − 1`. Free blocks of one order can be on their list in any order.

use std::num::NonZeroUsize;

use pfnlab::exhaust::{Asked, Counts, Search, SmallZone, search};
use pfnlab::{Error, Profile};

/// The arrangements of a block of 2^`order` frames: of each how many blocks are held, and how many
/// are free by order; the last is free as a whole.
fn arrangements(order: usize) -> Vec<(u64, Vec<u64>)> {
    let free = |at: usize, count: u64| {
        let mut free = vec![0; order + 1];
        free[at] = count;
        free
    };
    let mut all = vec![(1, vec![0; order + 1])];
    if order > 0 {
        let half = arrangements(order - 1);
        for (one, (held, low)) in half.iter().enumerate() {
            for (other, (more, high)) in half.iter().enumerate() {
                if one + 1 == half.len() && other + 1 == half.len() {
                    continue;
                }
                let mut sum = vec![0; order + 1];
                (0..order).for_each(|at| sum[at] = low[at] + high[at]);
                all.push((held + more, sum));
            }
        }
    }
    all.push((0, free(order, 1)));
    all
}

/// In how many orders the free blocks of each order can be on a list.
fn orders(free: &[u64]) -> u64 {
    free.iter()
        .map(|&count| (1..=count).product::<u64>())
        .product()
}

fn counts(zone: SmallZone) -> Counts {
    Search::new(zone.world().unwrap())
        .unwrap()
        .finish()
        .unwrap()
}

#[test]
fn one_type_has_every_arrangement_in_every_order() {
    for profile in Profile::ALL {
        for (pages, order) in [(2, 1), (4, 2)] {
            let all = arrangements(order);
            let states: u64 = all.iter().map(|(_, free)| orders(free)).sum();
            let moves = all
                .iter()
                .map(|(held, free)| (order as u64 + 1 + held) * orders(free));
            let found = counts(SmallZone::of(pages, 1, profile).unwrap());
            let expected = (states, moves.sum());
            let name = profile.name();
            assert_eq!((found.states, found.transitions), expected, "{name}");
        }
    }
}

/// In eight pages of one type 677 arrangements are 1829 states; with two types and two pageblocks
/// either half has one of two types: the same for both halves that are one block, and lists of their
/// own for halves of two types.
#[test]
fn eight_pages() {
    let (half, whole) = (arrangements(2), arrangements(3));
    let ordered = |all: &[(u64, Vec<u64>)]| all.iter().map(|(_, free)| orders(free)).sum::<u64>();
    assert_eq!((whole.len(), ordered(&whole)), (677, 1829));
    let two_types = 2 * ordered(&whole) + 2 * (ordered(&half) * ordered(&half) - 1);
    let one_block = 2 + 2;
    let two_types_any_head = (2 * half.len()).pow(2) as u64 - 4 + one_block;
    for (types, any_head, states) in [
        (1, false, 1829),
        (1, true, 677),
        (2, false, two_types),
        (2, true, two_types_any_head),
    ] {
        let zone = SmallZone {
            any_head,
            asked: Asked::States,
            ..SmallZone::of(8, types, Profile::NEWEST).unwrap()
        };
        assert_eq!(counts(zone).states, states, "{zone}");
    }
}

#[test]
fn where_rules_are_asked_changes_no_number() {
    let all = [Asked::Moves, Asked::States, Asked::Arrangements].map(|asked| {
        let zone = SmallZone::of(4, 2, Profile::NEWEST).unwrap();
        counts(SmallZone { asked, ..zone })
    });
    assert_eq!((all[0], all[1]), (all[1], all[2]));
}

#[test]
fn a_file_keeps_the_search() {
    let zone = SmallZone::of(4, 1, Profile::NEWEST).unwrap();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("four.search");
    let _ = std::fs::remove_file(&path);
    let run = |jobs| {
        let jobs = NonZeroUsize::new(jobs);
        search(&zone, zone.world().unwrap(), jobs, Some(&path), |_| {}).unwrap()
    };
    assert_eq!((run(1), run(2)), (Ok(counts(zone)), Ok(counts(zone))));
    let other = SmallZone::of(8, 1, Profile::NEWEST).unwrap();
    let error = search(&other, other.world().unwrap(), None, Some(&path), |_| {}).unwrap_err();
    assert!(matches!(error, Error::Search { .. }), "{error}");
    assert!(error.to_string().contains("line 2 should be"), "{error}");
}
