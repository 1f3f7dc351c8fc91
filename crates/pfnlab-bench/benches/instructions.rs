//! `cargo bench -p pfnlab-bench --bench instructions`: instructions of the hot paths, counted by
//! callgrind. Needs `valgrind`; the counts are the same every time.
//!
//! First every path with what each concept costs there, then the rows of the other benchmark, peer
//! beside peer. Every path and every cell runs in a process of its own: this program, started again
//! under callgrind with the names of a profile and a path, or the numbers of a row and a peer.

use std::error::Error;
use std::path::Path as File;
use std::process::Command;
use std::{env, fs};

use pfnlab_bench::callgrind::{self, Counts};
use pfnlab_bench::counted::{PEERS, Path};
use pfnlab_bench::work::Row;
use pfnlab_mm::Profile;

/// Concepts that cost less than this part of an operation are summed up.
const SHOWN: f64 = 3.0;

/// The generations whose paths are counted.
const PROFILES: [&str; 2] = ["linux-6.12.y", "linux-6.1.y"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [walk, profile, path] if walk == "walk" => child(profile, path),
        [cell, row, peer] if cell == "cell" => {
            let (_, count) = PEERS[peer.parse::<usize>()?];
            println!("{}", count(Row::ALL[row.parse::<usize>()?]));
            Ok(())
        }
        _ => {
            paths()?;
            rows()
        }
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

fn paths() -> Result<(), Box<dyn Error>> {
    for name in PROFILES {
        println!("\n{name}: instructions of one operation, and where they are spent");
        let count = |number: usize| by_concept(&["walk", name, &number.to_string()]);
        let nothing = total(&count(0)?);
        for (number, path) in Path::ALL.iter().enumerate().skip(1) {
            let counts = count(number)?;
            let all = total(&counts) - nothing;
            println!("{:>8.0}  {}: {}", all, path.name(), parts(&counts));
        }
    }
    Ok(())
}

/// Markdown: peers by row.
fn rows() -> Result<(), Box<dyn Error>> {
    print!("\n| instructions per operation, 1 GiB |");
    PEERS.iter().for_each(|(peer, _)| print!(" {peer} |"));
    println!("\n|:---|{}", "---:|".repeat(PEERS.len()));
    for (number, row) in Row::ALL.iter().enumerate() {
        print!("| {} |", row.name());
        for peer in 0..PEERS.len() {
            let counts = by_concept(&["cell", &number.to_string(), &peer.to_string()])?;
            match total(&counts) {
                0.0 => print!(" – |"),
                count => print!(" {count:.0} |"),
            }
        }
        println!();
    }
    Ok(())
}

fn total(counts: &[(String, f64)]) -> f64 {
    counts.iter().map(|(_, count)| count).sum()
}

/// What one operation takes when this program is started with these arguments: by concept, the most
/// expensive first. Nothing, when there is no operation.
fn by_concept(arguments: &[&str]) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let file = File::new(env!("CARGO_TARGET_TMPDIR")).join("callgrind.out");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg("--toggle-collect=*counted*measured*")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let ops: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
    if ops == 0 {
        return Ok(Vec::new());
    }
    let counts: Counts = callgrind::by_concept(&fs::read_to_string(file)?);
    let mut counts: Vec<_> = counts
        .into_iter()
        .map(|(concept, count)| (concept, count as f64 / ops as f64))
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
