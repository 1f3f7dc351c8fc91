//! When compaction is put off, because it came to nothing lately.

use pfnlab_model::Order;

/// What a zone remembers of compaction that failed: the smallest order it failed for, and how often
/// it is put off before it is tried again (`compact_order_failed`, `compact_considered`,
/// `compact_defer_shift`; since 3.8).
///
/// Nothing here compacts: whoever does asks first, and says what came of it.
///
/// ```
/// use pfnlab_mm::Deferral;
/// use pfnlab_model::Order;
///
/// let huge = Order::new(9).unwrap();
/// let mut deferral = Deferral::default();
/// deferral.failed(huge);
/// deferral.failed(huge);
/// // Twice in vain: every fourth is tried.
/// let put_off = [(); 4].map(|()| deferral.is_put_off(huge));
/// assert_eq!(put_off, [true, true, true, false]);
/// // A block was had: only larger ones may be put off again.
/// deferral.succeeded(huge, true);
/// deferral.failed(Order::MAX);
/// assert!(!deferral.is_put_off(huge));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Deferral {
    /// The least order that is put off, as a number: above the top order, none is. As long as none
    /// was had, it is 0.
    least: u8,
    considered: u32,
    shift: u32,
}

/// However often it failed, one try in 64 is made (`COMPACT_MAX_DEFER_SHIFT`).
const MOST_SHIFT: u32 = 6;

impl Deferral {
    /// One that counted as far as this.
    pub(crate) fn of(considered: u32, shift: u8, least: u8) -> Deferral {
        Deferral {
            least,
            considered,
            shift: u32::from(shift).min(MOST_SHIFT),
        }
    }

    /// How often it was put off since it was last tried, that it is tried every 2^this times, and the
    /// least order that is put off.
    pub(crate) fn numbers(&self) -> (u32, u8, u8) {
        // Fits: it is at most six.
        (self.considered, self.shift as u8, self.least)
    }

    /// It failed so often that what is known of pageblocks may be wrong (`compaction_restarting`).
    pub(crate) fn is_starting_anew(&self, order: Order) -> bool {
        order.get() >= self.least && self.shift == MOST_SHIFT && self.considered >= 1 << MOST_SHIFT
    }

    /// As though it had never failed, but for the orders (2.6.37 knows none).
    pub(crate) fn forget(&mut self) {
        (self.considered, self.shift) = (0, 0);
    }

    /// Whether compaction for a block of `order` is put off this time (`compaction_deferred`). Being
    /// asked counts.
    pub fn is_put_off(&mut self, order: Order) -> bool {
        if order.get() < self.least {
            return false;
        }
        let limit = 1 << self.shift;
        self.considered = (self.considered + 1).min(limit);
        self.considered < limit
    }

    /// It was tried for a block of `order`, and failed (`defer_compaction`).
    pub fn failed(&mut self, order: Order) {
        self.considered = 0;
        self.shift = (self.shift + 1).min(MOST_SHIFT);
        self.least = self.least.min(order.get());
    }

    /// A block of `order` can be had (`compaction_defer_reset`). `served`: one was handed out, so that
    /// nothing is put off any more.
    pub fn succeeded(&mut self, order: Order, served: bool) {
        if served {
            (self.considered, self.shift) = (0, 0);
        }
        self.least = self.least.max(order.get() + 1);
    }
}
