//! Panics that are expected, without their noise.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::Death;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Calls `f`; if it panics, the message is the result and nothing is printed.
///
/// # Errors
/// When it panics.
pub fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    survive(f).map_err(|death| death.what)
}

/// Calls `f`; how it ended if it did not return.
pub(crate) fn survive<T>(f: impl FnOnce() -> T) -> Result<T, Death> {
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    result.map_err(Death::of)
}
