//! Which migratetypes a kernel has, and their numbers.

use pfnlab_model::MigrateType::{
    self, Cma, HighAtomic, Isolate, Movable, Reclaimable, Reserve, Unmovable,
};

use crate::Config;

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
