//! `pfnlab export`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use pfnlab::operations::{self, Operation};
use pfnlab::{Error, TraceFile};
use pfnlab_export::{ChromeTrace, Column, Table, Values};

use crate::Verdict;
use crate::args::{ExportArgs, ExportForm};
use crate::failure::Failure;
use crate::output;

/// What runs on no CPU in particular is shown here.
const NO_CPU: u32 = u32::MAX >> 1;

pub(crate) fn export(args: &ExportArgs) -> Result<Verdict, Failure> {
    let trace = match args.trace.as_str() {
        "-" => TraceFile::parse("<stdin>", &output::stdin()?, Path::new(""))?,
        path => TraceFile::open(Path::new(path))?,
    };
    let mut out: BufWriter<Box<dyn Write + Send>> = BufWriter::new(match args.out.as_str() {
        "-" => Box::new(io::stdout()),
        path => Box::new(File::create(path).map_err(|error| Error::Write {
            path: path.to_owned(),
            error,
        })?),
    });
    match args.to {
        ExportForm::Chrome => chrome(&trace, &mut out)?,
        ExportForm::Csv => pfnlab_export::csv(&table(&trace)?, &mut out)?,
        ExportForm::Jsonl => pfnlab_export::json_lines(&table(&trace)?, &mut out)?,
        ExportForm::Parquet => pfnlab_export::parquet(&table(&trace)?, &mut out)?,
    }
    out.flush()?;
    Ok(Verdict::Fine)
}

fn table(trace: &TraceFile) -> Result<Table, Failure> {
    let mut all: Vec<Operation> = Vec::new();
    operations::of_trace(trace, |operation| -> Result<(), Failure> {
        all.push(operation);
        Ok(())
    })?;
    // -1: none. Every number of ours is far below the largest.
    let integer = |value: Option<u64>| value.map_or(-1, |value| value as i64);
    let integers = |of: &dyn Fn(&Operation) -> Option<u64>| {
        Values::Integers(all.iter().map(|operation| integer(of(operation))).collect())
    };
    let texts = |of: &dyn Fn(&Operation) -> &str| {
        Values::Texts(
            all.iter()
                .map(|operation| of(operation).to_owned())
                .collect(),
        )
    };
    Ok(Table::new(vec![
        Column::new("step", integers(&|operation| Some(operation.step))),
        Column::new("line", integers(&|operation| Some(operation.line.into()))),
        Column::new(
            "cpu",
            integers(&|operation| operation.cpu.map(|cpu| cpu.0.into())),
        ),
        Column::new("op", texts(&|operation| &operation.op)),
        Column::new("outcome", texts(&|operation| &operation.outcome)),
        Column::new("pfn", integers(&|operation| operation.pfn)),
        Column::new(
            "fallbacks",
            integers(&|operation| Some(operation.fallbacks)),
        ),
    ]))
}

fn chrome(trace: &TraceFile, out: impl Write) -> Result<(), Failure> {
    let mut chrome = ChromeTrace::new(out)?;
    let mut named: BTreeMap<u32, ()> = BTreeMap::new();
    operations::of_trace(trace, |operation| -> Result<(), Failure> {
        let thread = operation.cpu.map_or(NO_CPU, |cpu| cpu.0.into());
        if named.insert(thread, ()).is_none() {
            let name = operation
                .cpu
                .map_or("no CPU".to_owned(), |cpu| format!("CPU {cpu}"));
            chrome.name_thread(thread, &name)?;
        }
        let args = [
            ("line", operation.line.to_string()),
            ("outcome", operation.outcome),
        ];
        chrome.slice(&operation.op, thread, operation.step, 1, &args)?;
        if operation.fallbacks > 0 {
            chrome.instant("mm_page_alloc_extfrag", thread, operation.step)?;
        }
        for (zone, free) in &operation.free {
            let name = format!("free frames, node {} {}", zone.node, zone.kind);
            chrome.counter(&name, operation.step, &[("free", *free)])?;
        }
        Ok(())
    })?;
    Ok(chrome.finish()?)
}
