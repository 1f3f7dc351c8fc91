//! What `whatif` and `report` are about: a trace or a scenario.

use std::path::Path;

use pfnlab::scenario::Scenario;
use pfnlab::{TraceFile, kernel};

use crate::failure::Failure;
use crate::output;

/// A trace or a scenario.
pub(crate) enum Subject {
    Trace(TraceFile),
    Scenario(Box<Scenario>),
}

impl Subject {
    /// A file that ends in `.toml` is a scenario, any other a trace, and `-` a trace on stdin. `profile`:
    /// the kernel generation it runs on, whatever it says.
    pub(crate) fn open(name: &str, profile: Option<&str>) -> Result<Subject, Failure> {
        let profile = profile.map(|name| kernel::profile(Some(name)));
        let profile = profile.transpose()?;
        let path = Path::new(name);
        let is_scenario = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        let subject = match (name, is_scenario) {
            ("-", _) => {
                let text = output::stdin()?;
                Subject::Trace(TraceFile::parse("<stdin>", &text, Path::new(""))?)
            }
            (_, true) => Subject::Scenario(Box::new(Scenario::open(path)?)),
            (_, false) => Subject::Trace(TraceFile::open(path)?),
        };
        Ok(match (subject, profile) {
            (subject, None) => subject,
            (Subject::Trace(trace), Some(profile)) => Subject::Trace(trace.on(profile)),
            (Subject::Scenario(scenario), Some(profile)) => {
                Subject::Scenario(Box::new(scenario.on(profile)))
            }
        })
    }
}
