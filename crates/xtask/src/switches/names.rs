//! Generations that are told apart by name.

use super::Source;
use super::words::Word;
use crate::tidy::Untidy;

/// The name of a generation that something is compared with, or matched against. In a table it may
/// stand, beside what is true of the generation.
pub(super) fn names_compared(source: &Source) -> Vec<Untidy> {
    let is = |at: usize, signs: &[&str]| {
        let word = source.words.get(at);
        word.is_some_and(|word| signs.iter().any(|sign| word.is(sign)))
    };
    // Tests may say of which generation they speak.
    let own = source.find(["#", "[", "cfg", "(", "test", ")"]).next();
    let end = own.map_or(source.words.len(), |behind| {
        source.words.len() - behind.len()
    });
    let named = |word: &Word| {
        let number = word.text.strip_prefix("linux-");
        word.literal
            && number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    };
    let compared = |at: usize| {
        let before = at > 0 && is(at - 1, &["==", "!=", "|"]);
        // Behind `Some(…)`, too.
        let behind = at + 1 + usize::from(is(at + 1, &[")"]));
        before || is(behind, &["==", "!=", "|", "=>"]) || in_matches(source, at)
    };
    let words = source.words[..end].iter().enumerate();
    words
        .filter(|&(at, word)| named(word) && compared(at))
        .map(|(_, word)| source.untidy(word.line, "a generation is told by its name".to_owned()))
        .collect()
}

/// Whether a word stands in a `matches!(…)`.
fn in_matches(source: &Source, at: usize) -> bool {
    let statement = source.words[..at].iter().rev();
    let mut statement = statement.take_while(|word| !word.is(";") && !word.is("}"));
    statement.any(|word| word.is("matches"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_not_told_apart_by_name() {
        let found = |text: &str| names_compared(&Source::new("view.rs".into(), text)).len();
        for text in [
            "fn a(p: &str) -> bool { p == \"linux-5.0\" }",
            "fn a(p: &str) -> bool { \"linux-5.0\" != p }",
            "fn a(p: Option<&str>) -> bool { Some(\"linux-5.0\") == p }",
            "fn a(p: &str) -> bool { matches!(p, \"linux-6.12.0\") }",
            "fn a(p: &str) -> u8 { match p { \"linux-6.12.0\" => 1, _ => 0 } }",
            "fn a(p: Option<&str>) -> u8 { match p { Some(\"linux-6.12.0\") => 1, _ => 0 } }",
        ] {
            assert_eq!(found(text), 1, "{text}");
        }
        for text in [
            "const A: (&str, u8) = (\"linux-5.0\", 3);",
            "fn a(p: u8) -> &str { match p { 5 => \"linux-5.0\", _ => \"linux-6.1.y\" } }",
            "// p == \"linux-5.0\"\n#[cfg(test)] fn a(p: &str) -> bool { p == \"linux-5.0\" }",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
