//! `pfnlab quiz`.

use pfnlab::lesson::{Question, print};
use pfnlab::teach::Quiz;

use crate::Verdict;
use crate::args::{QuizArgs, QuizFormat};
use crate::failure::Failure;
use crate::output;

pub(crate) fn quiz(args: &QuizArgs) -> Result<Verdict, Failure> {
    let quiz = Quiz::new(args.seed, args.profile.as_deref())?;
    let questions = quiz.take(args.count).map(|item| Ok(item?.question));
    let questions: Vec<Question> = questions.collect::<Result<_, pfnlab::Error>>()?;
    output::text(&match args.format {
        QuizFormat::Text => print::text(&questions, args.answers),
        QuizFormat::Mdbook => print::mdbook(&questions),
        QuizFormat::Moodle => print::moodle(&questions),
    })?;
    Ok(Verdict::Fine)
}
