//! `pfnlab tui`.
//!
//! - [`Session`]: where one is, what is looked at, what is being typed. Start here.
//! - [`Command`]: what the keys mean. [`Breakpoint`]: where to stop.
//! - [`mod@pointer`]: the block that is pointed at.
//! - [`screen`]: the session, drawn. [`gauge`]: a zone against its watermarks, in a line.

mod breakpoint;
mod command;
mod gauge;
mod pointer;
mod screen;
mod session;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use pfnlab::reel::{Player, Reel};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use crate::Verdict;
use crate::args::{Colour, StyleArgs, TuiArgs};
use crate::failure::Failure;
use crate::replay::open;
use crate::style::style;

use breakpoint::Breakpoint;
use command::Command;
use session::Session;

pub(crate) fn tui(args: &TuiArgs) -> Result<Verdict, Failure> {
    let reel = match &args.subject[..] {
        "-" => Reel::of_trace(&open("-")?)?,
        path => Reel::open(Path::new(path))?,
    };
    if !io::stdout().is_terminal() {
        let message = "this is no terminal: `pfnlab explain` tells the same as text";
        return Err(Failure::Unusable(message.to_owned()));
    }
    let style = style(&StyleArgs {
        width: None,
        color: Colour::Auto,
        ascii: args.ascii,
    });
    let name = Path::new(&args.subject).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let mut session = Session::new(&name, Player::new(reel), style);
    let mut terminal = ratatui::try_init()?;
    let ended = show(&mut terminal, &mut session);
    ratatui::restore();
    ended?;
    Ok(Verdict::Fine)
}

/// Draws, and does what keys say, until one of them says to leave.
fn show(terminal: &mut DefaultTerminal, session: &mut Session) -> io::Result<()> {
    while !session.is_over() {
        terminal.draw(|frame| screen::draw(frame, session))?;
        if session.is_running() && !event::poll(Duration::ZERO)? {
            session.go_on();
            continue;
        }
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
        {
            session.key(key);
        }
    }
    Ok(())
}
