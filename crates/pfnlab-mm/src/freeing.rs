//! Giving a block back to a zone: to the per-CPU lists, from there to the buddy, merged on the way.

use pfnlab_model::{Block, CpuId, End, MigrateType, Observer, Order, PfnRange};

use crate::pageblock::Pageblocks;
use crate::zone::Zone;

/// Where a freed block goes when it is not merged further.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// To the tail if two merges are near, else to the head.
    ByMergeLikely,
    /// To the tail (`FPI_TO_TAIL`): what should be taken last.
    Tail,
}

impl Zone {
    /// Frees a block that has been taken back: to an end of the CPU's list if such blocks are
    /// cached, else to the buddy (`free_unref_page`, `__free_pages_ok`).
    #[inline(always)]
    pub(crate) fn free(
        &mut self,
        block: Block,
        end: End,
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
                let to = (list, end);
                // Nearly every block is a frame, and there is less to ask of a frame: the
                // compiler is told.
                if block.order() == Order::ZERO {
                    let page = Block::page(block.start());
                    self.free_to_pcp(page, to, mt, cpu, blocks, observer);
                } else {
                    self.free_several_to_pcp(block, to, mt, cpu, blocks, observer);
                }
            }
            _ => self.free_to_buddy(block, Placement::ByMergeLikely, cpu, blocks, observer),
        }
    }

    #[inline(always)]
    fn free_to_pcp(
        &mut self,
        block: Block,
        (list, end): (u8, End),
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let pcp = &mut self.pcps[cpu.index()];
        pcp.calm_refill(observer);
        pcp.push(&mut self.buddy.frames, list, block, mt, end, observer);
        if let Some(frames) = pcp.on_free(block.order(), self.flags, observer) {
            self.drain_from(list, frames, cpu, cpu, blocks, observer);
            self.leave_below_high(observer);
        }
    }

    #[inline(never)]
    fn free_several_to_pcp(
        &mut self,
        block: Block,
        to: (u8, End),
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        self.free_to_pcp(block, to, mt, cpu, blocks, observer);
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
        self.encourage_reclaim(observer);
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
    #[inline(always)]
    pub(crate) fn put(
        &mut self,
        block: Block,
        mt: MigrateType,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        self.account(mt, block.frames() as i64, cpu, observer);
        self.merge_in(block, mt, placement, cpu, blocks, observer);
    }

    /// Puts a free block that is counted already on the list of `mt`, merged.
    #[inline(always)]
    pub(crate) fn merge_in(
        &mut self,
        mut block: Block,
        mt: MigrateType,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        if self.capture.is_some() {
            return self.merge_or_capture(block, mt, placement, cpu, blocks, observer);
        }
        while let Some(larger) = self.merge_once(block, mt, cpu, blocks, observer) {
            block = larger;
        }
        self.link_at_end(block, mt, placement, observer);
    }

    /// The same while somebody waits for a block to grow.
    #[cold]
    #[inline(never)]
    fn merge_or_capture(
        &mut self,
        mut block: Block,
        mt: MigrateType,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        loop {
            if self.is_captured(block, mt, blocks.order()) {
                return self.capture(block, mt, cpu, observer);
            }
            match self.merge_once(block, mt, cpu, blocks, observer) {
                Some(larger) => block = larger,
                None => return self.link_at_end(block, mt, placement, observer),
            }
        }
    }

    /// Merges a block with its buddy; `None`: that is not free, or stays apart.
    #[inline(always)]
    fn merge_once(
        &mut self,
        block: Block,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let Some((buddy, list)) = self.buddy.free_buddy(block) else {
            if self.buddy.guards(block.order()) && self.unguard_buddy(block, mt, cpu, observer) {
                let block = block.parent().expect("guards are of low orders");
                self.buddy.merged(block, observer);
                return Some(block);
            }
            return None;
        };
        // Within a pageblock there is one type.
        let theirs = if block.order() < blocks.order() {
            mt
        } else {
            blocks.type_of(buddy.start())
        };
        if theirs != mt && !self.profile.merge.allows(mt, theirs) {
            return None;
        }
        self.buddy.unlink(buddy, list, observer);
        if theirs != mt && self.profile.merge.retypes() {
            blocks.retype(buddy, mt, observer);
        }
        let block = block
            .parent()
            .expect("blocks of the top order have no buddy");
        self.buddy.merged(block, observer);
        Some(block)
    }

    #[inline(always)]
    fn link_at_end(
        &mut self,
        block: Block,
        mt: MigrateType,
        placement: Placement,
        observer: &mut impl Observer,
    ) {
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
