//! A case: a machine, and what is asked on it.

use std::fmt;

use pfnlab_model::{Machine, MachineError, MachineSpec, Step, Trace, TraceError, TraceStart};

/// A machine, and what is asked on it. As text it is a trace with the machine written in it.
///
/// ```
/// use pfnlab_check::Case;
/// let text = "\
/// #pfnlab-trace 1
/// machine-begin
/// [[node]]
/// cpus = [0]
/// ram = [\"0x0..0x10000\"]
/// machine-end
/// a 1 order=2 gfp=GFP_KERNEL cpu=0
/// f 1 cpu=0
/// ";
/// let case = Case::parse(text)?;
/// assert_eq!((case.machine().frames(), case.steps().len()), (16, 2));
/// assert_eq!(case.to_string(), text);
/// # Ok::<(), pfnlab_check::CaseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    spec: MachineSpec,
    machine: Machine,
    trace: Trace,
}

/// A text that is no case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// It is no trace.
    #[error("line {}, column {}: {}", .0.line, .0.column, .0.message)]
    Trace(TraceError),
    /// It names a machine or a snapshot in place of describing one.
    #[error("the machine must stand in the trace, between `machine-begin` and `machine-end`")]
    Elsewhere,
    /// The machine is not described as one.
    #[error("machine: {0}")]
    Text(String),
    /// There is no such machine.
    #[error("machine: {0}")]
    Machine(MachineError),
}

impl Case {
    /// Steps on a machine.
    ///
    /// # Errors
    /// When there is no such machine.
    pub fn new(spec: MachineSpec, steps: Vec<Step>) -> Result<Case, MachineError> {
        let trace = Trace {
            start: TraceStart::Inline(spec.to_string()),
            profile: None,
            config: None,
            steps,
        };
        let machine = spec.build()?;
        Ok(Case {
            spec,
            machine,
            trace,
        })
    }

    /// Reads the text of a case.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Case, CaseError> {
        let trace = Trace::parse(text).map_err(CaseError::Trace)?.trace;
        let TraceStart::Inline(text) = &trace.start else {
            return Err(CaseError::Elsewhere);
        };
        let spec: MachineSpec =
            toml::from_str(text).map_err(|error| CaseError::Text(error.message().to_owned()))?;
        let machine = spec.build().map_err(CaseError::Machine)?;
        Ok(Case {
            spec,
            machine,
            trace,
        })
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The machine, as a person describes it.
    pub fn spec(&self) -> &MachineSpec {
        &self.spec
    }

    /// What is asked, in order.
    pub fn steps(&self) -> &[Step] {
        &self.trace.steps
    }

    /// The whole, as a trace.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// The text of its file.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.fmt(f)
    }
}
