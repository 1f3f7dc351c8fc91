//! JSON as text that fits in a page: compressed, in base64.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

/// `value` as the page's program unpacks it.
pub(super) fn pack(value: &Value) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A vector takes all that is written to it.
    let packed = encoder
        .write_all(value.to_string().as_bytes())
        .and_then(|()| encoder.finish());
    STANDARD.encode(packed.expect("memory can be written"))
}
