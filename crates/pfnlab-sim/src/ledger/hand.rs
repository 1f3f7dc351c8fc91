//! What is in hand: frames that left one place and have not reached another.

use pfnlab_model::{Pfn, PfnRange};

/// Disjoint runs of frames, ascending, no two adjacent. There are a handful at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Hand(Vec<PfnRange>);

impl Hand {
    pub(super) fn ranges(&self) -> &[PfnRange] {
        &self.0
    }

    /// Takes frames in hand; `Err` with the first that already are.
    pub(super) fn put(&mut self, range: PfnRange) -> Result<(), Pfn> {
        if range.is_empty() {
            return Ok(());
        }
        let at = self.0.partition_point(|held| held.start() < range.start());
        let before = at.checked_sub(1).map(|before| self.0[before]);
        let after = self.0.get(at).copied();
        if before.is_some_and(|before| before.end() > range.start()) {
            return Err(range.start());
        }
        if let Some(after) = after.filter(|after| after.start() < range.end()) {
            return Err(after.start());
        }
        let joins_before = before.is_some_and(|before| before.end() == range.start());
        let joins_after = after.is_some_and(|after| after.start() == range.end());
        match (joins_before, joins_after) {
            (false, false) => self.0.insert(at, range),
            (true, false) => self.0[at - 1] = join(self.0[at - 1], range),
            (false, true) => self.0[at] = join(range, self.0[at]),
            (true, true) => {
                self.0[at - 1] = join(self.0[at - 1], self.0[at]);
                self.0.remove(at);
            }
        }
        Ok(())
    }

    /// Takes frames out of hand; `false`: not all of them are in it, and nothing changed.
    pub(super) fn take(&mut self, range: PfnRange) -> bool {
        let Some(at) = self.0.iter().position(|held| held.covers(range)) else {
            return false;
        };
        let held = self.0.remove(at);
        let rest = [
            PfnRange::sized(held.start(), range.start().since(held.start())),
            PfnRange::sized(range.end(), held.end().since(range.end())),
        ];
        let rest = rest.into_iter().filter(|rest| !rest.is_empty());
        self.0.splice(at..at, rest);
        true
    }
}

/// Two runs that touch, as one.
fn join(lower: PfnRange, upper: PfnRange) -> PfnRange {
    PfnRange::sized(lower.start(), upper.end().since(lower.start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u64, end: u64) -> PfnRange {
        PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap()
    }

    #[test]
    fn runs_join_and_part() {
        let mut hand = Hand::default();
        hand.put(range(0, 4)).unwrap();
        hand.put(range(8, 12)).unwrap();
        hand.put(range(4, 8)).unwrap();
        assert_eq!(hand.ranges(), [range(0, 12)]);
        assert_eq!(hand.put(range(11, 13)), Err(Pfn::new(11)));
        assert!(hand.take(range(4, 5)));
        assert!(!hand.take(range(3, 6)));
        assert_eq!(hand.ranges(), [range(0, 4), range(5, 12)]);
        assert!(hand.take(range(0, 4)));
        assert!(hand.take(range(5, 12)));
        assert!(hand.ranges().is_empty());
    }
}
