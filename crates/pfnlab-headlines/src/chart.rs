//! What was published beside what was reached, as a picture: how much is left of what there was
//! before, in percent.

use std::fmt::Write;

/// One published change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changes.
    pub what: String,
    /// From what to what, as published.
    pub published: (u64, u64),
    /// And here.
    pub reached: (u64, u64),
}

const LEFT: u64 = 230;
/// So many pixels are 100 %; what is more is cut there.
const WHOLE: u64 = 400;
const ROW: u64 = 46;
const BAR: u64 = 14;
/// What was published, and what was reached (Okabe and Ito).
const COLOURS: [&str; 2] = ["#999999", "#0072b2"];

/// A picture of these changes, two bars each.
pub fn chart(changes: &[Change]) -> String {
    let height = 30 + ROW * changes.len() as u64;
    let mut body = String::new();
    for (at, (colour, words)) in COLOURS.iter().zip(["published", "reached"]).enumerate() {
        let x = LEFT + 110 * at as u64;
        // Writing to a String cannot fail.
        let _ = write!(
            body,
            "<rect x=\"{x}\" y=\"6\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"16\">{words}</text>",
            x + 18
        );
    }
    for (row, change) in changes.iter().enumerate() {
        let top = 30 + ROW * row as u64;
        let _ = write!(
            body,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 8,
            top + BAR + 4,
            change.what
        );
        for (bar, (before, after)) in [change.published, change.reached].into_iter().enumerate() {
            let y = top + (BAR + 2) * bar as u64;
            let width = after.min(before) * WHOLE / before.max(1);
            let share = match before {
                0 => "nothing to change".to_owned(),
                _ => format!("{before} → {after}: {} %", percent(before, after)),
            };
            let _ = write!(
                body,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\" fill=\"{}\"/>\
                 <text x=\"{}\" y=\"{}\">{share}</text>",
                COLOURS[bar],
                LEFT + width + 6,
                y + BAR - 3
            );
        }
    }
    let width = LEFT + WHOLE + 190;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\"><title>What is left of what there was before, as published and as \
         reached</title><rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>{body}</svg>\n"
    )
}

/// The one as a part of the other, with one digit behind the point.
fn percent(before: u64, after: u64) -> String {
    let thousandths = after * 1000 / before;
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bar is as long as its share, and what has no share says so.
    #[test]
    fn bars_are_shares() {
        let change = Change {
            what: "H".to_owned(),
            published: (200, 50),
            reached: (0, 0),
        };
        let svg = chart(&[change]);
        assert!(svg.contains(r#"width="100" height="14""#));
        assert!(svg.contains("200 → 50: 25.0 %"));
        assert!(svg.contains("nothing to change"));
        assert_eq!(percent(16_784, 2_668), "15.8");
    }
}
