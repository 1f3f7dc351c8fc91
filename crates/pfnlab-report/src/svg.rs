//! Drawing in whole numbers.

use std::fmt::Write;

/// A picture on its way.
#[derive(Clone, Debug)]
pub(crate) struct Svg {
    width: u64,
    height: u64,
    body: String,
}

/// Room for the axes, left of and below what is drawn.
pub(crate) const LEFT: u64 = 90;
pub(crate) const TOP: u64 = 8;
pub(crate) const BELOW: u64 = 34;
pub(crate) const RIGHT: u64 = 12;

impl Svg {
    /// For a drawing of so many pixels, with room for axes around it.
    pub(crate) fn new(width: u64, height: u64) -> Svg {
        Svg {
            width: LEFT + width + RIGHT,
            height: TOP + height + BELOW,
            body: String::new(),
        }
    }

    /// A coloured rectangle, from the upper left corner of the drawing.
    pub(crate) fn rect(&mut self, x: u64, y: u64, width: u64, height: u64, colour: &str) {
        let (x, y) = (LEFT + x, TOP + y);
        // Writing to a String cannot fail.
        let _ = write!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>"
        );
    }

    /// A line through points.
    pub(crate) fn line(&mut self, points: &[(u64, u64)], colour: &str) {
        let points = points
            .iter()
            .map(|(x, y)| format!("{},{}", LEFT + x, TOP + y));
        let points: Vec<_> = points.collect();
        let _ = write!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    }

    /// A word; `anchor` is where it is held: `start`, `middle` or `end`.
    pub(crate) fn text(&mut self, x: u64, y: u64, anchor: &str, words: &str) {
        let words = words.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>"
        );
    }

    /// A word beside the drawing, at a height.
    pub(crate) fn beside(&mut self, y: u64, words: &str) {
        self.text(LEFT - 6, TOP + y + 4, "end", words);
    }

    /// A word below the drawing, in the middle under a place.
    pub(crate) fn under(&mut self, x: u64, words: &str) {
        self.text(LEFT + x, self.height - BELOW + 14, "middle", words);
    }

    /// Words below the drawing: where it begins, what it counts, and where it ends.
    pub(crate) fn below(&mut self, first: &str, what: &str, last: &str) {
        let (y, right) = (self.height - BELOW + 14, self.width - RIGHT);
        self.text(LEFT, y, "start", first);
        self.text(LEFT.midpoint(right), y + 14, "middle", what);
        self.text(right, y, "end", last);
    }

    /// The picture, which says what it shows to those who do not see it.
    pub(crate) fn finish(self, title: &str) -> String {
        let Svg {
            width,
            height,
            body,
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"sans-serif\" \
             font-size=\"11\" fill=\"currentColor\"><title>{title}</title>{body}</svg>"
        )
    }
}

/// A colour between two, `part` of `whole` of the way.
pub(crate) fn between(from: [u64; 3], to: [u64; 3], part: u64, whole: u64) -> String {
    let whole = whole.max(1);
    let part = part.min(whole);
    let mixed = |at: usize| (from[at] * (whole - part) + to[at] * part) / whole;
    format!("#{:02x}{:02x}{:02x}", mixed(0), mixed(1), mixed(2))
}

/// Colours that people with any kind of colour vision tell apart (Okabe and Ito).
pub(crate) const COLOURS: [&str; 8] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#f0e442",
];
