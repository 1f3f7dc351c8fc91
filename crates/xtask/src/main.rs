//! `cargo xtask <verb>`.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use pfnlab::Profile;
use pfnlab::tour::{Tour, TourOptions};
use xtask::boot_logs::CheckedLog;
use xtask::conformance::Conformance;
use xtask::events::Events;
use xtask::mutants::{Fate, Mutants};

const USAGE: &str = "\
cargo xtask <verb>

  conformance [--page | --write-page] DIR…
                     replay every recorded case at or below DIR, and table them; --page: the
                     conformance page must show this table, --write-page: make it
  boot-logs DIR…     derive every fact of every boot log at or below DIR (console.log with
                     facts.txt beside it, serial.log.gz with machine.json.gz and snapshots/)
  events DIR…        derive what every recorded event at or below DIR leads to (a CPU taken away,
                     a tunable written: snapshots/e*.json.gz of a machine)
  fingerprints       what a tour of 20,000 operations comes to on every kernel generation: the same
                     in every build
  fuzz TARGET [--minutes N] [--seed N] [--input FILE]
                     feed the allocator or a parser with more and more inputs; without a target:
                     which there are
  mutants [--shard I/N]… [--again]
                     alter the allocator and see whether a test notices: these shards of all
                     alterations, those that were missed once more with all its tests; without
                     arguments: what is known so far (needs cargo-mutants)
  book               draw the pictures of the course, build the book in target/book (mdbook), and
                     run what can be run of its code
  browser            lessons, a report and every page of the book in a browser; what is exported in
                     other tools: needs node, npm, mdbook, Chromium (CHROMIUM says where) and python3
  terminal           `pfnlab tui` in a terminal: needs tmux
  full [DIR…]        the long suites: many property cases, all builds, the book, lessons in a
                     browser, a terminal, recordings if given
  headline [H2 …]    the numbers of the page of headline results, all or these (minutes)
  tidy               what no compiler checks (part of `cargo test`)
";

/// The page that shows the table of all recordings.
const PAGE: &str = "docs/src/conformance.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((verb, folders)) if verb == "conformance" && !folders.is_empty() => {
            conformance(folders)
        }
        Some((verb, folders)) if verb == "boot-logs" && !folders.is_empty() => boot_logs(folders),
        Some((verb, folders)) if verb == "events" && !folders.is_empty() => events(folders),
        Some((verb, [])) if verb == "fingerprints" => fingerprints(),
        Some((verb, arguments)) if verb == "fuzz" => fuzz(arguments),
        Some((verb, arguments)) if verb == "mutants" => mutants(arguments),
        Some((verb, [])) if verb == "book" => xtask::book::build(&root()),
        Some((verb, folders)) if verb == "full" => full(folders),
        Some((verb, [])) if verb == "browser" => browser(),
        Some((verb, [])) if verb == "terminal" => terminal(),
        Some((verb, names)) if verb == "headline" => headline(names),
        Some((verb, [])) if verb == "tidy" => tidy(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

/// Every case is replayed, also behind one that diverges.
fn conformance(arguments: &[String]) -> Done {
    let (options, folders): (Vec<_>, Vec<_>) = arguments
        .iter()
        .cloned()
        .partition(|argument| argument.starts_with("--"));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let page = match options[..] {
        [] => None,
        ["--page"] => Some(false),
        ["--write-page"] => Some(true),
        _ => return Err(format!("no such options: {}", options.join(" ")).into()),
    };
    let all = Conformance::of(&folders)?;
    print!("{}\n{}", all.cases(), all.divergences());
    println!("{}", all.totals());
    if !all.totals().all_well() {
        return Err("not all is as recorded".into());
    }
    let path = root().join(PAGE);
    match page {
        Some(write) if !all.page(&path, write)? => {
            Err(format!("{PAGE} shows another table: use --write-page").into())
        }
        _ => Ok(()),
    }
}

/// Every log is checked, also behind one that is not derived.
fn boot_logs(folders: &[String]) -> Done {
    let all = xtask::boot_logs::check(folders)?;
    for log in &all {
        print!("{log}");
    }
    let derived: usize = all.iter().map(|log| log.derived).sum();
    let facts: usize = all.iter().map(|log| log.facts).sum();
    println!("derived {derived}/{facts} facts of {} logs", all.len());
    if all.iter().all(CheckedLog::is_well) && !all.is_empty() {
        Ok(())
    } else {
        Err("not all is derived".into())
    }
}

/// Every event is derived, also behind one that comes out otherwise.
fn events(folders: &[String]) -> Done {
    let all = Events::of(folders)?;
    println!("{all}");
    if all.is_well() {
        Ok(())
    } else {
        Err("not all is derived".into())
    }
}

/// A line for every generation.
fn fingerprints() -> Done {
    for profile in Profile::ALL {
        let mut tour = Tour::boot(&TourOptions {
            seed: 7,
            ops: 20_000,
            profile: Some(profile.name().to_owned()),
            config: None,
        })?;
        tour.drive(|_| {})?;
        println!("{}", tour.summary().repro);
    }
    Ok(())
}

/// What takes too long for every change.
fn full(folders: &[String]) -> Done {
    cargo(
        &["test", "--release", "--workspace"],
        &[("PROPTEST_CASES", "5000")],
    )?;
    let tour = ["run", "--seed", "3", "--ops", "2000000", "--json"];
    for build in [&[][..], &["--release"]] {
        let arguments = [&["run", "--quiet"], build, &["--"], &tour].concat();
        cargo(&arguments, &[])?;
    }
    // The book is built on the way.
    browser()?;
    terminal()?;
    if folders.is_empty() {
        Ok(())
    } else {
        conformance(folders)
    }
}

/// In a build in which every overflow is a panic.
fn fuzz(arguments: &[String]) -> Done {
    let build = [
        "run",
        "--quiet",
        "--profile",
        "fuzz",
        "-p",
        "pfnlab-fuzz",
        "--",
    ];
    let arguments = arguments.iter().map(String::as_str);
    cargo(&build.into_iter().chain(arguments).collect::<Vec<_>>(), &[])
}

/// In a copy of this tree, shard by shard; what was done is not done again.
fn mutants(arguments: &[String]) -> Done {
    let mutants = Mutants::of(&root());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match (argument.as_str(), argument.strip_prefix("--shard=")) {
            ("--again", _) => mutants.again()?,
            ("--shard", _) => mutants.run(rest.next().map_or("", |word| word).parse()?)?,
            (_, Some(shard)) => mutants.run(shard.parse()?)?,
            _ => return Err(format!("no such argument: {argument}").into()),
        }
    }
    let fates = mutants.fates()?;
    println!("{}", xtask::mutants::table(&fates));
    match fates.values().any(|fate| *fate == Fate::Missed) {
        true => Err("some were missed".into()),
        false => Ok(()),
    }
}

/// Opens a short lesson, a long one, of 100,000 events and more, and the book in a browser.
fn browser() -> Done {
    const OPERATIONS: &str = "6000";
    cargo(&["build", "--release", "--package", "pfnlab-cli"], &[])?;
    let pfnlab = root().join("target/release/pfnlab");
    let folder = root().join("crates/pfnlab-lesson/tests/browser");
    let long = root().join("target/long-lesson.trace");
    let run = |program: &OsStr, arguments: &[&OsStr]| -> Done {
        let status = Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .status()?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("{} failed", program.display()).into()),
        }
    };
    let text = |text| OsStr::new(text);
    run(
        text("npm"),
        &["install", "--no-audit", "--no-fund"].map(text),
    )?;
    let record = ["run", "--ops", OPERATIONS, "--record"].map(text);
    run(
        pfnlab.as_os_str(),
        &[&record[..], &[long.as_os_str()]].concat(),
    )?;
    for trace in [text("lesson.trace"), long.as_os_str()] {
        run(text("node"), &[text("run.mjs"), pfnlab.as_os_str(), trace])?;
        run(
            text("node"),
            &[text("viewers.mjs"), pfnlab.as_os_str(), trace],
        )?;
    }
    let scenario = root().join("examples/scenarios/stolen-blocks.toml");
    run(
        text("node"),
        &[text("report.mjs"), pfnlab.as_os_str(), scenario.as_os_str()],
    )?;
    let python = root().join("target/python");
    run(
        text("python3"),
        &[text("-m"), text("venv"), python.as_os_str()],
    )?;
    let python = python.join("bin/python");
    let install = ["-m", "pip", "install", "--quiet", "pandas", "pyarrow"].map(text);
    run(python.as_os_str(), &install)?;
    run(
        python.as_os_str(),
        &[text("tables.py"), pfnlab.as_os_str(), long.as_os_str()],
    )?;
    xtask::book::build(&root())?;
    let book = root().join("target/book");
    run(text("node"), &[text("book.mjs"), book.as_os_str()])
}

/// Presses keys in a terminal, and reads what is on the screen.
fn terminal() -> Done {
    cargo(&["build", "--package", "pfnlab-cli"], &[])?;
    let tests = root().join("crates/pfnlab-cli/tests");
    let checked = xtask::terminal::check(
        &root().join("target/debug/pfnlab"),
        &tests.join("cmd/tui.in/story.trace"),
        &tests.join("screens"),
    )?;
    println!("{checked} screens are as they should be");
    Ok(())
}

fn cargo(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    println!("cargo {}", arguments.join(" "));
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(root())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {} failed", arguments.join(" ")).into())
    }
}

/// Prints what published results come to here.
fn headline(names: &[String]) -> Done {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "-p", "pfnlab-headlines", "--"]);
    let status = cargo
        .args(names.iter().map(|name| name.to_lowercase()))
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err("a headline could not be run".into()),
    }
}

fn tidy() -> Done {
    let mut untidy = xtask::tidy::check(&root())?;
    untidy.extend(xtask::switches::check(&root())?);
    for untidy in &untidy {
        println!("{untidy}");
    }
    if untidy.is_empty() {
        Ok(())
    } else {
        Err(format!("{} untidy lines", untidy.len()).into())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
