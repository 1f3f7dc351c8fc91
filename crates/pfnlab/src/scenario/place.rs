//! Where in a TOML text something stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step from the top of a document to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// Into a table.
    Key(&'a str),
    /// Into an array, by position.
    Item(usize),
}

/// The bytes of the value that `path` leads to; of the last one on the way that is written out.
pub(crate) fn span_at(text: &str, path: &[Step<'_>]) -> Range<usize> {
    let Ok(document) = DeTable::parse(text) else {
        return 0..text.len();
    };
    let Some((&Step::Key(key), rest)) = path.split_first() else {
        return 0..text.len();
    };
    let Some(mut value) = document.get_ref().get(key) else {
        return 0..text.len();
    };
    for step in rest {
        match next(value, *step) {
            Some(inner) => value = inner,
            None => break,
        }
    }
    value.span()
}

fn next<'a, 'i>(
    value: &'a Spanned<DeValue<'i>>,
    step: Step<'_>,
) -> Option<&'a Spanned<DeValue<'i>>> {
    match step {
        Step::Key(key) => value.get_ref().as_table()?.get(key),
        Step::Item(item) => value.get_ref().as_array()?.get(item),
    }
}
