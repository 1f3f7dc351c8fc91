//! `pfnlab run`, which is also what `pfnlab` alone does.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
// The speed that is printed depends on the clock; nothing else does.
#[expect(
    clippy::disallowed_types,
    reason = "operations per second are for people"
)]
use std::time::Instant;

use pfnlab::Error;
use pfnlab::boot::{ZoneSummary, zones};
use pfnlab::tour::{Tour, TourError, TourOptions, TourSummary};
use serde::Serialize;

use crate::Verdict;
use crate::args::RunArgs;
use crate::failure::Failure;
use crate::output;

/// What `--json` prints.
#[derive(Serialize)]
struct RunReport {
    seed: u64,
    machine: String,
    profile: String,
    config: String,
    outcomes: Outcomes,
    refusals: Vec<Refusals>,
    zones: Vec<ZoneSummary>,
    ops_per_second: u64,
    fingerprint: String,
    repro: String,
}

/// How many operations came to what.
#[derive(Serialize)]
struct Outcomes {
    ops: u64,
    allocated: u64,
    bulk: u64,
    bulk_frames: u64,
    exact: u64,
    freed: u64,
    split: u64,
    skipped: u64,
    refused: u64,
    drains_and_ticks: u64,
}

/// How many requests were refused for one reason.
#[derive(Serialize)]
struct Refusals {
    reason: &'static str,
    count: u64,
}

pub(crate) fn run(args: &RunArgs) -> Result<Verdict, Failure> {
    let mut tour = Tour::boot(&TourOptions {
        seed: args.seed,
        ops: args.ops,
        profile: args.profile.clone(),
        config: args.config.clone(),
    })?;
    let on_stdout = args.record.as_deref() == Some("-");
    if !args.json && !on_stdout {
        output::text(&format!("{}; seed {}\n", tour.title(), args.seed))?;
    }
    let nanos = drive(&mut tour, args)?;
    if on_stdout {
        return Ok(Verdict::Fine);
    }
    let speed = u128::from(args.ops) * 1_000_000_000 / nanos.max(1);
    let report = RunReport::new(&tour.summary(), speed);
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text(&tour.summary().buddyinfo()))?;
    }
    Ok(Verdict::Fine)
}

/// Drives, and says how many nanoseconds that took.
fn drive(tour: &mut Tour, args: &RunArgs) -> Result<u128, Failure> {
    let bar = output::progress(args.ops, "operations");
    #[expect(
        clippy::disallowed_types,
        reason = "operations per second are for people"
    )]
    let start = Instant::now();
    let driven = match args.record.as_deref() {
        None => tour.drive(|done| bar.set_position(done)),
        Some(path) => {
            let out: Box<dyn Write> = match path {
                "-" => Box::new(io::stdout().lock()),
                path => Box::new(create(path)?),
            };
            tour.record(BufWriter::new(out), |done| bar.set_position(done))
        }
    };
    let nanos = start.elapsed().as_nanos();
    bar.finish_and_clear();
    match (driven, args.record.as_deref()) {
        (Ok(()), _) => Ok(nanos),
        (Err(TourError::Write(error)), None | Some("-")) => Err(Failure::Output(error)),
        (Err(TourError::Write(error)), Some(path)) => Err(Error::Write {
            path: path.to_owned(),
            error,
        }
        .into()),
        (Err(error @ TourError::Driver { .. }), _) => panic!("{error}"),
    }
}

fn create(path: &str) -> Result<File, Error> {
    File::create(path).map_err(|error| Error::Write {
        path: path.to_owned(),
        error,
    })
}

impl RunReport {
    fn new(summary: &TourSummary, speed: u128) -> RunReport {
        let (tally, repro) = (&summary.tally, &summary.repro);
        RunReport {
            seed: repro.seed,
            machine: repro.machine.clone(),
            profile: repro.profile.clone(),
            config: repro.config.clone(),
            outcomes: Outcomes {
                ops: tally.ops,
                allocated: tally.lent,
                bulk: tally.bulk,
                bulk_frames: tally.bulk_frames,
                exact: tally.exact,
                freed: tally.freed,
                split: tally.split,
                skipped: tally.skipped,
                refused: tally.refused,
                drains_and_ticks: tally.done,
            },
            refusals: tally
                .refusals()
                .map(|(reason, count)| Refusals {
                    reason: reason.name(),
                    count,
                })
                .collect(),
            zones: zones(&summary.last),
            ops_per_second: u64::try_from(speed).unwrap_or(u64::MAX),
            fingerprint: format!("{:016x}", repro.fingerprint),
            repro: repro.to_string(),
        }
    }

    fn as_text(&self, buddyinfo: &str) -> String {
        let Outcomes {
            ops,
            allocated,
            bulk,
            bulk_frames,
            exact,
            freed,
            split,
            skipped,
            refused,
            drains_and_ticks,
        } = &self.outcomes;
        let mut text = format!("\n{ops:>12} operations\n");
        for (count, what) in [
            (allocated, "blocks allocated".to_owned()),
            (bulk, format!("bulk requests, {bulk_frames} frames in all")),
            (exact, "exact runs allocated".to_owned()),
            (freed, "freed".to_owned()),
            (split, "split".to_owned()),
            (drains_and_ticks, "drains and statistics ticks".to_owned()),
            (skipped, "of no effect".to_owned()),
            (refused, "refused".to_owned()),
        ] {
            let _ = writeln!(text, "{count:>12}   {what}");
        }
        for Refusals { reason, count } in &self.refusals {
            let _ = writeln!(text, "{count:>12}     {reason}");
        }
        let _ = write!(
            text,
            "{:>12} operations per second\n\n{buddyinfo}\nfingerprint {}\n{}\n",
            self.ops_per_second, self.fingerprint, self.repro
        );
        text
    }
}
