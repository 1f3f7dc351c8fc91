//! What is written is what is read back, by the formats' own readers.

use pfnlab_export::{Column, Table, Values, csv, json_lines};

fn table() -> Table {
    let texts = ["plain", "a, b", "say \"so\"", "ü\nline", ""];
    Table::new(vec![
        Column::new("n", Values::Integers(vec![0, -1, i64::MAX, i64::MIN, 7])),
        Column::new("text", Values::Texts(texts.map(str::to_owned).to_vec())),
    ])
}

#[test]
fn csv_is_read_back() {
    let mut out = Vec::new();
    csv(&table(), &mut out).unwrap();
    let mut reader = ::csv::Reader::from_reader(&out[..]);
    assert_eq!(reader.headers().unwrap(), vec!["n", "text"]);
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(&rows[3][0], "-9223372036854775808");
    assert_eq!(&rows[3][1], "ü\nline");
    assert_eq!(&rows[2][1], "say \"so\"");
}

#[test]
fn every_line_is_an_object() {
    let mut out = Vec::new();
    json_lines(&table(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().next().unwrap(), "{\"n\":0,\"text\":\"plain\"}");
    for line in text.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["n"].is_i64() && object["text"].is_string());
    }
}

#[test]
fn a_table_without_columns_is_empty() {
    let mut out = Vec::new();
    json_lines(&Table::default(), &mut out).unwrap();
    assert_eq!((Table::default().rows(), out.len()), (0, 0));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_back_and_the_same_every_time() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;
    let write = || {
        let mut out = Vec::new();
        pfnlab_export::parquet(&table(), &mut out).unwrap();
        out
    };
    assert_eq!(write(), write());
    let reader = SerializedFileReader::new(bytes::Bytes::from(write())).unwrap();
    let rows: Vec<_> = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), 5);
    let fields: Vec<_> = rows[3]
        .get_column_iter()
        .map(|(_, field)| field.clone())
        .collect();
    assert_eq!(
        fields,
        [Field::Long(i64::MIN), Field::Str("ü\nline".to_owned())]
    );
}
