//! Excerpts of text that a terminal can show: whatever is in a file, an error about it is short and
//! moves no cursor.

use pfnlab::TextError;

/// The longest line that is shown as it is, in characters.
const LINE: usize = 160;
/// Of a longer one: how much is shown in front of the place, and in all.
const WINDOW: (usize, usize) = (30, 90);
/// Of a longer message: how much of its begin and of its end is shown.
const MESSAGE: (usize, usize) = (600, 100);
/// Of a longer word that a message quotes: the same.
const QUOTED: (usize, usize) = (40, 10);

/// A message without control characters, and not too long: what it quotes is cut first.
pub(crate) fn message(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|letter| match letter {
            '\n' => '\n',
            other => printable(other),
        })
        .collect();
    let quoted = clean.split('`').enumerate();
    let parts: Vec<_> = quoted
        .map(|(at, part)| match at % 2 {
            1 => cut(part, QUOTED),
            _ => part.to_owned(),
        })
        .collect();
    cut(&parts.join("`"), MESSAGE)
}

/// The begin and the end of a text that is longer than both.
fn cut(text: &str, (head, tail): (usize, usize)) -> String {
    let length = text.chars().count();
    if length <= head + tail {
        return text.to_owned();
    }
    let begin: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{begin}…{end}")
}

fn printable(letter: char) -> char {
    if letter.is_control() && letter != '\t' {
        char::REPLACEMENT_CHARACTER
    } else {
        letter
    }
}

/// Whether the lines around the place can be shown as they are.
pub(crate) fn is_presentable(error: &TextError) -> bool {
    let (line, _) = error.position();
    let lines = error.text().lines().skip(line.saturating_sub(2)).take(3);
    let mut letters = lines.clone().flat_map(str::chars);
    let span = &error.text()[error.span()];
    letters.all(|letter| printable(letter) == letter)
        && lines.into_iter().all(|line| line.chars().count() <= LINE)
        && span.chars().count() <= LINE
}

/// The message, and a piece of the line around the place.
pub(crate) fn plain(error: &TextError, message: &str) -> String {
    let (number, column) = error.position();
    let line = error.text().lines().nth(number - 1).unwrap_or("");
    let (before, all) = WINDOW;
    let skipped = (column - 1).saturating_sub(before);
    let mut letters = line.chars().skip(skipped).map(printable);
    let piece: String = letters.by_ref().take(all).collect();
    let from = if skipped > 0 { "…" } else { "" };
    let to = if letters.next().is_some() { "…" } else { "" };
    let margin = " ".repeat(number.to_string().len());
    let indent = " ".repeat(column - 1 - skipped + from.chars().count());
    let marked = error.text()[error.span()].lines().next().unwrap_or("");
    let room = all.saturating_sub(column - 1 - skipped).max(1);
    let carets = "^".repeat(marked.chars().count().clamp(1, room));
    format!(
        "  x {message}\n {margin} ,-[{}:{number}:{column}]\n {number} | {from}{piece}{to}\n \
         {margin} : {indent}{carets}\n {margin} `----\n",
        error.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("one\n{}bad{}\n", "a".repeat(1000), "b".repeat(1000));
        let error = TextError::new("x", &*text, 1004..1007, "no");
        assert!(!is_presentable(&error));
        let shown = plain(&error, "no");
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(
            lines[2],
            format!(" 2 | …{}bad{}…", "a".repeat(30), "b".repeat(57))
        );
        assert_eq!(lines[3], format!("   : {}^^^", " ".repeat(31)));
    }

    #[test]
    fn nothing_moves_the_cursor() {
        let error = TextError::new("x", "a\x1b[2Jb", 5..6, "no");
        assert!(!is_presentable(&error));
        assert!(plain(&error, "no").contains(" 1 | a\u{fffd}[2Jb\n"));
        assert_eq!(message("a\x07b"), "a\u{fffd}b");
    }

    #[test]
    fn a_long_message_keeps_its_begin_and_its_end() {
        let long = format!("begin{}end", "x".repeat(100_000));
        let short = message(&long);
        assert!(short.len() < 800 && short.starts_with("begin") && short.ends_with("end"));
        let quoted = message(&format!("no `{}` here", "9".repeat(100_000)));
        assert_eq!(
            quoted,
            format!("no `{}…{}` here", "9".repeat(40), "9".repeat(10))
        );
    }
}
