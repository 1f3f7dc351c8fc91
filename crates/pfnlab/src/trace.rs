//! Traces as files: what they say, where they lie, and the state they start from.

use std::path::{Path, PathBuf};

use pfnlab_mm::{Mm, Profile, ResumeError};
use pfnlab_model::{
    Inspect, Machine, MigrateType, ParsedTrace, Snapshot, Ticket, Trace, TraceStart, generation_of,
};
use pfnlab_sim::Driver;

use crate::text::line_start;
use crate::{Error, KnobError, Otherwise, TextError, input, kernel, machine, snapshot};

/// A trace with the text it was read from.
#[derive(Clone, Debug)]
pub struct TraceFile {
    name: String,
    text: String,
    folder: PathBuf,
    parsed: ParsedTrace,
}

impl TraceFile {
    /// Reads the trace in a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no trace.
    pub fn open(path: &Path) -> Result<TraceFile, Error> {
        let text = input::text(path)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(TraceFile::parse(
            &path.display().to_string(),
            &text,
            &folder,
        )?)
    }

    /// Reads the trace in `text`, which came from the file `name`. The machines and snapshots it
    /// names lie in `folder`.
    ///
    /// # Errors
    /// When it is no trace.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<TraceFile, TextError> {
        let parsed = Trace::parse(text).map_err(|error| {
            let start = line_start(text, error.line as usize) + error.column as usize - 1;
            TextError::new(
                name,
                text,
                start..start + error.length as usize,
                error.message,
            )
        })?;
        Ok(TraceFile {
            name: name.to_owned(),
            text: text.to_owned(),
            folder: folder.to_owned(),
            parsed,
        })
    }

    /// The same trace, on another kernel generation than it names.
    #[must_use]
    pub fn on(mut self, profile: &Profile) -> TraceFile {
        self.parsed.trace.profile = Some(profile.name().to_owned());
        self
    }

    /// What it says.
    pub fn trace(&self) -> &Trace {
        &self.parsed.trace
    }

    /// The file it came from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line of a step, from 1.
    ///
    /// # Panics
    /// When the trace has no such step.
    pub fn line(&self, step: usize) -> u32 {
        self.parsed.lines[step]
    }

    /// `message`, pointing at the line of a step.
    ///
    /// # Panics
    /// When the trace has no such step.
    pub fn at_step(&self, step: usize, message: impl Into<String>) -> TextError {
        let start = line_start(&self.text, self.line(step) as usize);
        let line = self.text[start..].lines().next().unwrap_or("");
        let line = line.split(';').next().unwrap_or("").trim_end();
        TextError::new(&self.name, &self.text, start..start + line.len(), message)
    }

    /// An allocator in the state the trace starts from.
    ///
    /// # Errors
    /// When the machine, snapshot, profile or config it names is not to be had, or does not boot.
    pub fn boot(&self) -> Result<Mm, Error> {
        self.boot_otherwise(&Otherwise::default())
    }

    /// The same, but for what is to be otherwise.
    ///
    /// # Errors
    /// As [`TraceFile::boot`]; and when the kernel refuses a value, or a saved state would have to
    /// be of another machine or kernel.
    pub fn boot_otherwise(&self, otherwise: &Otherwise) -> Result<Mm, Error> {
        let mut mm = match &otherwise.profile {
            None => self.boot_built(otherwise)?,
            Some(name) => {
                let profile = kernel::profile(Some(name))?;
                self.clone().on(profile).boot_built(otherwise)?
            }
        };
        otherwise.write(&mut mm)?;
        Ok(mm)
    }

    fn boot_built(&self, otherwise: &Otherwise) -> Result<Mm, Error> {
        let trace = self.trace();
        let machine = match &trace.start {
            TraceStart::Snapshot(file) | TraceStart::Held { file, .. } => {
                if let Some(knob) = otherwise.about_boot() {
                    let name = self.name.clone();
                    return Err(KnobError::Saved { knob, name }.into());
                }
                return self.resume(file);
            }
            TraceStart::Machine(name) => self
                .named_machine(name)
                .map_err(|error| self.at_header("machine", error))?,
            TraceStart::Inline(toml) => self.inline_machine(toml)?,
        };
        let profile = kernel::profile(trace.profile.as_deref());
        let profile = profile.map_err(|error| self.at_header("profile", error))?;
        let config = otherwise.config.as_deref().or(trace.config.as_deref());
        let config = kernel::config(config);
        let config = config.map_err(|error| self.at_header("config", error))?;
        let config = otherwise.build(&config);
        let machine = otherwise.machine(machine);
        Mm::boot(&machine, profile, &config).map_err(|error| Error::Boot {
            machine: machine.name().to_owned(),
            error,
        })
    }

    /// A driver of an allocator in that state; what is handed out in it has the names that the
    /// trace gives it.
    ///
    /// # Errors
    /// As [`TraceFile::boot`].
    pub fn driver(&self) -> Result<Driver<Mm>, Error> {
        self.driver_otherwise(&Otherwise::default())
    }

    /// The same, but for what is to be otherwise.
    ///
    /// # Errors
    /// As [`TraceFile::boot_otherwise`].
    pub fn driver_otherwise(&self, otherwise: &Otherwise) -> Result<Driver<Mm>, Error> {
        let mut driver = Driver::new(self.boot_otherwise(otherwise)?);
        self.name_held(&mut driver);
        Ok(driver)
    }

    /// Gives what is handed out at the start the names that the trace has for it.
    pub(crate) fn name_held(&self, driver: &mut Driver<Mm>) {
        let TraceStart::Held { first, .. } = self.trace().start else {
            return;
        };
        let snapshot = driver.allocator().snapshot();
        let lent = snapshot.zones.iter().flat_map(|zone| &zone.lent);
        for (number, &block) in (first.0..).zip(lent) {
            let movable = driver.allocator().pageblock_type(block.start()) == MigrateType::Movable;
            driver.hold(Ticket(number), block, movable);
        }
    }

    /// An error about what a line of the header names: a name that names nothing, or a file that
    /// cannot be read, is wrong in the trace. Anything else is wrong where it says.
    fn at_header(&self, word: &str, error: Error) -> Error {
        if !matches!(
            error,
            Error::Unknown { .. } | Error::Release { .. } | Error::Read { .. }
        ) {
            return error;
        }
        let mut lines = (1..).zip(self.text.lines());
        let line = lines.find(|(_, line)| line.split_whitespace().next() == Some(word));
        let (number, line) = line.unwrap_or((1, ""));
        let name = line.split_whitespace().nth(1).unwrap_or("");
        let behind = line.find(word).map_or(0, |at| at + word.len());
        let column = behind + line[behind..].find(name).unwrap_or(0);
        let start = line_start(&self.text, number) + column;
        let span = start..start + name.len();
        TextError::new(&self.name, &self.text, span, error.to_string()).into()
    }

    fn resume(&self, file: &str) -> Result<Mm, Error> {
        let path = self.folder.join(file);
        let mut snapshot: Snapshot =
            snapshot::load(&path).map_err(|error| self.at_header("start", error))?;
        let path = path.display().to_string();
        if let Some(asked) = &self.trace().profile {
            // What a generation can be in, its variants can.
            if generation_of(asked) != generation_of(&snapshot.profile) {
                return Err(Error::ProfileDiffers {
                    path,
                    asked: asked.clone(),
                    found: snapshot.profile,
                });
            }
            snapshot.profile.clone_from(asked);
        }
        self.resume_snapshot(&snapshot)?
            .map_err(|error| Error::Resume { path, error })
    }

    /// As the kernel was built that the trace names; by what is in the snapshot, if it names none.
    fn resume_snapshot(&self, snapshot: &Snapshot) -> Result<Result<Mm, ResumeError>, Error> {
        let Some(name) = &self.trace().config else {
            return Ok(Mm::resume(snapshot));
        };
        let config = kernel::config(Some(name));
        let config = config.map_err(|error| self.at_header("config", error))?;
        Ok(Mm::resume_as(snapshot, &config))
    }

    /// The file beside the trace, if there is one; else a machine built in.
    fn named_machine(&self, name: &str) -> Result<Machine, Error> {
        let beside = self.folder.join(format!("{name}.toml"));
        if beside.is_file() {
            machine::load(&beside)
        } else {
            machine::built_in(name)
        }
    }

    /// What is wrong with a machine written in a trace is shown in the trace.
    fn inline_machine(&self, toml: &str) -> Result<Machine, TextError> {
        machine::parse(&self.name, toml).map_err(|error| {
            let before = self
                .text
                .lines()
                .take_while(|line| line.split_whitespace().next() != Some("machine-begin"))
                .count();
            let (line, _) = error.position();
            let column = error.span().start - line_start(toml, line);
            let start = line_start(&self.text, before + 1 + line) + column;
            let end = start + error.span().len();
            TextError::new(&self.name, &self.text, start..end, error.message())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_span(text: &str, expected: &str) {
        let error = match TraceFile::parse("a.trace", text, Path::new("")) {
            Err(error) => error,
            Ok(file) => match file.boot() {
                Err(Error::Text(error)) => error,
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(&error.text()[error.span()], expected, "{error}");
    }

    #[test]
    fn a_word_that_is_no_order_is_pointed_at() {
        check_span(
            "#pfnlab-trace 1\nmachine one-node\na 1 order=11 ; too large\n",
            "11",
        );
    }

    #[test]
    fn a_machine_written_in_a_trace_is_pointed_at_there() {
        for newline in ["\n", "\r\n"] {
            let text = [
                "#pfnlab-trace 1",
                "machine-begin",
                "[[node]]",
                "cpus = [0]",
                "ram = [\"4M..2M\"]",
                "machine-end",
                "drain cpu=0",
                "",
            ];
            check_span(&text.join(newline), "\"4M..2M\"");
        }
    }
}
