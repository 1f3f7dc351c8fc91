//! Who uses a page: references taken and given.

use core::fmt;

/// When taking a reference is a bug (`get_page`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetCheck {
    /// The count is zero (2.6.37).
    Zero,
    /// It is zero or less (3.8, 5.0).
    NotPositive,
    /// It is zero, or by at most 127 less: freed, not overflowed (4.14.y, 6.1, 6.12).
    NearZero,
}

impl GetCheck {
    const fn fails(self, count: i32) -> bool {
        match self {
            GetCheck::Zero => count == 0,
            GetCheck::NotPositive => count <= 0,
            GetCheck::NearZero => count.cast_unsigned().wrapping_add(127) <= 127,
        }
    }
}

/// The references of a page (`_count`, later `_refcount`). Free pages have none.
///
/// ```
/// use pfnlab_mm::descriptor::{GetCheck, Refcount};
/// let mut page = Refcount::default();
/// assert!(!page.get_unless_zero());
/// page.set_refcounted(false).unwrap();
/// page.get(GetCheck::NearZero).unwrap();
/// assert!(!page.put_testzero().unwrap());
/// assert!(page.put_testzero().unwrap()); // the last one: now it is freed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Refcount(i32);

impl Refcount {
    /// A page with this count.
    pub const fn new(count: i32) -> Refcount {
        Refcount(count)
    }

    /// The count.
    pub const fn count(self) -> i32 {
        self.0
    }

    /// The count of a page just initialised (`init_page_count`).
    pub fn init(&mut self) {
        self.0 = 1;
    }

    /// The first reference of a page just allocated (`set_page_refcounted`).
    ///
    /// # Errors
    /// When it has one already, or is a tail.
    pub fn set_refcounted(&mut self, tail: bool) -> Result<(), RefError> {
        if tail {
            return Err(RefError::Tail);
        }
        if self.0 != 0 {
            return Err(RefError::InUse(self.0));
        }
        self.0 = 1;
        Ok(())
    }

    /// One more (`get_page`), for a page, or of a compound page, its head.
    ///
    /// # Errors
    /// When the page is free, as far as the generation checks.
    pub fn get(&mut self, check: GetCheck) -> Result<(), RefError> {
        if check.fails(self.0) {
            return Err(RefError::Free(self.0));
        }
        self.0 = self.0.wrapping_add(1);
        Ok(())
    }

    /// One more unless there is none (`get_page_unless_zero`); whether there is one more.
    pub fn get_unless_zero(&mut self) -> bool {
        if self.0 == 0 {
            return false;
        }
        self.0 = self.0.wrapping_add(1);
        true
    }

    /// One less (`put_page_testzero`); whether it was the last, and the page is to be released.
    ///
    /// # Errors
    /// When there is none.
    pub fn put_testzero(&mut self) -> Result<bool, RefError> {
        if self.0 == 0 {
            return Err(RefError::Free(0));
        }
        self.0 = self.0.wrapping_sub(1);
        Ok(self.0 == 0)
    }
}

/// A misuse of references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefError {
    /// The page is free; what its count was.
    Free(i32),
    /// The page is in use already; what its count was.
    InUse(i32),
    /// The page is a tail: its head counts.
    Tail,
}

impl fmt::Display for RefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RefError::Free(count) => write!(f, "the page is free: its reference count is {count}"),
            RefError::InUse(count) => {
                write!(f, "the page is in use: its reference count is {count}")
            }
            RefError::Tail => f.write_str("the page is a tail: only its head is counted"),
        }
    }
}

impl core::error::Error for RefError {}
