//! Many replays at once. What is told, and in which order, does not depend on how many run at a
//! time.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};

use rayon::ThreadPoolBuilder;

use super::{Replayed, Subject};
use crate::Error;

/// A replay, and its place among the subjects.
type Numbered = (usize, Result<Replayed, Error>);

/// Replays all subjects, at most `jobs` at a time (`None`: as many as the computer has CPUs), and
/// tells of each in the order they are given in.
///
/// ```
/// use pfnlab::replay::{self, Replayed, Subject};
/// use pfnlab::{Error, TraceFile};
/// let trace = |name: &str| {
///     let text = "#pfnlab-trace 1\nmachine one-node\nf 1 => skip\n";
///     Subject::Trace(TraceFile::parse(name, text, "".as_ref()).unwrap())
/// };
/// let mut names = Vec::new();
/// replay::all(&[trace("a"), trace("b")], None, |replayed| {
///     if let Replayed::Trace { name, .. } = replayed {
///         names.push(name);
///     }
///     Ok::<(), Error>(())
/// })?;
/// assert_eq!(names, ["a", "b"]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The first error, in the order of the subjects, of a replay or of `tell`. Nothing behind it is
/// told.
pub fn all<E: From<Error>>(
    subjects: &[Subject],
    jobs: Option<NonZeroUsize>,
    tell: impl FnMut(Replayed) -> Result<(), E>,
) -> Result<(), E> {
    // To the pool 0 means as many as there are CPUs.
    let threads = jobs.map_or(0, |jobs| jobs.get().min(subjects.len().max(1)));
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Error::Jobs {
            jobs: threads,
            reason: error.to_string(),
        })?;
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    pool.in_place_scope_fifo(|scope| {
        for (at, subject) in subjects.iter().enumerate() {
            let (sender, stop) = (sender.clone(), &stop);
            scope.spawn_fifo(move |_| {
                if !stop.load(Ordering::Relaxed) {
                    // Nobody listens any more after an error: that is all right.
                    let _ = sender.send((at, subject.replay()));
                }
            });
        }
        drop(sender);
        let told = tell_in_order(&receiver, tell);
        stop.store(true, Ordering::Relaxed);
        told
    })
}

/// What comes too early waits.
fn tell_in_order<E: From<Error>>(
    receiver: &Receiver<Numbered>,
    mut tell: impl FnMut(Replayed) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (at, replayed) in receiver {
        waiting.insert(at, replayed);
        while let Some(replayed) = waiting.remove(&next) {
            tell(replayed?)?;
            next += 1;
        }
    }
    Ok(())
}
