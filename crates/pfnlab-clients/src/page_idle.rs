//! Which pages nobody uses (`page_idle`): a user marks pages idle, a reference takes the mark away,
//! and what is still marked later was not referenced.

use alloc::collections::BTreeSet;

use pfnlab_model::Pfn;

use crate::lru::Lru;

/// The idle and young marks of pages. On 64-bit machines they are flags of the page itself, on
/// 32-bit ones bits of its `page_ext` entry; this is the same either way.
///
/// ```
/// use pfnlab_clients::page_idle::IdlePages;
/// use pfnlab_model::Pfn;
/// let mut idle = IdlePages::default();
/// let on_lru = |pfn: Pfn| pfn.get() < 3;
/// idle.write(0, 0b1111, on_lru);
/// idle.referenced(Pfn::new(1));
/// assert_eq!(idle.read(0), 0b0101);         // 3 is on no list, 1 was used
/// assert!(idle.is_young(Pfn::new(1)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct IdlePages {
    idle: BTreeSet<Pfn>,
    young: BTreeSet<Pfn>,
}

/// Pages in one word of the bitmap.
const WORD: u64 = 64;

impl IdlePages {
    /// Marks the pages of a word of the bitmap whose bit is 1 idle
    /// (`/sys/kernel/mm/page_idle/bitmap`, written). Bits of 0 change nothing, and pages on no LRU
    /// list are passed over.
    pub fn write(&mut self, word: u64, bits: u64, on_lru: impl Fn(Pfn) -> bool) {
        for pfn in pages(word, bits).filter(|&pfn| on_lru(pfn)) {
            self.young.remove(&pfn);
            self.idle.insert(pfn);
        }
    }

    /// Which pages of a word of the bitmap are idle still (the same file, read).
    pub fn read(&self, word: u64) -> u64 {
        let all = pages(word, u64::MAX);
        let idle = all.filter(|pfn| self.idle.contains(pfn));
        idle.fold(0, |bits, pfn| bits | 1 << (pfn.get() % WORD))
    }

    /// A page was used: it is idle no more, and young until somebody asks.
    pub fn referenced(&mut self, pfn: Pfn) {
        if self.idle.remove(&pfn) {
            self.young.insert(pfn);
        }
    }

    /// A page was freed: its marks go.
    pub fn freed(&mut self, pfn: Pfn) {
        self.idle.remove(&pfn);
        self.young.remove(&pfn);
    }

    /// Whether a page was used since it was marked idle, so that reclaim takes it for used though
    /// the mark took its reference bits away.
    pub fn is_young(&self, pfn: Pfn) -> bool {
        self.young.contains(&pfn)
    }

    /// How many pages are idle.
    pub fn count(&self) -> u64 {
        self.idle.len() as u64
    }

    /// Marks as [`IdlePages::write`] does, for the pages that are on a list of `lru`.
    pub fn write_on(&mut self, word: u64, bits: u64, lru: &Lru) {
        self.write(word, bits, |pfn| lru.is_listed(pfn));
    }
}

/// The pages of a word whose bits are 1. A word above the largest frame has none.
fn pages(word: u64, bits: u64) -> impl Iterator<Item = Pfn> {
    let first = word.saturating_mul(WORD);
    let there = first < Pfn::LIMIT.get();
    let set = (0..WORD).filter(move |bit| there && bits >> bit & 1 == 1);
    set.map(move |bit| Pfn::new(first + bit))
}
