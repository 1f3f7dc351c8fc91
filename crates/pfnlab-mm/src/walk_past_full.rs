//! The rest of a walk up to 3.8: zones that were full lately are passed over, and asked in the end
//! all the same.

use pfnlab_model::{AllocError, Block, Event, Observer, Refusal};

use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::walk::Asked;
use crate::zonelist::Place;

/// How a walk stands to zones that were full lately.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Full {
    /// It asks them; it has not looked yet.
    Unknown,
    /// It passes over them.
    PassedOver,
}

impl Mm {
    /// Goes on with a walk: the preferred zone was passed over. If it began to pass over zones that
    /// had been full, all are asked once more in the end, and those that refuse noted: what was
    /// noted of the first may have been forgotten since.
    ///
    /// # Errors
    /// When none can serve: for want of a block if any zone had memory enough, else of memory.
    pub(crate) fn ask_others_but_full(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        why: Refusal,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let order = asked.request.order;
        let mut failure = AllocError::Watermark(order);
        let mut full = Full::Unknown;
        let Place { mut at, mut zone } = asked.preferred;
        let mut refused = Some(why);
        loop {
            if let Some(why) = refused {
                observer.event(Event::ZoneRefused { zone: zone.id, why });
                if why == Refusal::NothingFound {
                    failure = AllocError::Exhausted(order);
                }
                self.note_refusal(asked.list, at, why, &mut full, observer);
            }
            let list = self.zonelist(asked.list);
            match list.next(at + 1, asked.highest, asked.nodes) {
                Some(next) => Place { at, zone } = next,
                None => break,
            }
            if full == Full::PassedOver && self.is_full(asked.list, at) {
                let why = Refusal::KnownFull;
                observer.event(Event::ZoneRefused { zone: zone.id, why });
                refused = None;
                continue;
            }
            match self.ask_zone(asked, zone, flags, observer) {
                Ok(block) => return Ok(block),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match full {
            Full::PassedOver => self.ask_all(asked, flags, failure, observer),
            Full::Unknown => Err(failure),
        }
    }

    /// The second scan of a walk, without a look at what was full.
    fn ask_all(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        mut failure: AllocError,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        observer.event(Event::FullZonesAsked);
        let mut next = Some(asked.preferred);
        while let Some(Place { at, zone }) = next {
            match self.ask_zone(asked, zone, flags, observer) {
                Ok(block) => return Ok(block),
                Err(why) => {
                    observer.event(Event::ZoneRefused { zone: zone.id, why });
                    if why == Refusal::NothingFound {
                        failure = AllocError::Exhausted(asked.request.order);
                    }
                    self.note_full(asked.list, at, observer);
                }
            }
            let list = self.zonelist(asked.list);
            next = list.next(at + 1, asked.highest, asked.nodes);
        }
        Err(failure)
    }

    /// Notes that a zone did not serve; the first time, the walk may begin to look at what was
    /// noted before.
    fn note_refusal(
        &mut self,
        list: (usize, bool),
        at: usize,
        why: Refusal,
        full: &mut Full,
        observer: &mut impl Observer,
    ) {
        let (before, after) = match *full {
            Full::Unknown if self.nodes_online() > 1 => self.profile.zonelist_cache.begins(why),
            _ => (false, false),
        };
        if before {
            self.begin_with_cache(list, observer);
        }
        self.note_full(list, at, observer);
        if after {
            self.begin_with_cache(list, observer);
        }
        if before || after {
            *full = Full::PassedOver;
        }
    }

    fn begin_with_cache(&mut self, (node, this_node): (usize, bool), observer: &mut impl Observer) {
        let id = self.kswapds[node].node;
        if let (false, Some(cache)) = (this_node, &mut self.nodes[node].cache) {
            cache.begin(id, observer);
        }
    }

    fn is_full(&self, (node, this_node): (usize, bool), at: usize) -> bool {
        let cache = self.nodes[node].cache.as_ref();
        !this_node && cache.is_some_and(|cache| cache.is_full(at))
    }

    /// Notes that a zone of a zonelist is full, if that is noted for this list.
    pub(crate) fn note_full(
        &mut self,
        (node, this_node): (usize, bool),
        at: usize,
        observer: &mut impl Observer,
    ) {
        let id = self.kswapds[node].node;
        if let (false, Some(cache)) = (this_node, &mut self.nodes[node].cache) {
            cache.note_full(id, at, observer);
        }
    }
}
