//! What compaction remembers of a zone.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use pfnlab_model::{CompactionEvent, CompactionState, Event, Observer, Order, Pfn, Scanner};

use crate::Deferral;
use crate::zone::Zone;

/// Where it goes on, how often it failed, and which pageblocks are passed over.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) migrate: [Pfn; 2],
    pub(crate) free: Pfn,
    pub(crate) deferral: Deferral,
    pub(crate) forgetting_due: bool,
    skipped: BTreeSet<Pfn>,
}

impl Known {
    /// What a snapshot says.
    pub(crate) fn of(state: &CompactionState) -> Known {
        Known {
            migrate: state.migrate,
            free: state.free,
            deferral: Deferral::of(state.considered, state.shift, state.least),
            forgetting_due: state.forgetting_due,
            skipped: state.skipped.iter().copied().collect(),
        }
    }
}

impl Zone {
    /// What a snapshot says of its compaction; `None`: it was never thought of.
    pub(crate) fn compaction_state(&self) -> Option<CompactionState> {
        let known = self.compaction.as_ref()?;
        let (considered, shift, least) = known.deferral.numbers();
        Some(CompactionState {
            zone: self.id,
            migrate: known.migrate,
            free: known.free,
            considered,
            shift,
            least,
            forgetting_due: known.forgetting_due,
            skipped: known.skipped.iter().copied().collect::<Vec<_>>(),
        })
    }

    /// What is remembered. From now on something is.
    pub(super) fn known(&mut self, pageblock: Order, observer: &mut impl Observer) -> &mut Known {
        if self.compaction.is_none() {
            let state = CompactionState::at_first(self.id, self.span, pageblock);
            self.compaction = Some(Box::new(Known::of(&state)));
            let zone = self.id;
            observer.event(Event::Compaction(CompactionEvent::Known { zone }));
        }
        self.compaction.as_mut().expect("it was made just now")
    }

    /// Remembers a position.
    pub(super) fn set_scanner(&mut self, scanner: Scanner, at: Pfn, observer: &mut impl Observer) {
        let zone = self.id;
        let Some(known) = &mut self.compaction else {
            return;
        };
        let slot = match scanner {
            Scanner::MigrateAsync => &mut known.migrate[0],
            Scanner::MigrateSync => &mut known.migrate[1],
            Scanner::Free => &mut known.free,
        };
        if *slot != at {
            *slot = at;
            let set = CompactionEvent::ScannerSet { zone, scanner, at };
            observer.event(Event::Compaction(set));
        }
    }

    /// Whether a pageblock is passed over.
    pub(super) fn skips(&self, pageblock: Pfn) -> bool {
        let known = self.compaction.as_ref();
        known.is_some_and(|known| known.skipped.contains(&pageblock))
    }

    /// Passes over a pageblock from now on.
    pub(super) fn skip(&mut self, pageblock: Pfn, observer: &mut impl Observer) {
        let zone = self.id;
        let known = self.compaction.as_mut();
        if known.is_some_and(|known| known.skipped.insert(pageblock)) {
            let set = CompactionEvent::SkipSet { zone, pageblock };
            observer.event(Event::Compaction(set));
        }
    }

    /// What is passed over is to be forgotten when reclaim comes to rest.
    pub(super) fn forgetting_is_due(&mut self, observer: &mut impl Observer) {
        let zone = self.id;
        if let Some(known) = &mut self.compaction
            && !known.forgetting_due
        {
            known.forgetting_due = true;
            let due = CompactionEvent::ForgettingDue { zone };
            observer.event(Event::Compaction(due));
        }
    }

    /// Forgets which pageblocks are passed over, if that is due, and begins at the ends again
    /// (`reset_isolation_suitable`).
    pub(crate) fn forget_skips(&mut self, pageblock: Order, observer: &mut impl Observer) {
        let zone = self.id;
        match &mut self.compaction {
            Some(known) if known.forgetting_due => {
                known.forgetting_due = false;
                known.skipped.clear();
            }
            _ => return,
        }
        let forgotten = CompactionEvent::SkipsForgotten { zone };
        observer.event(Event::Compaction(forgotten));
        self.begin_at_the_ends(pageblock, observer);
    }

    /// Positions are at the ends again (`reset_cached_positions`).
    pub(super) fn begin_at_the_ends(&mut self, pageblock: Order, observer: &mut impl Observer) {
        let ends = CompactionState::at_first(self.id, self.span, pageblock);
        self.set_scanner(Scanner::MigrateAsync, ends.migrate[0], observer);
        self.set_scanner(Scanner::MigrateSync, ends.migrate[1], observer);
        self.set_scanner(Scanner::Free, ends.free, observer);
    }

    /// Something about how often it failed changes.
    fn deferral<T>(
        &mut self,
        pageblock: Order,
        observer: &mut impl Observer,
        change: impl FnOnce(&mut Deferral) -> T,
    ) -> T {
        let zone = self.id;
        let deferral = &mut self.known(pageblock, observer).deferral;
        let before = *deferral;
        let said = change(deferral);
        if *deferral != before {
            let (considered, shift, least) = deferral.numbers();
            observer.event(Event::Compaction(CompactionEvent::DeferralSet {
                zone,
                considered,
                shift,
                least,
            }));
        }
        said
    }

    /// Whether compaction for a block of `order` is put off this time. Being asked counts.
    pub(super) fn is_put_off(
        &mut self,
        order: Order,
        pageblock: Order,
        observer: &mut impl Observer,
    ) -> bool {
        self.deferral(pageblock, observer, |deferral| deferral.is_put_off(order))
    }

    /// Compaction for a block of `order` failed.
    pub(super) fn compaction_failed(
        &mut self,
        order: Order,
        pageblock: Order,
        observer: &mut impl Observer,
    ) {
        self.deferral(pageblock, observer, |deferral| deferral.failed(order));
    }

    /// A block of `order` can be had; `served`: it was handed out.
    pub(super) fn compaction_succeeded(
        &mut self,
        order: Order,
        served: bool,
        pageblock: Order,
        observer: &mut impl Observer,
    ) {
        let by_order = self.profile.compaction.defers_by_order();
        self.deferral(pageblock, observer, |deferral| match by_order {
            true => deferral.succeeded(order, served),
            false => deferral.forget(),
        });
    }
}
