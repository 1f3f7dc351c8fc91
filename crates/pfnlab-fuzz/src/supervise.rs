//! The process around the loop: what a loop cannot survive, its parent sees.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "it ends when it was told to")]
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::corpus::save;
use crate::{Corpus, Explorer, Target, seeds};

/// No input takes that long.
const PATIENCE_SECONDS: u64 = 30;
/// No input takes that much memory.
const MEMORY: u64 = 2 << 30;
/// How often the child says how far it has come.
const REPORT: Duration = Duration::from_secs(2);

/// Explores in this process, the child, and prints a line now and then. What is new is kept in the
/// corpus of the repository at the end.
///
/// # Errors
/// When a file cannot be read or written.
#[expect(clippy::disallowed_types, reason = "it ends when it was told to")]
pub fn explore(
    target: &'static Target,
    seed: u64,
    seconds: u64,
    folder: &Path,
) -> io::Result<ExitCode> {
    let limit = Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    setrlimit(Resource::As, limit)?;
    let corpus = Corpus::of(target);
    let mended = Corpus::mended(target).inputs()?;
    let inputs = [seeds(target)?, mended, corpus.inputs()?].concat();
    let start = Instant::now();
    let mut reported = start;
    let mut explorer = match Explorer::new(target, seed, folder, inputs)? {
        Ok(explorer) => explorer,
        Err((_, message)) => return found(&message),
    };
    while start.elapsed().as_secs() < seconds {
        if let Err((_, message)) = explorer.once()? {
            return found(&message);
        }
        if reported.elapsed() >= REPORT {
            reported = Instant::now();
            say(&explorer)?;
        }
    }
    say(&explorer)?;
    // What the repository holds elsewhere need not be kept here.
    let seeds = seeds(target)?;
    let mut inputs = explorer.minimised()?;
    inputs.retain(|input| !seeds.contains(input));
    corpus.keep(&inputs)?;
    Ok(ExitCode::SUCCESS)
}

fn say(explorer: &Explorer) -> io::Result<()> {
    let progress = explorer.progress();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} executions, {} inputs reach {} things, {} MiB",
        progress.executions,
        progress.kept,
        progress.reached,
        most_kib() / 1024,
    )
}

fn found(message: &str) -> io::Result<ExitCode> {
    println!("panics: {message}");
    Ok(ExitCode::FAILURE)
}

/// The most memory this process had at a time.
fn most_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_ascii_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Runs a child that explores, and watches it. An input that ends it is kept in the folder.
///
/// # Errors
/// When the child cannot be started, or a file not written.
pub fn supervise(target: &Target, arguments: &[String], folder: &Path) -> io::Result<ExitCode> {
    fs::create_dir_all(folder)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()?;
    let Some(output) = child.stdout.take() else {
        unreachable!("it is a pipe");
    };
    let mut output = BufReader::new(output);
    let patience = Timespec::try_from(Duration::from_secs(PATIENCE_SECONDS)).ok();
    let mut hangs = false;
    loop {
        let mut ready = [PollFd::new(output.get_ref(), PollFlags::IN)];
        if poll(&mut ready, patience.as_ref())? == 0 {
            hangs = true;
            child.kill()?;
            break;
        }
        let mut line = String::new();
        if output.read_line(&mut line)? == 0 {
            break;
        }
        print!("{}: {line}", target.name);
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    let input = fs::read(folder.join(Explorer::CURRENT))?;
    let path = save(&folder.join("found"), &input)?;
    let how = if hangs {
        "no end".to_owned()
    } else {
        status.to_string()
    };
    println!("{}: {how}: {}", target.name, path.display());
    Ok(ExitCode::FAILURE)
}
