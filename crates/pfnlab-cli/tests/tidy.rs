//! The sources look as they should.

use std::path::Path;

#[test]
fn kernel_generations_are_data() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let untidy: Vec<_> = xtask::switches::check(&root)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(untidy.is_empty(), "{}", untidy.join("\n"));
}

#[test]
fn the_sources_are_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let untidy: Vec<_> = xtask::tidy::check(&root)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(untidy.is_empty(), "{}", untidy.join("\n"));
}
