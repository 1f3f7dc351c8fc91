//! `pfnlab boot`.

use std::path::Path;

use pfnlab::boot::compare::{self, Moment};
use pfnlab::boot::facts::{self, Fact, FactsFile};
use pfnlab::boot::log::{self, BootedLog, LogOptions};
use pfnlab::boot::{Booted, ZoneSummary, zones};
use pfnlab::mm::boot::Circumstances;
use pfnlab::{Machine, TextError, kernel, machine};
use serde::Serialize;

use crate::Verdict;
use crate::args::{BootArgs, Show};
use crate::failure::Failure;
use crate::generations::usage;
use crate::output;
use crate::style::style;

/// What `--json` prints.
#[derive(Serialize)]
struct BootReport<'a> {
    machine: String,
    profile: String,
    zones: Vec<ZoneSummary>,
    zone_ranges: String,
    buddyinfo: String,
    pagetypeinfo: String,
    zoneinfo: String,
    vmstat: String,
    free_areas: String,
    zonelists: String,
    memmap: String,
    /// With a frame.
    descriptor: Option<String>,
    /// What a log leaves open.
    notices: &'a [String],
}

/// What `--check --json` and `--compare --json` print.
#[derive(Serialize)]
struct CheckReport {
    profile: String,
    notices: Vec<String>,
    derived: usize,
    facts: usize,
    different: Vec<Fact>,
    /// With `--compare`: where our state is another.
    differences: Option<Vec<String>>,
}

/// What there is to boot.
enum Source {
    Machine(Machine),
    Log(Box<BootedLog>),
}

pub(crate) fn boot(args: &BootArgs) -> Result<Verdict, Failure> {
    if args.frame.is_some() && args.show != Show::Descriptor && !args.json {
        usage("boot", "a frame is asked about with `--show descriptor`");
    }
    match source(args)? {
        Source::Machine(machine) => {
            if let Some(what) = of_logs_only(args) {
                usage(
                    "boot",
                    &format!("{what} is for a boot log, not for a machine"),
                );
            }
            let profile = kernel::profile(args.profile.as_deref())?;
            let config = kernel::config(args.config.as_deref())?;
            let circumstances = Circumstances {
                charge_memmap: args.charge_memmap,
                ..Circumstances::default()
            };
            let booted = Booted::under(&machine, profile, &config, &circumstances)?;
            show(args, &booted, None)
        }
        Source::Log(log) if args.check || args.compare.is_some() => check(args, &log),
        Source::Log(log) => show(args, log.booted(), Some(&log)),
    }
}

fn source(args: &BootArgs) -> Result<Source, Failure> {
    let name = &args.machine[..];
    let (name, text) = match name {
        "-" => ("<stdin>", output::stdin()?),
        name if !name.ends_with(".toml") && Path::new(name).is_file() => {
            (name, log::text_of(Path::new(name))?)
        }
        name => return Ok(Source::Machine(machine::resolve(name)?)),
    };
    if !log::is_boot_log(&text) {
        return Ok(Source::Machine(machine::parse(name, &text).map_err(
            |error| {
                if text.contains("[[node]]") {
                    error
                } else {
                    neither(&error)
                }
            },
        )?));
    }
    let booted = BootedLog::read(name, &text, &options(args)?)?;
    Ok(Source::Log(Box::new(booted)))
}

/// The option that a machine has no use for.
fn of_logs_only(args: &BootArgs) -> Option<&'static str> {
    let given = [
        (args.check, "--check"),
        (args.facts.is_some(), "--facts"),
        (args.distances.is_some(), "--distances"),
        (args.compare.is_some(), "--compare"),
        (args.show == Show::Memblock, "--show memblock"),
    ];
    given
        .into_iter()
        .find_map(|(given, what)| given.then_some(what))
}

/// Said of text that is not even like a machine.
fn neither(error: &TextError) -> TextError {
    let message = "this is no boot log, which has a line `Linux version …` or `BIOS-e820: …`, and no \
                   machine, which is TOML with a `[[node]]`";
    TextError::new(error.name(), error.text(), error.span(), message)
}

/// Distances are in no log; facts have them, and so has a state to compare with.
fn options(args: &BootArgs) -> Result<LogOptions, Failure> {
    let given = args.distances.as_ref().map(|given| given.0.clone());
    let distances = match (given, facts_file(args)?, &args.compare) {
        (Some(given), _, _) => Some(given),
        (None, Some(file), _) => file.distances(),
        (None, None, Some(path)) => {
            let nodes = compare::load(path)?.nodes.into_iter();
            Some(nodes.map(|node| node.distance).collect())
        }
        (None, None, None) => None,
    };
    Ok(LogOptions {
        profile: args.profile.clone(),
        config: args.config.clone(),
        distances,
    })
}

fn facts_file(args: &BootArgs) -> Result<Option<FactsFile>, Failure> {
    let Some(path) = &args.facts else {
        return Ok(None);
    };
    Ok(Some(FactsFile::parse(&log::text_of(path)?)))
}

fn show(args: &BootArgs, booted: &Booted, log: Option<&BootedLog>) -> Result<Verdict, Failure> {
    let notices = log.map_or(&[][..], BootedLog::notices);
    if args.json {
        output::json(&BootReport {
            machine: booted.machine().name().to_owned(),
            profile: booted.mm().profile().name().to_owned(),
            zones: zones(&booted.snapshot()),
            zone_ranges: booted.zone_ranges(),
            buddyinfo: booted.buddyinfo(),
            pagetypeinfo: booted.pagetypeinfo(),
            zoneinfo: booted.zoneinfo(),
            vmstat: booted.vmstat(),
            free_areas: booted.free_areas(),
            zonelists: booted.zonelists(),
            memmap: booted.memmap(),
            descriptor: args.frame.map(|frame| booted.descriptor(frame)),
            notices,
        })?;
        return Ok(Verdict::Fine);
    }
    tell(notices);
    output::text(&match args.show {
        Show::Summary => booted.summary(),
        Show::Buddyinfo => booted.buddyinfo(),
        Show::Pagetypeinfo => booted.pagetypeinfo(),
        Show::Zoneinfo => booted.zoneinfo(),
        Show::Vmstat => booted.vmstat(),
        Show::FreeAreas => booted.free_areas(),
        Show::Zonelists => booted.zonelists(),
        Show::Zone => booted.pictures(&style(&args.style)),
        // Of a machine, the command line was refused.
        Show::Memblock => log.map_or_else(String::new, |log| {
            log.replayed().memblock.dump().to_string()
        }),
        Show::Sections => booted.sections(),
        Show::Memmap => booted.memmap(),
        // Not given, the command line would have been refused.
        Show::Descriptor => booted.descriptor(args.frame.unwrap_or_default()),
    })?;
    Ok(Verdict::Fine)
}

/// What a log leaves open is for people: it goes where it is in nobody's way.
fn tell(notices: &[String]) {
    for notice in notices {
        eprintln!("note: {notice}");
    }
}

fn check(args: &BootArgs, log: &BootedLog) -> Result<Verdict, Failure> {
    let all = match args.check {
        true => facts::check(log, facts_file(args)?.as_ref()),
        false => Vec::new(),
    };
    let different: Vec<Fact> = all
        .iter()
        .filter(|fact| !fact.is_derived())
        .cloned()
        .collect();
    let compared = match &args.compare {
        Some(path) => Some(compare::compare(log, &compare::load(path)?)?),
        None => None,
    };
    let same = compared
        .as_ref()
        .is_none_or(|compared| compared.differences.is_empty());
    let verdict = Verdict::of(different.is_empty() && same);
    if args.json {
        let said = |compared: compare::Comparison| {
            let differences = compared.differences.iter();
            differences.map(ToString::to_string).collect()
        };
        output::json(&CheckReport {
            profile: log.profile().name().to_owned(),
            notices: log.notices().to_vec(),
            derived: all.len() - different.len(),
            facts: all.len(),
            different,
            differences: compared.map(said),
        })?;
        return Ok(verdict);
    }
    tell(log.notices());
    let mut text = String::new();
    for fact in &different {
        text.push_str(&format!("{fact}\n"));
    }
    if args.check {
        text.push_str(&format!("{}\n", facts::closing_line(&all)));
    }
    if let Some(compared) = &compared {
        for difference in &compared.differences {
            text.push_str(&format!("{difference}\n"));
        }
        text.push_str(&format!("{}\n", closing_line(compared)));
    }
    output::text(&text)?;
    Ok(verdict)
}

fn closing_line(compared: &compare::Comparison) -> String {
    let (zones, blocks) = (compared.zones, compared.blocks);
    let what = match compared.moment {
        Moment::Released => {
            format!("zones, pageblocks and the {blocks} free blocks of {zones} zones, in order")
        }
        Moment::Early => format!("{zones} zones and the order in which they are asked"),
        Moment::Running => format!("{zones} zones, their watermarks, reserves and list lengths"),
    };
    match compared.differences.len() {
        0 => format!("identical: {what}"),
        1 => format!("1 difference: {what}"),
        some => format!("{some} differences: {what}"),
    }
}
