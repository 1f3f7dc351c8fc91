//! What a mask says about zone and migratetype.

use pfnlab_model::{Gfp, MigrateType, ZoneKind};

use crate::Config;

/// The highest zone index each combination of zone modifiers allows (`GFP_ZONE_TABLE`).
#[derive(Clone, Debug)]
pub(crate) struct ZoneTable([Option<u8>; 16]);

impl ZoneTable {
    /// The table of a kernel. A kind it lacks stands for Normal: without HIGHMEM,
    /// `__GFP_HIGHMEM` means nothing.
    pub(crate) fn new(config: &Config) -> ZoneTable {
        let index = |kind| {
            let index = config
                .zone_index(kind)
                .or_else(|| config.zone_index(ZoneKind::Normal));
            index.map(|index| index as u8)
        };
        ZoneTable(core::array::from_fn(|modifiers| match modifiers {
            0x0 | 0x8 => index(ZoneKind::Normal),
            0x1 | 0x9 => index(ZoneKind::Dma),
            0x2 => index(ZoneKind::HighMem),
            0x4 | 0xc => index(ZoneKind::Dma32),
            0xa => index(ZoneKind::Movable),
            _ => None,
        }))
    }

    /// The highest zone index a mask allows (`gfp_zone`); `None`: the modifiers contradict each
    /// other.
    #[inline]
    pub(crate) fn highest(&self, gfp: Gfp) -> Option<usize> {
        self.0[(gfp.bits() & 0xf) as usize].map(usize::from)
    }
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
