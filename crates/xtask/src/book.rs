//! The book: pictures drawn from the traces of the course, and mdBook around them.
//!
//! - [`Lesson`]: a lesson of the course, its trace, its picture, its page to step through.
//! - [`Prediction`]: what a lesson asks, and the answer by a run.
//! - [`draw`]: every picture, again. [`build`]: the whole book.

mod course;
mod predictions;

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

pub use course::{COURSE, Lesson};
pub use predictions::{PREDICTIONS, Prediction};

/// Where the course is.
pub const FOLDER: &str = "docs/src/course";

/// Where the chapters of the course are in the book that is built.
const BUILT: &str = "target/book/course";

/// Draws every picture of the course; those that look otherwise than before are written and named.
///
/// # Errors
/// When a trace cannot be run, or a picture not be written.
pub fn draw(root: &Path) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let folder = root.join(FOLDER);
    let mut drawn = Vec::new();
    for lesson in &COURSE {
        let picture = lesson.picture(&folder)?;
        let path = folder.join(lesson.picture_file());
        if fs::read_to_string(&path).ok().as_ref() != Some(&picture) {
            fs::write(path, picture)?;
            drawn.push(lesson.name);
        }
    }
    Ok(drawn)
}

/// Builds the book in `target/book`, and runs what can be run of its code.
///
/// # Errors
/// When a trace cannot be run, or mdBook is not there or finds something wrong.
pub fn build(root: &Path) -> Result<(), Box<dyn Error>> {
    for name in draw(root)? {
        println!("drawn anew: {name}");
    }
    mdbook("build", root)?;
    for lesson in &COURSE {
        let page = lesson.steps(&root.join(FOLDER))?;
        fs::write(root.join(BUILT).join(lesson.steps_file()), page)?;
    }
    mdbook("test", root)
}

fn mdbook(verb: &str, root: &Path) -> Result<(), Box<dyn Error>> {
    let run = Command::new("mdbook")
        .args([verb, "docs"])
        .current_dir(root)
        .status();
    let status = run.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "mdbook is not installed: cargo install mdbook --locked \
             --no-default-features --features search"
            .into(),
        _ => Box::<dyn Error>::from(error),
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("mdbook {verb} failed").into())
    }
}
