//! Scenarios: a machine, a kernel and phases of work, as a file a person writes.
//!
//! ```
//! use pfnlab::scenario::{Scenario, ScenarioOptions};
//!
//! let text = r#"
//! machine = "one-node"
//!
//! [[phase]]
//! checkerboard = { keep = 2 }
//!
//! [[phase]]
//! requests = { count = 10, ask = { order = 9 } }
//! "#;
//! let scenario = Scenario::parse("holes.toml", text, "".as_ref())?;
//! let mut run = scenario.start(&ScenarioOptions::default())?;
//! run.drive(|_| {})?;
//! let summary = run.summary();
//! assert!(summary.phases[2].tally.refused > 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`ScenarioSpec`]: what a person writes. [`Scenario`]: the same, checked.
//! - [`ScenarioRun`]: on its way. [`ScenarioSummary`]: what it came to.

mod machine_choice;
mod place;
mod run;
mod spec;
mod summary;

use std::path::Path;
use std::str::FromStr;

use pfnlab_mm::Profile;
use pfnlab_model::{Machine, Sysctl, TraceStart};

use crate::machine::{self, BUILT_IN};
use crate::scenario::place::Step::{Item, Key};
use crate::{Error, TextError, input, kernel};

pub use machine_choice::MachineChoice;
pub use run::{ScenarioOptions, ScenarioRun};
pub use spec::{ReportSpec, ScenarioSpec};
pub use summary::{PhaseSummary, ScenarioSummary, ZoneIndices};

/// A scenario whose machine can exist and whose phases fit it.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    spec: ScenarioSpec,
    machine: Machine,
    /// How a trace of it begins.
    start: TraceStart,
    sysctls: Vec<Tunable>,
}

impl Scenario {
    /// Reads the scenario in a file. It is called like the file.
    ///
    /// # Errors
    /// When the file cannot be read or is no scenario.
    pub fn open(path: &Path) -> Result<Scenario, Error> {
        let text = input::text(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Scenario::parse(&path.display().to_string(), &text, folder)
    }

    /// Reads the scenario in `text`, which came from the file `name`. A machine file it names lies
    /// in `folder`.
    ///
    /// # Errors
    /// When it is no scenario, or its machine is not to be had; the error points at the value at
    /// fault.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<Scenario, Error> {
        let spec: ScenarioSpec = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..text.len());
            // What serde says of an enum that is written as a table.
            let message = match error.message() {
                said if said.starts_with("wanted exactly 1 element") => {
                    "a [[phase]] names one phase, such as `idle = {}`"
                }
                said => said,
            };
            TextError::new(name, text, span, message)
        })?;
        let source = Source { name, text };
        let (machine, start) = source.machine(&spec.machine, folder)?;
        source.check_kernel(&spec)?;
        source.check_phases(&spec, &machine)?;
        let stem = Path::new(name).file_stem();
        let stem = stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Ok(Scenario {
            name: stem.replace(char::is_whitespace, "-"),
            sysctls: source.sysctls(&spec)?,
            spec,
            machine,
            start,
        })
    }

    /// The same scenario, on another kernel generation than it names.
    #[must_use]
    pub fn on(mut self, profile: &Profile) -> Scenario {
        self.spec.profile = Some(profile.name().to_owned());
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says.
    pub fn spec(&self) -> &ScenarioSpec {
        &self.spec
    }

    /// The machine it runs on.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Boots the machine and writes the tunables.
    ///
    /// # Errors
    /// When there is no such profile or config, or the machine does not boot.
    pub fn start(&self, options: &ScenarioOptions) -> Result<ScenarioRun, Error> {
        ScenarioRun::new(self, options)
    }
}

/// The JSON schema of scenario files.
///
/// # Panics
/// Never: a schema is JSON.
#[cfg(feature = "schema")]
pub fn schema() -> String {
    let schema = schemars::schema_for!(ScenarioSpec);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

/// A tunable to write.
#[derive(Clone, Debug)]
struct Tunable {
    sysctl: Sysctl,
    value: u64,
    /// What there is to say if the kernel refuses it.
    refusal: TextError,
}

/// A scenario's text, to point into.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn at(&self, path: &[place::Step<'_>], message: impl Into<String>) -> TextError {
        TextError::new(
            self.name,
            self.text,
            place::span_at(self.text, path),
            message,
        )
    }

    fn machine(
        &self,
        choice: &MachineChoice,
        folder: &Path,
    ) -> Result<(Machine, TraceStart), Error> {
        match choice {
            MachineChoice::Inline(spec) => {
                let machine = spec.build().map_err(|error| {
                    let place = error.place();
                    let mut path = vec![Key("machine")];
                    path.extend(place.node.into_iter().flat_map(|n| [Key("node"), Item(n)]));
                    path.push(Key(place.field));
                    path.extend(place.item.map(Item));
                    self.at(&path, machine::reason(&error))
                })?;
                let text = toml::to_string(spec).map_err(|error| {
                    // It was TOML a moment ago.
                    self.at(&[Key("machine")], error.to_string())
                })?;
                Ok((machine, TraceStart::Inline(text)))
            }
            MachineChoice::Named(file) if file.ends_with(".toml") => {
                let path = folder.join(file);
                let text = input::text(&path).map_err(|error| match error {
                    Error::Read { .. } => {
                        Error::from(self.at(&[Key("machine")], error.to_string()))
                    }
                    other => other,
                })?;
                let machine = machine::parse(&path.display().to_string(), &text)?;
                Ok((machine, TraceStart::Inline(text)))
            }
            MachineChoice::Named(name) => {
                let machine = machine::built_in(name).map_err(|_| {
                    let known: Vec<_> = BUILT_IN.iter().map(|machine| machine.name).collect();
                    let known = known.join(", ");
                    let message = format!(
                        "no machine `{name}`: there are {known}, and files that end in .toml"
                    );
                    self.at(&[Key("machine")], message)
                })?;
                Ok((machine, TraceStart::Machine(name.clone())))
            }
        }
    }

    fn check_kernel(&self, spec: &ScenarioSpec) -> Result<(), TextError> {
        kernel::profile(spec.profile.as_deref())
            .map_err(|error| self.at(&[Key("profile")], error.to_string()))?;
        kernel::config(spec.config.as_deref())
            .map_err(|error| self.at(&[Key("config")], error.to_string()))?;
        Ok(())
    }

    fn check_phases(&self, spec: &ScenarioSpec, machine: &Machine) -> Result<(), TextError> {
        if spec.phases.is_empty() {
            let message = "a scenario has a [[phase]] at least";
            return Err(self.at(&[Key("phase")], message));
        }
        let (cpus, nodes) = (machine.cpus().len(), machine.nodes().len());
        for (number, phase) in spec.phases.iter().enumerate() {
            let here = [Key("phase"), Item(number), Key(phase.name())];
            if let Some((fields, cpu)) = phase.cpus().find(|(_, cpu)| cpu.index() >= cpus) {
                let fields: Vec<_> = fields.iter().copied().map(Key).collect();
                let message = format!("no CPU {cpu}: the last of the machine is {}", cpus - 1);
                return Err(self.at(&[&here[..], &fields].concat(), message));
            }
            if let Some((low, high)) = phase.levels().filter(|(low, high)| high < low) {
                let message = format!("`low`, {low} %, is above `high`, {high} %");
                return Err(self.at(&[&here[..], &[Key("low")]].concat(), message));
            }
            if let Some((order, most)) = phase
                .ask()
                .and_then(|ask| Some((ask.order, ask.max_order?)))
                .filter(|(order, most)| most < order)
            {
                let message = format!("`max-order`, {most}, is below `order`, {order}");
                let path = [&here[..], &[Key("ask"), Key("max-order")]].concat();
                return Err(self.at(&path, message));
            }
            if let Some(node) = phase.node().filter(|node| node.index() >= nodes) {
                let message = format!("no node {node}: the last of the machine is {}", nodes - 1);
                let path = [&here[..], &[Key("ask"), Key("node")]].concat();
                return Err(self.at(&path, message));
            }
        }
        Ok(())
    }

    fn sysctls(&self, spec: &ScenarioSpec) -> Result<Vec<Tunable>, TextError> {
        let sysctls = spec.sysctl.iter().map(|(name, &value)| {
            let sysctl = Sysctl::from_str(name).map_err(|()| {
                let known: Vec<_> = Sysctl::ALL.iter().map(|known| known.name()).collect();
                let message = format!("no sysctl `{name}`: there are {}", known.join(", "));
                self.at(&[Key("sysctl"), Key(name)], message)
            })?;
            let message = format!("the kernel refuses {value} for {sysctl}");
            Ok(Tunable {
                sysctl,
                value: u64::from(value),
                refusal: self.at(&[Key("sysctl"), Key(name)], message),
            })
        });
        sysctls.collect()
    }
}
