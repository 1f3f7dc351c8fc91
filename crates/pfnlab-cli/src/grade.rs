//! `pfnlab grade`.

use std::fmt::Write;
use std::fs::{self, File};

use pfnlab::{Error, Machine, TextError};
use pfnlab_grade::{Grade, Rubric, page};

use crate::args::GradeArgs;
use crate::failure::Failure;
use crate::{Verdict, library, output};

pub(crate) fn grade(args: &GradeArgs) -> Result<Verdict, Failure> {
    let rubric = read(args)?;
    let host = library::open_library(&args.library, &args.limits)?;
    let bar = output::progress(rubric.machines.len() as u64, "machines");
    let make = |machine: &Machine| host.start(machine);
    let grade = rubric.grade(make, |_| bar.inc(1));
    bar.finish_and_clear();
    let subject = args.library.display().to_string();
    if let Some(path) = &args.html {
        fs::write(path, page(&subject, &grade)).map_err(|error| Error::Write {
            path: path.display().to_string(),
            error,
        })?;
    }
    if args.json {
        output::json(&grade)?;
    } else {
        output::text(&as_text(&subject, &grade))?;
    }
    Ok(Verdict::of(grade.is_full()))
}

fn read(args: &GradeArgs) -> Result<Rubric, Failure> {
    let path = args.rubric.display().to_string();
    let file = File::open(&args.rubric).map_err(|error| Error::Read {
        path: path.clone(),
        error,
    })?;
    let text = pfnlab::read_text(&path, file)?;
    let rubric = Rubric::parse(&text);
    rubric.map_err(|error| TextError::new(path, text, error.span, error.message).into())
}

/// Where an item fails, in few words.
fn places(fails_on: &[String], grade: &Grade) -> String {
    match fails_on.len() {
        few @ 0..=3 if few < grade.machines.len() => format!("on {}", fails_on.join(", ")),
        many => format!("on {many} of {} machines", grade.machines.len()),
    }
}

fn as_text(subject: &str, grade: &Grade) -> String {
    let mut text = format!("{}: {subject}\n\n", grade.title);
    let width = grade
        .items
        .iter()
        .map(|item| item.name.chars().count())
        .max();
    let width = width.unwrap_or(0);
    // Writing to a String cannot fail, here and below.
    for item in &grade.items {
        let (name, earned, points) = (&item.name, item.earned, item.points);
        let _ = write!(text, "  {name:width$}  {earned:>6} of {points:>3}");
        if !item.why.is_empty() {
            let _ = write!(text, "   {} ({})", item.why, places(&item.fails_on, grade));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "\n{} of {} points", grade.earned, grade.points);
    if grade.gated {
        text.push_str("What must hold before anything else counts does not hold.\n");
    }
    for example in &grade.counterexamples {
        let _ = write!(text, "\n== {}\n{}", example.kind, example.report);
    }
    text
}
