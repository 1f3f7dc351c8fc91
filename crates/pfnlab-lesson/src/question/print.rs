//! Questions as text, for mdBook, and for Moodle.

use std::fmt::Write;

use super::Question;
use crate::svg::escape;

/// Questions as text a person reads; with `answers`, each is followed by its answer.
pub fn text(questions: &[Question], answers: bool) -> String {
    let mut out = String::new();
    for (number, question) in (1..).zip(questions) {
        let context: String = question
            .context
            .lines()
            .map(|line| format!("   {line}\n"))
            .collect();
        let gap = if number == 1 { "" } else { "\n" };
        // A string takes all that is written to it.
        let _ = write!(out, "{gap}{number}. {}\n{context}", question.prompt);
        for (letter, choice) in ('a'..).zip(&question.choices) {
            let _ = writeln!(out, "   {letter}) {choice}");
        }
        if answers {
            let letter = ('a'..).nth(question.answer).unwrap_or('a');
            let _ = writeln!(out, "   Answer: {letter}. {}", question.why);
        }
    }
    out
}

/// Questions as the TOML that `mdbook-quiz` reads.
pub fn mdbook(questions: &[Question]) -> String {
    let mut out = String::new();
    for (number, question) in (1..).zip(questions) {
        let prompt = format!("{}\n\n```text\n{}\n```", question.prompt, question.context);
        let wrong: Vec<_> = wrong(question).map(string).collect();
        let _ = write!(
            out,
            "[[questions]]\nid = \"q{number}\"\ntype = \"MultipleChoice\"\nprompt.prompt = {}\n\
             prompt.distractors = [{}]\nanswer.answer = {}\ncontext = {}\n\n",
            string(&prompt),
            wrong.join(", "),
            string(right(question)),
            string(&question.why),
        );
    }
    out
}

/// Questions as the XML that Moodle imports.
pub fn moodle(questions: &[Question]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n");
    for (number, question) in (1..).zip(questions) {
        let html = format!(
            "<p>{}</p><pre>{}</pre>",
            escape(&question.prompt),
            escape(&question.context)
        );
        let _ = write!(
            out,
            "<question type=\"multichoice\">\n<name><text>question {number}</text></name>\n\
             <questiontext format=\"html\"><text>{}</text></questiontext>\n\
             <generalfeedback format=\"html\"><text>{}</text></generalfeedback>\n\
             <single>true</single>\n<shuffleanswers>true</shuffleanswers>\n",
            escape(&html),
            escape(&escape(&question.why)),
        );
        let right = (right(question), 100);
        for (choice, fraction) in
            std::iter::once(right).chain(wrong(question).map(|wrong| (wrong, 0)))
        {
            let _ = writeln!(
                out,
                "<answer fraction=\"{fraction}\" format=\"html\"><text>{}</text></answer>",
                escape(&escape(choice))
            );
        }
        out.push_str("</question>\n");
    }
    out.push_str("</quiz>\n");
    out
}

fn right(question: &Question) -> &str {
    question
        .choices
        .get(question.answer)
        .map_or("", String::as_str)
}

fn wrong(question: &Question) -> impl Iterator<Item = &str> {
    let choices = question.choices.iter().enumerate();
    let wrong = choices.filter(|(at, _)| *at != question.answer);
    wrong.map(|(_, choice)| choice.as_str())
}

/// A basic string of TOML: what JSON writes is one, too.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
