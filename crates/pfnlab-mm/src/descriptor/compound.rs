//! Compound pages: several frames handled as one.

use core::fmt;

use pfnlab_model::Order;

use super::{Descriptor, FlagNumbers};
use crate::memory_model::PageAddr;

/// How heads and tails find each other, and where the order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompoundLinks {
    /// A tail has a flag and a pointer of its own; the order is the second link of the first tail,
    /// the destructor the first (2.6.37, 3.8).
    FirstPage,
    /// The first word of a tail is its head's address, plus one; destructor, order and a count of
    /// mappings, -1 at first, are of the first tail (4.14 to 6.1). They stand here in its second
    /// word: a byte, a byte and the upper half.
    HeadPointer,
    /// The same pointer; the order is the low byte of the first tail's flags (6.12).
    OrderInFlags,
}

/// A compound page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound {
    /// The address of its head's descriptor.
    pub head: PageAddr,
    /// Its order, at least 1.
    pub order: Order,
    /// What frees it: a function's address up to 3.8, then the number of one.
    pub destructor: u64,
}

impl Compound {
    /// The tail at `position`, given its descriptor as it is without being one
    /// (`prep_compound_page`, `prep_compound_tail`).
    pub(super) fn tail(
        self,
        plain: Descriptor,
        position: u64,
        numbers: &FlagNumbers,
    ) -> Descriptor {
        let order = u64::from(self.order.get());
        let first = position == 1;
        match numbers.era().compound() {
            CompoundLinks::FirstPage => Descriptor {
                flags: plain.flags | numbers.tail_mask(),
                first_page: self.head.get(),
                words: if first {
                    [self.destructor, order]
                } else {
                    plain.words
                },
                ..plain
            },
            CompoundLinks::HeadPointer => {
                let unmapped = 0xffff_ffff << 32;
                let details = unmapped | order << 8 | self.destructor & 0xff;
                Descriptor {
                    words: [
                        self.head.get() | 1,
                        if first { details } else { plain.words[1] },
                    ],
                    ..plain
                }
            }
            CompoundLinks::OrderInFlags => Descriptor {
                flags: if first {
                    plain.flags & !0xff | order
                } else {
                    plain.flags
                },
                words: [self.head.get() | 1, plain.words[1]],
                ..plain
            },
        }
    }

    /// The order the first tail of a compound page says (`compound_order`); `None`: no order.
    pub fn order_of(first_tail: &Descriptor, links: CompoundLinks) -> Option<Order> {
        let order = match links {
            CompoundLinks::FirstPage => u8::try_from(first_tail.words[1]).ok()?,
            CompoundLinks::HeadPointer => (first_tail.words[1] >> 8) as u8,
            CompoundLinks::OrderInFlags => first_tail.flags as u8,
        };
        Order::new(order).ok()
    }

    /// What is looked at before a compound page is freed as a block of `order`: `page` gives the
    /// descriptor at each position, and where it is (`destroy_compound_page`,
    /// `free_tail_page_prepare`).
    ///
    /// # Errors
    /// At the first page that does not fit: it is bad, and nothing is freed.
    pub fn check_free(
        order: Order,
        numbers: &FlagNumbers,
        page: impl Fn(u64) -> (PageAddr, Descriptor),
    ) -> Result<(), CompoundError> {
        let (head, descriptor) = page(0);
        if !descriptor.is_head(numbers) {
            return Err(CompoundError::NoHead);
        }
        let says = match order {
            Order::ZERO => None,
            _ => Compound::order_of(&page(1).1, numbers.era().compound()),
        };
        if says != Some(order) {
            return Err(CompoundError::Order { says, freed: order });
        }
        for position in 1..order.frames() {
            let (at, tail) = page(position);
            if !tail.is_tail(numbers) {
                return Err(CompoundError::NoTail(position));
            }
            if tail.compound_head(at, numbers) != head {
                return Err(CompoundError::OtherHead(position));
            }
        }
        Ok(())
    }
}

/// A compound page that is not what it is freed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompoundError {
    /// The first page is no head.
    NoHead,
    /// It is of another order.
    Order {
        /// The order it says.
        says: Option<Order>,
        /// The order it is freed as.
        freed: Order,
    },
    /// The page at this position is no tail.
    NoTail(u64),
    /// The page at this position has another head.
    OtherHead(u64),
}

impl fmt::Display for CompoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompoundError::NoHead => f.write_str("the first page is no head"),
            CompoundError::Order {
                says: Some(says),
                freed,
            } => write!(
                f,
                "a compound page of order {says} is freed as order {freed}"
            ),
            CompoundError::Order { says: None, freed } => {
                write!(
                    f,
                    "a compound page that says no order is freed as order {freed}"
                )
            }
            CompoundError::NoTail(position) => write!(f, "page {position} is no tail"),
            CompoundError::OtherHead(position) => write!(f, "page {position} has another head"),
        }
    }
}

impl core::error::Error for CompoundError {}
