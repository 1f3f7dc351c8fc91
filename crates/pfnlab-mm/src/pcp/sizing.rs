//! How the per-CPU lists size themselves.

use pfnlab_model::{Observer, Order, PcpField, ZoneFlags};

use super::{CACHED_ORDER, FREE_HIGH_BATCH, Pcp};
use crate::profile::{Policy, Told, told};

/// How the lists size themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PcpPolicy {
    /// Single frames only, cold ones at the other end of the list; a fixed high mark, a batch at
    /// a time (up to 4.14).
    HotCold,
    /// The same without cold ones, and larger batches (5.0).
    Single,
    /// A fixed high mark; frees in a row drain ever more at once, without a bound; one list for
    /// all huge pages (6.1.0).
    FreeFactorUnbounded,
    /// A fixed high mark; frees in a row drain ever more at once (6.1.y).
    FreeFactor,
    /// The high mark follows the load between two limits; allocations in a row refill ever more
    /// at once (6.12).
    Tuned,
}

impl Policy for PcpPolicy {
    const DECIDES: &'static str = "what the per-CPU lists hold, and how they size themselves";

    fn told(self) -> Told {
        match self {
            PcpPolicy::HotCold => told(
                "single frames, cold ones at the other end; a fixed high mark, drained a batch at a time",
                "free_hot_cold_page",
            ),
            PcpPolicy::Single => told(
                "single frames; a fixed high mark, drained a batch at a time",
                "free_unref_page; larger batches",
            ),
            PcpPolicy::FreeFactorUnbounded => told(
                "orders 0 to 3 and huge pages; a fixed high mark; frees in a row drain ever more at once, without a bound",
                "~NR_PCP_LISTS, free_factor",
            ),
            PcpPolicy::FreeFactor => told(
                "the same, but drains double at most five times, and movable huge pages have a list of their own",
                "nr_pcp_free, ~NR_PCP_THP",
            ),
            PcpPolicy::Tuned => told(
                "the same lists; the high mark follows the load between two limits, and requests in a row refill ever more at once",
                "high_min, high_max, alloc_factor, free_count",
            ),
        }
    }
}

/// Frees in a row double the drain at most this often (`CONFIG_PCP_BATCH_SCALE_MAX`, 6.1.y).
const FREE_FACTOR_MAX: u32 = 5;

/// `PcpField::Flags`: the last free was of a high order.
const PREV_FREE_HIGH_ORDER: u32 = 1;

impl Pcp {
    /// A request was made: the urge to drain fades.
    #[inline]
    pub(crate) fn on_alloc(&mut self, observer: &mut impl Observer) {
        let field = match self.policy {
            PcpPolicy::Tuned => PcpField::FreeCount,
            _ => PcpField::FreeFactor,
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
            PcpPolicy::Tuned => self.tuned_refill(order, zone, observer),
            _ => batch,
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
    #[inline(always)]
    pub(crate) fn on_free(
        &mut self,
        order: Order,
        zone: ZoneFlags,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        match self.policy {
            PcpPolicy::HotCold | PcpPolicy::Single => self.batch_drain(),
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => {
                self.factor_drain(order, zone, observer)
            }
            PcpPolicy::Tuned => self.tuned_drain(order, zone, observer),
        }
    }

    fn batch_drain(&self) -> Option<u32> {
        (self.count >= self.get(PcpField::High)).then(|| self.get(PcpField::Batch))
    }

    #[inline]
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

    #[inline(always)]
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
        let scarce =
            zone.contains(ZoneFlags::RECLAIM_ACTIVE) || zone.contains(ZoneFlags::BELOW_HIGH);
        let (least, most) = self.high_limits();
        let high = clamp(self.get(PcpField::High), least, most);
        if !everything && !scarce && self.count < high {
            // Nearly always there is room, and the mark stays.
            self.set(PcpField::High, high, observer);
            return None;
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
            PcpPolicy::Tuned if high <= least => {}
            PcpPolicy::Tuned => {
                let ceiling = self.get(PcpField::Batch) << self.scale_max;
                let floor = self.count.saturating_sub(ceiling).max(least);
                self.set(PcpField::High, (high - (high >> 3)).max(floor), observer);
            }
            _ => return 0,
        }
        self.count.saturating_sub(self.get(PcpField::High))
    }

    /// How many frames are drained at most before the lists are looked at again.
    pub(crate) fn drain_step(&self) -> u32 {
        match self.policy {
            PcpPolicy::FreeFactor | PcpPolicy::Tuned => self.get(PcpField::Batch) << self.scale_max,
            _ => self.count,
        }
    }

    /// Halves the doubling of refills.
    #[inline]
    pub(crate) fn calm_refill(&mut self, observer: &mut impl Observer) {
        if self.policy == PcpPolicy::Tuned {
            let factor = self.get(PcpField::AllocFactor) >> 1;
            self.set(PcpField::AllocFactor, factor, observer);
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
            PcpPolicy::Tuned => {
                self.set(PcpField::HighMin, high_min, observer);
                self.set(PcpField::HighMax, high_max, observer);
            }
            _ => self.set(PcpField::High, high_min, observer),
        }
    }

    #[inline]
    fn high_limits(&self) -> (u32, u32) {
        (self.get(PcpField::HighMin), self.get(PcpField::HighMax))
    }
}

impl PcpPolicy {
    /// Whether a request goes to the list as it is: the lists hold more than single frames, and
    /// no frames of contiguous areas that it might not be entitled to.
    pub(crate) fn is_direct(self, cma: bool) -> bool {
        match self {
            PcpPolicy::HotCold | PcpPolicy::Single => false,
            PcpPolicy::FreeFactorUnbounded | PcpPolicy::FreeFactor => !cma,
            PcpPolicy::Tuned => true,
        }
    }

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

    /// Whether only single frames are cached.
    pub(crate) fn is_single(self) -> bool {
        matches!(self, PcpPolicy::HotCold | PcpPolicy::Single)
    }

    /// Whether frames that are cold in the CPU cache have an end of the lists for themselves.
    pub(crate) fn knows_cold(self) -> bool {
        matches!(self, PcpPolicy::HotCold)
    }

    /// Whether a drain takes from the lists by turns, and not from one until it is empty.
    pub(crate) fn drains_by_turns(self) -> bool {
        self.is_single()
    }

    /// Frames that a fourth of a batch is computed from, at most: 512 KiB or 1 MiB.
    pub(crate) fn batch_cap(self) -> u64 {
        match self {
            PcpPolicy::HotCold => 128,
            _ => 256,
        }
    }

    /// The largest order that is cached, huge pages aside.
    pub(super) fn cached_order(self) -> u8 {
        if self.is_single() { 0 } else { CACHED_ORDER }
    }

    /// Whether movable huge pages have a list of their own.
    #[inline]
    pub(super) fn splits_huge(self) -> bool {
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
