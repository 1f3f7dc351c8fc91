//! What a run reached.

use std::collections::BTreeSet;
use std::fmt;

/// What runs reached, in words: errors without their numbers, kinds of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached(BTreeSet<String>);

/// No more than so many letters of an error tell it from others.
const LETTERS: usize = 80;

impl Reached {
    /// Something that has a name.
    pub fn mark(&mut self, name: impl Into<String>) {
        self.0.insert(name.into());
    }

    /// Something there are so many of; numbers of one size are the same.
    pub fn count(&mut self, name: &str, many: usize) {
        self.mark(format!("{name} 2^{}", usize::BITS - many.leading_zeros()));
    }

    /// A kind: what a value begins with when it is printed for programmers.
    pub fn kind(&mut self, value: &impl fmt::Debug) {
        let text = format!("{value:?}");
        let end = text.find(|sign: char| !sign.is_alphanumeric() && sign != '(');
        self.mark(&text[..end.unwrap_or(text.len())]);
    }

    /// What came of reading something.
    pub fn result<T>(&mut self, name: &str, result: &Result<T, impl fmt::Display>) {
        match result {
            Ok(_) => self.mark(format!("{name}: ok")),
            Err(error) => self.mark(format!("{name}: {}", words(&error.to_string()))),
        }
    }

    /// How many these add to `all`; they are added.
    pub fn add_to(self, all: &mut Reached) -> usize {
        let before = all.0.len();
        all.0.extend(self.0);
        all.0.len() - before
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of these are in `all`.
    pub fn within(&self, all: &Reached) -> bool {
        self.0.is_subset(&all.0)
    }

    /// Those that are not in `all`.
    #[must_use]
    pub fn without(&self, all: &Reached) -> Reached {
        Reached(self.0.difference(&all.0).cloned().collect())
    }
}

/// An error without what it quotes, and without words with a digit in them.
fn words(error: &str) -> String {
    let text = unquoted(&unquoted(error, '"'), '`');
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.contains(|sign: char| sign.is_ascii_digit()));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LETTERS).collect()
}

/// Without all from the first quotation mark to the last: what is quoted may hold some.
fn unquoted(text: &str, mark: char) -> String {
    match (text.find(mark), text.rfind(mark)) {
        (Some(first), Some(last)) => format!("{}{}", &text[..first], &text[last..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_known_by_its_words() {
        let [mut first, mut second, mut third] = <[Reached; 3]>::default();
        first.result("a", &Err::<(), _>("a:3:1: `x` is no number"));
        second.result("a", &Err::<(), _>("a:17:12: `0x`yz` is no number"));
        third.result("a", &Err::<(), _>("a:3:1: `x` is no word"));
        assert!(second.within(&first) && !third.within(&first));
        assert_eq!(third.without(&first).len(), 1);
        let mut all = first;
        assert_eq!((second.add_to(&mut all), third.add_to(&mut all)), (0, 1));
    }
}
