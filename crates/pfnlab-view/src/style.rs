//! How to draw: width, colour, and which characters.

use pfnlab_model::MigrateType;

/// How to draw. Every value is legal.
///
/// ```
/// use pfnlab_view::Style;
/// let narrow = Style { width: 40, ..Style::PLAIN };
/// assert!(!narrow.colour);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// No line is longer than this many characters; less than [`Style::LEAST_WIDTH`] counts as
    /// that.
    pub width: usize,
    /// Whether SGR escapes colour the text. Without them it is the same text.
    pub colour: bool,
    /// Whether it keeps to ASCII, for terminals and fonts that draw little else.
    pub ascii: bool,
}

impl Style {
    /// The narrowest text there is.
    pub const LEAST_WIDTH: usize = 32;

    /// 80 characters wide, no colour.
    pub const PLAIN: Style = Style {
        width: 80,
        colour: false,
        ascii: false,
    };

    /// The width that holds.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(Style::LEAST_WIDTH)
    }

    /// One of two ways to say the same.
    pub(crate) fn pick<T>(&self, unicode: T, ascii: T) -> T {
        if self.ascii { ascii } else { unicode }
    }
}

impl Default for Style {
    fn default() -> Style {
        Style::PLAIN
    }
}

/// What a piece of text means, and so how it is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// An aside.
    Faint,
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Look here: a flipped bit, something unusual.
    Mark,
    /// It belongs to this migratetype.
    Type(MigrateType),
    /// Handed out.
    Lent,
    /// Cached per CPU.
    PerCpu,
}

impl Tone {
    /// The parameters of the SGR escape.
    fn sgr(self) -> Option<&'static str> {
        Some(match self {
            Tone::Plain => return None,
            Tone::Strong => "1",
            Tone::Faint | Tone::Type(MigrateType::Isolate) => "2",
            Tone::Good | Tone::Type(MigrateType::Movable) => "32",
            Tone::Bad => "1;31",
            Tone::Mark => "1;33",
            Tone::Type(MigrateType::Unmovable) => "31",
            Tone::Type(MigrateType::Reclaimable) => "33",
            Tone::Type(MigrateType::HighAtomic | MigrateType::Reserve) => "35",
            Tone::Type(MigrateType::Cma) | Tone::PerCpu => "36",
            Tone::Lent => "34",
        })
    }

    /// Writes `text` in this tone.
    pub(crate) fn paint(self, text: &str, colour: bool, out: &mut String) {
        match self.sgr().filter(|_| colour && !text.trim().is_empty()) {
            Some(sgr) => {
                out.push_str("\x1b[");
                out.push_str(sgr);
                out.push('m');
                out.push_str(text);
                out.push_str("\x1b[0m");
            }
            None => out.push_str(text),
        }
    }
}
