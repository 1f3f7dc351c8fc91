//! Values separated by commas (RFC 4180, with plain newlines).

use std::io::Write;

use crate::{ExportError, Table, Values};

/// Writes a table as CSV, with a line of names.
///
/// # Errors
/// When `out` cannot be written.
pub fn csv(table: &Table, out: impl Write) -> Result<(), ExportError> {
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => ExportError::Write(error),
        other => ExportError::Format(format!("{other:?}")),
    };
    let mut writer = csv::Writer::from_writer(out);
    let names = table.columns().iter().map(|column| column.name.as_str());
    writer.write_record(names).map_err(failed)?;
    for row in 0..table.rows() {
        for column in table.columns() {
            let written = match &column.values {
                Values::Integers(values) => writer.write_field(values[row].to_string()),
                Values::Texts(values) => writer.write_field(&values[row]),
            };
            written.map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)?;
    }
    Ok(writer.flush()?)
}
