//! What must not be set when a page is freed or allocated.

use core::fmt;

use super::{Descriptor, FlagNumbers, FlagsLayout, PageFlag, TypeEncoding};

/// The flags that must be clear when a page is freed, and with generations of the LRU also that
/// field (`PAGE_FLAGS_CHECK_AT_FREE`).
pub fn checked_at_free(numbers: &FlagNumbers, layout: &FlagsLayout) -> u64 {
    const ALWAYS: &[PageFlag] = &[
        PageFlag::Lru,
        PageFlag::Locked,
        PageFlag::Private,
        PageFlag::Private2,
        PageFlag::Writeback,
        PageFlag::Reserved,
        PageFlag::Active,
        PageFlag::Unevictable,
        PageFlag::Mlocked,
        // In 6.12 no longer a flag, so never set.
        PageFlag::Slab,
    ];
    const OLDEST: &[PageFlag] = &[PageFlag::Buddy, PageFlag::Swapcache, PageFlag::Hwpoison];
    let era = numbers.era();
    let more = if era.has_buddy_flag() {
        numbers.masks(OLDEST)
    } else if era.has_lru_generations() {
        layout.lru_gen.mask_in_place()
    } else {
        0
    };
    numbers.masks(ALWAYS) | more
}

/// The flags that must be clear when a page is allocated: all, but broken memory is told
/// elsewhere (`PAGE_FLAGS_CHECK_AT_PREP`).
pub fn checked_at_new(numbers: &FlagNumbers) -> u64 {
    numbers.all() & !numbers.mask(PageFlag::Hwpoison)
}

/// Looks at a page that is to be freed (`free_pages_check`). A bad page is never freed.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_free(
    page: &Descriptor,
    numbers: &FlagNumbers,
    layout: &FlagsLayout,
) -> Result<(), BadPage> {
    check(
        page,
        numbers.era().types(),
        checked_at_free(numbers, layout),
    )
}

/// Looks at a page that is to be allocated (`check_new_page`). A bad page is left out.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_new(page: &Descriptor, numbers: &FlagNumbers) -> Result<(), BadPage> {
    check(page, numbers.era().types(), checked_at_new(numbers))
}

fn check(page: &Descriptor, types: TypeEncoding, flags: u64) -> Result<(), BadPage> {
    if page.cell != types.initial() {
        return Err(BadPage::Mapcount(page.cell));
    }
    if page.mapping != 0 {
        return Err(BadPage::Mapping(page.mapping));
    }
    if page.refcount != 0 {
        return Err(BadPage::Refcount(page.refcount));
    }
    if page.flags & flags != 0 {
        return Err(BadPage::Flags(page.flags & flags));
    }
    Ok(())
}

/// What is wrong with a page (`bad_page`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPage {
    /// It is mapped, or of some type: the cell.
    Mapcount(u32),
    /// It is mapped from something.
    Mapping(u64),
    /// Somebody uses it: the count.
    Refcount(i32),
    /// Flags are set that must not be: those.
    Flags(u64),
}

impl fmt::Display for BadPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadPage::Mapcount(cell) => write!(f, "nonzero mapcount: the cell is {cell:#x}"),
            BadPage::Mapping(mapping) => write!(f, "mapped from {mapping:#x}"),
            BadPage::Refcount(count) => write!(f, "nonzero reference count {count}"),
            BadPage::Flags(flags) => write!(f, "flags {flags:#x} are set"),
        }
    }
}

impl core::error::Error for BadPage {}
