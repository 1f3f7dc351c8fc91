//! A scenario under many settings and seeds, on all cores.
//!
//! - [`Sweep`]: what is to run. Start here. [`Record`]: what one run came to.
//! - [`Metric`]: a number of it. [`Summary`]: that number over all seeds.
//!
//! Runs are done in batches. With a folder every batch is a file in it, so that a sweep that was
//! interrupted goes on where it was. What comes out is the same with any number of threads,
//! interrupted or not.
//!
//! ```
//! use pfnlab::scenario::Scenario;
//! use pfnlab::sweep::{Metric, Sweep};
//! let text = "machine = \"one-node\"\n[[phase]]\nchurn = { ops = 200 }\n";
//! let scenario = Scenario::parse("churn.toml", text, "".as_ref())?;
//! let sweep = Sweep::new(scenario, &["profile=linux-4.14"], 1, 20)?;
//! let records = sweep.run(None, None, |_| {})?;
//! assert_eq!(records.len(), 2 * 20);
//! let free = sweep.summaries(&records, Metric::by_name("free").unwrap());
//! assert!(free[0].least <= free[0].median && free[0].median <= free[0].most);
//! # Ok::<(), pfnlab::Error>(())
//! ```

mod batch;
mod metric;
mod summary;

use std::num::NonZeroUsize;
use std::path::Path;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::scenario::{Scenario, ScenarioOptions};
use crate::{Error, HugePages, Otherwise, what_if};

use batch::{BATCH, Batch, Folder};
pub use metric::{Metric, Record};
pub use summary::Summary;

/// What is to run.
#[derive(Clone, Debug)]
pub struct Sweep {
    scenario: Scenario,
    /// What each is called, and what is otherwise; the first is nothing.
    settings: Vec<(String, Otherwise)>,
    first: u64,
    seeds: u32,
}

impl Sweep {
    /// A scenario as it is, and under each of `settings` (see [`Otherwise::parse`]), with `seeds`
    /// seeds from `first` on.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn new<S: AsRef<str>>(
        scenario: Scenario,
        settings: &[S],
        first: u64,
        seeds: u32,
    ) -> Result<Sweep, Error> {
        let mut all = vec![(what_if::AS_IT_IS.to_owned(), Otherwise::default())];
        for setting in settings {
            let name = setting.as_ref();
            all.push((name.to_owned(), Otherwise::parse(name)?));
        }
        Ok(Sweep {
            scenario,
            settings: all,
            first,
            seeds,
        })
    }

    /// What the settings are called; the first is the scenario as it is.
    pub fn settings(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().map(|(name, _)| name.as_str())
    }

    /// How many runs there are.
    pub fn runs(&self) -> u64 {
        self.settings.len() as u64 * u64::from(self.seeds)
    }

    /// Runs everything, on `jobs` threads or as many as there are CPUs; what batches in `folder`
    /// have already is taken from there. `progress` is told how many runs are done with. Records
    /// are by setting, then by seed.
    ///
    /// # Errors
    /// When a machine does not boot, a kernel refuses a setting, the folder holds another sweep, or
    /// cannot be read or written.
    ///
    /// # Panics
    /// When an allocator does not take back what it handed out: a bug in it.
    pub fn run(
        &self,
        folder: Option<&Path>,
        jobs: Option<NonZeroUsize>,
        progress: impl Fn(u64) + Sync,
    ) -> Result<Vec<Record>, Error> {
        let folder = folder
            .map(|path| Folder::open(path, &self.description()))
            .transpose()?;
        let threads = jobs.map_or(0, NonZeroUsize::get);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Error::Jobs {
            jobs: threads,
            reason: error.to_string(),
        })?;
        let batch = |batch: &Batch| {
            let known = folder.as_ref().and_then(|folder| folder.load(batch));
            let records = match known {
                Some(records) => records,
                None => {
                    let records = batch.seeds().map(|seed| self.one(batch.setting, seed));
                    let records = records.collect::<Result<Vec<_>, Error>>()?;
                    if let Some(folder) = &folder {
                        folder.save(batch, &records)?;
                    }
                    records
                }
            };
            progress(records.len() as u64);
            Ok(records)
        };
        let batches: Vec<Batch> = self.batches().collect();
        let records: Result<Vec<Vec<Record>>, Error> =
            pool.install(|| batches.par_iter().map(batch).collect());
        Ok(records?.into_iter().flatten().collect())
    }

    fn batches(&self) -> impl Iterator<Item = Batch> {
        (0..self.settings.len()).flat_map(move |setting| {
            (0..self.seeds)
                .step_by(BATCH as usize)
                .map(move |from| Batch {
                    setting: setting as u32,
                    first: self.first.saturating_add(u64::from(from)),
                    seeds: (self.seeds - from).min(BATCH),
                })
        })
    }

    /// What a folder must be of, to be this sweep's.
    fn description(&self) -> String {
        let settings: Vec<_> = self.settings().collect();
        let (spec, machine) = (self.scenario.spec(), self.scenario.machine());
        format!(
            "pfnlab {} sweep {settings:?} {spec:?} {machine:?}",
            env!("CARGO_PKG_VERSION")
        )
    }

    fn one(&self, setting: u32, seed: u64) -> Result<Record, Error> {
        let (_, otherwise) = &self.settings[setting as usize];
        let mut run = self.scenario.start(&ScenarioOptions {
            seed: Some(seed),
            otherwise: otherwise.clone(),
            ..ScenarioOptions::default()
        })?;
        if let Err(error) = run.drive(|_| {}) {
            panic!("{error}");
        }
        let summary = run.summary();
        let profile = crate::kernel::profile(Some(&summary.repro.profile))?;
        let end = crate::generations::generation(profile, &summary);
        let HugePages {
            now,
            compacted,
            dropped,
        } = run.huge_pages();
        Ok(Record {
            setting,
            seed,
            ops: end.ops,
            refused: end.refused,
            fallbacks: end.fallbacks,
            claimed: end.claimed,
            mixed: end.mixed_pageblocks,
            free: end.free,
            unusable: u64::from(end.unusable),
            huge: now,
            compacted,
            dropped,
            fingerprint: end.fingerprint,
        })
    }

    /// A number over all seeds, by setting. Each is compared with the first, seed by seed.
    pub fn summaries(&self, records: &[Record], metric: &Metric) -> Vec<Summary> {
        let of = |setting: usize| {
            let records = records
                .iter()
                .filter(move |record| record.setting as usize == setting);
            records
                .map(|record| metric.of(record))
                .collect::<Vec<u64>>()
        };
        let base = of(0);
        (0..self.settings.len())
            .map(|setting| Summary::new(&of(setting), &base))
            .collect()
    }
}
