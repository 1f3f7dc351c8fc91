//! Shared by the tests of this crate.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part of it")]

use pfnlab_model::{Op, Step, Trace};

/// The steps of a trace, without its header.
pub fn steps(text: &str) -> Vec<Step> {
    let text = format!("#pfnlab-trace 1\nmachine any\n{text}");
    Trace::parse(&text).unwrap().trace.steps
}

/// The only operation of a text.
pub fn op(text: &str) -> Op {
    steps(text)[0].op
}
