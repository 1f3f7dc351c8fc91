//! Per-CPU lists: the blocks each CPU keeps in front of a zone (`struct per_cpu_pages`).
//!
//! - [`sizing`]: how long they may be, and how much goes in and out at once.

mod sizing;

use pfnlab_model::{
    Block, CpuId, End, Event, MigrateType, Observer, Order, PcpField, PcpState, ZoneId, ZoneStat,
};

use crate::frames::{Frames, State, Word};
use crate::free_list::FreeList;
use crate::{Config, Profile};

pub(crate) use sizing::PcpPolicy;

/// Orders up to this one can be cached (`PAGE_ALLOC_COSTLY_ORDER`).
const CACHED_ORDER: u8 = 3;
/// Types with lists of their own (`MIGRATE_PCPTYPES`).
pub(crate) const TYPES: u8 = 3;
/// The first list of huge pages: one for movable ones behind one for the rest.
const HUGE: u8 = (CACHED_ORDER + 1) * TYPES;
/// How many lists there are (`NR_PCP_LISTS`).
pub(crate) const LISTS: u8 = HUGE + 2;
/// `PcpField::Flags`: the CPU cache is large enough to let high-order frees pile up to a batch.
pub(crate) const FREE_HIGH_BATCH: u32 = 2;

const FIELDS: usize = PcpField::Expire as usize + 1;

/// The lists of one CPU in front of one zone.
#[derive(Clone, Debug)]
pub(crate) struct Pcp {
    zone: ZoneId,
    cpu: CpuId,
    policy: PcpPolicy,
    /// A request goes to the list as it is: see [`PcpPolicy::is_direct`].
    direct: bool,
    /// The largest order that is cached, huge pages aside.
    cached_order: u8,
    /// By type: its number.
    numbers: [u8; MigrateType::COUNT],
    scale_max: u32,
    huge_order: Option<Order>,
    count: u32,
    fields: [u32; FIELDS],
    lists: [FreeList; LISTS as usize],
    /// A difference beyond this is folded; none may grow before statistics are set up.
    pub(crate) stat_threshold: u8,
    /// The differences to the zone's counters not folded yet.
    pub(crate) diff: [i8; ZoneStat::COUNT],
}

/// Until limits are known a list keeps nothing: it is drained of one frame whenever one comes
/// (`setup_pageset`, `zone_pcp_init`).
const fn boot_fields() -> [u32; FIELDS] {
    let mut fields = [0; FIELDS];
    fields[PcpField::Batch as usize] = 1;
    fields
}

impl Pcp {
    pub(crate) fn new(zone: ZoneId, cpu: CpuId, profile: &Profile, config: &Config) -> Pcp {
        let policy = profile.pcp;
        let mut numbers = [0; MigrateType::COUNT];
        for (number, mt) in (0..).zip(profile.migratetypes(config)) {
            numbers[mt.index()] = number;
        }
        Pcp {
            zone,
            cpu,
            policy,
            direct: policy.is_direct(config.cma),
            cached_order: policy.cached_order(),
            numbers,
            scale_max: u32::from(config.pcp_batch_scale_max),
            huge_order: config.huge_order.filter(|_| !policy.is_single()),
            count: 0,
            fields: boot_fields(),
            lists: [FreeList::default(); LISTS as usize],
            stat_threshold: 0,
            diff: [0; ZoneStat::COUNT],
        }
    }

    /// Whether a request goes to its list as it is; else there is more to know.
    #[inline]
    pub(crate) fn is_direct(&self) -> bool {
        self.direct
    }

    /// How many frames the lists hold.
    #[inline]
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// One of its numbers.
    #[inline]
    pub(crate) fn get(&self, field: PcpField) -> u32 {
        self.fields[field as usize]
    }

    /// Changes one of its numbers.
    #[inline]
    pub(crate) fn set(&mut self, field: PcpField, value: u32, observer: &mut impl Observer) {
        if self.fields[field as usize] != value {
            self.fields[field as usize] = value;
            observer.event(Event::PcpTuned {
                zone: self.zone,
                cpu: self.cpu,
                field,
                value,
            });
        }
    }

    /// Changes how far its differences may grow.
    pub(crate) fn set_threshold(&mut self, threshold: u8, observer: &mut impl Observer) {
        if self.stat_threshold != threshold {
            self.stat_threshold = threshold;
            observer.event(Event::ThresholdSet {
                zone: self.zone,
                cpu: self.cpu,
                threshold,
            });
        }
    }

    /// The list for blocks of an order and type; `None`: such blocks are not cached.
    #[inline]
    pub(crate) fn list_for(&self, order: Order, mt: MigrateType) -> Option<u8> {
        if order.get() <= self.cached_order {
            Some(TYPES * order.get() + self.numbers[mt.index()])
        } else if Some(order) == self.huge_order {
            Some(HUGE + u8::from(mt == MigrateType::Movable && self.policy.splits_huge()))
        } else {
            None
        }
    }

    /// The list for single frames of a type.
    #[inline]
    pub(crate) fn page_list(&self, mt: MigrateType) -> u8 {
        self.numbers[mt.index()]
    }

    /// The order of the blocks on a list.
    #[inline]
    pub(crate) fn order_of(&self, list: u8) -> Order {
        if list < HUGE {
            Order::new(list / TYPES).expect("small lists have small orders")
        } else {
            self.huge_order
                .expect("the huge lists are only used with huge pages")
        }
    }

    /// The blocks of a list, head first, with the types noted on them.
    pub(crate) fn blocks<'a>(
        &self,
        list: u8,
        frames: &'a Frames,
    ) -> impl Iterator<Item = (Block, State)> + use<'a> {
        self.lists[usize::from(list)].iter(frames, self.order_of(list))
    }

    /// Whether a list holds nothing.
    #[inline]
    pub(crate) fn is_empty(&self, list: u8) -> bool {
        self.lists[usize::from(list)].is_empty()
    }

    /// Puts a block on a list, noting a type on it.
    #[inline]
    pub(crate) fn push(
        &mut self,
        frames: &mut Frames,
        list: u8,
        block: Block,
        noted: MigrateType,
        end: End,
        observer: &mut impl Observer,
    ) {
        self.lists[usize::from(list)].push(frames, block, State::Pcp(noted), end);
        self.count += block.frames() as u32;
        let noted = self.policy.notes_type().then_some(noted);
        let (zone, cpu) = (self.zone, self.cpu);
        observer.event(Event::PcpLinked {
            zone,
            cpu,
            list,
            block,
            noted,
            end,
        });
    }

    /// Lends the block at one end of a list, which is one of blocks of `order`.
    #[inline]
    pub(crate) fn lend(
        &mut self,
        frames: &mut Frames,
        list: u8,
        order: Order,
        end: End,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let (block, _) = self.pop(frames, list, (order, end), State::Lent, observer)?;
        Some(block)
    }

    /// Takes the last block of a list, which is one of blocks of `order`, with the word that was
    /// on it: it speaks of the type noted.
    #[inline]
    pub(crate) fn pop_last(
        &mut self,
        frames: &mut Frames,
        list: u8,
        order: Order,
        observer: &mut impl Observer,
    ) -> Option<(Block, Word)> {
        self.pop(frames, list, (order, End::Tail), State::None, observer)
    }

    /// Takes the block at one end of a list, which is in `state` then. Its word is what it was
    /// before.
    #[inline(always)]
    fn pop(
        &mut self,
        frames: &mut Frames,
        list: u8,
        (order, end): (Order, End),
        state: State,
        observer: &mut impl Observer,
    ) -> Option<(Block, Word)> {
        let (block, was) = self.lists[usize::from(list)].pop(frames, order, end, state)?;
        assert!(
            was.is_like(Word::new(State::Pcp(MigrateType::Unmovable), order)),
            "{block} was on a per-CPU list, but it is {was:?}"
        );
        self.count -= block.frames() as u32;
        let (zone, cpu) = (self.zone, self.cpu);
        observer.event(Event::PcpUnlinked {
            zone,
            cpu,
            list,
            block,
            end,
        });
        Some((block, was))
    }

    /// Requests were counted for the node that served them.
    pub(crate) fn note_numa(&mut self, observer: &mut impl Observer) {
        let flags = self.get(PcpField::Flags) | PcpState::NUMA_COUNTED;
        self.set(PcpField::Flags, flags, observer);
    }

    /// They are folded; says whether there were any.
    pub(crate) fn take_numa(&mut self, observer: &mut impl Observer) -> bool {
        let flags = self.get(PcpField::Flags);
        self.set(PcpField::Flags, flags & !PcpState::NUMA_COUNTED, observer);
        flags & PcpState::NUMA_COUNTED != 0
    }

    /// Its lists are in other records now.
    pub(crate) fn move_records(&mut self, from: &Frames, to: &mut Frames) {
        for list in 0..LISTS {
            if self.is_empty(list) {
                continue;
            }
            let before = self.blocks(list, from);
            let mut moved = FreeList::default();
            before.for_each(|(block, state)| moved.push(to, block, state, End::Tail));
            self.lists[usize::from(list)] = moved;
        }
    }

    /// The list to drain next: the first that holds something, from `list` on, round about.
    #[inline]
    pub(crate) fn next_filled(&self, list: u8) -> Option<u8> {
        (list..LISTS)
            .chain(0..list)
            .find(|&list| !self.is_empty(list))
    }
}
