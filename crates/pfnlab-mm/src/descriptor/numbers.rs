//! Which bit of the flags word each flag is, in one kernel.

use super::{DescriptorEra, PageFlag};

/// What a kernel was built with, as far as it has flags for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagOptions {
    /// It runs with page tables (`CONFIG_MMU`).
    pub mmu: bool,
    /// Pages can be uncached (`CONFIG_ARCH_USES_PG_UNCACHED`).
    pub uncached: bool,
    /// Broken memory is handled (`CONFIG_MEMORY_FAILURE`).
    pub memory_failure: bool,
    /// Idle pages are tracked (`CONFIG_IDLE_PAGE_TRACKING`, `CONFIG_PAGE_IDLE_FLAG`).
    pub idle_tracking: bool,
    /// Huge pages are made transparently (`CONFIG_TRANSPARENT_HUGEPAGE`).
    pub transparent_hugepage: bool,
    /// Heads and tails have a flag each (`CONFIG_PAGEFLAGS_EXTENDED`, 2.6.37 and 3.8).
    pub extended: bool,
    /// The architecture has a second flag.
    pub arch_2: bool,
    /// The architecture has a third flag.
    pub arch_3: bool,
    /// Tags are the hardware's (`CONFIG_KASAN_HW_TAGS`).
    pub kasan_hw_tags: bool,
}

impl FlagOptions {
    /// An x86-64 kernel with everything the architecture has had since 2.6.37.
    pub const X86_64: FlagOptions = FlagOptions {
        mmu: true,
        uncached: true,
        memory_failure: true,
        idle_tracking: true,
        transparent_hugepage: true,
        extended: true,
        arch_2: false,
        arch_3: false,
        kasan_hw_tags: false,
    };

    /// The least an x86-64 kernel with huge pages has.
    pub const X86_64_MINIMAL: FlagOptions = FlagOptions {
        uncached: false,
        memory_failure: false,
        idle_tracking: false,
        ..FlagOptions::X86_64
    };

    /// Whether a kernel built so has this flag, if its generation does.
    const fn has(&self, flag: PageFlag) -> bool {
        match flag {
            PageFlag::Mlocked => self.mmu,
            PageFlag::Uncached => self.uncached,
            PageFlag::Hwpoison => self.memory_failure,
            PageFlag::Young | PageFlag::Idle => self.idle_tracking,
            PageFlag::CompoundLock => self.transparent_hugepage,
            PageFlag::Head | PageFlag::Tail => self.extended,
            PageFlag::Compound => !self.extended,
            PageFlag::Arch2 => self.arch_2,
            PageFlag::Arch3 => self.arch_3,
            PageFlag::SkipKasanPoison => self.kasan_hw_tags,
            _ => true,
        }
    }
}

/// Which bit each flag is.
///
/// ```
/// use pfnlab_mm::descriptor::{DescriptorEra, FlagNumbers, FlagOptions, PageFlag};
/// let numbers = FlagNumbers::new(DescriptorEra::TypeIds, FlagOptions::X86_64);
/// assert_eq!(numbers.bit(PageFlag::Head), Some(6));
/// assert_eq!(numbers.bit(PageFlag::Slab), None); // a page type by now
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagNumbers {
    era: DescriptorEra,
    options: FlagOptions,
}

impl FlagNumbers {
    /// The flags of a generation built with some options.
    pub const fn new(era: DescriptorEra, options: FlagOptions) -> FlagNumbers {
        let extended = options.extended || !era.has_tail_flags();
        FlagNumbers {
            era,
            options: FlagOptions {
                extended,
                ..options
            },
        }
    }

    /// The generation.
    pub const fn era(&self) -> DescriptorEra {
        self.era
    }

    /// The flags there are, lowest bit first.
    pub fn flags(&self) -> impl Iterator<Item = PageFlag> {
        let options = self.options;
        let all = self.era.flag_order().iter().copied();
        all.filter(move |&flag| options.has(flag))
    }

    /// How many flags there are (`NR_PAGEFLAGS`).
    pub fn count(&self) -> u32 {
        self.flags().count() as u32
    }

    /// Which bit a flag is; `None`: there is no such flag.
    pub fn bit(&self, flag: PageFlag) -> Option<u32> {
        self.flags()
            .position(|known| known == flag)
            .map(|bit| bit as u32)
    }

    /// The flag as a mask; empty where there is no such flag, so that it is never set.
    pub fn mask(&self, flag: PageFlag) -> u64 {
        self.bit(flag).map_or(0, |bit| 1 << bit)
    }

    /// Several flags as a mask.
    pub fn masks(&self, flags: &[PageFlag]) -> u64 {
        flags.iter().fold(0, |mask, &flag| mask | self.mask(flag))
    }

    /// All flags as a mask (`PAGE_FLAGS_MASK`).
    pub fn all(&self) -> u64 {
        (1 << self.count()) - 1
    }

    /// Whether a flag is set (`PageLocked` and its like).
    pub fn test(&self, word: u64, flag: PageFlag) -> bool {
        word & self.mask(flag) != 0
    }

    /// Sets a flag (`SetPageLocked`, `__SetPageLocked` and their like).
    pub fn set(&self, word: u64, flag: PageFlag) -> u64 {
        word | self.mask(flag)
    }

    /// Clears a flag (`ClearPageLocked`, `__ClearPageLocked` and their like).
    pub fn clear(&self, word: u64, flag: PageFlag) -> u64 {
        word & !self.mask(flag)
    }

    /// Sets a flag and says whether it was set (`TestSetPageLocked` and its like).
    pub fn test_and_set(&self, word: &mut u64, flag: PageFlag) -> bool {
        let was = self.test(*word, flag);
        *word = self.set(*word, flag);
        was
    }

    /// Clears a flag and says whether it was set (`TestClearPageLocked` and its like).
    pub fn test_and_clear(&self, word: &mut u64, flag: PageFlag) -> bool {
        let was = self.test(*word, flag);
        *word = self.clear(*word, flag);
        was
    }

    /// What marks a tail: its own flag, or where there is one flag for heads and tails, that one
    /// and `reclaim`; empty where tails are told by their head pointer (`PageTail`).
    pub fn tail_mask(&self) -> u64 {
        match (self.era.has_tail_flags(), self.options.extended) {
            (true, true) => self.mask(PageFlag::Tail),
            (true, false) => self.masks(&[PageFlag::Compound, PageFlag::Reclaim]),
            (false, _) => 0,
        }
    }

    /// What marks a head (`PageHead`).
    pub fn head_mask(&self) -> u64 {
        self.masks(&[PageFlag::Head, PageFlag::Compound])
    }

    /// The flags set in a word, lowest bit first.
    pub fn set_in(&self, word: u64) -> impl Iterator<Item = PageFlag> {
        let numbers = *self;
        self.flags().filter(move |&flag| numbers.test(word, flag))
    }
}
