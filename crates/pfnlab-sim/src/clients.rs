//! What clients hold, by what the driver was told. Knows nothing of events.

use std::collections::BTreeMap;

use pfnlab_model::{Pfn, PfnRange};

/// The runs of frames that clients hold, disjoint.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    runs: BTreeMap<Pfn, PfnRange>,
    frames: u64,
}

impl Clients {
    /// Nobody holds anything.
    pub fn new() -> Clients {
        Clients::default()
    }

    /// A client gets frames; `Err` with a run that shares some with them and is held already.
    ///
    /// # Errors
    /// When another client holds one of the frames. Nothing changes then.
    pub fn get(&mut self, range: PfnRange) -> Result<(), PfnRange> {
        if let Some(held) = self.in_the_way(range) {
            return Err(held);
        }
        self.frames += range.frames();
        self.runs.insert(range.start(), range);
        Ok(())
    }

    /// A client gives frames back, all that begin in the run.
    pub fn give(&mut self, range: PfnRange) {
        while let Some((&start, run)) = self.runs.range(range.start()..range.end()).next() {
            self.frames -= run.frames();
            self.runs.remove(&start);
        }
    }

    /// Whether clients hold every one of these frames.
    pub fn covers(&self, range: PfnRange) -> bool {
        let first = self.runs.range(..=range.start()).next_back();
        let inside = self.runs.range(range.start()..range.end());
        let from = first.map_or(range.start(), |(&start, _)| start);
        let held: u64 = match inside.clone().next() {
            Some((&start, _)) if start == from => 0,
            _ => first.map_or(0, |(_, run)| run.intersection(range).frames()),
        };
        held + inside
            .map(|(_, run)| run.intersection(range).frames())
            .sum::<u64>()
            == range.frames()
    }

    /// The last run that begins before the end of these frames and shares some with them.
    pub fn in_the_way(&self, range: PfnRange) -> Option<PfnRange> {
        let (_, &run) = self.runs.range(..range.end()).next_back()?;
        run.overlaps(range).then_some(run)
    }

    /// How many frames all clients hold.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Every run, ascending.
    pub fn runs(&self) -> impl Iterator<Item = PfnRange> {
        self.runs.values().copied()
    }
}
