//! Fingerprints: 64 bits that tell two runs apart.

use pfnlab_model::{Op, Pfn, Snapshot, Ticket};
use xxhash_rust::xxh3::Xxh3;

use crate::{Outcome, encode};

/// A fingerprint in the making: XXH3 over every outcome, then over the final snapshot.
///
/// An outcome is 16 bytes: the ticket, then the frame it names (of an object the address, of a
/// cache 0) or all ones for a refusal, each little-endian. `bulk` gives one such record for every ticket it was asked for. What frees, and
/// what hands out nothing new, gives none; events do not count, nor does the reason of a refusal,
/// so that a better reason or a new kind of event changes no fingerprint.
///
/// Printed as 16 hexadecimal digits, `{:016x}`.
#[derive(Clone)]
pub struct Fingerprint {
    hasher: Xxh3,
    waiting: Vec<u8>,
}

const RECORD: usize = 16;
/// Records are hashed this many bytes at a time.
const BUFFER: usize = 256 * RECORD;
/// What stands in a record in place of a frame.
const REFUSED: u64 = u64::MAX;

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint::new()
    }
}

impl Fingerprint {
    /// The fingerprint of a run that has not begun.
    pub fn new() -> Fingerprint {
        Fingerprint {
            hasher: Xxh3::new(),
            waiting: Vec::with_capacity(BUFFER),
        }
    }

    /// Adds what came of an operation. `pages` are the frames of the latest `bulk`.
    #[inline]
    pub fn outcome(&mut self, op: &Op, outcome: &Outcome, pages: &[Pfn]) {
        let Some((ticket, count)) = op.gives() else {
            return;
        };
        match *outcome {
            Outcome::Lent(block) => self.record(ticket, block.start().get()),
            Outcome::Exact(range) => self.record(ticket, range.start().get()),
            Outcome::Object(at) => self.record(ticket, at.get()),
            Outcome::Done => self.record(ticket, 0),
            Outcome::Bulk { .. } => self.bulk(ticket, count, pages),
            _ => self.bulk(ticket, count, &[]),
        }
    }

    fn bulk(&mut self, base: Ticket, count: u32, pages: &[Pfn]) {
        let answers = pages
            .iter()
            .map(|pfn| pfn.get())
            .chain(std::iter::repeat(REFUSED));
        for (number, answer) in (0..u64::from(count)).zip(answers) {
            self.record(Ticket(base.0.wrapping_add(number)), answer);
        }
    }

    #[inline]
    fn record(&mut self, ticket: Ticket, answer: u64) {
        let mut record = [0; RECORD];
        record[..8].copy_from_slice(&ticket.0.to_le_bytes());
        record[8..].copy_from_slice(&answer.to_le_bytes());
        self.waiting.extend_from_slice(&record);
        if self.waiting.len() == BUFFER {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    /// The fingerprint of the outcomes so far and of the state they led to.
    pub fn finish(&self, last: &Snapshot) -> u64 {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.waiting);
        hasher.update(&encode(last));
        hasher.digest()
    }

    /// The fingerprint of the outcomes alone, for an allocator without snapshots.
    pub fn finish_blind(&self) -> u64 {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.waiting);
        hasher.digest()
    }
}
