//! Repro tokens: one line that says how to get the same run again.

use std::fmt;
use std::str::FromStr;

/// Everything a seeded run depends on, and what it came to.
///
/// ```
/// let line = "pfnlab-repro v1 tour seed=1 ops=1000000 machine=two-node \
///             profile=linux-6.12.y config=x86_64 fingerprint=0123456789abcdef";
/// let repro: pfnlab::Repro = line.parse().unwrap();
/// assert_eq!((repro.seed, repro.fingerprint), (1, 0x0123456789abcdef));
/// assert_eq!(repro.to_string(), line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repro {
    /// What kind of run it was, such as `tour`.
    pub kind: String,
    /// The seed of the workload.
    pub seed: u64,
    /// How many operations were driven.
    pub ops: u64,
    /// The machine, by name.
    pub machine: String,
    /// The kernel generation, by name.
    pub profile: String,
    /// The build, by name.
    pub config: String,
    /// The fingerprint of the run.
    pub fingerprint: u64,
}

/// How every token begins. The number goes up when a token means something else.
const FIRST_WORDS: &str = "pfnlab-repro v1 ";

impl fmt::Display for Repro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{FIRST_WORDS}{} seed={} ops={} machine={} profile={} config={} fingerprint={:016x}",
            self.kind,
            self.seed,
            self.ops,
            self.machine,
            self.profile,
            self.config,
            self.fingerprint
        )
    }
}

/// Text that is no repro token: what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReproError {
    /// It begins with something else.
    #[error("a repro token begins with `pfnlab-repro v1` and a kind")]
    Start,
    /// A part is missing.
    #[error("the repro token has no `{0}=`")]
    Missing(&'static str),
    /// A part is no number.
    #[error("`{0}={1}` in the repro token is no number")]
    NoNumber(&'static str, String),
}

impl FromStr for Repro {
    type Err = ReproError;

    fn from_str(text: &str) -> Result<Repro, ReproError> {
        let rest = text.strip_prefix(FIRST_WORDS).ok_or(ReproError::Start)?;
        let mut words = rest.split_whitespace();
        let kind = words.next().ok_or(ReproError::Start)?;
        let words: Vec<_> = words.filter_map(|word| word.split_once('=')).collect();
        let word = |name: &'static str| {
            let found = words.iter().find(|(known, _)| *known == name);
            found
                .map(|&(_, value)| value)
                .ok_or(ReproError::Missing(name))
        };
        let number = |name: &'static str, radix| {
            let value = word(name)?;
            u64::from_str_radix(value, radix)
                .map_err(|_| ReproError::NoNumber(name, value.to_owned()))
        };
        Ok(Repro {
            kind: kind.to_owned(),
            seed: number("seed", 10)?,
            ops: number("ops", 10)?,
            machine: word("machine")?.to_owned(),
            profile: word("profile")?.to_owned(),
            config: word("config")?.to_owned(),
            fingerprint: number("fingerprint", 16)?,
        })
    }
}
