//! The end of an allocator in the middle of a call.

use std::any::Any;
use std::panic;

use crate::Finding;

/// The end of an allocator in the middle of a call. One that runs elsewhere, in a child process say,
/// and is no more, says so by [`Death::happen`] in place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Which kind of finding that is: [`Death::CRASH`] and the like, or the id of a rule. Shrinking
    /// keeps to it.
    pub kind: &'static str,
    /// What happened, as a sentence.
    pub what: String,
}

impl Death {
    /// It ended by itself.
    pub const CRASH: &'static str = "crash";
    /// It took too long.
    pub const TIMEOUT: &'static str = "timeout";
    /// It took too much memory.
    pub const MEMORY: &'static str = "memory";
    /// It lives, but what it answers means nothing.
    pub const ANSWER: &'static str = "answer";

    /// A death of this kind.
    pub const fn new(kind: &'static str, what: String) -> Death {
        Death { kind, what }
    }

    /// Ends the call that an allocator died in.
    ///
    /// # Panics
    /// Always, without a message: [`catch`](crate::catch) and the suite know what it is.
    pub fn happen(self) -> ! {
        panic::resume_unwind(Box::new(self))
    }

    /// What a panic was.
    pub(crate) fn of(payload: Box<dyn Any + Send>) -> Death {
        let message = |what| Death::new(Finding::PANIC, what);
        let payload = match payload.downcast::<Death>() {
            Ok(death) => return *death,
            Err(payload) => payload,
        };
        match payload.downcast::<String>() {
            Ok(text) => message(*text),
            Err(payload) => match payload.downcast::<&str>() {
                Ok(text) => message((*text).to_owned()),
                Err(_) => message("a panic without a message".to_owned()),
            },
        }
    }
}
