//! SVG, element by element: whole numbers, text as text, the same input the same bytes.

use std::fmt::Write;

use crate::look;

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) width: u64,
    pub(crate) height: u64,
}

/// Columns that a character of the fixed font takes, in pixels.
pub(crate) const CHARACTER: u64 = 8;

/// How text and frames look, beside [`look::rules`].
const RULES: &str = "\
text{font:13px 'DejaVu Sans',Verdana,sans-serif;fill:#1b1b1b}
.pfn{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace}
.title{font-size:16px;font-weight:bold}
.head{font-size:13px;font-weight:bold}
.aside{fill:#555}
.middle{text-anchor:middle}
.end{text-anchor:end}
.on-dark{fill:#fff}
.halo{stroke:#fff;stroke-width:4;stroke-linejoin:round;paint-order:stroke}
.paper{fill:#fff}
.frame{fill:none;stroke:#8a8a8a;stroke-width:1}
.was-split{fill:#fff;stroke:#9a9a9a;stroke-width:1;stroke-dasharray:3 2}
.edge{stroke:#9a9a9a;stroke-width:1;fill:none}
.touched{fill:none;stroke:#111;stroke-width:2.5}
.mark{stroke:#111;stroke-width:2;fill:none}
.gauge{fill:#d3f0e5;stroke:#007353;stroke-width:1}
.low{fill:#fbe0cf;stroke:#b0440a;stroke-width:1}
.flipped{fill:#ffd54a;stroke:#7a5b00;stroke-width:1}
.flipped-bit{font-weight:bold}
.wall{fill:url(#p-hole);stroke:#8a8a8a;stroke-width:1}
";

/// A drawing in the making.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    out: String,
}

impl Svg {
    /// A rectangle. A reader is told `title` when pointing at it, if it is not empty.
    pub(crate) fn rect(&mut self, at: Area, class: &str, title: &str) {
        let Area {
            x,
            y,
            width,
            height,
        } = at;
        self.push(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" class=\"{class}\""
        ));
        if title.is_empty() {
            self.out.push_str("/>\n");
        } else {
            let title = escape(title);
            self.push(format_args!("><title>{title}</title></rect>\n"));
        }
    }

    /// Text; `x` is where it starts, or ends, or its middle, as its class says.
    pub(crate) fn text(&mut self, x: u64, y: u64, class: &str, text: &str) {
        let text = escape(text);
        let class = match class {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        };
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\"{class}>{text}</text>\n"
        ));
    }

    /// Text with every character in its place, so that what stands below it is below it in any font.
    pub(crate) fn fixed(&mut self, x: u64, y: u64, text: &str) {
        let places: Vec<_> = (0..text.chars().count() as u64)
            .map(|at| (x + at * CHARACTER).to_string())
            .collect();
        let (places, text) = (places.join(" "), escape(text));
        self.push(format_args!(
            "<text x=\"{places}\" y=\"{y}\" class=\"pfn\" xml:space=\"preserve\">{text}</text>\n"
        ));
    }

    /// A path.
    pub(crate) fn path(&mut self, path: &str, class: &str) {
        self.push(format_args!("<path d=\"{path}\" class=\"{class}\"/>\n"));
    }

    /// Whether there is a rectangle of a class.
    pub(crate) fn has(&self, class: &str) -> bool {
        self.out.contains(&format!(" class=\"{class}\""))
    }

    /// The elements drawn so far.
    pub(crate) fn into_body(self) -> String {
        self.out
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // A string takes all that is written to it.
        let _ = self.out.write_fmt(text);
    }
}

/// A whole file: `body` on white, with its style sheet. `title` says what it shows.
pub(crate) fn document(body: &str, width: u64, height: u64, title: &str) -> String {
    let (title, patterns, rules) = (escape(title), look::patterns(), look::rules());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<defs>\n{patterns}</defs>\n\
         <style>\n{RULES}{rules}</style>\n<rect width=\"{width}\" height=\"{height}\" class=\"paper\"/>\n\
         {body}</svg>\n"
    )
}

/// `text` as XML has it.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no other control characters.
            character if character.is_control() && character != '\n' => out.push(' '),
            character => out.push(character),
        }
    }
    out
}
