//! `cargo xtask <verb>`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use pfnlab::replay::{self, Totals};

const USAGE: &str = "\
cargo xtask <verb>

  conformance DIR…   replay every recorded case at or below DIR
  full [DIR…]        the long suites: many property cases, all builds, recordings if given
  tidy               what no compiler checks (part of `cargo test`)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((verb, folders)) if verb == "conformance" && !folders.is_empty() => {
            conformance(folders)
        }
        Some((verb, folders)) if verb == "full" => full(folders),
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
fn conformance(folders: &[String]) -> Done {
    let mut totals = Totals::default();
    for case in replay::cases(folders)? {
        let replayed = replay::recording(&case, |_| {})?;
        totals.add(&replayed);
        if let Some(divergence) = &replayed.divergence {
            print!("{}: {divergence}", case.display());
        }
        for difference in replayed.differences.iter().take(5) {
            println!("{}: after {difference}", case.display());
        }
    }
    println!("{totals}");
    if totals.all_well() {
        Ok(())
    } else {
        Err("not all is as recorded".into())
    }
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
    if folders.is_empty() {
        Ok(())
    } else {
        conformance(folders)
    }
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

fn tidy() -> Done {
    let untidy = xtask::tidy::check(&root())?;
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
