//! The books of one zone: its lists, in order, and how much each place holds.

use std::collections::{BTreeMap, VecDeque};

use pfnlab_model::{
    Block, CpuId, End, FreeListState, MigrateType, Order, PcpListState, PcpState, ZoneState,
};

use super::queue::Queue;

#[derive(Clone, Debug)]
pub(super) struct ZoneBooks {
    lists: Vec<[Queue; MigrateType::COUNT]>,
    pub(super) pcps: Vec<PcpBooks>,
    /// Frames on free lists, by migratetype.
    pub(super) free_frames: [u64; MigrateType::COUNT],
    pub(super) lent_frames: u64,
    /// Frames kept back.
    pub(super) guard_frames: u64,
    /// The largest threshold any CPU has had. One that sinks folds nothing.
    pub(super) widest_threshold: u8,
    /// [`ZoneBooks::frames`] of the first snapshot.
    pub(super) start_frames: u64,
}

#[derive(Clone, Debug)]
pub(super) struct PcpBooks {
    cpu: CpuId,
    lists: BTreeMap<u8, VecDeque<(Block, Option<MigrateType>)>>,
    pub(super) frames: u64,
}

impl ZoneBooks {
    /// Empty books; the lists and the counts of `state` are emptied too.
    pub(super) fn take_over(state: &mut ZoneState) -> ZoneBooks {
        state.free_lists.clear();
        state.lent.clear();
        state.guards.clear();
        let pcps = state.pcp.iter_mut().map(|pcp| {
            pcp.lists.clear();
            pcp.count = 0;
            PcpBooks {
                cpu: pcp.cpu,
                lists: BTreeMap::new(),
                frames: 0,
            }
        });
        ZoneBooks {
            pcps: pcps.collect(),
            lists: vec![Default::default(); Order::COUNT],
            free_frames: [0; MigrateType::COUNT],
            lent_frames: 0,
            guard_frames: 0,
            widest_threshold: state
                .pcp
                .iter()
                .map(|pcp| pcp.stat_threshold)
                .max()
                .unwrap_or(0),
            start_frames: 0,
        }
    }

    /// Writes the lists and the counts into a state where they are empty.
    pub(super) fn hand_over(&self, state: &mut ZoneState) {
        for order in Order::all() {
            for mt in MigrateType::ALL {
                let queue = &self.lists[order.index()][mt.index()];
                let pfns: VecDeque<_> = queue.iter().collect();
                if !pfns.is_empty() {
                    state.free_lists.push(FreeListState { order, mt, pfns });
                }
            }
        }
        for (state, books) in state.pcp.iter_mut().zip(&self.pcps) {
            books.hand_over(state);
        }
    }

    /// Frames that are free, cached, lent or kept back.
    pub(super) fn frames(&self) -> u64 {
        let free: u64 = self.free_frames.iter().sum();
        let cached: u64 = self.pcps.iter().map(|pcp| pcp.frames).sum();
        free + cached + self.lent_frames + self.guard_frames
    }

    pub(super) fn free_blocks(&self, order: Order) -> u64 {
        self.lists[order.index()].iter().map(Queue::len).sum()
    }

    pub(super) fn pcp(&self, cpu: CpuId) -> Option<&PcpBooks> {
        self.pcps.iter().find(|pcp| pcp.cpu == cpu)
    }

    pub(super) fn pcp_mut(&mut self, cpu: CpuId) -> Option<&mut PcpBooks> {
        self.pcps.iter_mut().find(|pcp| pcp.cpu == cpu)
    }

    pub(super) fn link(&mut self, block: Block, mt: MigrateType, end: End) -> i64 {
        self.free_frames[mt.index()] += block.frames();
        self.lists[block.order().index()][mt.index()].push(block.start(), end)
    }

    pub(super) fn unlink(&mut self, block: Block, mt: MigrateType, rank: i64) {
        self.free_frames[mt.index()] -= block.frames();
        self.lists[block.order().index()][mt.index()].remove(rank);
    }
}

impl PcpBooks {
    pub(super) fn link(&mut self, list: u8, block: Block, noted: Option<MigrateType>, end: End) {
        let list = self.lists.entry(list).or_default();
        match end {
            End::Head => list.push_front((block, noted)),
            End::Tail => list.push_back((block, noted)),
        }
        self.frames += block.frames();
    }

    /// `false`: it is not at that end, and nothing changed.
    pub(super) fn unlink(&mut self, index: u8, block: Block, end: End) -> bool {
        let Some(list) = self.lists.get_mut(&index) else {
            return false;
        };
        let found = match end {
            End::Head => list.front(),
            End::Tail => list.back(),
        };
        if found.is_none_or(|&(found, _)| found != block) {
            return false;
        }
        match end {
            End::Head => list.pop_front(),
            End::Tail => list.pop_back(),
        };
        if list.is_empty() {
            self.lists.remove(&index);
        }
        self.frames -= block.frames();
        true
    }

    fn hand_over(&self, state: &mut PcpState) {
        state.count = u32::try_from(self.frames).unwrap_or(u32::MAX);
        state.lists = self
            .lists
            .iter()
            .map(|(&index, list)| PcpListState {
                index,
                order: list.front().map_or(Order::ZERO, |(block, _)| block.order()),
                pfns: list.iter().map(|(block, _)| block.start()).collect(),
                noted: list.iter().filter_map(|&(_, noted)| noted).collect(),
            })
            .collect();
    }
}
