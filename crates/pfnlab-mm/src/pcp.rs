//! Per-CPU lists: the blocks each CPU keeps in front of a zone (`struct per_cpu_pages`).

use pfnlab_model::{
    Block, CpuId, End, Event, MigrateType, Observer, Order, PcpField, ZoneFlags, ZoneId, ZoneStat,
};

use crate::frames::{Frames, State, Word};
use crate::free_list::FreeList;

/// How the lists size themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PcpPolicy {
    /// A fixed high mark; frees in a row drain ever more at once, without a bound; one list for
    /// all huge pages (6.1.0).
    FreeFactorUnbounded,
    /// A fixed high mark; frees in a row drain ever more at once (6.1.y).
    FreeFactor,
    /// The high mark follows the load between two limits; allocations in a row refill ever more
    /// at once (6.12).
    Tuned,
}

/// Orders up to this one are cached (`PAGE_ALLOC_COSTLY_ORDER`).
const CACHED_ORDER: u8 = 3;
/// Types with lists of their own (`MIGRATE_PCPTYPES`).
const TYPES: u8 = 3;
/// The first list of huge pages: one for movable ones behind one for the rest.
const HUGE: u8 = (CACHED_ORDER + 1) * TYPES;
/// How many lists there are (`NR_PCP_LISTS`).
pub(crate) const LISTS: u8 = HUGE + 2;
/// Frees in a row double the drain at most this often (`CONFIG_PCP_BATCH_SCALE_MAX`, 6.1.y).
const FREE_FACTOR_MAX: u32 = 5;

/// `PcpField::Flags`: the last free was of a high order.
const PREV_FREE_HIGH_ORDER: u32 = 1;
/// `PcpField::Flags`: the CPU cache is large enough to let high-order frees pile up to a batch.
pub(crate) const FREE_HIGH_BATCH: u32 = 2;

const FIELDS: usize = PcpField::Expire as usize + 1;

/// The lists of one CPU in front of one zone.
#[derive(Debug)]
pub(crate) struct Pcp {
    zone: ZoneId,
    cpu: CpuId,
    policy: PcpPolicy,
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

impl Pcp {
    pub(crate) fn new(zone: ZoneId, cpu: CpuId, policy: PcpPolicy, config: &crate::Config) -> Pcp {
        Pcp {
            zone,
            cpu,
            policy,
            scale_max: u32::from(config.pcp_batch_scale_max),
            huge_order: config.huge_order,
            count: 0,
            fields: [0; FIELDS],
            lists: [FreeList::default(); LISTS as usize],
            stat_threshold: 0,
            diff: [0; ZoneStat::COUNT],
        }
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

    /// The list for blocks of an order and type; `None`: such blocks are not cached.
    #[inline]
    pub(crate) fn list_for(&self, order: Order, mt: MigrateType) -> Option<u8> {
        if order.get() <= CACHED_ORDER {
            Some(TYPES * order.get() + mt.index() as u8)
        } else if Some(order) == self.huge_order {
            Some(HUGE + u8::from(mt == MigrateType::Movable && self.policy.splits_huge()))
        } else {
            None
        }
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

    /// Lends the first block of a list.
    #[inline]
    pub(crate) fn lend(
        &mut self,
        frames: &mut Frames,
        list: u8,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let (block, _) = self.pop(frames, list, End::Head, State::Lent, observer)?;
        Some(block)
    }

    /// Takes the last block of a list, with the type noted on it.
    #[inline]
    pub(crate) fn pop_last(
        &mut self,
        frames: &mut Frames,
        list: u8,
        observer: &mut impl Observer,
    ) -> Option<(Block, MigrateType)> {
        let (block, was) = self.pop(frames, list, End::Tail, State::None, observer)?;
        Some((block, was.mt()))
    }

    /// Takes the block at one end of a list, which is in `state` then. Its word is what it was
    /// before.
    #[inline(always)]
    fn pop(
        &mut self,
        frames: &mut Frames,
        list: u8,
        end: End,
        state: State,
        observer: &mut impl Observer,
    ) -> Option<(Block, Word)> {
        let order = self.order_of(list);
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

    /// The list to drain next: the first that holds something, from `list` on, round about.
    #[inline]
    pub(crate) fn next_filled(&self, list: u8) -> Option<u8> {
        (list..LISTS)
            .chain(0..list)
            .find(|&list| !self.is_empty(list))
    }

    /// A request was made: the urge to drain fades.
    #[inline]
    pub(crate) fn on_alloc(&mut self, observer: &mut impl Observer) {
        let field = match self.policy {
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => PcpField::FreeFactor,
            PcpPolicy::Tuned => PcpField::FreeCount,
        };
        self.set(field, self.get(field) >> 1, observer);
    }

    /// How many blocks to fetch when a list is empty (`nr_pcp_alloc`).
    pub(crate) fn refill(
        &mut self,
        order: Order,
        zone: ZoneFlags,
        observer: &mut impl Observer,
    ) -> u32 {
        let batch = self.get(PcpField::Batch);
        let blocks = match self.policy {
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => batch,
            PcpPolicy::Tuned => self.tuned_refill(order, zone, observer),
        };
        if blocks > 1 {
            (blocks >> order.get()).max(2)
        } else {
            blocks
        }
    }

    fn tuned_refill(&mut self, order: Order, zone: ZoneFlags, observer: &mut impl Observer) -> u32 {
        let batch = self.get(PcpField::Batch);
        let (least, most) = self.high_limits();
        let mut high = clamp(self.get(PcpField::High), least, most);
        self.set(PcpField::High, high, observer);
        if high < batch {
            return 1;
        }
        let factor = self.get(PcpField::AllocFactor);
        let wanted = if order == Order::ZERO {
            batch << factor
        } else {
            batch
        };
        if least != most && !zone.contains(ZoneFlags::BELOW_HIGH) {
            high = (high + wanted).min(most);
            self.set(PcpField::High, high, observer);
        }
        if order != Order::ZERO {
            return wanted;
        }
        let room = i64::from(high) - i64::from(self.count) - i64::from(batch);
        let room = u32::try_from(room.max(i64::from(batch))).expect("high and batch fit");
        if wanted <= room && factor < self.scale_max {
            self.set(PcpField::AllocFactor, factor + 1, observer);
        }
        wanted.min(room)
    }

    /// A block was put on a list: how many frames to drain, if any
    /// (`nr_pcp_high`, `nr_pcp_free`).
    #[inline]
    pub(crate) fn on_free(
        &mut self,
        order: Order,
        zone: ZoneFlags,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        match self.policy {
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => {
                self.factor_drain(order, zone, observer)
            }
            PcpPolicy::Tuned => self.tuned_drain(order, zone, observer),
        }
    }

    fn factor_drain(
        &mut self,
        order: Order,
        zone: ZoneFlags,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        let (high, batch) = (self.get(PcpField::High), self.get(PcpField::Batch));
        let factor = self.get(PcpField::FreeFactor);
        let everything = factor != 0 && is_small_high_order(order);
        let high = if everything {
            0
        } else if zone.contains(ZoneFlags::RECLAIM_ACTIVE) {
            high.min(batch << 2)
        } else {
            high
        };
        if self.count < high {
            return None;
        }
        if everything {
            return Some(self.count);
        }
        if high < batch {
            return Some(1);
        }
        let (least, most) = (batch, high - batch);
        let wanted = batch << factor;
        if wanted < most && factor < self.policy.most_doublings() {
            self.set(PcpField::FreeFactor, factor + 1, observer);
        }
        Some(clamp(wanted, least, most))
    }

    #[inline]
    fn tuned_drain(
        &mut self,
        order: Order,
        zone: ZoneFlags,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        let batch = self.get(PcpField::Batch);
        let ceiling = batch << self.scale_max;
        let flags = self.get(PcpField::Flags);
        let everything = is_small_high_order(order)
            && self.get(PcpField::FreeCount) >= batch
            && flags & PREV_FREE_HIGH_ORDER != 0
            && (flags & FREE_HIGH_BATCH == 0 || self.count >= batch);
        let flags = if is_small_high_order(order) {
            flags | PREV_FREE_HIGH_ORDER
        } else {
            flags & !PREV_FREE_HIGH_ORDER
        };
        self.set(PcpField::Flags, flags, observer);
        if self.get(PcpField::FreeCount) < ceiling {
            let count = self.get(PcpField::FreeCount) + order.frames() as u32;
            self.set(PcpField::FreeCount, count, observer);
        }
        let high = self.tuned_high(everything, zone, observer);
        if self.count < high {
            return None;
        }
        if everything {
            return Some(self.count.min(ceiling));
        }
        if high < batch {
            return Some(1);
        }
        Some(clamp(self.get(PcpField::FreeCount), batch, high - batch))
    }

    /// From how many frames on to drain; moves the high mark.
    #[inline]
    fn tuned_high(
        &mut self,
        everything: bool,
        zone: ZoneFlags,
        observer: &mut impl Observer,
    ) -> u32 {
        let batch = self.get(PcpField::Batch);
        let (least, most) = self.high_limits();
        let high = clamp(self.get(PcpField::High), least, most);
        let free_count = self.get(PcpField::FreeCount);
        let lower = |by: u32| high.saturating_sub(by).max(least);
        let (new, threshold) = if high == 0 {
            (high, 0)
        } else if everything {
            (lower(batch << self.scale_max), 0)
        } else if zone.contains(ZoneFlags::RECLAIM_ACTIVE) {
            let new = lower(free_count.max(batch));
            (new, (batch << 2).min(new))
        } else if least == most {
            (high, high)
        } else if zone.contains(ZoneFlags::BELOW_HIGH) {
            (lower(free_count.max(batch)), self.count.max(least))
        } else if self.count >= high && high < free_count + batch {
            (clamp(free_count + batch, least, most), high)
        } else {
            (high, high)
        };
        self.set(PcpField::High, new, observer);
        threshold
    }

    /// The second's fold lets a high mark sink back (`decay_pcp_high`); says how many frames are
    /// now too many.
    pub(crate) fn decay(&mut self, observer: &mut impl Observer) -> u32 {
        let (high, least) = (self.get(PcpField::High), self.get(PcpField::HighMin));
        match self.policy {
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => return 0,
            PcpPolicy::Tuned if high <= least => {}
            PcpPolicy::Tuned => {
                let ceiling = self.get(PcpField::Batch) << self.scale_max;
                let floor = self.count.saturating_sub(ceiling).max(least);
                self.set(PcpField::High, (high - (high >> 3)).max(floor), observer);
            }
        }
        self.count.saturating_sub(self.get(PcpField::High))
    }

    /// How many frames are drained at most before the lists are looked at again.
    pub(crate) fn drain_step(&self) -> u32 {
        match self.policy {
            PcpPolicy::FreeFactorUnbounded => self.count,
            _ => self.get(PcpField::Batch) << self.scale_max,
        }
    }

    /// Halves the doubling of refills.
    #[inline]
    pub(crate) fn calm_refill(&mut self, observer: &mut impl Observer) {
        match self.policy {
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => {}
            PcpPolicy::Tuned => {
                let factor = self.get(PcpField::AllocFactor) >> 1;
                self.set(PcpField::AllocFactor, factor, observer);
            }
        }
    }

    /// Takes over new limits; what is on the lists stays.
    pub(crate) fn set_limits(
        &mut self,
        high_min: u32,
        high_max: u32,
        batch: u32,
        observer: &mut impl Observer,
    ) {
        self.set(PcpField::Batch, batch, observer);
        match self.policy {
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => {
                self.set(PcpField::High, high_min, observer);
            }
            PcpPolicy::Tuned => {
                self.set(PcpField::HighMin, high_min, observer);
                self.set(PcpField::HighMax, high_max, observer);
            }
        }
    }

    #[inline]
    fn high_limits(&self) -> (u32, u32) {
        (self.get(PcpField::HighMin), self.get(PcpField::HighMax))
    }
}

impl PcpPolicy {
    /// Whether the type a page will be drained to is noted on it.
    #[inline]
    pub(crate) fn notes_type(self) -> bool {
        !matches!(self, PcpPolicy::Tuned)
    }

    /// Frees in a row double the drain at most this often.
    #[inline]
    fn most_doublings(self) -> u32 {
        match self {
            // The drain itself is bounded before the shift could overflow.
            PcpPolicy::FreeFactorUnbounded => 20,
            _ => FREE_FACTOR_MAX,
        }
    }

    /// Whether movable huge pages have a list of their own.
    #[inline]
    fn splits_huge(self) -> bool {
        !matches!(self, PcpPolicy::FreeFactorUnbounded)
    }

    /// Whether the high mark has limits of its own between which it floats.
    pub(crate) fn has_range(self) -> bool {
        matches!(self, PcpPolicy::Tuned)
    }
}

/// Orders 1 to 3: cached, and freed in crowds when their user goes.
#[inline]
fn is_small_high_order(order: Order) -> bool {
    (1..=CACHED_ORDER).contains(&order.get())
}

/// As the kernel's `clamp`: the upper limit wins.
#[inline]
fn clamp(value: u32, least: u32, most: u32) -> u32 {
    value.max(least).min(most)
}
