//! Lessons: one file of HTML, to step through what operations did, forward and back.
//!
//! A page holds no pictures: it holds the state now and then, what every operation changed, and a
//! program that draws. So going to any operation is to take the state before it and to apply what
//! changed since.
//!
//! - [`Lesson`]: makes the page, operation by operation.
//! - [`encode`]: states and changes in the page's form. [`pack`]: compressed, as text.

mod encode;
mod pack;

use pfnlab_model::{Event, Snapshot};
use serde_json::{Value, json};

use crate::change::Change;
use crate::look;
use crate::question::Question;
use crate::svg::escape;

/// Operations from one state to the next.
const KEYFRAME: u64 = 1024;
/// Operations whose words are kept together.
const WORDS: usize = 256;

const PAGE: &str = include_str!("lesson.html");
const STYLE: &str = include_str!("lesson.css");
const PROGRAM: [&str; 3] = [
    include_str!("state.js"),
    include_str!("views.js"),
    include_str!("reader.js"),
];

/// A lesson in the making.
#[derive(Debug)]
pub struct Lesson {
    title: String,
    about: String,
    zones: Value,
    global: Value,
    /// Packed parts: name, text.
    parts: Vec<(String, String)>,
    /// The state at the start of the part that is being filled.
    state: Value,
    /// What each of its operations changed.
    changes: Vec<Value>,
    words: Vec<Value>,
    /// What kinds of things each operation did, a bit for each of [`encode::KINDS`].
    kinds: Vec<u32>,
}

/// An operation, told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What it did. Its title is the operation.
    pub change: &'a Change,
    /// Its events.
    pub events: &'a [Event],
    /// Its story, as text.
    pub story: &'a str,
    /// What a reader is asked before it is shown.
    pub question: Option<&'a Question>,
}

impl Lesson {
    /// A lesson that begins with a state. `about` says in a line what runs, such as the kernel.
    pub fn new(title: impl Into<String>, about: impl Into<String>, state: &Snapshot) -> Lesson {
        let global = &state.global;
        Lesson {
            title: title.into(),
            about: about.into(),
            zones: encode::names(state),
            global: json!({
                "top": global.top_order.get(),
                "block": global.pageblock_order.get(),
                "types": global.migratetypes.iter().map(|mt| mt.index()).collect::<Vec<_>>(),
            }),
            parts: Vec::new(),
            state: encode::state(state),
            changes: Vec::new(),
            words: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// The next operation; `after` is the state behind it.
    pub fn add(&mut self, told: Told<'_>, after: &Snapshot) {
        self.kinds.push(encode::kinds(told.events));
        self.changes.push(encode::change(told.events, after));
        self.words.push(encode::words(&told));
        if self.changes.len() as u64 == KEYFRAME {
            self.close_changes(encode::state(after));
        }
        if self.words.len() == WORDS {
            self.close_words();
        }
    }

    /// The page.
    pub fn finish(mut self) -> String {
        self.close_changes(Value::Null);
        if !self.words.is_empty() {
            self.close_words();
        }
        let kinds = json!(self.kinds);
        self.parts.push(("kinds".to_owned(), pack::pack(&kinds)));
        let about = json!({
            "steps": self.kinds.len(),
            "keyframe": KEYFRAME,
            "words": WORDS,
            "zones": self.zones,
            "global": self.global,
            "kinds": encode::KINDS,
            "uses": look::table(),
        });
        let parts = self.parts.iter().map(|(name, text)| {
            format!("<script type=\"text/plain\" id=\"{name}\">{text}</script>\n")
        });
        // In a script only `<` could end it too soon.
        let about = about.to_string().replace('<', "\\u003c");
        let fill = [
            ("{{title}}", escape(&self.title)),
            ("{{about}}", escape(&self.about)),
            ("{{style}}", STYLE.to_owned() + &look::rules()),
            ("{{patterns}}", look::patterns()),
            ("{{lesson}}", about),
            ("{{parts}}", parts.collect()),
            ("{{program}}", PROGRAM.concat()),
        ];
        let mut page = String::new();
        let mut rest = PAGE;
        while let Some(start) = rest.find("{{") {
            let (before, behind) = rest.split_at(start);
            page.push_str(before);
            let found = fill.iter().find(|(name, _)| behind.starts_with(name));
            let (name, text) = found.expect("the page names what there is");
            page.push_str(text);
            rest = &behind[name.len()..];
        }
        page.push_str(rest);
        page
    }

    fn close_changes(&mut self, next: Value) {
        let state = std::mem::replace(&mut self.state, next);
        let changes = std::mem::take(&mut self.changes);
        let number = self.numbered('c');
        let part = pack::pack(&json!({ "state": state, "changes": changes }));
        self.parts.push((number, part));
    }

    fn close_words(&mut self) {
        let words = std::mem::take(&mut self.words);
        let number = self.numbered('w');
        self.parts.push((number, pack::pack(&json!(words))));
    }

    fn numbered(&self, kind: char) -> String {
        let same = self.parts.iter().filter(|(name, _)| name.starts_with(kind));
        format!("{kind}{}", same.count())
    }
}
