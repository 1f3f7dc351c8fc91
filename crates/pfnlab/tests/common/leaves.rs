//! The leaves of a JSON text and where they stand, so that one can be replaced and everything
//! else, the order of fields too, stays as it was.

use std::ops::Range;

/// A value that is no array and no object, or an empty one.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Such as `zones[0].pcp[1].count`.
    pub(crate) path: String,
    /// Which bytes of the text.
    pub(crate) span: Range<usize>,
}

impl Leaf {
    /// The path without positions: `zones[].pcp[].count`.
    pub(crate) fn kind(&self) -> String {
        self.path
            .split_inclusive('[')
            .map(|part| part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
            .collect()
    }

    /// The text with another value here.
    pub(crate) fn replaced(&self, text: &str, value: &str) -> String {
        [&text[..self.span.start], value, &text[self.span.end..]].concat()
    }
}

/// All leaves of a JSON text, in the order they stand in.
pub(crate) fn of(text: &str) -> Vec<Leaf> {
    let mut scan = Scan {
        text: text.as_bytes(),
        at: 0,
        leaves: Vec::new(),
    };
    scan.value("");
    scan.leaves
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    leaves: Vec<Leaf>,
}

impl Scan<'_> {
    fn peek(&mut self) -> u8 {
        while self.text[self.at].is_ascii_whitespace() || matches!(self.text[self.at], b',' | b':')
        {
            self.at += 1;
        }
        self.text[self.at]
    }

    fn value(&mut self, path: &str) {
        match self.peek() {
            b'{' => {
                let start = self.at;
                self.at += 1;
                while self.peek() == b'"' {
                    let name = self.string();
                    let dot = if path.is_empty() { "" } else { "." };
                    self.value(&format!("{path}{dot}{name}"));
                }
                self.close(path, start);
            }
            b'[' => {
                let start = self.at;
                self.at += 1;
                let mut position = 0;
                while self.peek() != b']' {
                    self.value(&format!("{path}[{position}]"));
                    position += 1;
                }
                self.close(path, start);
            }
            b'"' => {
                let start = self.at;
                self.string();
                self.leaf(path, start);
            }
            _ => {
                let start = self.at;
                while !b",]} \n".contains(&self.text[self.at]) {
                    self.at += 1;
                }
                self.leaf(path, start);
            }
        }
    }

    /// Behind the end of an array or object; an empty one is a leaf.
    fn close(&mut self, path: &str, start: usize) {
        self.at += 1;
        if self.at == start + 2 {
            self.leaf(path, start);
        }
    }

    /// The recordings have no escapes in their strings.
    fn string(&mut self) -> String {
        let start = self.at + 1;
        self.at = start;
        while self.text[self.at] != b'"' {
            self.at += 1;
        }
        self.at += 1;
        String::from_utf8(self.text[start..self.at - 1].to_vec()).unwrap()
    }

    fn leaf(&mut self, path: &str, start: usize) {
        self.leaves.push(Leaf {
            path: path.to_owned(),
            span: start..self.at,
        });
    }
}
