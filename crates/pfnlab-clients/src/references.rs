//! Blocks that several hold: the last one to give it up frees it (`get_page`, `put_page`).

use alloc::collections::BTreeMap;

use pfnlab_model::{Block, Event, Observer};

/// How many hold each block, where it is more than one. What the allocator hands out has one holder:
/// its reference count is 1.
///
/// ```
/// use pfnlab_clients::References;
/// use pfnlab_model::{Block, Pfn};
/// let page = Block::page(Pfn::new(0x100));
/// let mut references = References::default();
/// assert_eq!(references.get(page, &mut ()), 2);
/// assert!(!references.put(page, &mut ()));   // one is left
/// assert!(references.put(page, &mut ()));    // the last: the block is to be freed
/// ```
#[derive(Clone, Debug, Default)]
pub struct References {
    /// References beyond the first.
    more: BTreeMap<Block, u32>,
}

impl References {
    /// Somebody else holds a block, too. How many do now.
    pub fn get(&mut self, block: Block, observer: &mut impl Observer) -> u32 {
        let more = self.more.entry(block).or_default();
        *more = more.saturating_add(1);
        let holders = more.saturating_add(1);
        observer.event(Event::HeldBy { block, holders });
        holders
    }

    /// One holder gives a block up. Whether that was the last, and the block is to be freed
    /// (`put_page_testzero`).
    pub fn put(&mut self, block: Block, observer: &mut impl Observer) -> bool {
        let Some(more) = self.more.get_mut(&block) else {
            return true;
        };
        let holders = *more;
        *more -= 1;
        if *more == 0 {
            self.more.remove(&block);
        }
        observer.event(Event::HeldBy { block, holders });
        false
    }

    /// Whether more than one hold a block: it is neither split nor moved then.
    pub fn is_shared(&self, block: Block) -> bool {
        self.more.contains_key(&block)
    }
}
