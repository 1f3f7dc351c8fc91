//! Programs: phases one after the other.

use pfnlab_model::Op;

use crate::Outcome;
use crate::phase::{Kind, Phase, Site, Table};

/// Phases in sequence over one table of live tickets.
///
/// ```
/// use pfnlab_sim::Outcome;
/// use pfnlab_sim::phase::{Idle, Kind, Program};
/// let idle = Kind::Idle(Idle { ticks: 1, drain: true });
/// let mut program = Program::new(1, 64, 2, &[idle.clone(), idle]);
/// let mut ops = Vec::new();
/// while let Some(op) = program.next_op() {
///     ops.push((program.position(), op.to_string()));
///     program.observe(&Outcome::Done);
/// }
/// assert_eq!(ops.len(), 8);
/// assert_eq!(ops[3], (0, "drain cpu=1".to_owned()));
/// assert_eq!(ops[4], (1, "vmstat cpu=0".to_owned()));
/// ```
pub struct Program {
    phases: Vec<Box<dyn Phase>>,
    position: usize,
    table: Table,
    latest: Option<Op>,
}

impl Program {
    /// `kinds` in sequence, for an allocator of so many frames on a machine of so many CPUs.
    ///
    /// Every phase has its own streams: a second phase of a kind draws other numbers than the
    /// first, and neither depends on what stands between them.
    pub fn new(seed: u64, frames: u64, cpus: u16, kinds: &[Kind]) -> Program {
        let earlier = |position: usize, name| {
            let before = kinds[..position].iter();
            before.filter(|kind| kind.name() == name).count()
        };
        let phases = kinds.iter().enumerate().map(|(position, kind)| {
            let nth = 1 + earlier(position, kind.name());
            kind.at(&Site {
                seed,
                label: format!("{}-{nth}", kind.name()),
                frames,
                cpus,
            })
        });
        Program::of(phases.collect())
    }

    /// Phases of your own in sequence.
    pub fn of(phases: Vec<Box<dyn Phase>>) -> Program {
        Program {
            phases,
            position: 0,
            table: Table::default(),
            latest: None,
        }
    }

    /// The next operation; `None`: all phases are over. [`Program::observe`] must be told what
    /// came of it before the next one is asked for.
    #[inline]
    pub fn next_op(&mut self) -> Option<Op> {
        while let Some(phase) = self.phases.get_mut(self.position) {
            self.latest = phase.next_op(&mut self.table);
            if self.latest.is_some() {
                break;
            }
            self.position += 1;
        }
        self.latest
    }

    /// What came of the latest operation.
    #[inline]
    pub fn observe(&mut self, outcome: &Outcome) {
        let Some(op) = &self.latest else { return };
        self.table.observe(op, outcome);
        if let Some(phase) = self.phases.get_mut(self.position) {
            phase.observe(&self.table, outcome);
        }
        self.latest = None;
    }

    /// The position of the phase that made the latest operation, from 0; how many phases there
    /// are, when all are over.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The tickets that are live.
    pub fn table(&self) -> &Table {
        &self.table
    }
}
