//! `pfnlab report`.

use std::fs::{self, File};
use std::path::Path;

use pfnlab::scenario::{Scenario, ScenarioOptions};
use pfnlab::{Error, Otherwise, TraceFile, Work, what_if};
use pfnlab_report::{Film, Section, figures, page};

use crate::Verdict;
use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::subject::Subject;

pub(crate) fn report(args: &ReportArgs) -> Result<Verdict, Failure> {
    let mut runs = vec![(what_if::AS_IT_IS.to_owned(), Otherwise::default())];
    for setting in &args.set {
        runs.push((setting.clone(), Otherwise::parse(setting)?));
    }
    let subject = Subject::open(&args.subject, args.on.profile.as_deref())?;
    let mut sections = Vec::new();
    for (setting, otherwise) in runs {
        let film = match &subject {
            Subject::Scenario(scenario) => {
                // What a setting changes is in the trace that is recorded under it.
                let trace = recorded(scenario, Path::new(&args.subject), &otherwise)?;
                let booted = Otherwise {
                    seed: None,
                    sysctls: Vec::new(),
                    work: Work::default(),
                    ..otherwise
                };
                Film::shoot(&trace, &booted, args.looks)?
            }
            Subject::Trace(trace) => Film::shoot(trace, &otherwise, args.looks)?,
        };
        sections.push(Section {
            setting,
            figures: figures(&film),
        });
    }
    write(&args.out, page(&args.subject, &sections).as_bytes())?;
    if let Some(folder) = &args.figures {
        write_figures(folder, &sections)?;
    }
    Ok(Verdict::Fine)
}

/// The operations of a scenario as a trace.
fn recorded(scenario: &Scenario, path: &Path, otherwise: &Otherwise) -> Result<TraceFile, Failure> {
    let mut run = scenario.start(&ScenarioOptions {
        otherwise: otherwise.clone(),
        ..ScenarioOptions::default()
    })?;
    let mut text = Vec::new();
    if let Err(error) = run.record(&mut text, |_| {}) {
        panic!("{error}");
    }
    let name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(TraceFile::parse(
        &name,
        &String::from_utf8_lossy(&text),
        folder,
    )?)
}

fn write_figures(folder: &Path, sections: &[Section]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Error::Write {
        path: folder.display().to_string(),
        error,
    })?;
    for (number, section) in (1..).zip(sections) {
        for figure in &section.figures {
            let stem = format!("run{number}-{}", figure.name);
            write(&folder.join(format!("{stem}.svg")), figure.svg.as_bytes())?;
            let path = folder.join(format!("{stem}.csv"));
            let file = File::create(&path).map_err(|error| Error::Write {
                path: path.display().to_string(),
                error,
            })?;
            pfnlab_export::csv(&figure.table, file)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|error| Error::Write {
        path: path.display().to_string(),
        error,
    })
}
