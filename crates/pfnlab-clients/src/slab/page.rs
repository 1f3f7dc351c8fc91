//! One slab: a block cut into objects.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Address, Block, NodeId};

/// A block cut into objects of one cache.
#[derive(Clone, Debug)]
pub(crate) struct Slab {
    pub(crate) block: Block,
    pub(crate) node: NodeId,
    /// Which objects clients have.
    lent: Vec<bool>,
    /// The slab's own free objects; the last is taken first.
    pub(crate) free: Vec<u16>,
    /// A CPU has it, in hand or on its stack, so that it is on no node's list.
    pub(crate) frozen: bool,
}

impl Slab {
    /// A fresh slab, all of whose objects are free, ascending.
    pub(crate) fn new(block: Block, node: NodeId, objects: u16) -> Slab {
        Slab {
            block,
            node,
            lent: vec![false; usize::from(objects)],
            free: (0..objects).rev().collect(),
            frozen: true,
        }
    }

    pub(crate) fn objects(&self) -> u32 {
        self.lent.len() as u32
    }

    /// Objects that are not on the slab's own list: clients or a CPU have them (`inuse`).
    pub(crate) fn in_use(&self) -> u32 {
        self.objects() - self.free.len() as u32
    }

    /// Objects clients have.
    pub(crate) fn lent(&self) -> u32 {
        self.lent.iter().filter(|&&lent| lent).count() as u32
    }

    /// Where an object is.
    pub(crate) fn address(&self, object: u16, slot: u32) -> Address {
        Address::within(self.block.start(), u64::from(object) * u64::from(slot))
    }

    /// The object in use that begins at an address.
    pub(crate) fn object_at(&self, at: Address, slot: u32) -> Option<u16> {
        let offset = at.since(self.block.start());
        let object = u16::try_from(offset / u64::from(slot)).ok()?;
        let begins = offset.is_multiple_of(u64::from(slot));
        (begins && *self.lent.get(usize::from(object))?).then_some(object)
    }

    pub(crate) fn lend(&mut self, object: u16) {
        let lent = &mut self.lent[usize::from(object)];
        assert!(!*lent, "object {object} is lent twice");
        *lent = true;
    }

    pub(crate) fn take_back(&mut self, object: u16) {
        let lent = &mut self.lent[usize::from(object)];
        assert!(*lent, "object {object} was not lent");
        *lent = false;
    }
}
