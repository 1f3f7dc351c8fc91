//! A number over many seeds, in integers.

use serde::Serialize;

/// A number over many seeds, and whether it differs from another setting's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The least.
    pub least: u64,
    /// The median; of an even number of seeds the lower one in the middle.
    pub median: u64,
    /// The most.
    pub most: u64,
    /// The mean, in thousandths, rounded down.
    pub mean_milli: u64,
    /// In 19 of 20 sweeps the median of all seeds lies from here…
    pub from: u64,
    /// …to here: order statistics, by the normal approximation of the binomial distribution.
    pub to: u64,
    /// Seeds for which it is less than in the first setting.
    pub less: u64,
    /// Seeds for which it is more.
    pub more: u64,
    /// Whether a fair coin would part so only in one of 20 sweeps: the sign test, seed by seed.
    pub significant: bool,
}

impl Summary {
    /// Of `values`, by seed, and those of the first setting for the same seeds.
    pub fn new(values: &[u64], base: &[u64]) -> Summary {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let count = sorted.len();
        let Some(last) = count.checked_sub(1) else {
            return Summary::default();
        };
        // 1.96 standard deviations of a fair coin, √count / 2 each.
        let reach = (count as u64 * 38_416 / 10_000).isqrt() as usize;
        let from = (count - reach.min(count)) / 2;
        let to = last.min((count + reach).div_ceil(2));
        let sum: u128 = sorted.iter().map(|&value| u128::from(value)).sum();
        let mean = sum * 1000 / count as u128;
        let pairs = || values.iter().zip(base);
        let less = pairs().filter(|(value, base)| value < base).count() as u64;
        let more = pairs().filter(|(value, base)| value > base).count() as u64;
        Summary {
            least: sorted[0],
            median: sorted[last / 2],
            most: sorted[last],
            mean_milli: u64::try_from(mean).unwrap_or(u64::MAX),
            from: sorted[from],
            to: sorted[to],
            less,
            more,
            significant: parts(less, more),
        }
    }
}

/// The sign test with a correction for continuity: (|less − more| − 1)² / (less + more) above 1.96².
fn parts(less: u64, more: u64) -> bool {
    let apart = less.abs_diff(more).saturating_sub(1);
    let square = u128::from(apart) * u128::from(apart);
    square * 10_000 > u128::from(less + more) * 38_416
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_numbers() {
        let values: Vec<u64> = (1..=100).rev().collect();
        let summary = Summary::new(&values, &values);
        let Summary {
            least,
            median,
            most,
            mean_milli,
            ..
        } = summary;
        assert_eq!((least, median, most, mean_milli), (1, 50, 100, 50_500));
        // Tables of the sign test give the 40th and the 61st of a hundred.
        assert!(
            (40..=41).contains(&summary.from) && (60..=61).contains(&summary.to),
            "{summary:?}"
        );
        assert!(!summary.significant);
    }

    /// Tables of the sign test: of 25 pairs 18 must go one way, of 100 at least 61.
    #[test]
    fn the_sign_test_is_that_of_the_tables() {
        assert!(!parts(17, 8) && parts(18, 7));
        assert!(!parts(60, 40) && parts(61, 39));
        assert!(!parts(0, 0) && !parts(3, 0));
    }

    #[test]
    fn no_seeds_say_nothing() {
        assert_eq!(Summary::new(&[], &[]), Summary::default());
    }
}
