//! What a line of a trace says.

use pfnlab_model::{Order, Pfn};

/// An event, who caused it, and when. Borrows from the text it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KmemRecord<'a> {
    /// Its line, from 1.
    pub line: u32,
    /// The task's name; may hold blanks and `-`.
    pub comm: &'a str,
    /// The task.
    pub pid: u32,
    /// Its thread group, where that is printed; `Some(None)`: printed, but not known.
    pub tgid: Option<Option<u32>>,
    /// The CPU; some of `perf`'s forms do not say.
    pub cpu: Option<u32>,
    /// What the context was, in letters: interrupts off, preemption depth and so on.
    pub context: Option<&'a str>,
    /// When.
    pub time: KmemTime,
    /// What happened.
    pub event: KmemEvent<'a>,
}

/// A time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KmemTime {
    /// Nanoseconds since the clock began; ticks of a clock that counts none.
    pub nanoseconds: u64,
    /// How many digits of the second are printed: 6, or 9; 0 for a clock that counts no seconds.
    pub digits: u8,
}

/// The page an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KmemPage<'a> {
    /// The address of its descriptor as printed: true up to 4.14, hashed since. No name for a page.
    pub page: &'a str,
    /// Its frame number as printed; without a page, whatever comes of computing with none.
    pub number: u64,
}

impl KmemPage<'_> {
    /// Its frame; `None`: there is no page, for the request was refused.
    pub fn frame(self) -> Option<Pfn> {
        (!self.is_null()).then(|| Pfn::new(self.number))
    }

    /// Told from the descriptor's address, for frame 0 is a frame.
    pub(super) fn is_null(self) -> bool {
        let bare = self.page.trim();
        matches!(bare, "(null)" | "(nil)")
            || bare.trim_start_matches("0x").bytes().all(|b| b == b'0')
    }
}

/// What happened. Migratetypes are numbers, whose meaning [`KmemKernel`](super::KmemKernel) knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KmemEvent<'a> {
    /// `mm_page_alloc`: a request was served, or refused.
    Alloc {
        /// What it got.
        page: KmemPage<'a>,
        /// How much was asked for.
        order: Order,
        /// As which migratetype.
        migratetype: u8,
        /// The flags, in the kernel's own bits.
        gfp: u32,
    },
    /// `mm_page_free`, before 3.3 `mm_page_free_direct`: somebody gives a page back.
    Free {
        /// Which.
        page: KmemPage<'a>,
        /// How much.
        order: Order,
    },
    /// `mm_page_free_batched`, before 3.3 `mm_pagevec_free`: the page of an `mm_page_free` beside
    /// it was one of many. No free of its own.
    FreeBatched {
        /// Which.
        page: KmemPage<'a>,
        /// The page is cold in the cache (up to 4.14).
        cold: Option<bool>,
    },
    /// `mm_page_alloc_zone_locked`: a page was taken from the free lists.
    ZoneLocked {
        /// Which; up to 5.0 none when there was none.
        page: KmemPage<'a>,
        /// How much.
        order: Order,
        /// From the list of which migratetype.
        migratetype: u8,
        /// It goes to a per-CPU list first.
        percpu_refill: bool,
    },
    /// `mm_page_pcpu_drain`: a page went from a per-CPU list back to the free lists.
    PcpuDrain {
        /// Which.
        page: KmemPage<'a>,
        /// How much.
        order: Order,
        /// To the list of which migratetype.
        migratetype: u8,
    },
    /// `mm_page_alloc_extfrag`: a request took from another migratetype's blocks.
    Extfrag {
        /// The page taken.
        page: KmemPage<'a>,
        /// What was asked for.
        alloc_order: Order,
        /// The order of the block it was taken from.
        fallback_order: Order,
        /// The order of a pageblock.
        pageblock_order: Order,
        /// The migratetype asked for.
        alloc_migratetype: u8,
        /// The migratetype taken from.
        fallback_migratetype: u8,
        /// Less than a pageblock was taken.
        fragmenting: bool,
        /// The pageblock is now of the migratetype asked for.
        change_ownership: bool,
    },
    /// `mm_alloc_contig_migrate_range_info` (since 6.9): frames were emptied for `alloc_contig`.
    ContigRange {
        /// The first frame, as printed.
        start: u64,
        /// The first behind them.
        end: u64,
        /// What is printed as `migratetype`: in 6.12 really how many pages were mapped.
        migratetype: u64,
        /// What is printed as `nr_migrated`: in 6.12 really the migratetype.
        nr_migrated: u64,
        /// What is printed as `nr_reclaimed`: in 6.12 really how many pages were migrated.
        nr_reclaimed: u64,
        /// What is printed as `nr_mapped`: in 6.12 really how many pages were reclaimed.
        nr_mapped: u64,
    },
}

impl KmemEvent<'_> {
    /// The page it is about; `None` for a range of frames.
    pub fn page(&self) -> Option<KmemPage<'_>> {
        match *self {
            KmemEvent::Alloc { page, .. }
            | KmemEvent::Free { page, .. }
            | KmemEvent::FreeBatched { page, .. }
            | KmemEvent::ZoneLocked { page, .. }
            | KmemEvent::PcpuDrain { page, .. }
            | KmemEvent::Extfrag { page, .. } => Some(page),
            KmemEvent::ContigRange { .. } => None,
        }
    }
}
