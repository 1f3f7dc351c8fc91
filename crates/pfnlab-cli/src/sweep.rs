//! `pfnlab sweep`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use pfnlab::scenario::Scenario;
use pfnlab::sweep::{Metric, Record, Summary, Sweep};
use pfnlab::{Error, kernel};
use pfnlab_export::{Column, Table, Values};
use serde::Serialize;

use crate::Verdict;
use crate::args::SweepArgs;
use crate::failure::Failure;
use crate::output;

/// What `--json` prints.
#[derive(Serialize)]
struct SweepReport {
    scenario: String,
    first_seed: u64,
    seeds: u32,
    settings: Vec<String>,
    metrics: Vec<MetricReport>,
}

/// A number over all seeds, by setting.
#[derive(Serialize)]
struct MetricReport {
    metric: &'static str,
    more_is_better: bool,
    summaries: Vec<Summary>,
}

pub(crate) fn sweep(args: &SweepArgs) -> Result<Verdict, Failure> {
    let metrics = metrics(&args.metric)?;
    let mut scenario = Scenario::open(&args.scenario)?;
    if let Some(profile) = &args.on.profile {
        scenario = scenario.on(kernel::profile(Some(profile))?);
    }
    let name = scenario.name().to_owned();
    let sweep = Sweep::new(scenario, &args.set, args.first_seed, args.seeds)?;
    let bar = output::progress(sweep.runs(), "runs");
    let records = sweep.run(args.out.as_deref(), args.jobs, |done| bar.inc(done))?;
    bar.finish_and_clear();
    if let Some(folder) = &args.out {
        write(&table(&sweep, &records), folder)?;
    }
    let summaries = metrics.iter().map(|metric| MetricReport {
        metric: metric.name,
        more_is_better: metric.more_is_better,
        summaries: sweep.summaries(&records, metric),
    });
    let differs = |report: &MetricReport| {
        let one = |summary: &Summary| (summary.least, summary.most);
        let first = report.summaries.first().map(one);
        !args.metric.is_empty()
            || report
                .summaries
                .iter()
                .any(|summary| Some(one(summary)) != first)
            || first.is_some_and(|(least, most)| least != most)
    };
    let report = SweepReport {
        scenario: name,
        first_seed: args.first_seed,
        seeds: args.seeds,
        settings: sweep.settings().map(str::to_owned).collect(),
        metrics: summaries.filter(differs).collect(),
    };
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text())?;
    }
    Ok(Verdict::Fine)
}

fn metrics(names: &[String]) -> Result<Vec<Metric>, Error> {
    if names.is_empty() {
        return Ok(Metric::ALL.to_vec());
    }
    let find = |name: &String| {
        Metric::by_name(name)
            .copied()
            .ok_or_else(|| Error::Unknown {
                what: "metric",
                name: name.clone(),
                known: Metric::ALL.map(|metric| metric.name).join(", "),
            })
    };
    names.iter().map(find).collect()
}

fn table(sweep: &Sweep, records: &[Record]) -> Table {
    let settings: Vec<&str> = sweep.settings().collect();
    let setting = |record: &Record| settings[record.setting as usize].to_owned();
    // A number above the largest there is says only that it is so large.
    let integers = |of: &dyn Fn(&Record) -> u64| {
        let values = records
            .iter()
            .map(|record| i64::try_from(of(record)).unwrap_or(i64::MAX));
        Values::Integers(values.collect())
    };
    let mut columns = vec![
        Column::new(
            "setting",
            Values::Texts(records.iter().map(setting).collect()),
        ),
        Column::new("seed", integers(&|record| record.seed)),
    ];
    for metric in Metric::ALL {
        columns.push(Column::new(
            metric.name,
            integers(&|record| metric.of(record)),
        ));
    }
    let fingerprints = records.iter().map(|record| record.fingerprint.clone());
    columns.push(Column::new(
        "fingerprint",
        Values::Texts(fingerprints.collect()),
    ));
    Table::new(columns)
}

fn write(table: &Table, folder: &Path) -> Result<(), Failure> {
    let create = |name: &str| {
        let path = folder.join(name);
        let file = File::create(&path).map_err(|error| Error::Write {
            path: path.display().to_string(),
            error,
        });
        file.map(BufWriter::new)
    };
    pfnlab_export::csv(table, create("results.csv")?)?;
    pfnlab_export::json_lines(table, create("results.jsonl")?)?;
    pfnlab_export::parquet(table, create("results.parquet")?)?;
    Ok(())
}

impl SweepReport {
    /// As mmtests compares: a line for each statistic, a column for each setting.
    fn as_text(&self) -> String {
        let last = self
            .first_seed
            .saturating_add(u64::from(self.seeds))
            .saturating_sub(1);
        let mut text = format!("{}: seeds {} to {last}\n", self.scenario, self.first_seed);
        let width = |name: &String| name.chars().count().max(24) + 2;
        let _ = write!(text, "{:<20}", "");
        for name in &self.settings {
            let _ = write!(text, "{name:>0$}", width(name));
        }
        text.push('\n');
        type Of = fn(&Summary) -> u64;
        let statistics: [(&str, Of); 5] = [
            ("Min", |summary| summary.least),
            ("CI-low", |summary| summary.from),
            ("Median", |summary| summary.median),
            ("CI-high", |summary| summary.to),
            ("Max", |summary| summary.most),
        ];
        for metric in &self.metrics {
            for (name, of) in statistics {
                let _ = write!(text, "{name:<9}{:<11}", metric.metric);
                let base = metric.summaries.first().map_or(0, of);
                for (setting, summary) in self.settings.iter().zip(&metric.summaries) {
                    let change = percent(base, of(summary), metric.more_is_better);
                    let mark = if summary.significant && name == "Median" {
                        "*"
                    } else {
                        " "
                    };
                    let cell = format!("{}{mark}({change}%)", of(summary));
                    let _ = write!(text, "{cell:>0$}", width(setting));
                }
                text.push('\n');
            }
        }
        text
    }
}

/// How much better it is, in percent of what it was.
fn percent(base: u64, now: u64, more_is_better: bool) -> String {
    let gain = match more_is_better {
        true => i128::from(now) - i128::from(base),
        false => i128::from(base) - i128::from(now),
    };
    if base == 0 {
        let none = if gain == 0 { "0.00" } else { "-" };
        return format!("{none:>8}");
    }
    let hundredths = gain * 10_000 / i128::from(base);
    let sign = if hundredths < 0 { "-" } else { "" };
    let whole = hundredths.unsigned_abs();
    let number = format!("{sign}{}.{:02}", whole / 100, whole % 100);
    format!("{number:>8}")
}
