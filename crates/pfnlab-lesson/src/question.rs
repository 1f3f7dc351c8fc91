//! Questions about an operation before it is shown, and their answers.
//!
//! The answer is what the allocator did; nothing here decides it.

mod context;
mod draw_lots;
mod kinds;
pub mod print;

use pfnlab_model::{Event, Op, Snapshot};

use draw_lots::Lots;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuestionKind {
    /// Which block a request gets.
    Which,
    /// Which two blocks merge first.
    Merge,
    /// How far a block that comes back merges.
    HowFar,
    /// Why a request is refused.
    Refused,
    /// Whether two blocks are buddies.
    Buddy,
}

impl QuestionKind {
    /// Every kind.
    pub const ALL: [QuestionKind; 5] = [
        QuestionKind::Which,
        QuestionKind::Merge,
        QuestionKind::Buddy,
        QuestionKind::HowFar,
        QuestionKind::Refused,
    ];
}

/// A question, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it is about.
    pub kind: QuestionKind,
    /// The operation, and what has to be known of the state before it.
    pub context: String,
    /// What is asked.
    pub prompt: String,
    /// What can be answered.
    pub choices: Vec<String>,
    /// The position of the right one.
    pub answer: usize,
    /// Why it is right.
    pub why: String,
}

impl Question {
    /// A question about an operation that did `events`, from the state `before`; `None`: there is
    /// nothing to ask that the state tells. The same `seed` chooses the same question.
    pub fn about(before: &Snapshot, op: &Op, events: &[Event], seed: u64) -> Option<Question> {
        let mut all = Question::all_about(before, op, events, seed);
        if all.is_empty() {
            return None;
        }
        let at = Lots::new(seed).below(all.len() as u64);
        Some(all.swap_remove(at as usize))
    }

    /// Every question there is to ask about an operation, one of each kind at most.
    pub fn all_about(before: &Snapshot, op: &Op, events: &[Event], seed: u64) -> Vec<Question> {
        kinds::all(before, op, events, &mut Lots::new(seed))
    }
}
