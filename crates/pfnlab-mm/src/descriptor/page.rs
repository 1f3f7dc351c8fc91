//! One page descriptor, derived from the state of its frame.

use pfnlab_model::Order;

use super::{
    Compound, CompoundLinks, FlagNumbers, FlagsLayout, Links, LinksError, PageFlag, PageType,
};
use crate::memory_model::PageAddr;

/// What a frame is, as far as its descriptor tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameState {
    /// Initialised and not yet released (`__init_single_page`); `reserved`: never to be.
    Initialised {
        /// Whether it is kept from the allocator.
        reserved: bool,
    },
    /// The first of a free block.
    FreeHead(Order),
    /// Another one of a free block, or on a per-CPU list.
    Free,
    /// The first of an allocated block that is not compound, or a single page.
    Used,
    /// Another one of such a block.
    UsedRest,
    /// The first of a compound page.
    Head(Compound),
    /// The page at this position of a compound page, from 1 on.
    Tail(Compound, u64),
}

/// The fields of a page descriptor (`struct page`) an allocator looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Section, node, zone and flags.
    pub flags: u64,
    /// A mapcount, or a type (`_mapcount`, `page_type`).
    pub cell: u32,
    /// The references (`_count`, `_refcount`).
    pub refcount: i32,
    /// The order of a free block and its like.
    pub private: u64,
    /// What the page is mapped from; zero for nothing.
    pub mapping: u64,
    /// The two words that link a page into lists, or of a tail say where its head is.
    pub words: [u64; 2],
    /// Where the head of a tail is (`first_page`, up to 3.8; which other field it shares its place
    /// with is not modelled). Zero elsewhere.
    pub first_page: u64,
}

impl Descriptor {
    /// The descriptor at `page` of a frame that belongs to `links` and is in `state`. Links of
    /// lists other than to itself are not modelled: they stand as `page`, too.
    ///
    /// # Errors
    /// When the links do not fit in the flags word.
    pub fn derive(
        page: PageAddr,
        links: Links,
        state: FrameState,
        layout: &FlagsLayout,
        numbers: &FlagNumbers,
    ) -> Result<Descriptor, LinksError> {
        let types = numbers.era().types();
        let self_linked = [page.get(), page.get()];
        // The last user is nobody: all ones.
        let flags = layout.last_cpupid.mask_in_place();
        let plain = Descriptor {
            flags: layout.set_links(flags, links)?,
            cell: types.initial(),
            refcount: 0,
            private: 0,
            mapping: 0,
            words: self_linked,
            first_page: 0,
        };
        Ok(match state {
            FrameState::Initialised { reserved } => Descriptor {
                flags: if reserved {
                    numbers.set(plain.flags, PageFlag::Reserved)
                } else {
                    plain.flags
                },
                refcount: 1,
                ..plain
            },
            FrameState::FreeHead(order) => Descriptor {
                // Marked by a flag in one generation, by the cell in all others.
                flags: numbers.set(plain.flags, PageFlag::Buddy),
                cell: types.set(plain.cell, PageType::Buddy).unwrap_or(plain.cell),
                private: u64::from(order.get()),
                ..plain
            },
            FrameState::Free | FrameState::UsedRest => plain,
            FrameState::Used => Descriptor {
                refcount: 1,
                ..plain
            },
            FrameState::Head(_) => Descriptor {
                flags: plain.flags | numbers.head_mask(),
                refcount: 1,
                ..plain
            },
            FrameState::Tail(compound, position) => compound.tail(plain, position, numbers),
        })
    }

    /// The order of the free block this page heads (`buddy_order`, `page_order`); `None`: it heads
    /// none, or it is none an order can be, as a reader without the zone's lock may see.
    pub fn buddy_order(&self, numbers: &FlagNumbers) -> Option<Order> {
        let order = u8::try_from(self.private).ok()?;
        Order::new(order).ok().filter(|_| self.is_buddy(numbers))
    }

    /// Whether this page heads a free block (`PageBuddy`).
    pub fn is_buddy(&self, numbers: &FlagNumbers) -> bool {
        let era = numbers.era();
        if era.has_buddy_flag() {
            numbers.test(self.flags, PageFlag::Buddy)
        } else {
            era.types().is(self.cell, PageType::Buddy)
        }
    }

    /// Whether this page is the first of a compound page (`PageHead`).
    pub fn is_head(&self, numbers: &FlagNumbers) -> bool {
        self.flags & numbers.head_mask() != 0 && !self.is_tail(numbers)
    }

    /// Whether this page is another one of a compound page (`PageTail`).
    pub fn is_tail(&self, numbers: &FlagNumbers) -> bool {
        match numbers.era().compound() {
            CompoundLinks::FirstPage => {
                let tail = numbers.tail_mask();
                self.flags & tail == tail
            }
            CompoundLinks::HeadPointer | CompoundLinks::OrderInFlags => self.words[0] & 1 == 1,
        }
    }

    /// The first page of the compound page this one is of (`compound_head`); of others, `page`,
    /// which is where this descriptor is.
    pub fn compound_head(&self, page: PageAddr, numbers: &FlagNumbers) -> PageAddr {
        match numbers.era().compound() {
            _ if !self.is_tail(numbers) => page,
            CompoundLinks::FirstPage => PageAddr::new(self.first_page),
            CompoundLinks::HeadPointer | CompoundLinks::OrderInFlags => {
                PageAddr::new(self.words[0] & !1)
            }
        }
    }
}
