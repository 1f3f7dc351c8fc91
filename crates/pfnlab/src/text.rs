//! Text that cannot be used, and where in it.

use std::fmt;
use std::ops::Range;

use pfnlab_linux::LineError;

/// Text that is not what it should be. Carries the whole text, so that whoever shows the error
/// can point into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    name: String,
    text: String,
    span: Range<usize>,
    message: String,
}

impl TextError {
    /// `message` is about the bytes `span` of `text`, which came from the file `name`. A span that
    /// reaches behind the text, or starts within a character, is moved to one that does not.
    pub fn new(
        name: impl Into<String>,
        text: impl Into<String>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> TextError {
        let text = text.into();
        let start = floor(&text, span.start);
        let end = floor(&text, span.end).max(start);
        TextError {
            name: name.into(),
            text,
            span: start..end,
            message: message.into(),
        }
    }

    /// What is wrong with a line of `text`, which came from the file `name`.
    pub fn of_line(name: &str, text: &str, error: &LineError) -> TextError {
        let start = line_start(text, error.line as usize);
        let line = text[start..].lines().next().unwrap_or("");
        let before = line.chars().take(error.column as usize - 1);
        let from = start + before.map(char::len_utf8).sum::<usize>();
        TextError::new(
            name,
            text,
            from..start + line.len(),
            error.problem.to_string(),
        )
    }

    /// The file it came from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which bytes are at fault.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is wrong, and what would be right.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line and the column, both from 1; columns are counted in characters.
    pub fn position(&self) -> (usize, usize) {
        let before = &self.text[..self.span.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = 1 + before.matches('\n').count();
        (line, 1 + before[line_start..].chars().count())
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        write!(f, "{}:{line}:{column}: {}", self.name, self.message)
    }
}

impl std::error::Error for TextError {}

/// Where line `number`, from 1, starts; the end of the text when there is no such line.
pub(crate) fn line_start(text: &str, number: usize) -> usize {
    match number.checked_sub(2) {
        None => 0,
        Some(nth) => text
            .match_indices('\n')
            .nth(nth)
            .map_or(text.len(), |(at, _)| at + 1),
    }
}

/// The nearest place at or before `at` where a character starts.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_lines_and_characters_from_one() {
        let error = TextError::new("m.toml", "a = 1\nü = 2\n", 11..12, "no");
        assert_eq!(error.to_string(), "m.toml:2:5: no");
    }

    #[test]
    fn a_span_behind_the_text_points_at_its_end() {
        let error = TextError::new("m.toml", "ü", 1..9, "no");
        assert_eq!(error.span(), 0..2);
    }

    #[test]
    fn lines_start_behind_the_newline() {
        let text = "one\ntwo\n";
        assert_eq!([1, 2, 3, 4].map(|n| line_start(text, n)), [0, 4, 8, 8]);
    }
}
