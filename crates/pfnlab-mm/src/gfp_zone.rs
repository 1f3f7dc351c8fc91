//! What a mask says about zone and migratetype.

use pfnlab_model::{Gfp, MigrateType, ZoneKind};

use crate::Config;

/// The highest zone index a mask allows (`gfp_zone`); `None`: the modifiers contradict each other.
///
/// A kind the kernel lacks stands for Normal: without HIGHMEM, `__GFP_HIGHMEM` means nothing.
#[inline]
pub(crate) fn highest_zone(gfp: Gfp, config: &Config) -> Option<usize> {
    let kind = match gfp.bits() & 0xf {
        0x0 | 0x8 => ZoneKind::Normal,
        0x1 | 0x9 => ZoneKind::Dma,
        0x2 => ZoneKind::HighMem,
        0x4 | 0xc => ZoneKind::Dma32,
        0xa => ZoneKind::Movable,
        _ => return None,
    };
    config
        .zone_index(kind)
        .or_else(|| config.zone_index(ZoneKind::Normal))
}

/// The migratetype a mask asks for (`gfp_migratetype`); `None`: movable and reclaimable at once.
#[inline]
pub(crate) fn migratetype(gfp: Gfp, mobility_disabled: bool) -> Option<MigrateType> {
    match (gfp.contains(Gfp::MOVABLE), gfp.contains(Gfp::RECLAIMABLE)) {
        (true, true) => None,
        _ if mobility_disabled => Some(MigrateType::Unmovable),
        (false, false) => Some(MigrateType::Unmovable),
        (true, false) => Some(MigrateType::Movable),
        (false, true) => Some(MigrateType::Reclaimable),
    }
}

const _: () = assert!(
    Gfp::DMA.bits() == 1
        && Gfp::HIGHMEM.bits() == 2
        && Gfp::DMA32.bits() == 4
        && Gfp::MOVABLE.bits() == 8,
    "the zone modifiers are the low four bits"
);
