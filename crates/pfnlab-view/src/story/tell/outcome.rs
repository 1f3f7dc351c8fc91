//! How an operation ended.

use pfnlab_model::{Block, Op, PfnRange};

use super::{OUTER, Teller};
use crate::names::{self, counted};
use crate::story::beat::Beat;
use crate::style::Tone;
use crate::text::Line;

impl Teller<'_> {
    /// What was handed out, or that nothing was.
    pub(super) fn outcome(&mut self, beats: &[Beat]) {
        let arrow = self.page.style().pick("→", "=>");
        if let Op::Client(_) = self.op {
            return self.client_outcome(beats, arrow);
        }
        if let Op::Memory(op) = self.op {
            return self.memory_outcome(op, beats, arrow);
        }
        let zone = beats.iter().rev().find_map(|beat| match beat {
            Beat::Lent { zone, .. } => Some(names::zone(*zone)),
            _ => None,
        });
        let refused = beats.iter().find_map(|beat| match beat {
            Beat::Refused { gone } => Some(*gone),
            _ => None,
        });
        let walked = beats.iter().any(|beat| matches!(beat, Beat::Walk { .. }));
        let line = match zone {
            Some(zone) => {
                let lent = lent(beats);
                let (what, frames) = match (self.op, lent.first()) {
                    (Op::Exact { frames, .. }, Some(block)) => {
                        let frames = u64::from(*frames);
                        (PfnRange::sized(block.start(), frames).to_string(), frames)
                    }
                    _ => {
                        let frames = lent.iter().map(|block| block.frames()).sum();
                        (names::runs(&lent, self.shown()), frames)
                    }
                };
                let run = matches!(self.op, Op::Exact { .. }) && frames > 1;
                let verb = if lent.len() == 1 && !run { "is" } else { "are" };
                let frames = counted(frames, "frame");
                Line::new()
                    .then(Tone::Good, format!("{arrow} {what}"))
                    .plain(format!(" {verb} handed out: {frames} of {zone}."))
            }
            None => {
                let why = match refused {
                    None => return,
                    Some(_) if walked => ": no zone could serve it.".to_owned(),
                    Some(Some(cpu)) => format!(": {} does not run.", names::cpu(cpu)),
                    Some(None) => {
                        ": its order, its flags and its nodes leave no zone to ask.".to_owned()
                    }
                };
                Line::new()
                    .then(Tone::Bad, format!("{arrow} refused"))
                    .plain(why)
            }
        };
        self.say_at(OUTER, line);
    }
}

/// Every block that was handed out, in order.
fn lent(beats: &[Beat]) -> Vec<Block> {
    let mut lent = Vec::new();
    for beat in beats {
        match beat {
            // Of several taken in a row only the last is told apart from the take.
            Beat::PcpTake { blocks, .. } => lent.extend(&blocks[..blocks.len() - 1]),
            Beat::Lent { block, .. } => lent.push(*block),
            _ => {}
        }
    }
    lent
}
