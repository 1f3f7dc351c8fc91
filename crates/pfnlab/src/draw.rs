//! Pictures of states and of what operations did, as SVG.
//!
//! ```
//! use pfnlab::lesson::Picture;
//! use pfnlab::{Error, TraceFile, draw, reel::Reel};
//!
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let mut reel = Reel::of_trace(&trace)?;
//! let told = reel.next().unwrap()?;
//! let svg = draw::operation(&told, reel.state(), &Picture::default())?;
//! assert!(svg.contains("flipped"));
//! # Ok::<(), Error>(())
//! ```

use std::path::Path;

use pfnlab_lesson::{Change, Picture, PictureError, animated};
use pfnlab_model::{Expect, Snapshot};

use crate::explain::Explained;
use crate::reel::Reel;
use crate::{Error, snapshot};

/// Milliseconds that each picture of an animation is shown.
const EACH: u32 = 1500;

/// What there is to draw.
pub enum Subject {
    /// A state.
    State {
        /// What it is called.
        name: String,
        /// The state.
        state: Box<Snapshot>,
    },
    /// Operations.
    Operations(Box<Reel>),
}

impl Subject {
    /// What a path names: a file that ends in `.json` or `.json.gz` is a state; all else is what
    /// [`Reel::open`] takes.
    ///
    /// # Errors
    /// When it cannot be read, or what it starts from is not to be had.
    pub fn open(path: &Path) -> Result<Subject, Error> {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default();
        if !name.ends_with(".json") && !name.ends_with(".json.gz") {
            return Ok(Subject::Operations(Box::new(Reel::open(path)?)));
        }
        Ok(Subject::State {
            name: name.into_owned(),
            state: Box::new(snapshot::load(path)?),
        })
    }
}

/// Draws what one operation did; `after` is the state behind it.
///
/// # Errors
/// When the zone or the frames of the picture are not there.
pub fn operation(
    told: &Explained,
    after: &Snapshot,
    picture: &Picture,
) -> Result<String, PictureError> {
    picture.of_change(after, &change(told))
}

/// What an operation changed, with its number in the title.
pub(crate) fn change(told: &Explained) -> Change {
    let title = format!("{}: {}", told.step, told.asked.op);
    let outcome = told.outcome.as_ref().map_or_else(String::new, outcome);
    Change::new(title, outcome, &told.events)
}

fn outcome(outcome: &Expect) -> String {
    /// So many frames are named.
    const MOST: usize = 4;
    match outcome {
        Expect::Pfns(pfns) if pfns.len() > MOST => {
            let first: Vec<_> = pfns[..MOST].iter().map(ToString::to_string).collect();
            format!("→ {} and {} more", first.join(" "), pfns.len() - MOST)
        }
        other => format!("→ {other}"),
    }
}

/// Draws the state where the operations begin, and then what each did.
///
/// # Errors
/// When one cannot be run, or the zone or the frames of the picture are not there.
pub fn sequence(reel: &mut Reel, picture: &Picture) -> Result<Vec<String>, Error> {
    let mut pictures = vec![picture.of_state(reel.state(), "at the start")?];
    while let Some(told) = reel.next() {
        pictures.push(operation(&told?, reel.state(), picture)?);
    }
    Ok(pictures)
}

/// The same pictures in one file that runs by itself.
///
/// # Errors
/// As [`sequence`].
pub fn animation(reel: &mut Reel, picture: &Picture) -> Result<String, Error> {
    let count = reel.operations();
    let pictures = sequence(reel, picture)?;
    Ok(animated(
        &pictures,
        EACH,
        &format!("{count} operations, one after the other"),
    ))
}
