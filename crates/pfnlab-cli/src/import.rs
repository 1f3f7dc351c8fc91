//! `pfnlab import`.

pub(crate) mod counts;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use pfnlab::import::{Counts, KmemImport, KmemLedger, Spread, compare, ensemble, state};
use pfnlab::linux::kmem::KmemKernel;
use pfnlab::{Config, Error, MigrateType, Profile, kernel, snapshot};
use serde::Serialize;

use crate::Verdict;
use crate::args::{ImportKmemArgs, ProcCounts};
use crate::failure::Failure;
use crate::output;

/// What `--json` prints.
#[derive(Serialize)]
struct ImportReport {
    trace: String,
    ledger: KmemLedger,
    operations: usize,
    seeds: u32,
    end: Vec<Spread>,
}

pub(crate) fn kmem(args: &ImportKmemArgs) -> Result<Verdict, Failure> {
    let profile = kernel::profile(args.kernel.profile.as_deref())?;
    let config = kernel::config(args.kernel.config.as_deref())?;
    let counts = read(&args.counts)?;
    let kernel = KmemKernel::of(profile.name()).map(|kernel| KmemKernel {
        cma: counts.types.contains(&MigrateType::Cma),
        ..kernel
    });
    let kernel = kernel.expect("every profile has a kernel whose traces can be read");
    let text = pfnlab::read_packed_text(Path::new(&args.trace))?;
    let import = KmemImport::read(&args.trace, &text, kernel, &counts)?;
    let seeds: Vec<u64> = (1..=u64::from(args.seeds.unwrap_or(0))).collect();
    let members = ensemble(&counts, profile, &config, &import, &seeds)?;
    let end = match (&args.end_zoneinfo, &args.end_pagetypeinfo) {
        (None, None) => None,
        (zoneinfo, pagetypeinfo) => Some(read(&ProcCounts {
            zoneinfo: zoneinfo.as_ref().unwrap_or(&args.counts.zoneinfo).clone(),
            buddyinfo: None,
            pagetypeinfo: pagetypeinfo.clone(),
        })?),
    };
    let report = ImportReport {
        trace: args.trace.clone(),
        operations: import.steps.len(),
        seeds: args.seeds.unwrap_or(0),
        end: compare(&members, end.as_ref(), &import),
        ledger: import.ledger.clone(),
    };
    if let Some(out) = &args.out {
        write(args, out, &import, &counts, profile, &config)?;
    }
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text(args.out.as_deref()))?;
    }
    Ok(Verdict::Fine)
}

fn read(files: &ProcCounts) -> Result<Counts, Error> {
    let text = |path: &str| pfnlab::read_packed_text(Path::new(path));
    let (buddyinfo, pagetypeinfo) = (files.buddyinfo.as_deref(), files.pagetypeinfo.as_deref());
    let zones = text(&files.zoneinfo)?;
    let buddies = buddyinfo.map(text).transpose()?;
    let types = pagetypeinfo.map(text).transpose()?;
    Counts::read(
        (&files.zoneinfo, &zones),
        buddyinfo.zip(buddies.as_deref()),
        pagetypeinfo.zip(types.as_deref()),
    )
}

/// The trace, and the state beside it.
fn write(
    args: &ImportKmemArgs,
    out: &Path,
    import: &KmemImport,
    counts: &Counts,
    profile: &'static Profile,
    config: &Config,
) -> Result<(), Error> {
    let first = state(counts, profile, config, &import.known, args.seed)?;
    let beside = out.with_extension("start.json.gz");
    snapshot::save(&first, &beside)?;
    let name = beside.file_name().unwrap_or_default().to_string_lossy();
    let failed = |error| Error::Write {
        path: out.display().to_string(),
        error,
    };
    let mut file = BufWriter::new(File::create(out).map_err(failed)?);
    let header = import.header(&name, profile.name());
    write!(file, "{header}").map_err(failed)?;
    for step in &import.steps {
        writeln!(file, "{step}").map_err(failed)?;
    }
    file.flush().map_err(failed)
}

impl ImportReport {
    fn as_text(&self, out: Option<&Path>) -> String {
        let KmemLedger {
            events,
            foreign,
            lost,
            served,
            refused,
            refused_somewhere,
            served_twice,
            unknown_flags,
            frees,
            frees_whole,
            frees_of_part,
            frees_of_several,
            frees_of_before,
            frees_of_unseen,
            frees_outside,
            said_twice,
            zone_locked,
            drained,
            drains_of_all,
            extfrag,
            fragmenting,
            contig,
            seconds,
            held_at_end,
        } = &self.ledger;
        let mut text = format!("{}\n", self.trace);
        for (indent, count, what) in [
            (0, events, "events of the page allocator"),
            (1, served, "requests served"),
            (2, served_twice, "got frames that were given back unseen"),
            (1, refused, "requests refused"),
            (
                2,
                refused_somewhere,
                "by one node alone, nobody knows which: left out",
            ),
            (
                1,
                unknown_flags,
                "requests with flags that are none we know",
            ),
            (1, frees, "frees"),
            (2, frees_whole, "of what a request here got"),
            (2, frees_of_part, "of a part of it"),
            (2, frees_of_several, "of several blocks at once"),
            (
                2,
                frees_of_before,
                "of frames in use before the trace began",
            ),
            (
                2,
                frees_of_unseen,
                "of frames handed out unseen (in bulk, by compaction): left out",
            ),
            (2, frees_outside, "of frames in no zone: left out"),
            (
                1,
                said_twice,
                "frees said a second time (mm_page_free_batched)",
            ),
            (1, zone_locked, "blocks taken with the zone's lock held"),
            (1, extfrag, "requests served from another type's blocks"),
            (2, fragmenting, "fragmenting"),
            (
                1,
                contig,
                "ranges emptied for contiguous requests: left out",
            ),
            (0, drained, "frames drained from per-CPU lists"),
            (
                1,
                drains_of_all,
                "times because all lists were to be empty (drain_all_pages)",
            ),
            (0, foreign, "events of others: left out"),
            (0, lost, "events lost, says the trace"),
            (
                0,
                seconds,
                "seconds, with a tick of every CPU's statistics each",
            ),
            (
                0,
                held_at_end,
                "frames requested here and in use at the end",
            ),
        ] {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{count:>10} {:indent$}{what}",
                "",
                indent = 2 * indent
            );
        }
        let _ = writeln!(text, "{:>10} operations", self.operations);
        if let Some(out) = out {
            let state = out.with_extension("start.json.gz");
            let (out, state) = (out.display(), state.display());
            let _ = writeln!(
                text,
                "\nWritten to {out}, its state to {state}. The counts are the kernel's; where the \
                 blocks lie, a seed said."
            );
        }
        if !self.end.is_empty() {
            text.push_str(&self.spread());
        }
        text
    }

    fn spread(&self) -> String {
        let title = format!("at the end, over {} seeds", self.seeds);
        let mut text = format!(
            "\n{title:<44}{:>10}{:>10}{:>10}{:>10}\n",
            "recorded", "least", "median", "most"
        );
        for Spread {
            what,
            recorded,
            least,
            median,
            most,
        } in &self.end
        {
            let recorded = recorded.map_or("-".to_owned(), |count| count.to_string());
            let _ = writeln!(
                text,
                "{what:<44}{recorded:>10}{least:>10}{median:>10}{most:>10}"
            );
        }
        text
    }
}
