//! `pfnlab lesson`.

use std::fs;
use std::path::Path;

use pfnlab::reel::Reel;
use pfnlab::{Error, teach};

use crate::Verdict;
use crate::args::LessonArgs;
use crate::failure::Failure;
use crate::output;
use crate::replay::open;

pub(crate) fn lesson(args: &LessonArgs) -> Result<Verdict, Failure> {
    let mut reel = match &args.subject[..] {
        "-" => Reel::of_trace(&open("-")?)?,
        path => Reel::open(Path::new(path))?,
    };
    let name = Path::new(&args.subject).file_stem().unwrap_or_default();
    let title = args.title.clone();
    let title = title.unwrap_or_else(|| name.to_string_lossy().into_owned());
    let page = teach::lesson(&mut reel, &title, args.seed)?;
    match args.output.as_deref() {
        Some(path) if path != Path::new("-") => {
            fs::write(path, page).map_err(|error| Error::Write {
                path: path.display().to_string(),
                error,
            })?;
        }
        _ => output::text(&page)?,
    }
    Ok(Verdict::Fine)
}
