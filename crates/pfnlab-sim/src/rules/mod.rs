//! Rules: what must hold between two operations, each with a name that stays.
//!
//! A rule is plain data. Some see only what a client sees and hold for every allocator; the others
//! look inside, at the books and at the allocator's own state.
//!
//! ```
//! let ids: Vec<_> = pfnlab_sim::rules::ALL.iter().map(|rule| rule.id).collect();
//! assert!(ids.contains(&"MERGE-01"));
//! ```
//!
//! - [`Rule`], [`ALL`]: the rules. [`Breach`]: one that was broken.
//! - [`ClientView`], [`View`]: what a rule sees.

mod accounting;
mod clients;
mod compaction;
mod lending;
mod promises;
mod structure;
mod types;

use std::fmt;

use pfnlab_model::{
    Block, FreeError, Inspect, Op, Order, Pfn, PfnRange, Snapshot, ZoneState, generation_of,
};

use crate::ledger::{Ledger, Place, Why};
use crate::objects::Objects;
use crate::{Around, Clients, Outcome, Seen};

/// Something that must hold between two operations.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name. It stays when the rule is sharpened, and is not given to another one.
    pub id: &'static str,
    /// A few words for it.
    pub title: &'static str,
    /// What must hold, as a sentence.
    pub says: &'static str,
    /// Where it comes from: a symbol of the kernel, or the invariant of a buddy allocator.
    pub source: &'static str,
    /// The kernel generations for which it holds, by name; empty: all.
    pub profiles: &'static [&'static str],
    /// Finds out. The text says what is wrong.
    pub check: Check,
}

/// How to find out whether a rule holds.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// By what a client sees.
    Client(fn(&ClientView<'_>) -> Result<(), String>),
    /// By the events: it is broken when one does not follow from the books for such a reason. The
    /// books are closed then.
    Events(fn(&Why) -> bool),
    /// By the allocator's own state alone.
    State(fn(&View<'_>) -> Result<(), String>),
    /// By what is inside, and the books. Not asked any more when they are closed.
    Inside(fn(&View<'_>) -> Result<(), String>),
}

/// What a client sees of the latest operation.
#[derive(Clone, Copy, Debug)]
pub struct ClientView<'a> {
    /// The latest operation; `None`: there was none yet.
    pub latest: Option<(&'a Op, &'a Outcome)>,
    /// The frames of the latest `bulk`.
    pub pages: &'a [Pfn],
    /// What clients hold, by outcomes.
    pub clients: &'a Clients,
    /// The allocator's clients, if an operation asked for one.
    pub around: Option<&'a Around>,
    /// The objects that are in use.
    pub objects: &'a Objects,
    /// What was handed out though a client holds it, and what that client holds.
    pub collision: Option<(PfnRange, PfnRange)>,
    /// What the allocator said when a client gave back what it held.
    pub not_taken: Option<FreeError>,
    /// The memory the allocator was given; `None`: that is not known.
    pub memory: Option<&'a [PfnRange]>,
    /// What clients have held at some time, if nothing but them can keep a frame from being free:
    /// no per-CPU list, and no zone that a request may not be served from.
    pub seen: Option<&'a Seen>,
    /// The largest order, if the allocator shows it.
    pub top: Option<Order>,
}

/// What is inside, after the latest operation.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What a client sees.
    pub client: ClientView<'a>,
    /// The books, kept from events alone.
    pub ledger: &'a Ledger,
    /// The blocks that were put on a list by the latest operation, or whose pageblock got another
    /// type; in the beginning and at the end, all there are.
    pub fresh: &'a [Block],
    /// The allocator's own view.
    pub inspect: &'a dyn Inspect,
    /// Its whole state. Not there after every operation when the machine is large.
    pub snapshot: Option<&'a Snapshot>,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which rule: [`Rule::id`].
    pub rule: &'static str,
    /// What it says: [`Rule::says`].
    pub says: &'static str,
    /// After which step, from 0; `None`: before the first.
    pub step: Option<u64>,
    /// After which operation.
    pub op: Option<Op>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken", self.rule)?;
        match (self.step, &self.op) {
            (Some(step), Some(op)) => write!(f, " by step {step} (`{op}`)")?,
            (Some(step), None) => write!(f, " by step {step}")?,
            (None, _) => f.write_str(" from the start")?,
        }
        write!(f, ": {} (rule: {})", self.what, self.says)
    }
}

impl std::error::Error for Breach {}

/// Every rule, in the order in which they are asked: a broken one tends to break those behind it.
pub const ALL: &[Rule] = &[
    lending::LEND_01,
    lending::LEND_02,
    lending::LEND_04,
    promises::RETURN_01,
    promises::REFUSE_01,
    promises::REFUSE_02,
    clients::SLAB_01,
    clients::SLAB_02,
    clients::SLAB_03,
    clients::LRU_01,
    structure::STATE_01,
    structure::STATE_02,
    structure::ALIGN_01,
    structure::ORDER_01,
    structure::CONTAIN_01,
    structure::EVENT_01,
    structure::STATE_03,
    structure::BALANCE_01,
    structure::COUNT_01,
    compaction::COMPACT_01,
    compaction::COMPACT_02,
    compaction::COMPACT_03,
    lending::LEND_03,
    lending::ZONE_01,
    types::PCP_01,
    accounting::PCP_02,
    accounting::CPU_01,
    types::PCP_03,
    types::PCP_04,
    types::TYPE_01,
    types::TYPE_02,
    structure::MERGE_01,
    structure::GUARD_01,
    accounting::FREE_01,
    accounting::FREE_02,
    accounting::HIGHATOMIC_01,
    accounting::HIGHATOMIC_02,
    accounting::DIFF_01,
    accounting::SIZE_01,
    accounting::SIZE_02,
    accounting::MARK_01,
    structure::EVENT_02,
];

/// The rule with this id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id)
}

impl Rule {
    /// Whether it holds for a kernel generation, and so for its variants.
    pub fn concerns(&self, profile: &str) -> bool {
        self.profiles.is_empty() || self.profiles.contains(&generation_of(profile))
    }

    /// Finds out by what a client sees. A rule about what is inside holds.
    pub(crate) fn asked_outside(&self, view: &ClientView<'_>) -> Result<(), String> {
        match self.check {
            Check::Client(check) => check(view),
            Check::Events(_) | Check::State(_) | Check::Inside(_) => Ok(()),
        }
    }

    /// Finds out by everything there is.
    pub(crate) fn asked_inside(&self, view: &View<'_>) -> Result<(), String> {
        match self.check {
            Check::Client(check) => check(&view.client),
            Check::Events(reasons) => view.all_possible(reasons),
            Check::State(check) => check(view),
            Check::Inside(_) if view.ledger.impossible().is_some() => Ok(()),
            Check::Inside(check) => check(view),
        }
    }
}

impl<'a> View<'a> {
    /// The zones with memory.
    fn zones(&self) -> impl Iterator<Item = &'a ZoneState> {
        self.ledger
            .base()
            .zones
            .iter()
            .filter(|zone| zone.spanned > 0)
    }

    /// The blocks to be looked at that are still where they were put.
    fn fresh(&self) -> impl Iterator<Item = (Block, Place)> {
        let found = self
            .fresh
            .iter()
            .map(|block| (block, self.ledger.place(block.start())));
        found.filter_map(|(block, found)| found.filter(|(found, _)| found == block))
    }

    /// Fails when an event did not follow from the books, for one of these reasons.
    fn all_possible(&self, reasons: fn(&Why) -> bool) -> Result<(), String> {
        let found = self.ledger.impossible().filter(|found| reasons(&found.why));
        found.map_or(Ok(()), |impossible| Err(impossible.to_string()))
    }
}

/// `Err` with the text unless the condition holds.
fn ensure(condition: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what()) }
}
