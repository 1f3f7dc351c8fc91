//! `check` of several allocators: `--lib` more than once, or `--against`.

use std::fmt::Write as _;
use std::path::PathBuf;

use pfnlab::boot::Booted;
use pfnlab::{Config, Error, Machine, Mm, Profile, kernel};
use pfnlab_check::Case;
use pfnlab_check::contest::{Agreement, Comparison, Contest, Contested};
use pfnlab_loader::Host;
use serde::Serialize;

use crate::args::{AgreeIn, CheckArgs};
use crate::failure::Failure;
use crate::generations::usage;
use crate::replay::open;
use crate::{Verdict, library, output};

/// What `--json` prints.
#[derive(Serialize)]
struct ContestReport {
    agrees: bool,
    operations: u64,
    left_out: u64,
    allocators: Vec<SideReport>,
    parting: Option<PartingReport>,
    broken: Option<BrokenReport>,
    case: Option<String>,
    kept: Option<PathBuf>,
    #[serde(skip)]
    text: String,
}

/// One allocator's part.
#[derive(Serialize)]
struct SideReport {
    name: String,
    served: u64,
    refused: u64,
    differing: u64,
    served_alone: u64,
    refused_alone: u64,
}

/// The first operation that came to something else.
#[derive(Serialize)]
struct PartingReport {
    step: usize,
    op: String,
    came: Vec<String>,
}

/// A promise that was broken.
#[derive(Serialize)]
struct BrokenReport {
    by: String,
    kind: String,
    what: String,
}

pub(crate) fn check(args: &CheckArgs) -> Result<Verdict, Failure> {
    if args.lib.len() + args.against.len() < 2 {
        usage(
            "check",
            "one allocator is compared with another: --lib A --against B",
        );
    }
    let libraries = args.lib.iter();
    let hosts = libraries.map(|path| library::open_library(path, &args.suite.limits));
    let hosts: Vec<Host> = hosts.collect::<Result<_, _>>()?;
    let profiles = args.against.iter().map(|name| kernel::profile(Some(name)));
    let profiles: Vec<&'static Profile> = profiles.collect::<Result<_, _>>()?;
    let bar = output::progress(0, "allocators");
    let mut contest = Contest::new(match args.agree {
        AgreeIn::Outcomes => Agreement::Outcomes,
        AgreeIn::Promises => Agreement::Promises,
    });
    for host in &hosts {
        let name = host.library().display().to_string();
        contest = contest.with(name, |machine: &Machine| {
            bar.inc(1);
            host.start(machine)
        });
    }
    for &profile in &profiles {
        contest = contest.with(profile.name(), |machine: &Machine| {
            bar.inc(1);
            boot(machine, profile).unwrap_or_else(|error| panic!("{error}"))
        });
    }
    let contested = match &args.trace {
        Some(trace) => {
            let case = Case::parse(&open(trace)?.trace().to_string())?;
            for &profile in &profiles {
                boot(case.machine(), profile)?;
            }
            let comparison = contest.compare(&case);
            Contested {
                comparison,
                case: None,
                path: None,
            }
        }
        None => {
            let boots = |machine: &Machine| {
                let mut profiles = profiles.iter();
                profiles.all(|profile| boot(machine, profile).is_ok())
            };
            contest.search(&library::suite(&args.suite)?.only(boots))?
        }
    };
    bar.finish_and_clear();
    let report = ContestReport::new(&contested);
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.text)?;
    }
    Ok(Verdict::of(report.agrees))
}

fn boot(machine: &Machine, profile: &'static Profile) -> Result<Mm, Error> {
    Ok(Booted::new(machine, profile, &Config::X86_64)?.into_mm())
}

impl ContestReport {
    fn new(contested: &Contested) -> ContestReport {
        let Contested {
            comparison,
            case,
            path,
        } = contested;
        let sides = comparison.sides.iter().map(|side| SideReport {
            name: side.name.clone(),
            served: side.served(),
            refused: side.tally.refused,
            differing: side.differing,
            served_alone: side.served_alone,
            refused_alone: side.refused_alone,
        });
        let parting = comparison.parting.as_ref();
        let broken = comparison.broken.as_ref();
        ContestReport {
            agrees: comparison.agrees(),
            operations: comparison.operations,
            left_out: comparison.left_out,
            allocators: sides.collect(),
            parting: parting.map(|parting| PartingReport {
                step: parting.step,
                op: parting.op.to_string(),
                came: parting.came.clone(),
            }),
            broken: broken.map(|(by, finding)| BrokenReport {
                by: comparison.sides[*by].name.clone(),
                kind: finding.kind.clone(),
                what: finding.what.clone(),
            }),
            case: case.as_ref().map(Case::to_string),
            kept: path.clone(),
            text: text(comparison, case.as_ref(), path.as_ref()),
        }
    }
}

fn text(comparison: &Comparison, case: Option<&Case>, path: Option<&PathBuf>) -> String {
    let mut text = comparison.to_string();
    if let Some(case) = case {
        text.push_str("\ncase:\n");
        text.extend(case.to_string().lines().map(|line| format!("  {line}\n")));
    }
    if let Some(path) = path {
        let _ = writeln!(text, "kept: {}", path.display());
    }
    text
}
