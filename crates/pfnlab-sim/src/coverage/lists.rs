//! How long free lists are, kept from events.

use pfnlab_model::{Inspect, MigrateType, Order, ZoneId};

/// How many blocks are on each free list of an allocator that can be looked into.
#[derive(Clone, Debug)]
pub(super) struct Lists(Vec<Zone>);

#[derive(Clone, Debug)]
struct Zone {
    id: ZoneId,
    blocks: [[u32; MigrateType::COUNT]; Order::COUNT],
}

impl Lists {
    pub(super) fn of(inspect: &dyn Inspect) -> Lists {
        let zones = inspect.zones().into_iter().map(|id| {
            let mut blocks = [[0; MigrateType::COUNT]; Order::COUNT];
            inspect.each_free(id, &mut |order, mt, _| {
                blocks[order.index()][mt.index()] += 1;
            });
            Zone { id, blocks }
        });
        Lists(zones.collect())
    }

    /// A block comes or goes. The result is how many there were before it did.
    #[inline]
    pub(super) fn change(
        &mut self,
        zone: ZoneId,
        order: Order,
        mt: MigrateType,
        comes: bool,
    ) -> u32 {
        let at = match self.0.iter().position(|known| known.id == zone) {
            Some(at) => at,
            None => self.add(zone),
        };
        let blocks = &mut self.0[at].blocks[order.index()][mt.index()];
        let before = *blocks;
        // A broken allocator may take more than there is.
        *blocks = if comes {
            before.saturating_add(1)
        } else {
            before.saturating_sub(1)
        };
        before
    }

    /// A zone that came later.
    #[cold]
    fn add(&mut self, id: ZoneId) -> usize {
        let blocks = [[0; MigrateType::COUNT]; Order::COUNT];
        self.0.push(Zone { id, blocks });
        self.0.len() - 1
    }
}
