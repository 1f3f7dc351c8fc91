//! The canonical form of a state.

use pfnlab_model::{Block, Inspect, Pfn, ZoneId};
use xxhash_rust::xxh3::xxh3_128;

use super::World;
use super::world::Lists;

/// What tells states of a world apart.
#[derive(Clone, Debug)]
pub(super) struct Form {
    zones: Vec<ZoneId>,
    pageblocks: Vec<Pfn>,
    ordered: bool,
}

/// The name of a state: a fingerprint of its canonical form, 128 bits wide, so that no two of a few
/// thousand million states are taken for one.
pub(super) type Name = u128;

impl Form {
    pub(super) fn new<A>(world: &World<A>, inspect: &dyn Inspect, pageblocks: Vec<Pfn>) -> Form {
        Form {
            zones: inspect.zones(),
            pageblocks,
            ordered: matches!(world.lists, Lists::Ordered),
        }
    }

    /// The name of all states that differ from this one only in the order of lists.
    pub(super) fn arrangement(&self, inspect: &dyn Inspect, held: &[Block]) -> Name {
        self.fingerprint(inspect, held, false)
    }

    /// The name of the state an allocator is in while these blocks are held.
    pub(super) fn name(&self, inspect: &dyn Inspect, held: &[Block]) -> Name {
        self.fingerprint(inspect, held, self.ordered)
    }

    /// The form is: by zone the free blocks, by order and type and in the order of their lists, or
    /// else by frame; the blocks held, by frame; the types of pageblocks. Counters are not in it:
    /// rules say how they follow from all this.
    fn fingerprint(&self, inspect: &dyn Inspect, held: &[Block], ordered: bool) -> Name {
        let mut form: Vec<u8> = Vec::with_capacity(256);
        let mut list: Vec<u64> = Vec::new();
        for &zone in &self.zones {
            // A free block is one number, which is less if order or type is less.
            list.clear();
            inspect.each_free(zone, &mut |order, mt, pfn| {
                let kind = u64::from(order.get()) << 8 | mt.index() as u64;
                list.push(kind << 48 | pfn.get());
            });
            if !ordered {
                list.sort_unstable();
            }
            list.iter().for_each(|free| form.extend(free.to_le_bytes()));
            form.push(0xff);
        }
        for block in held {
            form.extend(block.start().get().to_le_bytes());
            form.push(block.order().get());
        }
        form.push(0xff);
        let types = self.pageblocks.iter();
        form.extend(types.map(|&start| inspect.pageblock_type(start).index() as u8));
        xxh3_128(&form)
    }
}
