//! `pfnlab draw`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use pfnlab::draw::{self, Subject};
use pfnlab::lesson::Picture;
use pfnlab::reel::Reel;
use pfnlab::{Error, Snapshot};

use crate::Verdict;
use crate::args::DrawArgs;
use crate::failure::Failure;
use crate::generations::usage;
use crate::output;
use crate::replay::open;

pub(crate) fn draw(args: &DrawArgs) -> Result<Verdict, Failure> {
    let picture = Picture {
        zone: args.zone,
        frames: args.frames,
        views: args.view.clone(),
    };
    let subject = match &args.subject[..] {
        "-" => Subject::Operations(Box::new(Reel::of_trace(&open("-")?)?)),
        path => Subject::open(Path::new(path))?,
    };
    match subject {
        Subject::State { name, state } => {
            if args.step.is_some() || args.sequence || args.animate {
                usage("draw", "a state has no operations to draw");
            }
            state_of(args, &state, &name, &picture)?;
        }
        Subject::Operations(reel) => operations(args, *reel, &picture)?,
    }
    Ok(Verdict::Fine)
}

fn state_of(
    args: &DrawArgs,
    state: &Snapshot,
    title: &str,
    picture: &Picture,
) -> Result<(), Failure> {
    let svg = picture.of_state(state, title).map_err(Error::from)?;
    write(args, args.output.as_deref(), &svg)
}

fn operations(args: &DrawArgs, mut reel: Reel, picture: &Picture) -> Result<(), Failure> {
    if args.animate {
        let svg = draw::animation(&mut reel, picture)?;
        return write(args, args.output.as_deref(), &svg);
    }
    if let (true, Some(output)) = (args.sequence, &args.output) {
        let pictures = draw::sequence(&mut reel, picture)?;
        for (number, svg) in pictures.iter().enumerate() {
            write(args, Some(&numbered(output, number)), svg)?;
        }
        return Ok(());
    }
    let Some(step) = args.step else {
        reel.wind_to_end()?;
        let title = format!("after {} operations", reel.operations());
        return state_of(args, reel.state(), &title, picture);
    };
    reel.wind_to(step)?;
    if let Some(told) = reel.next() {
        let svg = draw::operation(&told?, reel.state(), picture).map_err(Error::from)?;
        write(args, args.output.as_deref(), &svg)?;
    }
    Ok(())
}

/// `slide.svg` becomes `slide-007.svg`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or(OsStr::new("svg"));
    let name = format!("{stem}-{number:03}.{}", extension.to_string_lossy());
    path.with_file_name(name)
}

fn write(args: &DrawArgs, path: Option<&Path>, svg: &str) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        return Ok(output::text(svg)?);
    };
    let bytes = match path.extension() {
        Some(extension) if extension == "png" => png(args, svg)?,
        _ => svg.as_bytes().to_vec(),
    };
    fs::write(path, bytes).map_err(|error| {
        let path = path.display().to_string();
        Error::Write { path, error }.into()
    })
}

#[cfg(feature = "png")]
fn png(args: &DrawArgs, svg: &str) -> Result<Vec<u8>, Failure> {
    Ok(pfnlab::lesson::png(svg, args.scale).map_err(Error::from)?)
}

#[cfg(not(feature = "png"))]
fn png(_: &DrawArgs, _: &str) -> Result<Vec<u8>, Failure> {
    usage("draw", "this pfnlab was built without PNG: write an .svg");
}
