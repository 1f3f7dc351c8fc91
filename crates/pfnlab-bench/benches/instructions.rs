//! `cargo bench -p pfnlab-bench --bench instructions`: instructions of the hot paths, counted by
//! callgrind. Needs `valgrind`; the counts are the same every time.
//!
//! Every path runs in a process of its own: this program, started again under callgrind with the
//! names of a profile and a path.

use std::error::Error;
use std::path::Path as File;
use std::process::Command;
use std::{env, fs};

use pfnlab_bench::callgrind::{self, Counts};
use pfnlab_bench::counted::Path;
use pfnlab_mm::Profile;

/// Concepts that cost less than this part of an operation are summed up.
const SHOWN: f64 = 3.0;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [walk, profile, path] if walk == "walk" => child(profile, path),
        _ => parent(),
    }
}

fn child(profile: &str, path: &str) -> Result<(), Box<dyn Error>> {
    let profile = Profile::by_name(profile).ok_or("no such profile")?;
    let path = Path::ALL
        .get(path.parse::<usize>()?)
        .ok_or("no such path")?;
    println!("{}", path.walk(profile));
    Ok(())
}

fn parent() -> Result<(), Box<dyn Error>> {
    for profile in Profile::ALL.iter().rev() {
        println!(
            "\n{}: instructions of one operation, and where they are spent",
            profile.name()
        );
        let nothing = total(&count(profile, 0)?);
        for (number, path) in Path::ALL.iter().enumerate().skip(1) {
            let counts = count(profile, number)?;
            let all = total(&counts) - nothing;
            println!("{:>8.0}  {}: {}", all, path.name(), parts(&counts));
        }
    }
    Ok(())
}

fn total(counts: &[(String, f64)]) -> f64 {
    counts.iter().map(|(_, count)| count).sum()
}

/// By concept, the most expensive first.
fn count(profile: &Profile, path: usize) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let file = File::new(env!("CARGO_TARGET_TMPDIR")).join("callgrind.out");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg("--toggle-collect=*counted*measured*")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .args(["walk", profile.name(), &path.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let ops: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    let counts: Counts = callgrind::by_concept(&fs::read_to_string(file)?);
    let mut counts: Vec<_> = counts
        .into_iter()
        .map(|(concept, count)| (concept, count as f64 / ops))
        .collect();
    counts.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    Ok(counts)
}

fn parts(counts: &[(String, f64)]) -> String {
    let shown = counts.iter().filter(|(_, count)| *count >= SHOWN);
    let parts: Vec<_> = shown
        .map(|(name, count)| format!("{name} {count:.0}"))
        .collect();
    parts.join(", ")
}
