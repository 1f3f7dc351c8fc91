//! The `pfnlab` program: arguments, progress and errors. What it does is in the library.
//!
//! - [`args`]: what can be said on the command line.
//! - [`run`], [`boot`], [`replay`], [`check`]: one verb each.
//! - [`output`], [`failure`]: what is printed, when it goes well and when it does not.

mod args;

mod boot;
mod check;
mod replay;
mod run;

mod failure;
mod output;

use std::io::{self, IsTerminal};
use std::panic;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Verb};
use crate::failure::Failure;

/// How a verb that did its work ends.
enum Verdict {
    /// All is well.
    Fine,
    /// A property failed, or a replay diverged.
    Failed,
}

impl Verdict {
    fn of(well: bool) -> Verdict {
        if well { Verdict::Fine } else { Verdict::Failed }
    }
}

const FAILED: u8 = 1;
const BAD_INPUT: u8 = 3;
const OUR_BUG: u8 = 4;

fn main() -> ExitCode {
    let cli = Cli::parse();
    panic::set_hook(Box::new(|info| {
        eprintln!("pfnlab {}: {info}", env!("CARGO_PKG_VERSION"));
        eprintln!("This is a bug in pfnlab. Please report it with the command line and the input.");
    }));
    match panic::catch_unwind(|| perform(cli)) {
        Ok(Ok(Verdict::Fine)) => ExitCode::SUCCESS,
        Ok(Ok(Verdict::Failed)) => ExitCode::from(FAILED),
        Ok(Err(Failure::Input(error))) => {
            eprint!("{}", failure::render(&error, io::stderr().is_terminal()));
            ExitCode::from(BAD_INPUT)
        }
        // Whoever read our output has seen enough.
        Ok(Err(Failure::Output(error))) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Ok(Err(Failure::Output(error))) => {
            eprintln!("error: cannot write the output: {error}");
            ExitCode::from(BAD_INPUT)
        }
        Err(_) => ExitCode::from(OUR_BUG),
    }
}

fn perform(cli: Cli) -> Result<Verdict, Failure> {
    match cli.verb {
        None => run::run(&cli.run),
        Some(Verb::Run(args)) => run::run(&args),
        Some(Verb::Boot(args)) => boot::boot(&args),
        Some(Verb::Replay(args)) => replay::replay(&args),
        Some(Verb::Check(args)) => check::check(&args),
    }
}
