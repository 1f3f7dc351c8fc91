//! A line, taken apart from the left.

use super::{LineError, LineProblem};

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    line: u32,
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// All of line `line`, from 1.
    pub(crate) fn new(line: u32, text: &'a str) -> Cursor<'a> {
        Cursor { line, text, at: 0 }
    }

    /// Every line of a text.
    pub(crate) fn lines(text: &'a str) -> impl Iterator<Item = Cursor<'a>> {
        (1..)
            .zip(text.lines())
            .map(|(line, text)| Cursor::new(line, text))
    }

    /// What is left.
    pub(crate) fn rest(self) -> &'a str {
        &self.text[self.at..]
    }

    /// The number of the line.
    pub(crate) fn line(self) -> u32 {
        self.line
    }

    /// The same line, from byte `at` on.
    pub(crate) fn from(self, at: usize) -> Cursor<'a> {
        Cursor { at, ..self }
    }

    /// The same line without what follows its byte `end`.
    pub(crate) fn until(self, end: usize) -> Cursor<'a> {
        Cursor {
            text: &self.text[..end],
            ..self
        }
    }

    /// Where in the line this is, in bytes.
    pub(crate) fn at(self) -> usize {
        self.at
    }

    pub(crate) fn error(self, problem: LineProblem) -> LineError {
        let before = self.text[..self.at].chars().count();
        LineError {
            line: self.line,
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
            problem,
        }
    }

    /// What should come next does not.
    pub(crate) fn expected(self, expected: &'static str) -> LineError {
        self.error(LineProblem::Expected {
            expected,
            found: self.rest().to_owned(),
        })
    }

    /// Blanks do not matter.
    pub(crate) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes a text that may come next.
    pub(crate) fn take_if(&mut self, text: &str) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// Takes a text that must come next; blanks in front of it do not matter.
    pub(crate) fn take(&mut self, text: &'static str) -> Result<(), LineError> {
        self.skip_blanks();
        match self.take_if(text) {
            true => Ok(()),
            false => Err(self.expected(text)),
        }
    }

    /// Takes everything before the first letter that `ends` it.
    pub(crate) fn before(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(ends).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes the next word; blanks in front of it do not matter.
    pub(crate) fn word(&mut self) -> &'a str {
        self.skip_blanks();
        self.before(char::is_whitespace)
    }

    /// Takes a number of at most 64 bits, decimal or `0x`; blanks in front of it do not matter.
    pub(crate) fn number(&mut self, what: &'static str) -> Result<u64, LineError> {
        self.at_most(what, u64::MAX)
    }

    /// Takes a number that may not be above `most`, decimal or `0x`.
    pub(crate) fn at_most(&mut self, what: &'static str, most: u64) -> Result<u64, LineError> {
        self.skip_blanks();
        let start = *self;
        let radix = if self.take_if("0x") { 16 } else { 10 };
        let digits = self.before(|letter| !letter.is_digit(radix));
        if digits.is_empty() {
            return Err(start.expected(what));
        }
        match u64::from_str_radix(digits, radix) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(start.error(LineProblem::Large {
                text: start.text[start.at..self.at].to_owned(),
                what,
                most,
            })),
        }
    }

    /// Nothing may follow but blanks.
    pub(crate) fn end(mut self) -> Result<(), LineError> {
        self.skip_blanks();
        match self.rest() {
            "" => Ok(()),
            _ => Err(self.expected("the end of the line")),
        }
    }
}
