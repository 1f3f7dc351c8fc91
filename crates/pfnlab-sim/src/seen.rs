//! The frames that clients have held at some time.

use pfnlab_model::{Block, Order, PfnRange};

use crate::Clients;

/// Frames that clients have held at some time: an allocator has them, whatever it says.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Ascending, disjoint, no two adjacent.
    runs: Vec<PfnRange>,
}

impl Seen {
    /// A client got these.
    pub(crate) fn see(&mut self, range: PfnRange) {
        let first = self.runs.partition_point(|run| run.end() < range.start());
        let end = self.runs.partition_point(|run| run.start() <= range.end());
        let joined = self.runs[first..end].iter().fold(range, |all, run| {
            let start = all.start().min(run.start());
            PfnRange::sized(start, all.end().max(run.end()).since(start))
        });
        self.runs.splice(first..end, [joined]);
    }

    /// The first aligned block of an order that was seen as a whole, that nobody holds now, and
    /// that lies in one piece of `memory`.
    pub fn free_block(
        &self,
        order: Order,
        clients: &Clients,
        memory: Option<&[PfnRange]>,
    ) -> Option<Block> {
        let in_one = |block: Block| {
            memory.is_none_or(|memory| memory.iter().any(|piece| piece.covers(block.range())))
        };
        self.runs.iter().find_map(|run| {
            let mut block = Block::containing(run.start().align_up(order), order);
            while block.range().end() <= run.end() {
                let behind = match clients.in_the_way(block.range()) {
                    None if in_one(block) => return Some(block),
                    None => block.range().end(),
                    Some(held) => held.end(),
                };
                block = Block::containing(behind.align_up(order), order);
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use pfnlab_model::Pfn;

    use super::*;

    #[test]
    fn a_block_is_free_where_it_was_seen_as_a_whole_and_nobody_has_it() {
        let range = |start, frames| PfnRange::sized(Pfn::new(start), frames);
        let order = |order| Order::new(order).unwrap();
        let mut seen = Seen::default();
        seen.see(range(4, 2));
        seen.see(range(8, 4));
        assert_eq!(seen.runs, [range(4, 2), range(8, 4)]);
        seen.see(range(6, 2));
        assert_eq!(seen.runs, [range(4, 8)]);
        let mut clients = Clients::new();
        let free = |clients: &Clients, wanted| {
            let block = seen.free_block(order(wanted), clients, None);
            block.map(|block| block.start().get())
        };
        assert_eq!(free(&clients, 3), None);
        assert_eq!(free(&clients, 2), Some(4));
        clients.get(range(5, 1)).unwrap();
        assert_eq!(free(&clients, 2), Some(8));
        assert_eq!(free(&clients, 0), Some(4));
        clients.get(range(10, 2)).unwrap();
        assert_eq!(free(&clients, 2), None);
        assert_eq!(free(&clients, 1), Some(6));
        let memory = [range(4, 3), range(7, 5)];
        let block = seen.free_block(order(1), &clients, Some(&memory));
        assert_eq!(block.map(|block| block.start().get()), Some(8));
    }
}
