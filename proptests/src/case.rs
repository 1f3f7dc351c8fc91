//! A case: what is booted, and what is asked of it.

use std::fmt;

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{Machine, MachineSpec, Step, Trace, TraceStart};

/// A machine, a profile and a trace over both.
#[derive(Clone)]
pub struct Case {
    /// The machine, as a person would describe it.
    pub spec: MachineSpec,
    /// The kernel generation.
    pub profile: &'static Profile,
    /// What is asked. Its header holds the machine and the profile.
    pub trace: Trace,
}

impl Case {
    /// A case from its parts.
    pub fn new(spec: MachineSpec, profile: &'static Profile, steps: Vec<Step>) -> Case {
        let trace = Trace {
            start: TraceStart::Inline(spec.to_string()),
            profile: Some(profile.name().to_owned()),
            config: Some(Config::X86_64_NO_THP.name.to_owned()),
            steps,
        };
        Case {
            spec,
            profile,
            trace,
        }
    }

    /// The machine.
    ///
    /// # Panics
    /// When there is no such machine: strategies give none of these.
    pub fn machine(&self) -> Machine {
        self.spec
            .build()
            .expect("strategies give machines that exist")
    }

    /// The allocator, booted; `None`: the machine has nothing free to boot from.
    pub fn boot(&self) -> Option<Mm> {
        Mm::boot(&self.machine(), self.profile, &Config::X86_64_NO_THP).ok()
    }
}

/// The text that `pfnlab check` runs.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.fmt(f)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.fmt(f)
    }
}
