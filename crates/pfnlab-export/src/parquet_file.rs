//! Apache Parquet.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::{Column, ExportError, Table, Values};

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> ExportError {
        ExportError::Format(error.to_string())
    }
}

/// Writes a table as Parquet: every column required, integers as INT64, texts as UTF-8; one row group,
/// not compressed.
///
/// # Errors
/// When `out` cannot be written.
pub fn parquet(table: &Table, out: impl Write + Send) -> Result<(), ExportError> {
    let fields = table
        .columns()
        .iter()
        .map(|column| field(column).map(Arc::new));
    let schema = Type::group_type_builder("schema")
        .with_fields(fields.collect::<Result<_, _>>()?)
        .build()?;
    let properties = WriterProperties::builder().set_created_by("pfnlab".to_owned());
    let mut file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()))?;
    let mut rows = file.next_row_group()?;
    for column in table.columns() {
        let Some(mut writer) = rows.next_column()? else {
            break;
        };
        match &column.values {
            Values::Integers(values) => {
                writer
                    .typed::<Int64Type>()
                    .write_batch(values, None, None)?;
            }
            Values::Texts(values) => {
                let texts = values
                    .iter()
                    .map(|text| Bytes::copy_from_slice(text.as_bytes()));
                let texts: Vec<ByteArray> = texts.map(ByteArray::from).collect();
                writer
                    .typed::<ByteArrayType>()
                    .write_batch(&texts, None, None)?;
            }
        }
        writer.close()?;
    }
    rows.close()?;
    file.close()?;
    Ok(())
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.values {
        Values::Integers(_) => (Physical::INT64, None),
        Values::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()
}
