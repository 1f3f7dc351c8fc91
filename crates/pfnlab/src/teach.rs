//! Lessons and quizzes from operations as they ran.
//!
//! ```
//! use pfnlab::{Error, TraceFile, reel::Reel, teach};
//!
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let page = teach::lesson(&mut Reel::of_trace(&trace)?, "Split and merge", 1)?;
//! assert!(page.starts_with("<!doctype html>"));
//! # Ok::<(), Error>(())
//! ```

mod quiz;

use pfnlab_lesson::{Lesson, Question, Told};
use pfnlab_model::Op;
use pfnlab_view::{Detail, Style};

use crate::Error;
use crate::draw;
use crate::reel::Reel;

pub use quiz::{Quiz, QuizItem};

/// Questions are asked in lessons of up to so many operations: each needs the state before it.
const MOST_ASKED: u64 = 2000;

/// The operations that are left on a reel as a page to step through. The seed chooses its questions.
///
/// # Errors
/// When one cannot be run.
pub fn lesson(reel: &mut Reel, title: &str, seed: u64) -> Result<String, Error> {
    let count = reel.operations() - reel.told();
    let about = format!("{count} operations, {}", reel.kernel());
    let mut lesson = Lesson::new(title, about, reel.state());
    // The page breaks lines where it has to.
    let style = Style {
        width: 4096,
        ..Style::PLAIN
    };
    loop {
        let asks = count <= MOST_ASKED && reel.upcoming().is_some_and(can_be_asked);
        let before = asks.then(|| reel.state().clone());
        let Some(told) = reel.next() else { break };
        let told = told?;
        let seed = seed.wrapping_add(told.step);
        let question =
            before.and_then(|before| Question::about(&before, &told.asked.op, &told.events, seed));
        let story = told.story.text(&style, Detail::Brief);
        lesson.add(
            Told {
                change: &draw::change(&told),
                events: &told.events,
                story: &story,
                question: question.as_ref(),
            },
            reel.state(),
        );
    }
    Ok(lesson.finish())
}

fn can_be_asked(op: &Op) -> bool {
    matches!(op, Op::Alloc { .. } | Op::Free { .. })
}
