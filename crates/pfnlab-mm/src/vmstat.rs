//! Statistics: each CPU keeps a small difference to a zone's counter, and folds it when it grows.

use pfnlab_model::{CpuId, Event, Observer, PcpField, Watermarks, ZoneStat};

use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// In how many steps an operation changes the count of free frames. It matters, because every
/// step may cross the threshold and be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// A refill is one step and so is a drain (2.6.37).
    AtOnce,
    /// A refill is one step, a drain one for every page, a move between types none (3.8 to 6.1).
    PerOperation,
    /// Every block that leaves or enters a list of a type is a step (6.12).
    PerBlock,
}

impl Policy for Grouping {
    const DECIDES: &'static str = "in how many steps an operation changes the count of free frames";

    fn told(self) -> Told {
        match self {
            Grouping::AtOnce => told(
                "a refill is one step, and so is a drain",
                "rmqueue_bulk, free_pcppages_bulk",
            ),
            Grouping::PerOperation => told(
                "a refill is one step, a drain one for every page, a move between types none",
                "~__mod_zone_freepage_state",
            ),
            Grouping::PerBlock => told(
                "every block that enters or leaves a list is a step",
                "~account_freepages",
            ),
        }
    }
}

impl Grouping {
    #[inline]
    pub(crate) fn per_block(self) -> bool {
        matches!(self, Grouping::PerBlock)
    }

    /// Whether a drain is one step.
    #[inline]
    pub(crate) fn drains_at_once(self) -> bool {
        matches!(self, Grouping::AtOnce)
    }
}

/// How the frames too many after a decay are drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecayDrain {
    /// All at once (6.12.0).
    Whole,
    /// A batch at a time, each from the first list on (6.12.y).
    Batches,
}

impl Policy for DecayDrain {
    const DECIDES: &'static str = "how the frames too many are drained when a high mark sinks";

    fn told(self) -> Told {
        match self {
            DecayDrain::Whole => told("all at once", "decay_pcp_high"),
            DecayDrain::Batches => told("a batch at a time", "decay_pcp_high (6.12.y)"),
        }
    }
}

impl DecayDrain {
    fn step(self, surplus: u32, batch: u32) -> u32 {
        match self {
            DecayDrain::Whole => surplus,
            DecayDrain::Batches => surplus.min(batch),
        }
    }
}

impl Zone {
    /// Changes a counter on behalf of `cpu` (`__mod_zone_page_state`).
    #[inline]
    pub(crate) fn count(
        &mut self,
        stat: ZoneStat,
        delta: i64,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        let pcp = &self.pcps[cpu.index()];
        let sum = i64::from(pcp.diff[stat.index()]) + delta;
        let folded = sum.unsigned_abs() > u64::from(pcp.stat_threshold);
        // Fits: a sum within the threshold fits in eight bits.
        let value = if folded { 0 } else { sum as i8 };
        if pcp.diff[stat.index()] != value {
            self.set_diff(stat, value, cpu, observer);
        }
        if folded {
            self.add_to_stat(stat, sum, observer);
        }
    }

    /// Raises a counter by one on behalf of `cpu` (`__inc_zone_state`). Who folds goes half a
    /// threshold too far, so that the next fold is further away.
    pub(crate) fn count_one(&mut self, stat: ZoneStat, cpu: CpuId, observer: &mut impl Observer) {
        let pcp = &self.pcps[cpu.index()];
        let sum = i16::from(pcp.diff[stat.index()]) + 1;
        let threshold = i16::from(pcp.stat_threshold);
        let ahead = threshold >> 1;
        let folded = sum > threshold;
        // Fits: the threshold is at most 125.
        let value = (if folded { -ahead } else { sum }) as i8;
        self.set_diff(stat, value, cpu, observer);
        if folded {
            self.add_to_stat(stat, i64::from(sum + ahead), observer);
        }
    }

    #[inline]
    fn set_diff(&mut self, stat: ZoneStat, value: i8, cpu: CpuId, observer: &mut impl Observer) {
        self.pcps[cpu.index()].diff[stat.index()] = value;
        observer.event(Event::DiffSet {
            zone: self.id,
            cpu,
            stat,
            value,
        });
    }

    #[inline]
    fn add_to_stat(&mut self, stat: ZoneStat, delta: i64, observer: &mut impl Observer) {
        self.vm_stat[stat.index()] += delta;
        observer.event(Event::StatSet {
            zone: self.id,
            stat,
            value: self.vm_stat[stat.index()],
        });
    }

    /// Folds all differences of `cpu`, whatever the threshold; says whether there were any.
    pub(crate) fn fold(&mut self, cpu: CpuId, observer: &mut impl Observer) -> bool {
        let mut any = false;
        for &stat in self.profile.zone_stats {
            let diff = self.pcps[cpu.index()].diff[stat.index()];
            if diff != 0 {
                any = true;
                self.set_diff(stat, 0, cpu, observer);
                self.add_to_stat(stat, i64::from(diff), observer);
            }
        }
        any
    }

    /// Changes the mark below which the folded count of free frames may deceive.
    pub(crate) fn set_drift_mark(&mut self, frames: u64, observer: &mut impl Observer) {
        if self.percpu_drift_mark != frames {
            self.percpu_drift_mark = frames;
            observer.event(Event::DriftMarkSet {
                zone: self.id,
                frames,
            });
        }
    }

    /// The second's work of `cpu` on this zone (`refresh_cpu_vm_stats`).
    pub(crate) fn tick(
        &mut self,
        cpu: CpuId,
        local: bool,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        /// Folds without a change until the list of a remote zone is drained.
        const EXPIRE: u32 = 3;
        let any_numa = self.fold_numa(cpu, observer);
        if self.fold(cpu, observer) || any_numa {
            self.pcps[cpu.index()].set(PcpField::Expire, EXPIRE, observer);
        }
        let mut surplus = self.pcps[cpu.index()].decay(observer);
        while surplus > 0 {
            let batch = self.pcps[cpu.index()].get(PcpField::Batch);
            let step = self.profile.decay.step(surplus, batch);
            self.drain_from(0, step, cpu, cpu, blocks, observer);
            surplus -= step;
        }
        let pcp = &mut self.pcps[cpu.index()];
        let expire = pcp.get(PcpField::Expire);
        if expire == 0 || pcp.count() == 0 {
            return;
        }
        pcp.set(
            PcpField::Expire,
            if local { 0 } else { expire - 1 },
            observer,
        );
        if !local && expire == 1 {
            let frames = pcp.count().min(pcp.get(PcpField::Batch));
            self.drain_from(0, frames, cpu, cpu, blocks, observer);
        }
    }
}

/// How large a difference may grow while the background reclaimer is awake, so that the folded
/// count stays between the min and the low mark whatever the CPUs have not folded
/// (`calculate_pressure_threshold`, since 2.6.38). Watermarks are in frames.
///
/// ```
/// use pfnlab_mm::pressure_threshold;
/// use pfnlab_model::Watermarks;
/// let marks = Watermarks { min: 33, low: 41, high: 49, promo: 57 };
/// assert_eq!(pressure_threshold(4, &marks), 2);
/// ```
pub fn pressure_threshold(online_cpus: u64, marks: &Watermarks) -> u8 {
    let apart = marks.low.saturating_sub(marks.min);
    // Fits: it is clamped.
    (apart / online_cpus.max(1)).clamp(1, MOST_THRESHOLD) as u8
}

/// The most a difference may grow: it is kept in eight bits.
const MOST_THRESHOLD: u64 = 125;

/// How large a difference may grow with so many CPUs online (`calculate_normal_threshold`).
/// `managed` is in frames of 4 KiB.
///
/// ```text
///   one CPU, 253 000 frames: memory 7 · 128 MiB, 2 · fls(1) · (1 + fls(7)) = 8
/// ```
pub(crate) fn normal_threshold(online_cpus: u64, managed: u64) -> u8 {
    let fls = |value: u64| u64::from(u64::BITS - value.leading_zeros());
    let memory = managed >> (27 - 12);
    let threshold = 2 * fls(online_cpus) * (1 + fls(memory));
    threshold.min(MOST_THRESHOLD) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification (vmstat, thresholds).
    #[test]
    fn thresholds_grow_with_cpus_and_memory() {
        let cases = [
            (1, 253_000, 8),
            (4, 253_000, 24),
            (8, 3_300_000, 64),
            (64, 33_000_000, 125),
            (2, 3840, 4),
        ];
        for (cpus, managed, expected) in cases {
            assert_eq!(
                normal_threshold(cpus, managed),
                expected,
                "{cpus} CPUs, {managed} frames"
            );
        }
    }
}
