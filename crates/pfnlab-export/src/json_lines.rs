//! One JSON object a line.

use std::io::Write;

use serde_json::{Map, Value};

use crate::{ExportError, Table, Values};

/// Writes every row of a table as a JSON object on a line of its own.
///
/// # Errors
/// When `out` cannot be written.
pub fn json_lines(table: &Table, mut out: impl Write) -> Result<(), ExportError> {
    for row in 0..table.rows() {
        let fields = table.columns().iter().map(|column| {
            let value = match &column.values {
                Values::Integers(values) => Value::from(values[row]),
                Values::Texts(values) => Value::from(values[row].as_str()),
            };
            (column.name.clone(), value)
        });
        let object = Value::Object(fields.collect::<Map<_, _>>());
        writeln!(out, "{object}")?;
    }
    Ok(())
}
