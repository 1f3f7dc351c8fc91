//! Lines of toned text, and pages of lines no wider than they may be.

use crate::Style;
use crate::style::Tone;

/// How much further the later lines of a paragraph are indented.
const HANG: usize = 4;

/// A line: pieces of text, each with its tone. Every character takes one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    pub(crate) fn new() -> Line {
        Line::default()
    }

    /// With `text` behind it.
    #[must_use]
    pub(crate) fn then(mut self, tone: Tone, text: impl Into<String>) -> Line {
        self.push(tone, text);
        self
    }

    /// With text of no tone behind it.
    #[must_use]
    pub(crate) fn plain(self, text: impl Into<String>) -> Line {
        self.then(Tone::Plain, text)
    }

    pub(crate) fn push(&mut self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some((last, so_far)) if *last == tone => so_far.push_str(&text),
            _ => self.0.push((tone, text)),
        }
    }

    pub(crate) fn append(&mut self, other: Line) {
        other
            .0
            .into_iter()
            .for_each(|(tone, text)| self.push(tone, text));
    }

    /// With blanks behind it up to `width`.
    #[must_use]
    pub(crate) fn padded(self, width: usize) -> Line {
        let blanks = width.saturating_sub(self.width());
        self.plain(" ".repeat(blanks))
    }

    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// Without blanks at its end.
    fn trimmed(mut self) -> Line {
        while let Some((_, text)) = self.0.last_mut() {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() {
                break;
            }
            self.0.pop();
        }
        self
    }

    /// Its words, blanks dropped.
    fn words(&self) -> Vec<Line> {
        let mut words = Vec::new();
        let mut word = Line::new();
        for (tone, text) in &self.0 {
            for (at, part) in text.split(' ').enumerate() {
                if at > 0 && !word.0.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                word.push(*tone, part);
            }
        }
        if !word.0.is_empty() {
            words.push(word);
        }
        words
    }

    /// Where to break a word that is wider than `width`: behind the last `|` that fits.
    fn break_at(&self, width: usize) -> usize {
        let characters = self.0.iter().flat_map(|(_, text)| text.chars());
        let bars = characters.take(width).enumerate();
        bars.filter(|&(_, character)| character == '|')
            .last()
            .map_or(width, |(at, _)| at + 1)
    }

    /// Its first `width` columns, and the rest.
    fn cut(self, width: usize) -> (Line, Line) {
        let (mut head, mut tail) = (Line::new(), Line::new());
        let mut left = width;
        for (tone, text) in self.0 {
            let at = text
                .char_indices()
                .nth(left)
                .map_or(text.len(), |(at, _)| at);
            left -= text[..at].chars().count();
            head.push(tone, &text[..at]);
            tail.push(tone, &text[at..]);
        }
        (head, tail)
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Line {
        Line::new().plain(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Line {
        Line::new().plain(text)
    }
}

/// Lines, one below the other.
pub(crate) struct Page {
    style: Style,
    out: String,
}

impl Page {
    pub(crate) fn new(style: &Style) -> Page {
        Page {
            style: *style,
            out: String::new(),
        }
    }

    pub(crate) fn style(&self) -> &Style {
        &self.style
    }

    /// Columns that are left behind `indent`.
    pub(crate) fn room(&self, indent: usize) -> usize {
        self.style.columns().saturating_sub(indent)
    }

    /// A line that is not broken; what does not fit is cut off.
    pub(crate) fn line(&mut self, indent: usize, line: impl Into<Line>) {
        let (mut line, rest) = line.into().cut(self.room(indent));
        if rest.width() > 0 {
            line = line.cut(self.room(indent) - 1).0;
            line.push(Tone::Faint, self.style.pick("…", "~"));
        }
        self.write(indent, line);
    }

    /// Text that is broken between words; its later lines are indented further, by [`HANG`].
    pub(crate) fn paragraph(&mut self, indent: usize, text: impl Into<Line>) {
        let mut line = Line::new();
        let mut at = indent;
        for mut word in text.into().words() {
            if line.width() > 0 && line.width() + 1 + word.width() > self.room(at) {
                self.write(at, std::mem::take(&mut line));
                at = indent + HANG;
            }
            while word.width() > self.room(at) {
                let fitting = word.break_at(self.room(at));
                let (head, tail) = word.cut(fitting);
                self.write(at, head);
                at = indent + HANG;
                word = tail;
            }
            if line.width() > 0 {
                line.push(Tone::Plain, " ");
            }
            line.append(word);
        }
        if line.width() > 0 {
            self.write(at, line);
        }
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn write(&mut self, indent: usize, line: Line) {
        let line = line.trimmed();
        if line.width() > 0 {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
        for (tone, text) in &line.0 {
            tone.paint(text, self.style.colour, &mut self.out);
        }
        self.out.push('\n');
    }
}
