//! The pages batches and lists know: who holds them, and where they are.

use alloc::collections::BTreeMap;

use pfnlab_model::{Block, End, Event, LruEvent, LruList, NodeId, Observer, PageAllocator, Pfn};

/// A page that somebody wanted on a list.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) block: Block,
    pub(super) node: NodeId,
    /// Its owner's, if it has one still, and one for every batch it waits in.
    pub(super) references: u32,
    /// Its owner has not given it up.
    pub(super) owned: bool,
    /// The list it was to be put on first.
    pub(super) wanted: LruList,
    /// The list it is on (`PageLRU`).
    pub(super) list: Option<LruList>,
    /// Where it is on that: the least number is the head.
    pub(super) place: i64,
}

/// Every page, and the lists of every node.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    pages: BTreeMap<Pfn, Page>,
    /// By place.
    lists: BTreeMap<(NodeId, LruList), BTreeMap<i64, Pfn>>,
}

impl Pages {
    pub(super) fn get(&self, start: Pfn) -> Option<&Page> {
        self.pages.get(&start)
    }

    pub(super) fn get_mut(&mut self, start: Pfn) -> Option<&mut Page> {
        self.pages.get_mut(&start)
    }

    /// The page that holds a frame.
    pub(super) fn holding(&self, pfn: Pfn) -> Option<&Page> {
        let (_, page) = self.pages.range(..=pfn).next_back()?;
        page.block.range().contains(pfn).then_some(page)
    }

    /// Whether a page shares a frame with a block.
    pub(super) fn overlap(&self, block: Block) -> bool {
        let mut inside = self.pages.range(block.start()..block.range().end());
        inside.next().is_some() || self.holding(block.start()).is_some()
    }

    pub(super) fn insert(&mut self, page: Page) {
        self.pages.insert(page.block.start(), page);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.pages.values()
    }

    /// The pages of a list, from its head.
    pub(super) fn list(&self, node: NodeId, list: LruList) -> impl Iterator<Item = &Page> {
        let found = self.lists.get(&(node, list));
        let starts = found.into_iter().flat_map(BTreeMap::values);
        starts.filter_map(|start| self.pages.get(start))
    }

    /// How many pages are on a list.
    pub(super) fn length(&self, node: NodeId, list: LruList) -> usize {
        self.lists.get(&(node, list)).map_or(0, BTreeMap::len)
    }

    /// The page at the tail of a list.
    pub(super) fn last(&self, node: NodeId, list: LruList) -> Option<Block> {
        let (_, start) = self.lists.get(&(node, list))?.last_key_value()?;
        self.pages.get(start).map(|page| page.block)
    }

    /// Puts a page on a list, off the one it is on.
    pub(super) fn put(
        &mut self,
        start: Pfn,
        list: LruList,
        end: End,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        self.take_off(start, memory, observer);
        let Some(page) = self.pages.get_mut(&start) else {
            return;
        };
        page.list = Some(list);
        let (node, block) = (page.node, page.block);
        let pages = self.lists.entry((node, list)).or_default();
        page.place = match end {
            End::Head => pages.first_key_value().map_or(0, |(first, _)| first - 1),
            End::Tail => pages.last_key_value().map_or(0, |(last, _)| last + 1),
        };
        pages.insert(page.place, start);
        memory.set_listed(block, true);
        observer.event(Event::Lru(LruEvent::Listed {
            node,
            list,
            block,
            end,
        }));
    }

    fn take_off(
        &mut self,
        start: Pfn,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        let Some(page) = self.pages.get_mut(&start) else {
            return;
        };
        let Some(list) = page.list.take() else {
            return;
        };
        let (node, block, place) = (page.node, page.block, page.place);
        if let Some(pages) = self.lists.get_mut(&(node, list)) {
            pages.remove(&place);
        }
        memory.set_listed(block, false);
        observer.event(Event::Lru(LruEvent::Unlisted { node, list, block }));
    }

    /// Takes a page off its list; it is known no more. `None`: it is on none.
    pub(super) fn take(
        &mut self,
        start: Pfn,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Option<(Page, LruList)> {
        let list = self.pages.get(&start)?.list?;
        self.take_off(start, memory, observer);
        let page = self.pages.remove(&start)?;
        Some((page, list))
    }

    /// Lets go of one reference. If it was the last, the page is off its list and known no more,
    /// and its block is to be freed.
    pub(super) fn release(
        &mut self,
        start: Pfn,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let page = self.pages.get_mut(&start)?;
        page.references -= 1;
        if page.references > 0 {
            return None;
        }
        self.take_off(start, memory, observer);
        self.pages.remove(&start).map(|page| page.block)
    }
}
