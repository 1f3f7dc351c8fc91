//! The order of a block: the binary logarithm of its size in frames.

use core::fmt;

/// The binary logarithm of a block's size in frames; inclusive, from [`Order::ZERO`] to
/// [`Order::MAX`] (`MAX_PAGE_ORDER` in Linux 6.12, `MAX_ORDER - 1` up to 6.1).
///
/// ```
/// use pfnlab_model::Order;
/// assert_eq!(Order::new(9).unwrap().frames(), 512);
/// assert_eq!(Order::new(11).unwrap_err().to_string(), "order 11 is above the largest, 10");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u8", into = "u8")
)]
pub struct Order(u8);

impl Order {
    /// One frame.
    pub const ZERO: Order = Order(0);
    /// The largest order; a block of it holds 1024 frames.
    pub const MAX: Order = Order(10);
    /// How many orders there are.
    pub const COUNT: usize = 11;

    /// The order with this number.
    ///
    /// # Errors
    /// When it is above [`Order::MAX`].
    pub const fn new(order: u8) -> Result<Order, OrderError> {
        if order <= Order::MAX.0 {
            Ok(Order(order))
        } else {
            Err(OrderError(order as u64))
        }
    }

    /// The smallest order whose blocks hold at least `frames` frames (`get_order`); `None` when
    /// there is no such order.
    pub const fn covering(frames: u64) -> Option<Order> {
        let mut order = 0;
        while order <= Order::MAX.0 {
            if frames <= 1 << order {
                return Some(Order(order));
            }
            order += 1;
        }
        None
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The number, to index a table with.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// How many frames a block of this order holds.
    pub const fn frames(self) -> u64 {
        1 << self.0
    }

    /// The next larger order, if there is one.
    pub const fn up(self) -> Option<Order> {
        if self.0 < Order::MAX.0 {
            Some(Order(self.0 + 1))
        } else {
            None
        }
    }

    /// The next smaller order, if there is one.
    pub const fn down(self) -> Option<Order> {
        if self.0 > 0 {
            Some(Order(self.0 - 1))
        } else {
            None
        }
    }

    /// Every order, ascending.
    pub fn all() -> impl DoubleEndedIterator<Item = Order> + ExactSizeIterator {
        (0..=Order::MAX.0).map(Order)
    }

    /// The orders from this one up to and including `last`, ascending.
    pub fn through(self, last: Order) -> impl DoubleEndedIterator<Item = Order> {
        (self.0..=last.0).map(Order)
    }
}

impl TryFrom<u8> for Order {
    type Error = OrderError;
    fn try_from(order: u8) -> Result<Order, OrderError> {
        Order::new(order)
    }
}

impl From<Order> for u8 {
    fn from(order: Order) -> u8 {
        order.0
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order:{}", self.0)
    }
}

/// An order above [`Order::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderError(pub u64);

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {} is above the largest, {}", self.0, Order::MAX)
    }
}

impl core::error::Error for OrderError {}
