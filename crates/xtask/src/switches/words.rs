//! Rust as words: names, signs and literals, each with its line.

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// What it is; of a literal the inside.
    pub(super) text: String,
    /// Its line, from 1.
    pub(super) line: usize,
    /// Whether it is a string.
    pub(super) literal: bool,
}

impl Word {
    /// Whether it is this name or sign.
    pub(super) fn is(&self, text: &str) -> bool {
        !self.literal && self.text == text
    }
}

/// Signs of two characters that mean something else than their parts.
const PAIRS: &[&str] = &["::", "==", "!=", "=>", "->"];

/// The words of a source file, without comments.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        words: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.next();
    }
    reader.words
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    words: Vec<Word>,
}

impl Reader<'_> {
    fn next(&mut self) {
        let rest = self.rest;
        let first = rest.chars().next().expect("there is something left");
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(rest.find("*/").map_or(rest.len(), |end| end + 2));
        } else if first == '"' {
            self.string(1, "\"");
        } else if let Some((open, close)) = raw(rest) {
            self.string(open, &close);
        } else if first == '\'' {
            self.quote();
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            self.take(end.unwrap_or(rest.len()));
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else if let Some(pair) = PAIRS.iter().find(|pair| rest.starts_with(**pair)) {
            self.take(pair.len());
        } else {
            self.take(first.len_utf8());
        }
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }

    fn take(&mut self, length: usize) {
        self.words.push(Word {
            text: self.rest[..length].to_owned(),
            line: self.line,
            literal: false,
        });
        self.skip(length);
    }

    /// A string that opens with `open` bytes.
    fn string(&mut self, open: usize, close: &str) {
        let line = self.line;
        self.skip(open);
        let mut end = 0;
        while !self.rest[end..].is_empty() && !self.rest[end..].starts_with(close) {
            // Only a string that is not raw has escapes.
            let escaped = close == "\"" && self.rest[end..].starts_with('\\');
            let next = self.rest[end..].chars().take(if escaped { 2 } else { 1 });
            end += next.map(char::len_utf8).sum::<usize>();
        }
        self.words.push(Word {
            text: self.rest[..end].to_owned(),
            line,
            literal: true,
        });
        self.skip((end + close.len()).min(self.rest.len()));
    }

    /// A character, or the name of a lifetime.
    fn quote(&mut self) {
        let mut chars = self.rest.char_indices().skip(1);
        let (_, first) = chars.next().unwrap_or((0, ' '));
        match chars.next() {
            _ if first == '\\' => {
                let end = self.rest[3..]
                    .find('\'')
                    .map_or(self.rest.len(), |end| end + 4);
                self.skip(end);
            }
            Some((at, '\'')) => self.skip(at + 1),
            _ => self.skip(1),
        }
    }
}

/// How many bytes open a raw string, and what closes it.
fn raw(text: &str) -> Option<(usize, String)> {
    let behind = text.strip_prefix('r')?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let open = behind[hashes..].starts_with('"');
    open.then(|| (hashes + 2, format!("\"{}", "#".repeat(hashes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_as_words() {
        let text = "a::B<'x> // c\n/* d */ == \"e \\\" f\" '\\'' 'g' r#\"h\"i\"# j_1;";
        let found = words(text);
        let texts: Vec<_> = found.iter().map(|word| word.text.as_str()).collect();
        let expected = [
            "a", "::", "B", "<", "x", ">", "==", "e \\\" f", "h\"i", "j_1", ";",
        ];
        assert_eq!(texts, expected);
        let literals: Vec<_> = found
            .iter()
            .filter(|word| word.literal)
            .map(|word| word.line)
            .collect();
        assert_eq!(literals, [2, 2]);
        assert_eq!((found[0].line, found[6].line), (1, 2));
    }
}
