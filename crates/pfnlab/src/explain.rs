//! What each operation of a trace or a recording did, in words and pictures.
//!
//! ```
//! use pfnlab::view::{Detail, Style};
//! use pfnlab::{Error, TraceFile, explain};
//!
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let mut told = Vec::new();
//! explain::trace(&trace, None, |explained| {
//!     told.push(explained.story.text(&Style::PLAIN, Detail::Brief));
//!     Ok::<(), Error>(())
//! })?;
//! assert!(told[0].starts_with("operation 0 (line 3): a 1 order=4 gfp=GFP_KERNEL cpu=0\n"));
//! assert!(told[1].contains("comes back: 16 frames (order 4)"));
//! # Ok::<(), Error>(())
//! ```

use std::path::Path;

use pfnlab_model::{Event, Expect, Step};
use pfnlab_view::Story;

use crate::reel::Reel;
use crate::{Error, TraceFile};

/// What one operation did.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Its position, from 0.
    pub step: u64,
    /// Its line in the file it was read from, from 1.
    pub line: u32,
    /// The operation, and what should come of it.
    pub asked: Step,
    /// What came of it, in the words of a trace; `None`: a trace has no word for it.
    pub outcome: Option<Expect>,
    /// What it told, event by event.
    pub events: Vec<Event>,
    /// The same as a story. Its title names the operation.
    pub story: Story,
}

impl Explained {
    /// What should have come of it instead; `None`: nothing else.
    pub fn expected_instead(&self) -> Option<&Expect> {
        let expected = self.asked.expect.as_ref()?;
        (Some(expected) != self.outcome.as_ref()).then_some(expected)
    }
}

/// Runs a trace and explains every operation, or only the one at position `step`. `each` is told
/// one after the other.
///
/// # Errors
/// When its start is not to be had, a step cannot be run, or there is no such step; and what `each`
/// fails with.
pub fn trace<E: From<Error>>(
    file: &TraceFile,
    step: Option<u64>,
    each: impl FnMut(Explained) -> Result<(), E>,
) -> Result<(), E> {
    explain(Reel::of_trace(file)?, step, each)
}

/// The same for the recorded case in a folder.
///
/// # Errors
/// When the recording cannot be read, no allocator can be in the state it starts from, an operation
/// cannot be run, or there is no such operation; and what `each` fails with.
pub fn recording<E: From<Error>>(
    case: &Path,
    step: Option<u64>,
    each: impl FnMut(Explained) -> Result<(), E>,
) -> Result<(), E> {
    explain(Reel::of_recording(case)?, step, each)
}

fn explain<E: From<Error>>(
    mut reel: Reel,
    step: Option<u64>,
    mut each: impl FnMut(Explained) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(step) = step {
        reel.wind_to(step)?;
        return reel.next().into_iter().try_for_each(|told| each(told?));
    }
    reel.try_for_each(|told| each(told?))
}
