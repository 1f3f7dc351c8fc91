//! A booted log, compared with the state a kernel was recorded in.

use std::path::Path;

use pfnlab_linux::{Difference, differences, read_snapshot};
use pfnlab_model::{Inspect, Snapshot, Watermarks, ZoneStat};

use super::log::BootedLog;
use crate::Error;

/// When during the boot a state was recorded, and so what of it follows from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right after free memory was released: everything.
    Released,
    /// Before the limits were computed: where zones are, and in which order they are asked.
    Early,
    /// Afterwards: the limits, too.
    Running,
}

impl Moment {
    /// Of which moment a state is.
    pub fn of(snapshot: &Snapshot) -> Moment {
        let free = |zone: &pfnlab_model::ZoneState| -> i64 {
            let stats = snapshot.global.zone_stats.iter().zip(&zone.vm_stat);
            let free = stats.filter(|(stat, _)| **stat == ZoneStat::FreePages);
            let waiting = zone.pcp.iter().map(|pcp| i64::from(pcp.count)).sum::<i64>();
            free.map(|(_, value)| value).sum::<i64>() + waiting
        };
        let zones = &snapshot.zones;
        if zones
            .iter()
            .any(|zone| zone.present > 0 && zone.watermarks != Watermarks::default())
        {
            Moment::Running
        } else if zones.iter().map(free).sum::<i64>() == snapshot.global.totalram_pages as i64 {
            Moment::Released
        } else {
            Moment::Early
        }
    }

    /// What is compared, by the end of the path.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Moment::Released => &[
                "start",
                "spanned",
                "present",
                "zonelist",
                "zonelist_this_node",
                "managed",
                "free_lists",
                "pageblocks",
                "movable_zone",
                "mobility_disabled",
                "top_order",
                "pageblock_order",
                "section_frames",
                "zone_kinds",
                "migratetypes",
                "totalram_pages",
            ],
            Moment::Early => &[
                "start",
                "spanned",
                "present",
                "zonelist",
                "zonelist_this_node",
                "movable_zone",
                "mobility_disabled",
            ],
            Moment::Running => &[
                "start",
                "spanned",
                "present",
                "zonelist",
                "zonelist_this_node",
                "movable_zone",
                "mobility_disabled",
                "watermarks",
                "lowmem_reserve",
                "pageset_high_min",
                "pageset_high_max",
                "pageset_batch",
                "min_free_kbytes",
                "totalreserve_pages",
                "lowmem_reserve_ratio",
            ],
        }
    }

    fn compares(self, path: &str, sizes_are_fixed: bool) -> bool {
        let field = path.split_once("].").map_or_else(
            || path.strip_prefix("global.").unwrap_or(path),
            |(_, field)| field,
        );
        let name = field.split(['.', '[']).next().unwrap_or(field);
        // Up to 5.0 the limits of per-CPU lists are only there.
        let limits = name == "pcp" && self == Moment::Running;
        let limits = limits
            && [".high", ".batch", ".stat_threshold"]
                .iter()
                .any(|end| field.ends_with(end));
        self.fields().contains(&name) || limits && sizes_are_fixed
    }
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Of which moment the recorded state is.
    pub moment: Moment,
    /// How many zones with memory it has.
    pub zones: usize,
    /// How many free blocks it has in its lists.
    pub blocks: usize,
    /// Where we are in another state.
    pub differences: Vec<Difference>,
}

/// Reads a state: one that was recorded, or one that was saved.
///
/// # Errors
/// When it is neither.
pub fn load(path: &Path) -> Result<Snapshot, Error> {
    match crate::snapshot::load(path) {
        Ok(snapshot) => Ok(snapshot),
        Err(Error::Snapshot { .. }) => Ok(read_snapshot(path)?),
        Err(other) => Err(other),
    }
}

/// Compares with a recorded state what follows from the log.
///
/// # Errors
/// When the machine of the log cannot be booted.
pub fn compare(log: &BootedLog, recorded: &Snapshot) -> Result<Comparison, Error> {
    let moment = Moment::of(recorded);
    let ours = match moment {
        Moment::Released => log.as_released()?,
        _ => log.booted().mm.snapshot(),
    };
    let populated = recorded.zones.iter().filter(|zone| zone.present > 0);
    let lists = recorded.zones.iter().flat_map(|zone| &zone.free_lists);
    let all = differences(recorded, &ours).into_iter();
    let fixed = recorded.zones.iter().all(|zone| zone.pageset_batch == 0);
    Ok(Comparison {
        moment,
        zones: populated.count(),
        blocks: lists.map(|list| list.pfns.len()).sum(),
        differences: all
            .filter(|found| moment.compares(&found.path, fixed))
            .collect(),
    })
}
