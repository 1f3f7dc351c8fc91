//! The objects clients have, by what the driver was told.

use std::collections::BTreeMap;

use pfnlab_model::Address;

use crate::{Around, Outcome};

/// Where objects in use begin, and how many bytes each has.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    sizes: BTreeMap<Address, u64>,
    /// The latest one that was handed out though it shares bytes with another, and that one.
    overlap: Option<(Address, Address)>,
}

impl Objects {
    /// Follows what came of an operation.
    pub(crate) fn follow(&mut self, outcome: &Outcome, around: Option<&Around>) {
        match *outcome {
            Outcome::Object(at) => {
                let bytes = around.and_then(|around| around.slub().usable(at));
                self.put(at, bytes.unwrap_or(1));
            }
            Outcome::ObjectFreed(at) => {
                self.sizes.remove(&at);
            }
            _ => {}
        }
    }

    fn put(&mut self, at: Address, bytes: u64) {
        let before = self.sizes.range(..=at).next_back();
        let before = before.filter(|(start, bytes)| at.get() < start.get() + **bytes);
        let behind = self.sizes.range(at..).next();
        let behind = behind.filter(|(start, _)| start.get() < at.get() + bytes);
        self.overlap = before.or(behind).map(|(&other, _)| (at, other));
        self.sizes.insert(at, bytes);
    }

    /// Every object, and how many bytes it has.
    pub fn iter(&self) -> impl Iterator<Item = (Address, u64)> {
        self.sizes.iter().map(|(&at, &bytes)| (at, bytes))
    }

    /// The latest object that shares bytes with another, and that one.
    pub fn overlap(&self) -> Option<(Address, Address)> {
        self.overlap
    }
}
