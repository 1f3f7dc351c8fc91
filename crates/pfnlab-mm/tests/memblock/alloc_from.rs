//! `alloc_helpers_api.c`: where a request with a lowest address is met.

use super::common::{check, check_generic, plain};

#[test]
fn from_simple_generic() {
    check_generic(&plain(), "", "size=40 from=7fc0", "7fc0..8000");
    check(
        &plain(),
        "",
        "size=40 from=1000",
        "7fc0..8000",
        "1000..1040",
    );
}

#[test]
fn from_misaligned_generic() {
    check_generic(&plain(), "", "size=20 from=7f81", "7fc0..7fe0");
}

#[test]
fn from_high_addr() {
    check(&plain(), "", "size=40 from=7fe0", "7fc0..8000", "0..40");
}

#[test]
fn from_no_space_above() {
    check(
        &plain(),
        "7000:1000",
        "size=40 from=7000",
        "6fc0..8000",
        "0..40 7000..8000",
    );
}

#[test]
fn from_min_addr_cap() {
    check(&plain(), "", "size=40 from=-1000", "7fc0..8000", "0..40");
}
