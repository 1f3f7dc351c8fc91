//! Which migratetypes a kernel has, and their numbers.

use pfnlab_model::MigrateType::{self, Cma, HighAtomic, Isolate, Movable, Reclaimable, Unmovable};

use crate::Config;

/// How migratetypes are numbered (`enum migratetype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// Movable is 1, and pageblocks are kept back for high-order requests (since 4.4).
    MovableFirst,
}

impl Numbering {
    /// The types of a kernel, by number.
    pub(crate) const fn types(self, config: &Config) -> &'static [MigrateType] {
        match self {
            Numbering::MovableFirst => match (config.cma, config.isolation) {
                (false, false) => &[Unmovable, Movable, Reclaimable, HighAtomic],
                (false, true) => &[Unmovable, Movable, Reclaimable, HighAtomic, Isolate],
                (true, false) => &[Unmovable, Movable, Reclaimable, HighAtomic, Cma],
                (true, true) => &[Unmovable, Movable, Reclaimable, HighAtomic, Cma, Isolate],
            },
        }
    }
}
