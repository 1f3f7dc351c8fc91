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
pub struct Order(Number);

/// A variant for each order, so that the compiler knows there are no others: a table with an entry
/// for each needs no check, and `Option<Order>` no room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
#[rustfmt::skip]
enum Number { #[default] N0, N1, N2, N3, N4, N5, N6, N7, N8, N9, N10 }

const _: () = assert!(size_of::<Option<Order>>() == 1);

impl Order {
    /// One frame.
    pub const ZERO: Order = Order(Number::N0);
    /// The largest order; a block of it holds 1024 frames.
    pub const MAX: Order = Order(Number::N10);
    /// How many orders there are.
    pub const COUNT: usize = 11;

    /// The order with this number.
    ///
    /// # Errors
    /// When it is above [`Order::MAX`].
    pub const fn new(order: u8) -> Result<Order, OrderError> {
        match Order::numbered(order) {
            Some(order) => Ok(order),
            None => Err(OrderError(order as u64)),
        }
    }

    #[inline]
    const fn numbered(order: u8) -> Option<Order> {
        Some(Order(match order {
            0 => Number::N0,
            1 => Number::N1,
            2 => Number::N2,
            3 => Number::N3,
            4 => Number::N4,
            5 => Number::N5,
            6 => Number::N6,
            7 => Number::N7,
            8 => Number::N8,
            9 => Number::N9,
            10 => Number::N10,
            _ => return None,
        }))
    }

    /// The smallest order whose blocks hold at least `frames` frames (`get_order`); `None` when
    /// there is no such order.
    pub const fn covering(frames: u64) -> Option<Order> {
        let mut order = Order::ZERO;
        while order.frames() < frames {
            match order.up() {
                Some(next) => order = next,
                None => return None,
            }
        }
        Some(order)
    }

    /// The number.
    #[inline]
    pub const fn get(self) -> u8 {
        self.0 as u8
    }

    /// The number, to index a table with.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// How many frames a block of this order holds.
    pub const fn frames(self) -> u64 {
        1 << self.get()
    }

    /// The next larger order, if there is one.
    pub const fn up(self) -> Option<Order> {
        Order::numbered(self.get() + 1)
    }

    /// The next smaller order, if there is one.
    pub const fn down(self) -> Option<Order> {
        Order::numbered(self.get().wrapping_sub(1))
    }

    /// Every order, ascending.
    pub fn all() -> impl DoubleEndedIterator<Item = Order> {
        Order::ZERO.through(Order::MAX)
    }

    /// The orders from this one up to and including `last`, ascending.
    pub fn through(self, last: Order) -> impl DoubleEndedIterator<Item = Order> {
        (self.get()..=last.get()).filter_map(Order::numbered)
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
        order.get()
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order:{}", self.get())
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
