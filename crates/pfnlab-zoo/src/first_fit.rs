//! The allocator: free lists, per-CPU lists, counters.

use std::collections::VecDeque;

use pfnlab_model::*;

use crate::{Bug, Layout};

/// A first-fit buddy allocator that tells facts. It is written to be seen through, not to be fast.
#[derive(Clone, Debug)]
pub struct FirstFit {
    pub(crate) state: Snapshot,
    pub(crate) bug: Bug,
    pub(crate) calls: u64,
    pub(crate) layout: Layout,
}

impl FirstFit {
    /// On [`Layout::three_zones`].
    pub fn new(bug: Bug) -> FirstFit {
        FirstFit::on(Layout::three_zones(), bug)
    }

    /// On any layout.
    pub fn on(mut layout: Layout, bug: Bug) -> FirstFit {
        if bug == Bug::FreesOutsideTheMemory {
            layout.known = true;
        }
        if bug == Bug::ForgetsAGuard {
            layout.guards = Order::new(2).unwrap();
        }
        let mut state = layout.snapshot();
        let last = state.zones.len() - 1;
        match bug {
            Bug::ManagesTooMuch => state.zones[last].managed += 1,
            Bug::HasTooFewOnTheNode => state.nodes[0].present -= 1,
            Bug::BeginsMisaligned => {
                for pfn in &mut state.zones[last].free_lists[0].pfns {
                    *pfn = pfn.offset(1);
                }
            }
            Bug::IsolatesByList => {
                // Whole pageblocks of no isolated one end up on the isolated list.
                for list in &mut state.zones[last].free_lists {
                    list.mt = MigrateType::Isolate;
                }
                state.zones[last].vm_stat[0] = 0;
            }
            _ => {}
        }
        FirstFit {
            state,
            bug,
            calls: 0,
            layout,
        }
    }

    pub(crate) fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    /// The zone whose memory a frame is, by position.
    pub(crate) fn zone_index(&self, pfn: Pfn) -> Option<usize> {
        let zones = &self.layout.zones;
        zones
            .iter()
            .position(|zone| zone.memory.iter().any(|memory| memory.contains(pfn)))
    }

    pub(crate) fn type_of(&self, pfn: Pfn) -> MigrateType {
        let size = self.state.global.pageblock_order.frames();
        let found = self.state.zones.iter().find_map(|zone| {
            let pageblocks = zone.pageblocks.as_ref()?;
            let offset = pfn.get().checked_sub(pageblocks.first.get())?;
            *pageblocks.types.get((offset / size) as usize)?
        });
        found.unwrap_or(MigrateType::Movable)
    }

    pub(crate) fn count(
        &mut self,
        z: usize,
        cpu: CpuId,
        mt: MigrateType,
        frames: i64,
        o: &mut impl Observer,
    ) {
        let mut z = z;
        if mt == MigrateType::HighAtomic {
            let zone = &mut self.state.zones[z];
            let lie = u64::from(self.bug == Bug::MiscountsHighAtomic);
            let free = zone.highatomic_free.unwrap_or(0);
            let free = free.saturating_add_signed(frames) + lie;
            zone.highatomic_free = Some(free);
            let zone = zone.id;
            o.event(Event::HighAtomicFree { zone, frames: free });
        }
        if mt == MigrateType::Isolate || (self.is(Bug::ForgetsToCount) && frames > 0) {
            return;
        }
        if self.is(Bug::CountsInAnotherZone) {
            z = self.state.zones.len() - 1;
        }
        let bug = self.bug;
        let state = &mut self.state.zones[z];
        let zone = state.id;
        let pcp = &mut state.pcp[cpu.index()];
        let sum = i64::from(pcp.vm_stat_diff[0]) + frames;
        let threshold = match bug {
            Bug::FoldsOneTooLate => i64::from(pcp.stat_threshold) + 1,
            Bug::NeverFolds => 99,
            _ => i64::from(pcp.stat_threshold),
        };
        let folds = sum.abs() > threshold;
        // Fits unless it is folded.
        let kept = if folds && bug != Bug::FoldsTwice {
            0
        } else {
            sum.clamp(-100, 100) as i8
        };
        pcp.vm_stat_diff[0] = kept;
        let stat = ZoneStat::FreePages;
        o.event(Event::DiffSet {
            zone,
            cpu,
            stat,
            value: kept,
        });
        if folds {
            state.vm_stat[0] += sum;
            let value = state.vm_stat[0];
            o.event(Event::StatSet { zone, stat, value });
        }
        if bug == Bug::CountsAreas {
            state.vm_stat[1] += 1;
            let (stat, value) = (ZoneStat::FreeCma, state.vm_stat[1]);
            o.event(Event::StatSet { zone, stat, value });
        }
    }

    /// The list of an order and a type; there is one afterwards.
    fn list(&mut self, z: usize, order: Order, mt: MigrateType) -> &mut VecDeque<Pfn> {
        let lists = &mut self.state.zones[z].free_lists;
        let at = lists.binary_search_by_key(&(order, mt), |list| (list.order, list.mt));
        let at = at.unwrap_or_else(|at| {
            let pfns = VecDeque::new();
            lists.insert(at, FreeListState { order, mt, pfns });
            at
        });
        &mut lists[at].pfns
    }

    pub(crate) fn link(&mut self, z: usize, block: Block, cpu: CpuId, o: &mut impl Observer) {
        let small = block.order() < self.state.global.pageblock_order;
        let mt = if small && self.is(Bug::FreesToTheWrongType) {
            MigrateType::Unmovable
        } else {
            self.type_of(block.start())
        };
        let bug = self.bug;
        let zone = self.state.zones[z].id;
        let pfns = self.list(z, block.order(), mt);
        let pair = block.order().get() == 1;
        match bug {
            Bug::TellsTheWrongEnd => pfns.push_back(block.start()),
            Bug::ListsMisaligned if pair => pfns.push_front(block.start().offset(1)),
            _ => pfns.push_front(block.start()),
        }
        let linked = Event::Linked {
            zone,
            block,
            mt,
            end: End::Head,
        };
        o.event(linked);
        if bug == Bug::LinksTwice {
            o.event(linked);
        }
        self.count(z, cpu, mt, block.frames() as i64, o);
    }

    pub(crate) fn unlink(
        &mut self,
        z: usize,
        block: Block,
        mt: MigrateType,
        cpu: CpuId,
        o: &mut impl Observer,
    ) {
        let bug = self.bug;
        let lists = &mut self.state.zones[z].free_lists;
        let key = (block.order(), mt);
        let Ok(at) = lists.binary_search_by_key(&key, |list| (list.order, list.mt)) else {
            return;
        };
        let position = lists[at].pfns.iter().position(|&pfn| pfn == block.start());
        let Some(position) = position else { return };
        lists[at].pfns.remove(position);
        if lists[at].pfns.is_empty() {
            lists.remove(at);
        }
        let told = match bug {
            Bug::UnlinksFromTheWrongList => MigrateType::Reclaimable,
            _ => mt,
        };
        let zone = self.state.zones[z].id;
        o.event(Event::Unlinked {
            zone,
            block,
            mt: told,
        });
        self.count(z, cpu, mt, -(block.frames() as i64), o);
    }

    /// The free block of at least this order with the lowest frame.
    fn find(&self, z: usize, order: Order) -> Option<(Block, MigrateType)> {
        let most = match self.bug {
            Bug::RefusesTooEarly => order.get() + 2,
            _ => Order::MAX.get(),
        };
        let usable = |list: &&FreeListState| {
            let open = list.mt == MigrateType::Movable || list.mt == MigrateType::Unmovable;
            let highatomic = list.mt == MigrateType::HighAtomic && order > Order::ZERO;
            let isolated = list.mt == MigrateType::Isolate && self.bug == Bug::CachesIsolated;
            order <= list.order && list.order.get() <= most && (open || highatomic || isolated)
        };
        let lists = self.state.zones[z].free_lists.iter().filter(usable);
        let blocks = lists.flat_map(|list| {
            let pfns = list.pfns.iter();
            pfns.map(|&pfn| (pfn.align_down(list.order), list.order, list.mt))
        });
        let lowest = blocks.min();
        lowest.map(|(pfn, order, mt)| (Block::containing(pfn, order), mt))
    }

    pub(crate) fn take(
        &mut self,
        z: usize,
        order: Order,
        cpu: CpuId,
        o: &mut impl Observer,
    ) -> Option<Block> {
        let (mut block, mt) = self.find(z, order)?;
        self.unlink(z, block, mt, cpu, o);
        if self.is(Bug::KeepsWhatItCuts) && block.order() > order {
            self.list(z, block.order(), mt).push_front(block.start());
        }
        while block.order() > order {
            let (lower, upper) = block.split()?;
            if upper.order() < self.layout.guards {
                self.keep_back(z, upper, o);
            } else if !(self.is(Bug::LosesTheRemainder) && upper.order() == Order::ZERO) {
                self.link(z, upper, cpu, o);
            }
            block = lower;
        }
        Some(block)
    }

    pub(crate) fn give(&mut self, z: usize, block: Block, cpu: CpuId, o: &mut impl Observer) {
        let mut block = block;
        let mut merges = 0;
        loop {
            if self.give_up_guard(z, block.buddy(), o)
                && let Some(parent) = block.parent()
            {
                block = parent;
                continue;
            }
            let Some((from, buddy, mt)) = self.free_buddy(z, block) else {
                break;
            };
            if self.is(Bug::MergesOnce) && merges == 1 {
                break;
            }
            if let Some(mt) = mt {
                self.unlink(from, buddy, mt, cpu, o);
                if self.is(Bug::CountsMergesTwice) {
                    self.count(z, cpu, mt, buddy.frames() as i64, o);
                }
            }
            let Some(parent) = block.parent() else { break };
            block = parent;
            merges += 1;
        }
        self.link(z, block, cpu, o);
    }

    /// An upper half becomes a guard: it goes on no list, and does not count as free.
    fn keep_back(&mut self, z: usize, block: Block, o: &mut impl Observer) {
        let ZoneState { id, guards, .. } = &mut self.state.zones[z];
        let at = guards.partition_point(|guard| guard.start() < block.start());
        guards.insert(at, block);
        o.event(Event::Guarded { zone: *id, block });
    }

    /// A block is a guard no more; `false`: it was none.
    fn give_up_guard(&mut self, z: usize, block: Block, o: &mut impl Observer) -> bool {
        let ZoneState { id, guards, .. } = &mut self.state.zones[z];
        let Some(at) = guards.iter().position(|&guard| guard == block) else {
            return false;
        };
        if self.bug == Bug::ForgetsAGuard {
            return false;
        }
        guards.remove(at);
        o.event(Event::Unguarded { zone: *id, block });
        true
    }

    /// The buddy that a block may merge with: in which zone it is free, and on the list of which
    /// type.
    fn free_buddy(&self, z: usize, block: Block) -> Option<(usize, Block, Option<MigrateType>)> {
        let at_top = block.order() >= self.state.global.top_order;
        if self.is(Bug::ForgetsToMerge) || (at_top && !self.is(Bug::MergesAboveTheTop)) {
            return None;
        }
        let parent = block.parent()?;
        if self.is(Bug::MergesLowerHalvesOnly) && block.start() != parent.start() {
            return None;
        }
        let buddy = if self.is(Bug::WrongBuddyBit) {
            Block::containing(block.range().end(), block.order())
        } else {
            block.buddy()
        };
        if self.is(Bug::MergesAcrossAHole) && self.zone_index(buddy.start()).is_none() {
            return Some((z, buddy, None));
        }
        let mut zones = match self.bug {
            Bug::MergesAcrossZones => 0..self.state.zones.len(),
            _ => z..z + 1,
        };
        let (from, mt) = zones.find_map(|z| {
            let mut lists = self.state.zones[z].free_lists.iter();
            let list = lists
                .find(|list| list.order == buddy.order() && list.pfns.contains(&buddy.start()))?;
            Some((z, list.mt))
        })?;
        let own = self.type_of(block.start());
        let kept_apart = mt != own && !(mt.is_ordinary() && own.is_ordinary());
        let whole = block.order() >= self.state.global.pageblock_order;
        if whole && kept_apart && !self.is(Bug::MergesAcrossTypes) {
            return None;
        }
        Some((from, buddy, Some(mt)))
    }

    pub(crate) fn pcp_push(&mut self, z: usize, page: Block, cpu: CpuId, o: &mut impl Observer) {
        let index = match self.bug {
            Bug::CachesOnTheWrongList => 4,
            _ => 1,
        };
        let zone = self.state.zones[z].id;
        let pcp = &mut self.state.zones[z].pcp[cpu.index()];
        pcp.count += page.frames() as u32;
        if pcp.lists.is_empty() {
            pcp.lists.push(PcpListState {
                index,
                order: page.order(),
                pfns: VecDeque::new(),
                noted: VecDeque::new(),
            });
        }
        pcp.lists[0].pfns.push_front(page.start());
        o.event(Event::PcpLinked {
            zone,
            cpu,
            list: index,
            block: page,
            noted: None,
            end: End::Head,
        });
        match self.bug {
            Bug::TunesInSilence => self.state.zones[z].pcp[cpu.index()].free_count += 1,
            Bug::KeepsWhatItCaches => self.link(z, page, cpu, o),
            _ => {}
        }
    }

    pub(crate) fn pcp_pop(
        &mut self,
        z: usize,
        cpu: CpuId,
        end: End,
        o: &mut impl Observer,
    ) -> Option<Block> {
        let zone = self.state.zones[z].id;
        let pcp = &mut self.state.zones[z].pcp[cpu.index()];
        let PcpListState { index, order, .. } = *pcp.lists.first()?;
        let pfn = match end {
            End::Head => pcp.lists[0].pfns.pop_front(),
            End::Tail => pcp.lists[0].pfns.pop_back(),
        }?;
        let block = Block::containing(pfn, order);
        pcp.count = pcp.count.saturating_sub(block.frames() as u32);
        if pcp.lists[0].pfns.is_empty() {
            pcp.lists.clear();
        }
        let told = match self.bug {
            Bug::TakesFromTheWrongEnd => End::Head,
            _ => end,
        };
        o.event(Event::PcpUnlinked {
            zone,
            cpu,
            list: index,
            block,
            end: told,
        });
        Some(block)
    }
}
