//! Points, and parts of them.

use std::fmt;
use std::iter::Sum;

use serde::{Serialize, Serializer};

/// Points to the hundredth. As text, and in JSON as a string, `7.50`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points {
    hundredths: u64,
}

impl Points {
    /// So many whole points.
    pub const fn whole(points: u32) -> Points {
        Points {
            hundredths: points as u64 * 100,
        }
    }

    /// `part` of `all` shares, rounded down: nothing is lost but the whole is never given for less.
    pub fn share(self, part: usize, all: usize) -> Points {
        let (part, all) = (part as u64, all.max(1) as u64);
        Points {
            hundredths: self.hundredths * part / all,
        }
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Points>>(points: I) -> Points {
        Points {
            hundredths: points.map(|points| points.hundredths).sum(),
        }
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:02}", self.hundredths / 100, self.hundredths % 100);
        f.pad(text.strip_suffix(".00").unwrap_or(&text))
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Points { hundredths } = self;
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        serializer.collect_str(&format_args!("{whole}.{rest:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_no_more_than_the_whole() {
        let ten = Points::whole(10);
        assert_eq!(ten.share(1, 3).to_string(), "3.33");
        assert_eq!((ten.share(3, 3), ten.share(0, 3)), (ten, Points::default()));
        assert_eq!(
            (0..3).map(|_| ten.share(1, 3)).sum::<Points>().to_string(),
            "9.99"
        );
    }
}
