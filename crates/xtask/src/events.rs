//! Every recorded event of a collection, derived.

use std::fmt;
use std::path::Path;

use pfnlab::Error;
use pfnlab::events::{self, Derived};
use pfnlab::linux::EventFiles;

/// What came of all events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The events, each with its machine.
    pub all: Vec<(String, Derived)>,
    /// Those whose name says nothing that is understood.
    pub unknown: Vec<String>,
}

impl Events {
    /// Derives every event at or below the folders.
    ///
    /// # Errors
    /// When a folder or a state cannot be read, or no allocator can be in a state.
    pub fn of(folders: &[String]) -> Result<Events, Error> {
        let mut events = Events::default();
        for folder in folders {
            for machine in events::machines(Path::new(folder))? {
                for event in EventFiles::of_machine(&machine)? {
                    let name = format!("{}: {}", machine.display(), event.name);
                    match events::derive(&event)? {
                        Some(derived) => events.all.push((name, derived)),
                        None => events.unknown.push(name),
                    }
                }
            }
        }
        Ok(events)
    }

    /// Every value came out as recorded.
    pub fn is_well(&self) -> bool {
        let mut all = self.all.iter();
        !self.all.is_empty() && all.all(|(_, derived)| derived.differences.is_empty())
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, derived) in &self.all {
            let (exact, values, besides) = (derived.derived(), derived.values, derived.besides);
            writeln!(
                f,
                "{name}: derived {exact}/{values} values, {besides} moved besides"
            )?;
            for difference in &derived.differences {
                writeln!(f, "  {difference}")?;
            }
        }
        for name in &self.unknown {
            writeln!(f, "{name}: not understood")?;
        }
        let sum = |count: fn(&Derived) -> usize| -> usize {
            self.all.iter().map(|(_, derived)| count(derived)).sum()
        };
        let (exact, values) = (sum(Derived::derived), sum(|derived| derived.values));
        let (events, besides) = (self.all.len(), sum(|derived| derived.besides));
        writeln!(f, "derived {exact}/{values} values of {events} events")?;
        write!(
            f,
            "besides, ordinary activity of the kernels moved {besides} values"
        )?;
        match self.unknown.len() {
            0 => Ok(()),
            some => write!(f, "; {some} events were not understood"),
        }
    }
}
