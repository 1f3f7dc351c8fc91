//! `cargo xtask fuzz TARGET [--minutes N] [--seed N]`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use pfnlab_fuzz::{Reached, TARGETS, by_name, explore, supervise};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |name: &str, default: u64| {
        let at = words.iter().position(|word| *word == name);
        at.map_or(Some(default), |at| words.get(at + 1)?.parse().ok())
    };
    let target = words.first().and_then(|name| by_name(name));
    let (Some(target), Some(minutes), Some(seconds), Some(seed)) = (
        target,
        number("--minutes", 1),
        number("--seconds", 0),
        number("--seed", 1),
    ) else {
        eprintln!("cargo xtask fuzz TARGET [--minutes N] [--seed N] [--input FILE]\n");
        for target in TARGETS {
            eprintln!("  {:15} {}", target.name, target.what);
        }
        return ExitCode::from(2);
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("target/fuzzing").join(target.name);
    let done = if words.contains(&"--child") {
        explore(target, seed, seconds, &folder)
    } else if let Some(at) = words.iter().position(|word| *word == "--input") {
        // One input, with everything a panic says.
        fs::create_dir_all(&folder)
            .and_then(|()| fs::read(words.get(at + 1).unwrap_or(&"")))
            .map(|input| {
                let mut reached = Reached::default();
                (target.feed)(&input, &folder, &mut reached);
                println!("{reached:#?}");
                ExitCode::SUCCESS
            })
    } else {
        let words = [
            target.name.to_owned(),
            "--child".to_owned(),
            "--seed".to_owned(),
            seed.to_string(),
            "--seconds".to_owned(),
            (minutes * 60 + seconds).to_string(),
        ];
        supervise(target, &words, &folder)
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
