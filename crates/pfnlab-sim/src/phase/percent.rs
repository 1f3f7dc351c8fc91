//! Parts of memory, in whole percent.

use std::fmt;

/// A part in percent, from none to all.
///
/// ```
/// use pfnlab_sim::phase::Percent;
/// assert_eq!(Percent::new(25).unwrap().of(1000), 250);
/// assert_eq!(Percent::new(101).unwrap_err().to_string(), "101 is no percentage: 0 to 100");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u64", into = "u64")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Percent(#[cfg_attr(feature = "schema", schemars(range(max = 100)))] u8);

impl Percent {
    /// All.
    pub const ALL: Percent = Percent(100);

    /// So many hundredths.
    ///
    /// # Errors
    /// When there are more than 100.
    pub const fn new(percent: u64) -> Result<Percent, PercentError> {
        if percent <= 100 {
            Ok(Percent(percent as u8))
        } else {
            Err(PercentError(percent))
        }
    }

    /// So many hundredths, or all when there are more.
    pub(crate) const fn at_most_all(percent: u8) -> Percent {
        if percent <= 100 {
            Percent(percent)
        } else {
            Percent::ALL
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// This part of `whole`, rounded down.
    pub const fn of(self, whole: u64) -> u64 {
        let percent = self.0 as u64;
        whole / 100 * percent + whole % 100 * percent / 100
    }
}

impl TryFrom<u64> for Percent {
    type Error = PercentError;
    fn try_from(percent: u64) -> Result<Percent, PercentError> {
        Percent::new(percent)
    }
}

impl From<Percent> for u64 {
    fn from(percent: Percent) -> u64 {
        u64::from(percent.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// More than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no percentage: 0 to 100")]
pub struct PercentError(pub u64);
