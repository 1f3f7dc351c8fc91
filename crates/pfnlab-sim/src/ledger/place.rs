//! Where a block is.

use pfnlab_model::{CpuId, MigrateType, ZoneId};

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a free list.
    Free {
        /// The zone.
        zone: ZoneId,
        /// The list's migratetype.
        mt: MigrateType,
    },
    /// On a per-CPU list.
    Pcp {
        /// The zone.
        zone: ZoneId,
        /// Whose list.
        cpu: CpuId,
        /// Which list.
        list: u8,
    },
    /// With a client.
    Lent {
        /// The zone it came from.
        zone: ZoneId,
    },
    /// Kept back to guard the block below it.
    Guard {
        /// The zone.
        zone: ZoneId,
    },
}

impl Place {
    /// The zone.
    pub fn zone(self) -> ZoneId {
        match self {
            Place::Free { zone, .. }
            | Place::Pcp { zone, .. }
            | Place::Lent { zone }
            | Place::Guard { zone } => zone,
        }
    }
}
