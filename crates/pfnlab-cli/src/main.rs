//! The `pfnlab` program: arguments, progress and errors. What it does is in the library.
//!
//! - [`args`]: what can be said on the command line.
//! - [`run`], [`boot`], [`replay`], [`check`], [`exhaust`], [`grade`], [`explain`],
//!   [`explain_failure`], [`draw`], [`lesson`], [`tui`], [`quiz`], [`whatif`], [`sweep`], [`import`],
//!   [`report`], [`export`], [`diff`], [`profiles`]: one verb each.
//! - [`library`]: `--lib` of `check`, and the process a library runs in.
//! - [`generations`]: `--profile all` of `run` and `replay`. [`subject`]: what `whatif` and `report` run.
//! - [`scenario`]: what `run` prints about a scenario.
//! - [`style`]: how pictures are drawn. [`output`], [`failure`], [`excerpt`]: what is printed, when it goes well and when it does not.

mod args;

mod boot;
mod check;
mod contest;
mod diff;
mod draw;
mod exhaust;
mod explain;
mod explain_failure;
mod export;
mod generations;
mod grade;
mod import;
mod lesson;
mod library;
mod profiles;
mod quiz;
mod reached;
mod replay;
mod report;
mod run;
mod scenario;
mod sweep;
mod tui;
mod whatif;

mod excerpt;
mod failure;
mod output;
mod style;
mod subject;

use std::io::{self, IsTerminal};
use std::panic::{self, UnwindSafe};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, ImportWhat, Verb};
use crate::failure::Failure;

/// How a verb that did its work ends.
enum Verdict {
    /// All is well.
    Fine,
    /// A property failed, a replay diverged, or two generations differ.
    Failed,
}

impl Verdict {
    fn of(well: bool) -> Verdict {
        if well { Verdict::Fine } else { Verdict::Failed }
    }
}

const WELL: u8 = 0;
const FAILED: u8 = 1;
const BAD_INPUT: u8 = 3;
const OUR_BUG: u8 = 4;

fn main() -> ExitCode {
    let cli = Cli::parse();
    panic::set_hook(Box::new(|info| {
        eprintln!("pfnlab {}: {info}", env!("CARGO_PKG_VERSION"));
        eprintln!("This is a bug in pfnlab. Please report it with the command line and the input.");
    }));
    ExitCode::from(status(|| perform(cli)))
}

/// Does the work, says on stderr what went wrong, and gives the exit status.
fn status(work: impl FnOnce() -> Result<Verdict, Failure> + UnwindSafe) -> u8 {
    match panic::catch_unwind(work) {
        Ok(Ok(Verdict::Fine)) => WELL,
        Ok(Ok(Verdict::Failed)) => FAILED,
        Ok(Err(Failure::Input(error))) => {
            eprint!("{}", failure::render(&error, io::stderr().is_terminal()));
            BAD_INPUT
        }
        Ok(Err(Failure::Unusable(message))) => {
            eprintln!("error: {}", excerpt::message(&message));
            BAD_INPUT
        }
        // Whoever read our output has seen enough.
        Ok(Err(Failure::Output(error))) if error.kind() == io::ErrorKind::BrokenPipe => WELL,
        Ok(Err(Failure::Output(error))) => {
            eprintln!("error: cannot write the output: {error}");
            BAD_INPUT
        }
        Err(_) => OUR_BUG,
    }
}

fn perform(cli: Cli) -> Result<Verdict, Failure> {
    match cli.verb {
        None => run::tour(&cli.run),
        Some(Verb::Run(args)) => run::run(&args),
        Some(Verb::Boot(args)) => boot::boot(&args),
        Some(Verb::Replay(args)) => replay::replay(&args),
        Some(Verb::Check(args)) => check::check(&args),
        Some(Verb::Exhaust(args)) => exhaust::exhaust(&args),
        Some(Verb::Grade(args)) => grade::grade(&args),
        Some(Verb::Explain(args)) => explain::explain(&args),
        Some(Verb::ExplainFailure(args)) => explain_failure::explain_failure(&args),
        Some(Verb::Draw(args)) => draw::draw(&args),
        Some(Verb::Lesson(args)) => lesson::lesson(&args),
        Some(Verb::Tui(args)) => tui::tui(&args),
        Some(Verb::Quiz(args)) => quiz::quiz(&args),
        Some(Verb::Whatif(args)) => whatif::whatif(&args),
        Some(Verb::Sweep(args)) => sweep::sweep(&args),
        Some(Verb::Report(args)) => report::report(&args),
        Some(Verb::Export(args)) => export::export(&args),
        Some(Verb::Import(ImportWhat::Kmem(args))) => import::kmem(&args),
        Some(Verb::Import(ImportWhat::Counts(args))) => import::counts::counts(&args),
        Some(Verb::Diff(args)) => diff::diff(&args),
        Some(Verb::Profiles(args)) => profiles::profiles(&args),
        Some(Verb::HostLibrary(args)) => library::host(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_how_it_ended() {
        let refused = || Failure::Input(pfnlab::kernel::profile(Some("linux-7")).unwrap_err());
        let written = |kind: io::ErrorKind| Failure::Output(kind.into());
        assert_eq!(status(|| Ok(Verdict::Fine)), 0);
        assert_eq!(status(|| Ok(Verdict::Failed)), 1);
        assert_eq!(status(|| Err(refused())), 3);
        assert_eq!(status(|| Err(written(io::ErrorKind::BrokenPipe))), 0);
        assert_eq!(status(|| Err(written(io::ErrorKind::StorageFull))), 3);
    }

    #[test]
    fn a_bug_of_ours_is_no_other_status() {
        assert_eq!(status(|| panic!("a list disagrees with itself")), 4);
        let in_a_job = || {
            let subjects = [pfnlab::replay::Subject::Case("none".into())];
            let told = |_| -> Result<(), Failure> { unreachable!("there is no such case") };
            pfnlab::replay::all(&subjects, None, told).map(|()| Verdict::Fine)
        };
        assert_eq!(status(in_a_job), 3);
    }
}
