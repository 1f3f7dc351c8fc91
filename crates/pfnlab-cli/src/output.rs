//! Writing to stdout; to a terminal or not.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pfnlab::Error;
use serde::Serialize;

/// Prints `value` as one JSON object.
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")
}

/// Prints `text` as it is.
pub(crate) fn text(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}

/// Everything on stdin.
pub(crate) fn stdin() -> Result<String, Error> {
    pfnlab::read_text("<stdin>", io::stdin())
}

/// A bar on stderr, or a count when nobody knows the length (0); nothing when that is no terminal.
pub(crate) fn progress(length: u64, unit: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = match length {
        0 => format!("{{spinner}} {{human_pos}} {unit}"),
        _ => format!("{{bar:40}} {{human_pos}}/{{human_len}} {unit}, {{eta}} left"),
    };
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(ProgressStyle::with_template(&style).unwrap_or(ProgressStyle::default_bar()));
    bar
}
