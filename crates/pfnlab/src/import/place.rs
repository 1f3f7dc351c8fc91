//! Where the blocks that are counted could be.

use std::collections::BTreeMap;

use pfnlab_model::{Block, MigrateType, Order, Pfn, PfnRange};
use pfnlab_sim::Stream;

use super::{ImportError, Known, ZoneCounts};

/// Frames known to be free that are looked at before any other place.
const TRIES: u32 = 64;

/// A zone in which blocks are given places, the largest first. Nothing lies on what is in use for
/// certain, no two free buddies are left that would have merged, and every block is in a pageblock
/// of its own type while there is room in one.
#[derive(Debug)]
pub(super) struct Places<'a> {
    zone: &'a ZoneCounts,
    pageblock: Order,
    /// Where its frames are.
    memory: &'a [PfnRange],
    /// By frame of the span.
    frames: Vec<Frame>,
    /// By pageblock that the span touches; `None`: not decided.
    types: Vec<Option<MigrateType>>,
    /// Frames that were free for certain.
    free: Vec<Pfn>,
    /// Where free blocks lie that have not been placed yet, if that is known.
    blocks: Option<BTreeMap<Order, Vec<Block>>>,
    /// By pageblock: frames that can be moved, if that is known.
    can_move: Option<Vec<u32>>,
    draw: Stream,
}

/// What is at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// No memory.
    Hole,
    /// Nothing yet: in use, if nothing comes here.
    Open,
    /// Something that is not free.
    Taken,
    /// A free block of this order begins.
    Free(Order),
    /// It goes on.
    Within,
}

/// What kind of block is to be placed.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    order: Order,
    mt: MigrateType,
    /// Whether only in pageblocks of its own type.
    strict: bool,
    /// The largest order of a free block.
    top: Order,
}

/// Areas in which such a block may still find room: pageblocks, or what is larger. A zone only fills,
/// so one without room is never looked at again.
#[derive(Clone, Debug)]
struct Room {
    wanted: Wanted,
    areas: Vec<Block>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        zone: &'a ZoneCounts,
        memory: &'a [PfnRange],
        pageblock: Order,
        known: &Known,
        seed: u64,
    ) -> Places<'a> {
        let span = zone.span;
        let mut frames = vec![Frame::Hole; span.frames() as usize];
        for range in memory {
            let from = range.start().since(span.start()) as usize;
            frames[from..from + range.frames() as usize].fill(Frame::Open);
        }
        let first = span.start().align_down(pageblock);
        let blocks = span.end().align_up(pageblock).since(first) >> pageblock.get();
        let name = format!("import/node {} {}", zone.id.node, zone.id.kind);
        let mut places = Places {
            zone,
            pageblock,
            memory,
            frames,
            types: vec![None; blocks as usize],
            free: Vec::new(),
            blocks: None,
            can_move: None,
            draw: Stream::new(seed, &name),
        };
        places.blocks = known.blocks.as_ref().map(|blocks| {
            let mut orders: BTreeMap<Order, Vec<Block>> = BTreeMap::new();
            for &block in blocks.iter().filter(|block| span.covers(block.range())) {
                orders.entry(block.order()).or_default().push(block);
            }
            orders
        });
        places.can_move = known.movable.as_ref().map(|pfns| {
            let mut counts = vec![0; blocks as usize];
            for &pfn in pfns.iter().filter(|pfn| span.contains(**pfn)) {
                places.fill(Block::page(pfn), Frame::Taken);
                counts[places.pageblock_of(pfn)] += 1;
            }
            counts
        });
        let mine = known.free.iter().filter(|pfn| span.contains(**pfn));
        places.free = mine.copied().collect();
        for block in &known.used {
            if span.covers(block.range()) {
                places.fill(*block, Frame::Taken);
            }
        }
        places
    }

    fn at(&self, pfn: Pfn) -> usize {
        pfn.since(self.zone.span.start()) as usize
    }

    fn slice(&self, block: Block) -> &[Frame] {
        let from = self.at(block.start());
        &self.frames[from..from + block.frames() as usize]
    }

    fn fill(&mut self, block: Block, with: Frame) {
        let from = self.at(block.start());
        self.frames[from..from + block.frames() as usize].fill(with);
    }

    fn first_pageblock(&self) -> Pfn {
        self.zone.span.start().align_down(self.pageblock)
    }

    fn pageblock_of(&self, pfn: Pfn) -> usize {
        (pfn.since(self.first_pageblock()) >> self.pageblock.get()) as usize
    }

    /// The types of the pageblocks that are touched by a block.
    fn types_of(&self, block: Block) -> std::ops::RangeInclusive<usize> {
        let last = block.start().offset(block.frames() - 1);
        self.pageblock_of(block.start())..=self.pageblock_of(last)
    }

    /// Whether a block that is wanted could be here.
    fn fits(&self, block: Block, wanted: &Wanted) -> bool {
        let span = self.zone.span;
        if !span.covers(block.range()) || self.slice(block).iter().any(|at| *at != Frame::Open) {
            return false;
        }
        let buddy = block.buddy();
        let merges = block.order() < wanted.top
            && span.covers(buddy.range())
            && self.frames[self.at(buddy.start())] == Frame::Free(block.order());
        !merges && self.is_of_type(block, wanted)
    }

    /// Whether the pageblocks that `block` touches are of the type that is wanted, or will be.
    fn is_of_type(&self, block: Block, wanted: &Wanted) -> bool {
        let types = &self.types[self.types_of(block)];
        let whole = wanted.order >= self.pageblock;
        let right = |known: &Option<MigrateType>| match known {
            None => whole,
            Some(known) => *known == wanted.mt,
        };
        !wanted.strict || types.iter().all(right)
    }

    fn put(&mut self, block: Block) {
        if let Some(blocks) = &mut self.blocks {
            let own = blocks.entry(block.order()).or_default();
            if let Some(at) = own.iter().position(|other| *other == block) {
                own.swap_remove(at);
            }
        }
        self.fill(block, Frame::Within);
        let at = self.at(block.start());
        self.frames[at] = Frame::Free(block.order());
    }

    /// Places for `count` free blocks, in the order of their list.
    ///
    /// # Errors
    /// When there is not enough room.
    pub(super) fn place(
        &mut self,
        order: Order,
        mt: MigrateType,
        count: u64,
        top: Order,
    ) -> Result<Vec<Pfn>, ImportError> {
        let mut own = self.room(Wanted {
            order,
            mt,
            strict: true,
            top,
        });
        let mut any = self.room(Wanted {
            strict: false,
            ..own.wanted
        });
        let mut placed = Vec::new();
        while (placed.len() as u64) < count {
            let found = self.look(&mut own).or_else(|| self.look(&mut any));
            let Some(block) = found else {
                return Err(ImportError::Crowded {
                    zone: self.zone.id,
                    order,
                    blocks: count - placed.len() as u64,
                });
            };
            self.put(block);
            if order >= self.pageblock {
                let types = self.types_of(block);
                self.types[types].fill(Some(mt));
            }
            placed.push(block.start());
        }
        Ok(placed)
    }

    /// Where there may be room: pageblocks of its own type, if that is wanted.
    fn room(&self, wanted: Wanted) -> Room {
        let order = wanted.order.max(self.pageblock);
        let span = self.zone.span;
        let first = span.start().align_down(order);
        let areas = span.end().align_up(order).since(first) >> order.get();
        let areas = (0..areas).map(|at| Block::containing(first.offset(at << order.get()), order));
        // What is larger decides the types of what it touches.
        let open = |area: &Block| order > self.pageblock || self.is_of_type(*area, &wanted);
        Room {
            wanted,
            areas: areas.filter(open).collect(),
        }
    }

    fn look(&mut self, room: &mut Room) -> Option<Block> {
        let wanted = room.wanted;
        let order = wanted.order;
        if let Some(blocks) = &self.blocks {
            let own = blocks.get(&order).into_iter().flatten();
            return own.copied().find(|block| self.fits(*block, &wanted));
        }
        // What is known to have been free comes first.
        let tries = if self.free.is_empty() { 0 } else { TRIES };
        for _ in 0..tries {
            let pfn = self.free[self.draw.below(self.free.len() as u32) as usize];
            let block = Block::containing(pfn, order);
            if self.fits(block, &wanted) {
                return Some(block);
            }
        }
        while !room.areas.is_empty() {
            // Fits: there are less than 2^32 frames.
            let at = self.draw.below(room.areas.len() as u32) as usize;
            let area = room.areas[at];
            let blocks = (area.frames() >> order.get()) as u32;
            let from = self.draw.below(blocks);
            let mut places = (from..blocks).chain(0..from).map(|at| {
                let start = area.start().offset(u64::from(at) << order.get());
                Block::containing(start, order)
            });
            if let Some(block) = places.find(|block| self.fits(*block, &wanted)) {
                return Some(block);
            }
            room.areas.swap_remove(at);
        }
        None
    }

    fn any_frame(&mut self) -> Pfn {
        let frames: u64 = self.memory.iter().map(|range| range.frames()).sum();
        // Fits: there are less than 2^32 frames.
        let mut at = u64::from(self.draw.below(frames as u32));
        for range in self.memory {
            if at < range.frames() {
                return range.start().offset(at);
            }
            at -= range.frames();
        }
        self.zone.span.start()
    }

    /// Decides the types of pageblocks that no large free block decided. One with something movable
    /// in it is movable, if so many are.
    pub(super) fn decide_types(&mut self) {
        if let Some(can_move) = self.can_move.clone() {
            let counted = |mt| self.zone.pageblocks.iter().find(|(of, _)| *of == mt);
            let most = counted(MigrateType::Movable).map_or(u64::MAX, |(_, count)| *count);
            let decided = self.types.iter().flatten();
            let mut left =
                most.saturating_sub(decided.filter(|mt| is_movable(**mt)).count() as u64);
            for (known, count) in self.types.iter_mut().zip(can_move) {
                if known.is_none() && count > 0 && left > 0 {
                    *known = Some(MigrateType::Movable);
                    left -= 1;
                } else if known.is_none() && self.zone.pageblocks.is_empty() {
                    *known = Some(MigrateType::Unmovable);
                }
            }
        }
        let mut left: Vec<MigrateType> = Vec::new();
        for &(mt, count) in &self.zone.pageblocks {
            let decided = self
                .types
                .iter()
                .filter(|known| **known == Some(mt))
                .count() as u64;
            let open = count.saturating_sub(decided).min(self.types.len() as u64);
            left.extend((0..open).map(|_| mt));
        }
        shuffle(&mut left, &mut self.draw);
        for at in 0..self.types.len() {
            if self.types[at].is_none() {
                self.types[at] = Some(left.pop().unwrap_or(MigrateType::Movable));
            }
        }
    }

    /// Takes `count` single frames for a per-CPU list: such as were free for certain first.
    ///
    /// # Errors
    /// When there is not enough room.
    pub(super) fn cache(&mut self, count: u32) -> Result<Vec<(Pfn, MigrateType)>, ImportError> {
        let mut cached = Vec::new();
        let mut tries = 0;
        while cached.len() < count as usize {
            let known = tries < TRIES && !self.free.is_empty();
            tries += 1;
            let from = match known {
                true => self.free[self.draw.below(self.free.len() as u32) as usize],
                false => self.any_frame(),
            };
            // Lists are filled in batches: what lies together is cached together.
            let (mut at, before) = (from, cached.len());
            while cached.len() < count as usize
                && self.zone.span.contains(at)
                && self.frames[self.at(at)] == Frame::Open
            {
                let mt = self.types[self.pageblock_of(at)].unwrap_or(MigrateType::Movable);
                if !mt.is_ordinary() {
                    break;
                }
                self.fill(Block::page(at), Frame::Taken);
                cached.push((at, mt));
                at = at.offset(1);
            }
            if cached.len() > before {
                tries = 0;
            } else if tries > 16 * TRIES {
                return Err(ImportError::Crowded {
                    zone: self.zone.id,
                    order: Order::ZERO,
                    blocks: u64::from(count) - cached.len() as u64,
                });
            }
        }
        Ok(cached)
    }

    /// The type of the pageblock of a frame.
    pub(super) fn type_of(&self, pfn: Pfn) -> MigrateType {
        self.types[self.pageblock_of(pfn)].unwrap_or(MigrateType::Movable)
    }

    /// The types of its pageblocks; where there is no memory, none.
    pub(super) fn types(&self) -> (Pfn, Vec<Option<MigrateType>>) {
        (self.first_pageblock(), self.types.clone())
    }

    /// By pageblock: frames of movable ones that somebody has, and nothing is known of. At most
    /// `most` in all.
    pub(super) fn movable(&self, most: u64) -> Vec<(u32, u32)> {
        if let Some(counts) = &self.can_move {
            // What of a pageblock is on a per-CPU list is in use, but not movable.
            let open = (0..).zip(counts).filter(|(_, count)| **count > 0);
            return open.map(|(at, count)| (at, *count)).collect();
        }
        let mut left = most;
        let mut movable = Vec::new();
        for (at, mt) in self.types.iter().enumerate() {
            let start = self
                .first_pageblock()
                .offset((at as u64) << self.pageblock.get());
            let range = PfnRange::sized(start, self.pageblock.frames());
            let range = range.intersection(self.zone.span);
            let from = self.at(range.start());
            let open = self.frames[from..from + range.frames() as usize].iter();
            let open = open.filter(|frame| **frame == Frame::Open).count() as u64;
            let open = open.min(left);
            if *mt == Some(MigrateType::Movable) && open > 0 {
                left -= open;
                // Fits: a pageblock has no more than 2^10 frames.
                movable.push((at as u32, open as u32));
            }
        }
        movable
    }

    /// The order of a list nobody knows.
    pub(super) fn mix(&mut self, list: &mut [Pfn]) {
        shuffle(list, &mut self.draw);
    }
}

/// Every order is as likely as any other (Fisher and Yates).
fn shuffle<T>(items: &mut [T], draw: &mut Stream) {
    for last in (1..items.len()).rev() {
        // Fits: there are less than 2^32 frames.
        items.swap(last, draw.below(last as u32 + 1) as usize);
    }
}

fn is_movable(mt: MigrateType) -> bool {
    mt == MigrateType::Movable
}
