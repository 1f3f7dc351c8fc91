//! Which rules the operations of a reel break.

use std::collections::BTreeMap;

use pfnlab_model::{Op, PageAllocator};
use pfnlab_sim::{Breach, Checker, Driver};

/// Every rule, asked after every operation, once.
pub(super) struct Rules<A> {
    /// `None`: no further operation can be checked.
    checker: Option<Checker<A>>,
    /// How many operations were checked.
    asked: usize,
    /// What was broken, by how many operations were done then.
    broken: BTreeMap<usize, Vec<Breach>>,
}

impl<A: PageAllocator + Clone> Rules<A> {
    /// From where a driver is.
    pub(super) fn new(driver: &Driver<A>) -> Rules<A> {
        let mut rules = Rules {
            checker: None,
            asked: 0,
            broken: BTreeMap::new(),
        };
        match Checker::new(driver.allocator().clone()) {
            Ok(mut checker) => {
                // The same state, and the names of what is handed out.
                *checker.driver_mut() = driver.clone();
                rules.checker = Some(checker);
            }
            Err(failure) => {
                let breach = failure.breach().cloned();
                rules.broken.insert(0, breach.into_iter().collect());
            }
        }
        rules
    }

    /// Asks after those of these operations, counted from the start, that were not checked yet.
    pub(super) fn ask<'a>(&mut self, ops: impl Iterator<Item = &'a Op>) {
        for op in ops.skip(self.asked) {
            let Some(checker) = &mut self.checker else {
                return;
            };
            self.asked += 1;
            match checker.survey(op, &mut ()) {
                Ok((_, broken)) if broken.is_empty() => {}
                Ok((_, broken)) => drop(self.broken.insert(self.asked, broken)),
                // What cannot be run is said where it is to be run.
                Err(_) => self.checker = None,
            }
        }
    }

    /// What is broken where so many operations are done.
    pub(super) fn broken_behind(&self, done: usize) -> &[Breach] {
        self.broken.get(&done).map_or(&[], Vec::as_slice)
    }
}
