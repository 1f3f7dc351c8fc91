//! Trees of blocks, preferred by fill, in LLFree's manner.

use pfnlab_model::CpuId;

use crate::placed::BLOCK;
use crate::{Placement, Room};

/// Blocks of a tree: 64 MiB.
const TREE: usize = 32;

/// Every CPU keeps to a tree as long as that has room. A new one is the fullest that has at least an
/// eighth of its frames free, else any with room; in it, the fullest block with room is filled first.
/// So what is used little becomes empty.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    /// By CPU.
    reserved: Vec<Option<usize>>,
}

impl Placement for Trees {
    fn place(&mut self, cpu: CpuId, room: &Room) -> Option<(usize, u64)> {
        if self.reserved.len() <= cpu.index() {
            self.reserved.resize(cpu.index() + 1, None);
        }
        let kept = self.reserved[cpu.index()].filter(|&tree| free(tree, room) > 0);
        let tree = kept.or_else(|| self.choose(room))?;
        self.reserved[cpu.index()] = Some(tree);
        let blocks = tree * TREE..room.blocks().min((tree + 1) * TREE);
        let with_room = blocks.filter(|&block| room.free(block) > 0);
        with_room
            .min_by_key(|&block| room.free(block))
            .map(|block| (block, 0))
    }
}

impl Trees {
    /// The fullest tree that nobody has and that is worth having; else the fullest with room.
    fn choose(&self, room: &Room) -> Option<usize> {
        let trees = || (0..room.blocks().div_ceil(TREE)).filter(|&tree| free(tree, room) > 0);
        let taken = |tree: &usize| self.reserved.contains(&Some(*tree));
        let worth = |tree: &usize| 8 * free(*tree, room) >= TREE as u64 * BLOCK;
        let fullest = |tree: &usize| free(*tree, room);
        trees()
            .filter(|tree| worth(tree) && !taken(tree))
            .min_by_key(fullest)
            .or_else(|| trees().min_by_key(fullest))
    }
}

fn free(tree: usize, room: &Room) -> u64 {
    room.free_in(tree * TREE, (tree + 1) * TREE)
}
