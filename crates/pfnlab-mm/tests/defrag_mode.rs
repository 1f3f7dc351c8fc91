//! Making room before types are mixed: a model of `vm.defrag_mode` (6.15) on top of 6.12.y.

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Gfp, Inspect, MigrateType, Observer, PageAllocator, Pfn, Reclaim, Request,
    Tenants,
};

use crate::compaction::{self, keep};

/// Page cache of which nothing is given up; whether it can be moved.
struct Cache {
    movable: bool,
    moved: u32,
}

impl Tenants for Cache {
    fn can_move(&self, _: Block) -> bool {
        self.movable
    }

    fn moved(&mut self, _: Block, _: Block, _: CpuId, _: &mut impl Observer) {
        self.moved += 1;
    }
}

impl Reclaim for Cache {
    fn is_there(&self) -> bool {
        true
    }
}

/// 128 MiB of page cache, every eighth frame of it free.
fn boot(profile: &str) -> Mm {
    let profile = Profile::by_name(profile).unwrap();
    let mut mm = compaction::boot(profile, "16M..144M");
    for block in keep(&mut mm, |pfn| !pfn.get().is_multiple_of(8)) {
        mm.set_listed(block, true);
    }
    mm
}

/// Whose pageblock a frame of the kernel is in, and how many frames were moved for it.
fn frame_of_the_kernel(profile: &str, gfp: Gfp, movable: bool) -> (MigrateType, u32) {
    let mut mm = boot(profile);
    let mut cache = Cache { movable, moved: 0 };
    let got = mm.alloc_blocking(&Request::new(gfp), &mut cache, &mut ());
    let start: Pfn = got.expect("4,096 frames are free").start();
    (mm.pageblock_type(start), cache.moved)
}

/// 6.12.y takes a frame among the page cache. With the defrag mode, page cache makes room: seven
/// eighths of the first pageblock, and what fills the holes of the last ones.
#[test]
fn page_cache_makes_room_for_the_kernel() {
    let as_it_comes = frame_of_the_kernel("linux-6.12.y", Gfp::GFP_KERNEL, true);
    assert_eq!(as_it_comes, (MigrateType::Movable, 0));
    let (mt, moved) = frame_of_the_kernel("linux-6.12.y+defrag-mode", Gfp::GFP_KERNEL, true);
    assert_eq!(mt, MigrateType::Unmovable);
    assert!(moved >= 448, "{moved}");
}

/// Who cannot wait mixes types as ever, and so does everybody else once there is no room to be made.
#[test]
fn types_are_mixed_rather_than_nothing_had() {
    for (gfp, movable) in [(Gfp::GFP_ATOMIC, true), (Gfp::GFP_KERNEL, false)] {
        let got = frame_of_the_kernel("linux-6.12.y+defrag-mode", gfp, movable);
        assert_eq!(got, (MigrateType::Movable, 0), "{gfp}");
    }
}
