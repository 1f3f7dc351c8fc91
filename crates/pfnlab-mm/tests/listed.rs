//! Pages on lists of what can be reclaimed: whether a pageblock changes hands is decided by how many
//! of its frames are free, or of the kind that is wanted.

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::*;

use crate::compaction::{self, keep};

/// The first pageblock of a machine of 128 MiB, and half of its frames.
const FIRST: u64 = 0x1000;
const HALF: u64 = 256;

/// All memory is in use and movable; of the first pageblock every 64th frame is free.
fn boot(profile: &'static Profile) -> (Mm, Vec<Block>) {
    let mut mm = compaction::boot(profile, "16M..144M");
    let lent = keep(&mut mm, |pfn| {
        let at = pfn.get() - FIRST;
        at >= 2 * HALF || !at.is_multiple_of(64)
    });
    (mm, lent)
}

/// A frame of the kernel is wanted, and only the first pageblock has any: who has it afterwards?
fn after_a_frame_of_the_kernel(mut mm: Mm) -> MigrateType {
    let request = Request::new(Gfp::GFP_KERNEL | Gfp::MEMALLOC | Gfp::NORETRY);
    mm.alloc(&request, &mut ()).expect("8 frames are free");
    mm.pageblock_type(Pfn::new(FIRST))
}

/// 8 frames of the pageblock are free. If nothing else of it is on a list, it might as well all be the
/// kernel's: it changes hands. If half of it is, it does not (`try_to_claim_block`,
/// `steal_suitable_fallback`; before 4.14 what is in use does not matter).
#[test]
fn a_pageblock_full_of_page_cache_stays_movable() {
    let since_4_14 = &Profile::ALL[2..];
    for &profile in since_4_14 {
        let listed = |frames: u64| {
            let (mut mm, lent) = boot(profile);
            let first = lent
                .iter()
                .filter(|block| block.start().get() - FIRST < 2 * HALF);
            for &page in first.take(frames as usize) {
                mm.set_listed(page, true);
            }
            after_a_frame_of_the_kernel(mm)
        };
        let name = profile.name();
        assert_eq!(listed(0), MigrateType::Unmovable, "{name}");
        assert_eq!(listed(HALF), MigrateType::Unmovable, "{name}");
        assert_eq!(listed(HALF + 1), MigrateType::Movable, "{name}");
    }
}

/// What is on a list and taken off again counts for nothing, and a snapshot knows how much there is.
#[test]
fn lists_are_counted() {
    let (mut mm, lent) = boot(Profile::NEWEST);
    let listed = |mm: &Mm| {
        let zones = mm.snapshot().zones;
        let blocks = zones.into_iter().filter_map(|zone| zone.pageblocks);
        blocks.flat_map(|blocks| blocks.listed).collect::<Vec<_>>()
    };
    assert_eq!(listed(&mm), []);
    for &page in &lent {
        mm.set_listed(page, true);
    }
    let all: u64 = listed(&mm)
        .iter()
        .map(|&(_, frames)| u64::from(frames))
        .sum();
    assert_eq!(all, lent.len() as u64);
    let snapshot = mm.snapshot();
    assert_eq!(Mm::resume(&snapshot).unwrap().snapshot(), snapshot);
    for &page in &lent {
        mm.set_listed(page, false);
    }
    assert_eq!(listed(&mm), []);
}
