//! Counters of zones, added up over the machine.

use super::{Snapshot, ZoneStat, ZoneState};

impl Snapshot {
    /// What all zones together count (`vm_zone_stat`, `global_zone_page_state`). The kernel keeps this
    /// sum beside the zones' own: whoever folds differences into a zone folds them into both
    /// (`fold_diff`), so it is the sum at any time.
    ///
    /// Below 0 while differences are not folded yet, when the kernel says 0; and 0 where the
    /// generation does not count it.
    pub fn machine_wide(&self, stat: ZoneStat) -> i64 {
        self.sum_of(stat, |zone, at| zone.vm_stat.get(at).copied())
    }

    /// The same with what the online CPUs have not folded yet (`zone_page_state_snapshot`).
    pub fn machine_wide_exact(&self, stat: ZoneStat) -> i64 {
        let online = |cpu| {
            let mut cpus = self.cpus.iter();
            cpus.any(|known| known.cpu == cpu && known.online)
        };
        let unfolded = self.sum_of(stat, |zone, at| {
            let pcps = zone.pcp.iter().filter(|pcp| online(pcp.cpu));
            let diffs = pcps.filter_map(|pcp| pcp.vm_stat_diff.get(at));
            Some(diffs.map(|&diff| i64::from(diff)).sum())
        });
        self.machine_wide(stat) + unfolded
    }

    fn sum_of(&self, stat: ZoneStat, count: impl Fn(&ZoneState, usize) -> Option<i64>) -> i64 {
        let mut stats = self.global.zone_stats.iter();
        let Some(at) = stats.position(|known| *known == stat) else {
            return 0;
        };
        self.zones.iter().filter_map(|zone| count(zone, at)).sum()
    }
}
