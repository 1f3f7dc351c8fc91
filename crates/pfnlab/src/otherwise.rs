//! What is to be different from what a file says.

use std::str::FromStr;

use crate::work::Work;
use pfnlab_mm::{Config, Mm};
use pfnlab_model::{
    CompactGoal, Kernelcore, Machine, MemoryOp, Op, Order, PageAllocator, Step, Sysctl,
};

use crate::near::hint;
use crate::{Error, kernel};

/// What is to be different from what a trace or a scenario says. By default, nothing.
///
/// ```
/// use pfnlab::Otherwise;
/// let otherwise = Otherwise::parse("min_free_kbytes=65536,profile=linux-6.1.y")?;
/// assert_eq!(otherwise.profile.as_deref(), Some("linux-6.1.y"));
/// let error = Otherwise::parse("min_free=1").unwrap_err();
/// assert!(error.to_string().starts_with("no knob `min_free` (is it `min_free_kbytes`?): there are "));
/// # Ok::<(), pfnlab::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Otherwise {
    /// The kernel generation, by name.
    pub profile: Option<String>,
    /// The build, by name.
    pub config: Option<String>,
    /// The seed of a scenario.
    pub seed: Option<u64>,
    /// The order of a pageblock.
    pub pageblock_order: Option<Order>,
    /// `kernelcore=`.
    pub kernelcore: Option<Kernelcore>,
    /// `movablecore=`.
    pub movablecore: Option<Kernelcore>,
    /// Tunables to write first, in this order.
    pub sysctls: Vec<(Sysctl, u64)>,
    /// Operations besides, and operations left out.
    pub work: Work,
}

/// A knob that cannot be turned so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnobError {
    /// Nothing is called so.
    #[error("no knob `{name}`{}: there are {known}", hint(name, known))]
    Unknown {
        /// The name.
        name: String,
        /// The names there are, joined by commas.
        known: String,
    },
    /// There is no value, or none that the knob has.
    #[error("`{text}` sets nothing: {knob} is {expected}")]
    Value {
        /// What was said.
        text: String,
        /// Which knob.
        knob: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The kernel refuses the value.
    #[error("the kernel refuses {value} for {sysctl}")]
    Refused {
        /// Which tunable.
        sysctl: Sysctl,
        /// The value.
        value: u64,
    },
    /// The kernel has no such tunable.
    #[error("{profile} has no {sysctl}")]
    Absent {
        /// Which tunable.
        sysctl: Sysctl,
        /// The kernel generation.
        profile: &'static str,
    },
    /// Nothing goes by it.
    #[error(
        "{sysctl} says how far memory is compacted ahead of need, and nothing compacts it so here: say \
         how often, with proactive-every=N (operations)"
    )]
    Idle {
        /// Which tunable.
        sysctl: Sysctl,
    },
    /// It is about the operations of a trace.
    #[error("{knob} says something of a trace only: a scenario makes its operations as it goes")]
    TraceOnly {
        /// Which knob.
        knob: &'static str,
    },
    /// What begins with a saved state has its machine and its kernel already.
    #[error("{knob} cannot be otherwise: {name} begins with a saved state")]
    Saved {
        /// Which knob.
        knob: &'static str,
        /// The file.
        name: String,
    },
}

impl From<KnobError> for Error {
    fn from(error: KnobError) -> Error {
        Error::Knob(error)
    }
}

/// The knobs that are no tunables.
const KNOBS: [&str; 9] = [
    "compact-at",
    "proactive-every",
    "leak",
    "profile",
    "config",
    "seed",
    "pageblock-order",
    "kernelcore",
    "movablecore",
];

impl Otherwise {
    /// Reads `KNOB=VALUE`, or several of them joined by commas.
    ///
    /// # Errors
    /// When there is no such knob, or it has no such value.
    pub fn parse(text: &str) -> Result<Otherwise, Error> {
        let mut otherwise = Otherwise::default();
        for part in text.split(',') {
            otherwise.set(part.trim())?;
        }
        Ok(otherwise)
    }

    fn set(&mut self, text: &str) -> Result<(), Error> {
        let (knob, value) = text.split_once('=').unwrap_or((text, ""));
        let wrong = |expected| KnobError::Value {
            text: text.to_owned(),
            knob: knob.to_owned(),
            expected,
        };
        let core = |value: &str| Kernelcore::from_str(value);
        match knob {
            "profile" => {
                let profile = kernel::profile(Some(value))?;
                self.profile = Some(profile.name().to_owned());
            }
            "config" => {
                let config = kernel::config(Some(value))?;
                self.config = Some(config.name.to_owned());
            }
            "seed" => self.seed = Some(value.parse().map_err(|_| wrong("a number"))?),
            "pageblock-order" => {
                let order = value.parse().ok().and_then(|order| Order::new(order).ok());
                let order = order.filter(|order| *order > Order::ZERO);
                self.pageblock_order = Some(order.ok_or_else(|| wrong("an order, 1 to 10"))?);
            }
            "kernelcore" => {
                let expected = "a size such as 1G, a percentage such as 40%, or mirror";
                self.kernelcore = Some(core(value).map_err(|_| wrong(expected))?);
            }
            "movablecore" => {
                let expected = "a size such as 1G, or a percentage such as 40%";
                let core = core(value).ok().filter(|core| *core != Kernelcore::Mirror);
                self.movablecore = Some(core.ok_or_else(|| wrong(expected))?);
            }
            "compact-at" => {
                let number = value
                    .parse()
                    .map_err(|_| wrong("the number of an operation"))?;
                self.work.compact_at = Some(number);
            }
            "proactive-every" => {
                let number = value.parse().map_err(|_| wrong("a number of operations"))?;
                self.work.proactive_every = Some(number);
            }
            "leak" => {
                let percent = value.strip_suffix('%').unwrap_or(value).parse().ok();
                let percent = percent.filter(|percent| *percent <= 100);
                self.work.leak = Some(percent.ok_or_else(|| wrong("a percentage, 0% to 100%"))?);
            }
            tunable => {
                let sysctl = Sysctl::from_str(tunable).map_err(|()| {
                    let tunables = Sysctl::ALL.iter().map(|sysctl| sysctl.name());
                    let known: Vec<_> = KNOBS.into_iter().chain(tunables).collect();
                    KnobError::Unknown {
                        name: tunable.to_owned(),
                        known: known.join(", "),
                    }
                })?;
                let value = value.parse().map_err(|_| wrong("a number"))?;
                self.sysctls.push((sysctl, value));
            }
        }
        Ok(())
    }

    /// A build that is otherwise.
    pub(crate) fn build(&self, config: &Config) -> Config {
        Config {
            pageblock_order: self.pageblock_order.unwrap_or(config.pageblock_order),
            ..config.clone()
        }
    }

    /// A machine that is otherwise.
    pub(crate) fn machine(&self, mut machine: Machine) -> Machine {
        if let Some(core) = self.kernelcore {
            machine = machine.with_kernelcore(core);
        }
        if let Some(core) = self.movablecore {
            machine = machine.with_movablecore(core);
        }
        machine
    }

    /// What is otherwise about a machine or a build, if anything is.
    pub(crate) fn about_boot(&self) -> Option<&'static str> {
        let knobs = [
            ("config", self.config.is_some()),
            ("pageblock-order", self.pageblock_order.is_some()),
            ("kernelcore", self.kernelcore.is_some()),
            ("movablecore", self.movablecore.is_some()),
        ];
        let turned = knobs.into_iter().find(|(_, turned)| *turned);
        turned.map(|(knob, _)| knob)
    }

    /// Writes the tunables.
    pub(crate) fn write(&self, mm: &mut Mm) -> Result<(), KnobError> {
        let profile = mm.profile();
        for &(sysctl, value) in &self.sysctls {
            if !profile.has_tunable(sysctl) {
                let profile = profile.name();
                return Err(KnobError::Absent { sysctl, profile });
            }
            mm.sysctl(sysctl, value, &mut ())
                .map_err(|_| KnobError::Refused { sysctl, value })?;
        }
        Ok(())
    }

    /// Whether every tunable is about something that these steps, or what is done besides, do.
    pub(crate) fn must_matter(&self, steps: &[Step]) -> Result<(), KnobError> {
        let sysctl = Sysctl::CompactionProactiveness;
        let ahead = |step: &Step| match step.op {
            Op::Memory(MemoryOp::Compact { goal, .. }) => goal == CompactGoal::Proactive,
            _ => false,
        };
        let written = self.sysctls.iter().any(|(written, _)| *written == sysctl);
        match written && self.work.proactive_every.is_none() && !steps.iter().any(ahead) {
            true => Err(KnobError::Idle { sysctl }),
            false => Ok(()),
        }
    }
}
