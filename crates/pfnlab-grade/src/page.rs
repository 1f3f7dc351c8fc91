//! A grade as a page of HTML.

use askama::Template;

use crate::Grade;

/// Everything is in the file: no script, no font, no request.
#[derive(Template)]
#[template(path = "grade.html")]
struct Page<'a> {
    subject: &'a str,
    grade: &'a Grade,
}

/// A grade as a page of HTML, self-contained. `subject` says what was graded.
///
/// # Panics
/// Never: what is written goes to memory.
pub fn page(subject: &str, grade: &Grade) -> String {
    let page = Page { subject, grade };
    page.render().expect("it is written to memory")
}
