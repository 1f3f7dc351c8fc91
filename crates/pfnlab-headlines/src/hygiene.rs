//! H5: whether movable pageblocks hold unmovable pages.

use std::collections::BTreeSet;

use pfnlab_mm::Mm;
use pfnlab_model::{Block, Inspect, MigrateType, Pfn, Sysctl};

use crate::bench::{KEPT_FREE, Unmovable, boot, set};
use crate::fio::{CPUS, Form, Work};
use crate::placed::BLOCK;
use crate::{Size, median};

/// Movable pageblocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mixed {
    /// Those that hold something that was asked for as unmovable.
    pub tainted: u64,
    /// All of them.
    pub movable: u64,
}

/// The median of three seeds, on 2 GiB, or 1 GiB.
///
/// # Panics
/// When there is no such profile.
pub fn medians(profile: &str, size: Size) -> Mixed {
    let runs = (0..3).map(|seed| run(profile, size.of(32, 64), seed));
    median(&runs.collect::<Vec<_>>())
}

/// One run, on a machine in one piece: 64 GiB, divided by `part`.
///
/// # Panics
/// When there is no such profile, or less than 1 MiB is left.
pub fn run(profile: &str, part: u64, seed: u64) -> Mixed {
    let form = Form {
        part,
        ..Form::at_once(Size::Full)
    };
    let ram = format!("0..{}M", form.gib * 1024 / part);
    let mut mm = boot(&[&ram], CPUS, profile);
    set(&mut mm, Sysctl::MinFreeKbytes, KEPT_FREE / form.part);
    let mut work = Work::new(mm, form, seed, Unmovable::default());
    work.write();
    work.read();
    count(&work.machine.mm, work.machine.seen.iter())
}

/// Movable pageblocks, and those of them that hold one of these.
fn count(mm: &Mm, unmovable: impl Iterator<Item = Block>) -> Mixed {
    let pageblock = |pfn: Pfn| pfn.get() / BLOCK;
    let tainted: BTreeSet<u64> = unmovable
        .map(Block::start)
        .filter(|&pfn| mm.pageblock_type(pfn) == MigrateType::Movable)
        .map(pageblock)
        .collect();
    let snapshot = mm.snapshot();
    let types = snapshot
        .zones
        .iter()
        .filter_map(|zone| zone.pageblocks.as_ref());
    let movable = types.flat_map(|blocks| &blocks.types);
    Mixed {
        tainted: tainted.len() as u64,
        movable: movable
            .filter(|&&mt| mt == Some(MigrateType::Movable))
            .count() as u64,
    }
}
