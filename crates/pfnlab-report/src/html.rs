//! Figures as one page.

use askama::Template;

use crate::Figure;

/// A run of a page: its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What was otherwise in this run.
    pub setting: String,
    /// What is to be seen.
    pub figures: Vec<Figure>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    sections: Vec<Shown<'a>>,
}

struct Shown<'a> {
    name: String,
    setting: &'a str,
    figures: Vec<(&'a Figure, String)>,
}

/// The page, whole: nothing is loaded from anywhere, and nothing runs.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn page(title: &str, sections: &[Section]) -> String {
    let sections = (1..).zip(sections).map(|(number, section)| {
        let figures = section.figures.iter().map(|figure| {
            let mut csv = Vec::new();
            pfnlab_export::csv(&figure.table, &mut csv).expect("memory takes everything");
            (figure, String::from_utf8_lossy(&csv).into_owned())
        });
        Shown {
            name: format!("run{number}"),
            setting: &section.setting,
            figures: figures.collect(),
        }
    });
    let page = Page {
        title,
        sections: sections.collect(),
    };
    page.render().expect("memory takes everything")
}
