//! What came of a case on several allocators.

use std::fmt;

use pfnlab_model::Op;
use pfnlab_sim::{Outcome, Tally};

use super::player::Answer;
use crate::Finding;

/// What allocators of a contest must agree in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// In what comes of every operation: the same frames, and the same requests refused, for whatever
    /// reason. The first operation that differs ends the case.
    Outcomes,
    /// Each must keep its promises, the rules; what differs is counted and told.
    Promises,
}

/// A case on several allocators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What they had to agree in.
    pub agreement: Agreement,
    /// Operations that were run.
    pub operations: u64,
    /// Operations that were not: not all offer what they ask.
    pub left_out: u64,
    /// Each allocator's part.
    pub sides: Vec<Side>,
    /// The first operation that came to something else; `None`: all came to the same.
    pub parting: Option<Parting>,
    /// The allocator, by position, that broke a promise, and which; `None`: none did.
    pub broken: Option<(usize, Finding)>,
}

/// One allocator's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// What its operations came to.
    pub tally: Tally,
    /// How many of them came to something else than with the first.
    pub differing: u64,
    /// Requests it served that the first refused.
    pub served_alone: u64,
    /// Requests it refused that the first served.
    pub refused_alone: u64,
}

/// An operation that came to something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// Its position in the case, from 0.
    pub step: usize,
    /// What was asked.
    pub op: Op,
    /// What came of it, of each allocator, in words.
    pub came: Vec<String>,
}

impl Side {
    /// Requests that were served, of every kind.
    pub fn served(&self) -> u64 {
        self.tally.lent + self.tally.bulk + self.tally.exact
    }
}

impl Comparison {
    pub(super) fn new<'a>(
        agreement: Agreement,
        names: impl Iterator<Item = &'a str>,
    ) -> Comparison {
        let sides = names.map(|name| Side {
            name: name.to_owned(),
            ..Side::default()
        });
        Comparison {
            agreement,
            operations: 0,
            left_out: 0,
            sides: sides.collect(),
            parting: None,
            broken: None,
        }
    }

    /// What came of an operation, of each allocator.
    pub(super) fn count(&mut self, step: usize, op: Op, answers: &[Answer]) {
        self.operations += 1;
        let Some((first, others)) = answers.split_first() else {
            return;
        };
        let refused = |answer: &Answer| matches!(answer.outcome, Outcome::Refused(_));
        let mut differs = false;
        for (side, answer) in self.sides.iter_mut().skip(1).zip(others) {
            differs |= !answer.agrees(first);
            side.differing += u64::from(!answer.agrees(first));
            side.served_alone += u64::from(refused(first) && !refused(answer));
            side.refused_alone += u64::from(!refused(first) && refused(answer));
        }
        if differs && self.parting.is_none() {
            let came = answers.iter().map(|answer| answer.words.clone());
            self.parting = Some(Parting {
                step,
                op,
                came: came.collect(),
            });
        }
    }

    /// Adds another case of the same allocators.
    pub(super) fn add(&mut self, other: Comparison) {
        self.operations += other.operations;
        self.left_out += other.left_out;
        for (sum, side) in self.sides.iter_mut().zip(other.sides) {
            sum.tally.add(&side.tally);
            sum.differing += side.differing;
            sum.served_alone += side.served_alone;
            sum.refused_alone += side.refused_alone;
        }
        self.parting = self.parting.take().or(other.parting);
        self.broken = self.broken.take().or(other.broken);
    }

    /// Whether it is as agreed.
    pub fn agrees(&self) -> bool {
        let same = match self.agreement {
            Agreement::Outcomes => self.parting.is_none(),
            Agreement::Promises => true,
        };
        same && self.broken.is_none()
    }

    /// What is wrong; `None`: it is as agreed. Allocators that differ break no rule: the word for
    /// that is [`Finding::DIFFERS`].
    pub fn finding(&self) -> Option<Finding> {
        if let Some((_, finding)) = &self.broken {
            return Some(finding.clone());
        }
        let parting = self.parting.as_ref().filter(|_| !self.agrees())?;
        Some(Finding {
            kind: Finding::DIFFERS.to_owned(),
            step: Some(parting.step),
            what: format!("`{}` does not come to the same", parting.op),
        })
    }

    fn width(&self) -> usize {
        let widths = self.sides.iter().map(|side| side.name.chars().count());
        widths.max().unwrap_or(0)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison {
            operations,
            left_out,
            sides,
            ..
        } = self;
        let width = self.width();
        write!(f, "{} allocators, {operations} operations", sides.len())?;
        match left_out {
            0 => writeln!(f)?,
            left_out => writeln!(f, "; {left_out} left out, not offered by all")?,
        }
        writeln!(
            f,
            "  {:width$}   served  refused  differs  served alone  refused alone",
            ""
        )?;
        for side in sides {
            let served = side.served();
            writeln!(
                f,
                "  {:width$} {served:>8} {:>8} {:>8} {:>13} {:>14}",
                side.name,
                side.tally.refused,
                side.differing,
                side.served_alone,
                side.refused_alone
            )?;
        }
        match &self.parting {
            None => writeln!(f, "all of them came to the same")?,
            Some(parting) => {
                let Parting { step, op, came } = parting;
                writeln!(f, "first difference: operation {step} `{op}`")?;
                for (side, came) in sides.iter().zip(came) {
                    writeln!(f, "  {:width$}  {came}", side.name)?;
                }
            }
        }
        match &self.broken {
            Some((at, finding)) => writeln!(f, "{}: {finding}", sides[*at].name),
            None => writeln!(f, "every rule holds in each"),
        }
    }
}
