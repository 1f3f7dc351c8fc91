//! The `pfnlab` program.
fn main() {}
