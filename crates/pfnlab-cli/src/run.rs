//! `pfnlab run`, which is also what `pfnlab` alone does.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
// The speed that is printed depends on the clock; nothing else does.
#[expect(
    clippy::disallowed_types,
    reason = "operations per second are for people"
)]
use std::time::Instant;

use pfnlab::Error;
use pfnlab::boot::{ZoneSummary, zones};
use pfnlab::scenario::{Scenario, ScenarioOptions, ScenarioRun};
use pfnlab::sim::Tally;
use pfnlab::tour::{Tour, TourError, TourOptions, TourSummary};
use serde::Serialize;

use crate::Verdict;
use crate::args::{RunArgs, RunOptions};
use crate::failure::Failure;
use crate::generations::{self, usage};
use crate::output;
use crate::reached::Reached;
use crate::scenario::ScenarioReport;

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
    reached: Reached,
    ops_per_second: u64,
    fingerprint: String,
    repro: String,
}

/// How many operations came to what.
#[derive(Serialize)]
pub(crate) struct Outcomes {
    pub(crate) ops: u64,
    allocated: u64,
    bulk: u64,
    bulk_frames: u64,
    exact: u64,
    pub(crate) freed: u64,
    split: u64,
    skipped: u64,
    pub(crate) refused: u64,
    drains_and_ticks: u64,
}

/// How many requests were refused for one reason.
#[derive(Serialize)]
pub(crate) struct Refusals {
    pub(crate) reason: &'static str,
    pub(crate) count: u64,
}

/// Without a scenario: the tour.
pub(crate) fn run(args: &RunArgs) -> Result<Verdict, Failure> {
    match &args.scenario {
        None => tour(&args.options),
        Some(path) => scenario(path, &args.options),
    }
}

/// The tour.
pub(crate) fn tour(args: &RunOptions) -> Result<Verdict, Failure> {
    if generations::is_all(args.profile.as_deref()) {
        usage("run", "--profile all runs a scenario: name one");
    }
    let standard = TourOptions::default();
    let ops = args.ops.unwrap_or(standard.ops);
    let mut tour = Tour::boot(&TourOptions {
        seed: args.seed.unwrap_or(standard.seed),
        ops,
        profile: args.profile.clone(),
        config: args.config.clone(),
    })?;
    if args.talks() {
        let seed = args.seed.unwrap_or(standard.seed);
        output::text(&format!("{}; seed {seed}\n", tour.title()))?;
    }
    tour.watch_states();
    let nanos = drive(&mut tour, ops, args)?;
    if args.records_to_stdout() {
        return Ok(Verdict::Fine);
    }
    let report = RunReport::new(&tour.summary(), args.states, speed(ops, nanos));
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text(&tour.summary().buddyinfo()))?;
    }
    Ok(Verdict::Fine)
}

fn scenario(path: &str, args: &RunOptions) -> Result<Verdict, Failure> {
    let scenario = match path {
        "-" => Scenario::parse("<stdin>", &output::stdin()?, Path::new(""))?,
        path => Scenario::open(Path::new(path))?,
    };
    if generations::is_all(args.profile.as_deref()) {
        if args.record.is_some() {
            usage("run", "--profile all has no one run to record");
        }
        return generations::scenario(&scenario, args);
    }
    let mut run = scenario.start(&ScenarioOptions {
        seed: args.seed,
        profile: args.profile.clone(),
        config: args.config.clone(),
        ops: args.ops,
        ..ScenarioOptions::default()
    })?;
    if args.talks() {
        let about = scenario.spec().about.trim();
        if !about.is_empty() {
            output::text(&format!("{about}\n\n"))?;
        }
        output::text(&format!("{}; seed {}\n", run.title(), run.seed()))?;
    }
    run.watch_states();
    let nanos = drive(&mut run, args.ops.unwrap_or(0), args)?;
    if args.records_to_stdout() {
        return Ok(Verdict::Fine);
    }
    let summary = run.summary();
    let speed = speed(summary.tally.ops, nanos);
    let report = ScenarioReport::new(&scenario, &summary, args.states, speed);
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text())?;
    }
    Ok(Verdict::Fine)
}

fn speed(ops: u64, nanos: u128) -> u64 {
    let speed = u128::from(ops) * 1_000_000_000 / nanos.max(1);
    u64::try_from(speed).unwrap_or(u64::MAX)
}

/// What can be driven and recorded.
trait Drive {
    fn drive(&mut self, progress: impl FnMut(u64)) -> Result<(), TourError>;
    fn record(&mut self, out: impl Write, progress: impl FnMut(u64)) -> Result<(), TourError>;
}

impl Drive for Tour {
    fn drive(&mut self, progress: impl FnMut(u64)) -> Result<(), TourError> {
        Tour::drive(self, progress)
    }
    fn record(&mut self, out: impl Write, progress: impl FnMut(u64)) -> Result<(), TourError> {
        Tour::record(self, out, progress)
    }
}

impl Drive for ScenarioRun {
    fn drive(&mut self, progress: impl FnMut(u64)) -> Result<(), TourError> {
        ScenarioRun::drive(self, progress)
    }
    fn record(&mut self, out: impl Write, progress: impl FnMut(u64)) -> Result<(), TourError> {
        ScenarioRun::record(self, out, progress)
    }
}

/// Drives, and says how many nanoseconds that took. `length` is how many operations there will
/// be, or 0 when nobody knows.
fn drive(run: &mut impl Drive, length: u64, args: &RunOptions) -> Result<u128, Failure> {
    let bar = output::progress(length, "operations");
    #[expect(
        clippy::disallowed_types,
        reason = "operations per second are for people"
    )]
    let start = Instant::now();
    let driven = match args.record.as_deref() {
        None => run.drive(|done| bar.set_position(done)),
        Some(path) => {
            let out: Box<dyn Write> = match path {
                "-" => Box::new(io::stdout().lock()),
                path => Box::new(create(path)?),
            };
            run.record(BufWriter::new(out), |done| bar.set_position(done))
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

impl Outcomes {
    pub(crate) fn of(tally: &Tally) -> Outcomes {
        Outcomes {
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
        }
    }

    /// Requests that were served, of every kind.
    pub(crate) fn served(&self) -> u64 {
        self.allocated + self.bulk + self.exact
    }
}

/// Refusals by reason, those that occurred.
pub(crate) fn refusals(tally: &Tally) -> Vec<Refusals> {
    tally
        .refusals()
        .map(|(reason, count)| Refusals {
            reason: reason.name(),
            count,
        })
        .collect()
}

impl RunReport {
    fn new(summary: &TourSummary, states: bool, speed: u64) -> RunReport {
        let (tally, repro) = (&summary.tally, &summary.repro);
        RunReport {
            seed: repro.seed,
            machine: repro.machine.clone(),
            profile: repro.profile.clone(),
            config: repro.config.clone(),
            outcomes: Outcomes::of(tally),
            refusals: refusals(tally),
            zones: zones(&summary.last),
            reached: Reached::new(&summary.states, states),
            ops_per_second: speed,
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
            "{:>12} operations per second\n{}\n{buddyinfo}\nfingerprint {}\n{}\n",
            self.ops_per_second,
            self.reached.as_text(),
            self.fingerprint,
            self.repro
        );
        text
    }
}
