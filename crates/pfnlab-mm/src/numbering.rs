//! Which migratetypes a kernel has, and their numbers.

use pfnlab_model::MigrateType::{
    self, Cma, HighAtomic, Isolate, Movable, Reclaimable, Reserve, Unmovable,
};

use crate::Config;
use crate::profile::{Policy, Told, told};

/// How migratetypes are numbered (`enum migratetype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// Reclaimable is 1, and pageblocks are kept for when nothing else is left; isolation is always
    /// there, contiguous areas never (2.6.37).
    ReclaimableFirst,
    /// The same with contiguous areas, and isolation only where it is built in (3.8).
    ReclaimableFirstAreas,
    /// Movable is 1, and pageblocks are kept back for high-order requests (since 4.4).
    MovableFirst,
}

impl Policy for Numbering {
    const DECIDES: &'static str = "which migratetypes there are, and their numbers";

    fn told(self) -> Told {
        match self {
            Numbering::ReclaimableFirst => told(
                "0 to 4: Unmovable, Reclaimable, Movable, Reserve, Isolate",
                "MIGRATE_RESERVE, MIGRATE_PCPTYPES 3",
            ),
            Numbering::ReclaimableFirstAreas => told(
                "the same with CMA, where it is built in, before Isolate",
                "MIGRATE_CMA",
            ),
            Numbering::MovableFirst => told(
                "0 to 2: Unmovable, Movable, Reclaimable; then HighAtomic, and CMA and Isolate where they are built in",
                "MIGRATE_HIGHATOMIC (4.4)",
            ),
        }
    }
}

impl Numbering {
    /// The types of a kernel, by number.
    pub(crate) const fn types(self, config: &Config) -> &'static [MigrateType] {
        match self {
            Numbering::ReclaimableFirst => &[Unmovable, Reclaimable, Movable, Reserve, Isolate],
            Numbering::ReclaimableFirstAreas => match (config.cma, config.isolation) {
                (false, false) => &[Unmovable, Reclaimable, Movable, Reserve],
                (false, true) => &[Unmovable, Reclaimable, Movable, Reserve, Isolate],
                (true, false) => &[Unmovable, Reclaimable, Movable, Reserve, Cma],
                (true, true) => &[Unmovable, Reclaimable, Movable, Reserve, Cma, Isolate],
            },
            Numbering::MovableFirst => match (config.cma, config.isolation) {
                (false, false) => &[Unmovable, Movable, Reclaimable, HighAtomic],
                (false, true) => &[Unmovable, Movable, Reclaimable, HighAtomic, Isolate],
                (true, false) => &[Unmovable, Movable, Reclaimable, HighAtomic, Cma],
                (true, true) => &[Unmovable, Movable, Reclaimable, HighAtomic, Cma, Isolate],
            },
        }
    }
}
