//! How pictures are drawn on stdout.

use std::env;
use std::io::{self, IsTerminal};

use pfnlab::view::Style;

use crate::args::{Colour, StyleArgs};

/// Lines that are longer are hard to read.
const WIDEST: usize = 120;

/// As asked; else as the terminal has it; else 80 columns without colour.
pub(crate) fn style(args: &StyleArgs) -> Style {
    let terminal = io::stdout().is_terminal();
    let columns = || {
        let (width, _) = terminal_size::terminal_size()?;
        terminal.then_some(usize::from(width.0).min(WIDEST))
    };
    let no_colour = || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        width: args.width.or_else(columns).unwrap_or(Style::PLAIN.width),
        colour: match args.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !no_colour(),
        },
        ascii: args.ascii,
    }
}
