//! `pfnlab import counts`.

use std::fmt::Write;
use std::path::Path;

use pfnlab::import::{FlagsLedger, Known, Spread, spread, state};
use pfnlab::{kernel, snapshot};
use serde::Serialize;

use super::read;
use crate::Verdict;
use crate::args::ImportCountsArgs;
use crate::failure::Failure;
use crate::output;

/// What `--json` prints.
#[derive(Serialize)]
struct CountsReport {
    profile: &'static str,
    seeds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    kpageflags: Option<FlagsLedger>,
    states: Vec<Spread>,
}

pub(crate) fn counts(args: &ImportCountsArgs) -> Result<Verdict, Failure> {
    let profile = kernel::profile(args.kernel.profile.as_deref())?;
    let config = kernel::config(args.kernel.config.as_deref())?;
    let mut counts = read(&args.counts)?;
    let (known, ledger) = match &args.kpageflags {
        None => (Known::default(), None),
        Some(path) => {
            let bytes = pfnlab::read_packed_bytes(Path::new(path))?;
            let (known, ledger) = counts
                .take_flags(path, &bytes)
                .map_err(pfnlab::Error::from)?;
            (known, Some(ledger))
        }
    };
    let seeds = (args.seed..).take(args.seeds as usize);
    let seeds: Vec<u64> = seeds.collect();
    let report = CountsReport {
        profile: profile.name(),
        seeds: args.seeds,
        kpageflags: ledger,
        states: spread(&counts, profile, &config, &known, &seeds)?,
    };
    if let Some(out) = &args.out {
        let first = state(&counts, profile, &config, &known, args.seed)?;
        snapshot::save(&first, out)?;
    }
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text(args))?;
    }
    Ok(Verdict::Fine)
}

impl CountsReport {
    fn as_text(&self, args: &ImportCountsArgs) -> String {
        let mut text = String::new();
        let where_from = match &self.kpageflags {
            None => "Where its free blocks lie is not known: a seed says it.",
            Some(_) => "Where its free blocks lie kpageflags says; a seed, what else is not known.",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}, {}. {where_from}",
            args.counts.zoneinfo, self.profile
        );
        if let Some(ledger) = &self.kpageflags {
            for (count, what) in [
                (ledger.blocks, "free blocks"),
                (
                    ledger.could_be_larger,
                    "of them could be larger, by what lies behind them",
                ),
                (
                    ledger.zones_as_large_as_can_be,
                    "zones whose counts do not fit: there they are as large as can be",
                ),
                (ledger.movable, "frames that can be moved"),
            ] {
                let _ = writeln!(text, "{count:>10} {what}");
            }
        }
        let title = format!("over {} seeds", self.seeds);
        let _ = writeln!(
            text,
            "\n{title:<52}{:>10}{:>10}{:>10}",
            "least", "median", "most"
        );
        for Spread {
            what,
            least,
            median,
            most,
            ..
        } in &self.states
        {
            let _ = writeln!(text, "{what:<52}{least:>10}{median:>10}{most:>10}");
        }
        if let Some(out) = &args.out {
            let _ = writeln!(
                text,
                "\nWritten to {}: the state of seed {}.",
                out.display(),
                args.seed
            );
        }
        text
    }
}
