//! A page is one file that needs nothing else.

mod common;

use common::moments;
use pfnlab_lesson::{Lesson, Told};

fn page(title: &str) -> String {
    let moments = moments();
    let mut lesson = Lesson::new(title, "a test", &moments[0].after);
    for moment in &moments {
        let told = Told {
            change: &moment.change,
            events: &moment.events,
            story: "a title\n  a story\n",
            question: None,
        };
        lesson.add(told, &moment.after);
    }
    lesson.finish()
}

#[test]
fn it_asks_for_nothing_from_elsewhere() {
    let page = page("plain");
    for foreign in ["src=", "@import", "http-equiv=\"refresh", "//cdn", "fetch("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let links = page.matches("href=").count();
    assert_eq!(page.matches("href=\"data:,\"").count(), links);
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("{{"));
}

#[test]
fn the_same_operations_make_the_same_page() {
    assert_eq!(page("twice"), page("twice"));
}

#[test]
fn a_title_is_text_whatever_it_says() {
    let page = page("</title><script>alert(1)</script>");
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}
