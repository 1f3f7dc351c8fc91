//! Machines: read from TOML, or built in.
//!
//! ```
//! let machine = pfnlab::machine::resolve("one-node").unwrap();
//! assert_eq!(machine.cpus().len(), 1);
//!
//! let error = pfnlab::machine::parse("tiny.toml", "[[node]]\ncpus = [0]\nram = [\"8M..4M\"]\n");
//! assert_eq!(
//!     error.unwrap_err().to_string(),
//!     "tiny.toml:3:8: 0x800000..0x400000 is empty: the end is exclusive and lies behind the start",
//! );
//! ```

use std::ops::Range;
use std::path::Path;

use pfnlab_model::{ByteRange, Machine, MachineError, MachineSpec, Place};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Error, TextError, input};

/// A machine that needs no file.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// What it is called.
    pub name: &'static str,
    /// Its description, as a person would write it.
    pub toml: &'static str,
}

/// The machines that need no file. The first is the tour's.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "two-node",
        toml: include_str!("../machines/two-node.toml"),
    },
    BuiltIn {
        name: "one-node",
        toml: include_str!("../machines/one-node.toml"),
    },
];

/// The machine in the file `name` when that ends in `.toml`, else the built-in one called `name`.
///
/// # Errors
/// When there is no such machine, or it is not written as it should be.
pub fn resolve(name: &str) -> Result<Machine, Error> {
    if Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        load(Path::new(name))
    } else {
        built_in(name)
    }
}

/// The built-in machine called `name`.
///
/// # Errors
/// When there is none.
pub fn built_in(name: &str) -> Result<Machine, Error> {
    let Some(found) = BUILT_IN.iter().find(|machine| machine.name == name) else {
        let known: Vec<_> = BUILT_IN.iter().map(|machine| machine.name).collect();
        return Err(Error::Unknown {
            what: "machine",
            name: name.to_owned(),
            known: format!("{}, and files that end in .toml", known.join(", ")),
        });
    };
    Ok(parse(found.name, found.toml)?)
}

/// The machine described in a file. One without a name is called like the file.
///
/// # Errors
/// When the file cannot be read or describes no machine that can exist.
pub fn load(path: &Path) -> Result<Machine, Error> {
    let text = input::text(path)?;
    Ok(parse(&path.display().to_string(), &text)?)
}

/// The machine described by `text`, which came from the file `name`.
///
/// # Errors
/// When it is no TOML, has a field a machine has not, or describes a machine that cannot exist.
/// The error points at the value at fault.
pub fn parse(name: &str, text: &str) -> Result<Machine, TextError> {
    let mut spec: MachineSpec = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..text.len());
        let span = bad_range_in(text, &span).unwrap_or(span);
        TextError::new(name, text, span, error.message())
    })?;
    if spec.name.is_empty() {
        let stem = Path::new(name).file_stem();
        spec.name = stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    }
    spec.build()
        .map_err(|error| TextError::new(name, text, span_of(text, error.place()), reason(&error)))
}

/// What is wrong, without the name of the field: the error points at it.
pub(crate) fn reason(error: &MachineError) -> String {
    let place = format!("{}: ", error.place());
    let text = error.to_string();
    text.strip_prefix(&place).map(str::to_owned).unwrap_or(text)
}

/// The reader points at a list of ranges as a whole: which of them is it?
fn bad_range_in(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let top = document.get_ref();
    let nodes = top.get("node").and_then(|nodes| nodes.get_ref().as_array());
    let mut lists = nodes
        .into_iter()
        .flatten()
        .filter_map(|node| node.get_ref().as_table()?.get("ram"))
        .chain(top.get("reserved"));
    let list = lists.find(|list| list.span() == *span)?;
    let is_bad = |range: &Spanned<DeValue<'_>>| {
        let text = range.get_ref().as_str();
        text.is_none_or(|text| text.parse::<ByteRange>().is_err())
    };
    let ranges = list.get_ref().as_array()?;
    ranges.iter().find(|range| is_bad(range)).map(Spanned::span)
}

/// Which bytes of `text` a place means; the nearest thing around it when it is not written out.
fn span_of(text: &str, place: Place) -> Range<usize> {
    let Ok(document) = DeTable::parse(text) else {
        return 0..text.len();
    };
    let top = document.get_ref();
    let node = place
        .node
        .and_then(|node| item(top.get("node")?, Some(node)));
    let table = match node {
        Some(node) => node.get_ref().as_table(),
        None => Some(top),
    };
    let field = table.and_then(|table| table.get(place.field));
    field
        .map(|field| item(field, place.item).unwrap_or(field))
        .or(node)
        .map_or(0..text.len(), Spanned::span)
}

/// An item of an array, or the whole value.
fn item<'a, 'i>(
    value: &'a Spanned<DeValue<'i>>,
    item: Option<usize>,
) -> Option<&'a Spanned<DeValue<'i>>> {
    match item {
        Some(item) => value.get_ref().as_array()?.get(item),
        None => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_machine_is_called_as_listed() {
        for machine in BUILT_IN {
            assert_eq!(built_in(machine.name).unwrap().name(), machine.name);
        }
    }

    #[track_caller]
    fn check_span(text: &str, expected: &str) {
        let error = parse("m.toml", text).unwrap_err();
        assert_eq!(&text[error.span()], expected, "{error}");
    }

    #[test]
    fn an_impossible_machine_points_at_the_value_at_fault() {
        check_span(
            "[[node]]\ncpus = [0]\nram = [\"1M..2M\", \"1M..3M\"]\n",
            "\"1M..3M\"",
        );
        check_span(
            "[[node]]\ncpus = [0]\nram = [\"1M..2M\"]\n[[node]]\ncpus = [2]\n[[node]]\ncpus = [3, 2]\n",
            "2",
        );
        check_span(
            "section-size = \"3M\"\n[[node]]\ncpus = [0]\nram = [\"1M..2M\"]\n",
            "\"3M\"",
        );
        check_span(
            "[[node]]\ncpus = [0]\nram = [\"1M..2M\"]\ndistance = [10, 20]\n",
            "[10, 20]",
        );
    }

    #[test]
    fn text_that_is_no_machine_points_at_the_word_at_fault() {
        check_span("[[node]]\ncpus = [0]\nrum = 1\n", "rum");
        check_span(
            "[[node]]\ncpus = [0]\nram = [\"1M..2M\", \"3M-4M\"]\n",
            "\"3M-4M\"",
        );
        check_span(
            "reserved = [7]\n[[node]]\ncpus = [0]\nram = [\"1M..2M\"]\n",
            "7",
        );
    }

    #[test]
    fn text_that_is_no_toml_points_at_the_line() {
        let error = parse("m.toml", "[[node]]\ncpus = [0\nram = []\n").unwrap_err();
        assert_eq!(error.position(), (3, 1));
    }
}
