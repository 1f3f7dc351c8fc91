//! Giving a block back to a zone: to the per-CPU lists, from there to the buddy, merged on the way.

use pfnlab_model::{Block, CpuId, End, Event, MigrateType, Observer, PfnRange};

use crate::pageblock::Pageblocks;
use crate::zone::Zone;

/// Which type's list a page goes to when its per-CPU list is drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DrainType {
    /// The one noted on it when it was put there, even if its pageblock has changed hands (6.1).
    Noted,
    /// The one its pageblock has now (6.12).
    Pageblock,
}

/// Where a freed block goes when it is not merged further.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// To the tail if two merges are near, else to the head.
    ByMergeLikely,
    /// To the tail (`FPI_TO_TAIL`): what should be taken last.
    Tail,
}

impl Zone {
    /// Frees a block that has been taken back: to the CPU's lists if such blocks are cached, else
    /// to the buddy (`free_unref_page`, `__free_pages_ok`).
    #[inline]
    pub(crate) fn free(
        &mut self,
        block: Block,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mt = blocks.type_of(block.start());
        // Kept or contiguous memory is cached with the movable pages, isolated memory not at all.
        let list_type = if mt.is_ordinary() {
            mt
        } else {
            MigrateType::Movable
        };
        match self.pcps[cpu.index()].list_for(block.order(), list_type) {
            Some(list) if mt != MigrateType::Isolate => {
                self.free_to_pcp(block, list, mt, cpu, blocks, observer);
            }
            _ => self.free_to_buddy(block, Placement::ByMergeLikely, cpu, blocks, observer),
        }
    }

    #[inline]
    fn free_to_pcp(
        &mut self,
        block: Block,
        list: u8,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let pcp = &mut self.pcps[cpu.index()];
        pcp.calm_refill(observer);
        pcp.push(&mut self.buddy.frames, list, block, mt, End::Head, observer);
        if let Some(frames) = pcp.on_free(block.order(), self.flags, observer) {
            self.drain_from(list, frames, cpu, cpu, blocks, observer);
            self.leave_below_high(observer);
        }
    }

    /// Gives back up to `frames` frames of `owner`'s lists: the list at `list` from its tail, then
    /// the next, round about (`free_pcppages_bulk`). The counters are those of `cpu`.
    #[inline(never)]
    pub(crate) fn drain_from(
        &mut self,
        mut list: u8,
        frames: u32,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let before = self.pcps[owner.index()].count();
        let mut left = i64::from(frames.min(before));
        while left > 0 {
            let pcp = &mut self.pcps[owner.index()];
            list = pcp
                .next_filled(list)
                .expect("the lists hold as many frames as they count");
            while left > 0
                && let Some((block, noted)) =
                    self.pcps[owner.index()].pop_last(&mut self.buddy.frames, list, observer)
            {
                left -= block.frames() as i64;
                let mt = match self.profile.drain_type {
                    DrainType::Noted if self.isolated_pageblocks == 0 => noted,
                    _ => blocks.type_of(block.start()),
                };
                self.put(block, mt, Placement::ByMergeLikely, cpu, blocks, observer);
            }
            list = (list + 1) % crate::pcp::LISTS;
        }
        let frames = before - self.pcps[owner.index()].count();
        observer.event(Event::PcpDrained {
            zone: self.id,
            cpu: owner,
            frames,
        });
    }

    /// Empties the lists of `owner` (`drain_pages_zone`).
    pub(crate) fn drain(
        &mut self,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        loop {
            let pcp = &self.pcps[owner.index()];
            let frames = pcp.count().min(pcp.drain_step().max(1));
            if frames == 0 {
                return;
            }
            self.drain_from(0, frames, owner, cpu, blocks, observer);
        }
    }

    /// Frees a block past the per-CPU lists; a block of several pageblocks one by one, each with
    /// its own type (`free_one_page`, `split_large_buddy`).
    #[inline(never)]
    pub(crate) fn free_to_buddy(
        &mut self,
        block: Block,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mt = blocks.type_of(block.start());
        let pieces = PfnRange::sized(block.start(), block.frames());
        let mixed = || {
            let mut start = pieces.start();
            while start < pieces.end() {
                if blocks.type_of(start) != mt {
                    return true;
                }
                start = start.offset(blocks.order().frames());
            }
            false
        };
        // Pieces of one type would merge again at once.
        if block.order() <= blocks.order() || !self.profile.merge.retypes() || !mixed() {
            return self.put(block, mt, placement, cpu, blocks, observer);
        }
        for piece in 0..block.frames() >> blocks.order().get() {
            let start = block.start().offset(piece << blocks.order().get());
            let piece = blocks.block_of(start);
            self.put(
                piece,
                blocks.type_of(start),
                placement,
                cpu,
                blocks,
                observer,
            );
        }
    }

    /// Puts a free block on the list of `mt`, merged with its buddies as far as they are free
    /// (`__free_one_page`).
    pub(crate) fn put(
        &mut self,
        mut block: Block,
        mt: MigrateType,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        self.account(mt, block.frames() as i64, cpu, observer);
        while let Some((buddy, list)) = self.buddy.free_buddy(block) {
            if block.order() >= blocks.order() {
                let theirs = blocks.type_of(buddy.start());
                if theirs != mt && !(mt.is_ordinary() && theirs.is_ordinary()) {
                    break;
                }
                self.buddy.unlink(buddy, list, observer);
                if theirs != mt && self.profile.merge.retypes() {
                    blocks.retype(buddy, mt, observer);
                }
            } else {
                self.buddy.unlink(buddy, list, observer);
            }
            block = block
                .parent()
                .expect("blocks of the top order have no buddy");
            self.buddy.merged(block, observer);
        }
        let end = match placement {
            Placement::Tail => End::Tail,
            Placement::ByMergeLikely => self.end_for(block),
        };
        self.buddy.link(block, mt, end, observer);
    }

    /// The tail if `block` will probably soon merge twice. The block it would merge into must
    /// start in this zone: at a border its first frame may be a neighbour's.
    #[inline]
    fn end_for(&self, block: Block) -> End {
        match self.buddy.merge_likely(block) {
            Some(parent)
                if !self
                    .foreign
                    .iter()
                    .any(|range| range.contains(parent.start())) =>
            {
                End::Tail
            }
            _ => End::Head,
        }
    }
}
