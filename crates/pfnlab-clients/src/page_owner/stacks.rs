//! Call stacks, each kept once.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// A call stack that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackId(u32);

impl StackId {
    /// Stands for one that cannot be taken: it is taken while one is taken.
    pub const DUMMY: StackId = StackId(1);
    /// Stands for one for which there was no room.
    pub const FAILURE: StackId = StackId(2);
    /// Stands for whatever allocated a page before records were kept.
    pub const EARLY: StackId = StackId(3);
}

/// The most calls of a stack that are kept (`PAGE_OWNER_STACK_DEPTH`).
const DEPTH: usize = 16;

/// Call stacks by id, each once (`stackdepot`). A call is text, such as
/// `alloc_pages_vma+0x8c/0x2f0`.
#[derive(Clone, Debug)]
pub struct Stacks {
    ids: BTreeMap<Vec<String>, StackId>,
    stacks: Vec<Vec<String>>,
}

impl Default for Stacks {
    fn default() -> Stacks {
        let mut stacks = Stacks {
            ids: BTreeMap::new(),
            stacks: Vec::new(),
        };
        for call in [
            "register_dummy_stack",
            "register_failure_stack",
            "register_early_stack",
        ] {
            stacks.keep(&[String::from(call)]);
        }
        stacks
    }
}

impl Stacks {
    /// The id of a stack, innermost call first; it is cut at the 16th.
    pub fn keep(&mut self, calls: &[String]) -> StackId {
        let calls = &calls[..calls.len().min(DEPTH)];
        if let Some(&id) = self.ids.get(calls) {
            return id;
        }
        // Fits: there is no room for 2^32 stacks.
        let id = StackId(self.stacks.len() as u32 + 1);
        self.ids.insert(calls.to_vec(), id);
        self.stacks.push(calls.to_vec());
        id
    }

    /// The calls of a stack.
    pub fn calls(&self, id: StackId) -> &[String] {
        let at = id.0.checked_sub(1).map(|at| at as usize);
        let found = at.and_then(|at| self.stacks.get(at));
        found.map_or(&[], Vec::as_slice)
    }
}
