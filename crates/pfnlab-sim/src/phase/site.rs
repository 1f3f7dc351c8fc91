//! Where a phase runs.

use pfnlab_model::CpuId;

use crate::Stream;
use crate::phase::Percent;

/// Where a phase runs, and the random numbers it has for itself.
#[derive(Clone, Debug)]
pub struct Site {
    /// The seed of the run.
    pub seed: u64,
    /// What begins the names of the phase's streams, such as `churn-2`.
    pub label: String,
    /// Frames the allocator has.
    pub frames: u64,
    /// CPUs are numbered below this; 0 counts as 1.
    pub cpus: u16,
}

impl Site {
    /// The stream for one purpose of this phase.
    pub fn stream(&self, purpose: &str) -> Stream {
        Stream::new(self.seed, &format!("{}/{purpose}", self.label))
    }

    /// So many percent of the frames.
    pub fn part(&self, percent: Percent) -> u64 {
        percent.of(self.frames)
    }

    /// Those of `wanted`; none wanted: every CPU.
    pub fn cpus_or_all(&self, wanted: &[CpuId]) -> Vec<CpuId> {
        if wanted.is_empty() {
            (0..self.cpus.max(1)).map(CpuId).collect()
        } else {
            wanted.to_vec()
        }
    }
}
