//! Reports, found in a log.

use pfnlab_model::ZoneId;

use crate::text::{Cursor, LineError, LineProblem};

use super::prefix::said;
use super::{FailureLog, FailureReport, ReportKind, ReportedZone, zone_lines};

/// What a log says of failed requests. Other lines of it mean nothing here.
pub fn read(log: &str) -> FailureLog {
    let mut all = FailureLog::default();
    // The report that is read.
    let mut open: Option<Open> = None;
    let mut lines = Cursor::lines(log).peekable();
    while let Some(line) = lines.next() {
        let line = said(line);
        let last = lines.peek().is_none() && !log.ends_with('\n');
        let report = match (header(line), &mut open) {
            (Ok(Some(report)), _) => {
                all.reports.extend(open.take().map(|open| open.report));
                open = Some(Open {
                    report,
                    counted: None,
                });
                continue;
            }
            (Err(error), _) => Err(error),
            (Ok(None), Some(open)) => open.line(line),
            (Ok(None), None) => {
                let zone = zone_lines::zone(&mut line.clone()).ok().flatten();
                all.headless = all.headless.or(zone.map(|_| line.line()));
                continue;
            }
        };
        if let Err(error) = report {
            match &mut open {
                Some(open) if last => open.report.cut = true,
                _ => {
                    open = None;
                    all.unreadable.push(error);
                }
            }
        }
    }
    all.reports.extend(open.map(|open| open.report));
    all
}

/// A report that is read.
struct Open {
    report: FailureReport,
    /// The zone whose counts came last: its reserves follow.
    counted: Option<ZoneId>,
}

impl Open {
    fn line(&mut self, mut line: Cursor<'_>) -> Result<(), LineError> {
        let report = &mut self.report;
        if let Some((id, areas)) = zone_lines::zone(&mut line)? {
            let zone = report.zone(id);
            let twice = if areas {
                zone.areas.replace(zone_lines::areas(line)?).is_some()
            } else {
                self.counted = Some(id);
                zone.counts.replace(zone_lines::counts(line)?).is_some()
            };
            if twice {
                let what = LineProblem::Twice(format!("node {} {}", id.node, id.kind));
                return Err(line.error(what));
            }
        } else if line.take_if("lowmem_reserve[]:") {
            if let Some(id) = self.counted.take() {
                report.zone(id).lowmem_reserve = reserves(line)?;
            }
        } else {
            report.other(line)?;
        }
        Ok(())
    }
}

/// `COMM: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), …`, or
/// `COMM invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, …`
fn header(line: Cursor<'_>) -> Result<Option<FailureReport>, LineError> {
    const REFUSED: &str = ": page allocation failure";
    const KILLER: &str = " invoked oom-killer: ";
    let text = line.rest();
    let (kind, at, length) = match (text.find(REFUSED), text.find(KILLER)) {
        (Some(at), _) => (ReportKind::Refused, at, REFUSED.len()),
        (None, Some(at)) => (ReportKind::OomKiller, at, KILLER.len()),
        (None, None) => return Ok(None),
    };
    let fields = line.from(line.at() + at + length);
    let field = |name: &'static str| {
        let found = fields.rest().find(name);
        let at = found.ok_or_else(|| fields.expected(name))?;
        Ok::<_, LineError>(fields.from(fields.at() + at + name.len()))
    };
    let (mut order, mut mode) = match kind {
        ReportKind::Refused => (field("order:")?, field("mode:")?),
        ReportKind::OomKiller => (field("order=")?, field("gfp_mask=")?),
    };
    let order = match order.take_if("-1") {
        true => None,
        // Fits: it is at most 63.
        false => Some(order.at_most("order", 63)? as u8),
    };
    // Fits: it is at most that.
    let raw = mode.at_most("mask", u32::MAX.into())? as u32;
    let words = mode
        .take_if("(")
        .then(|| mode.before(|letter| letter == ')').to_owned());
    Ok(Some(FailureReport {
        line: line.line(),
        kind,
        comm: text[..at].to_owned(),
        order,
        mode: raw,
        words,
        release: None,
        cut: false,
        zones: Vec::new(),
        swap_free: None,
        swap_total: None,
    }))
}

fn reserves(mut line: Cursor<'_>) -> Result<Vec<u64>, LineError> {
    let mut reserves = Vec::new();
    loop {
        line.skip_blanks();
        if line.rest().is_empty() {
            return Ok(reserves);
        }
        reserves.push(line.at_most("number of frames", zone_lines::MOST)?);
    }
}

impl FailureReport {
    fn zone(&mut self, id: ZoneId) -> &mut ReportedZone {
        let known = self.zones.iter().position(|zone| zone.id == id);
        let at = known.unwrap_or_else(|| {
            self.zones.push(ReportedZone {
                id,
                counts: None,
                lowmem_reserve: Vec::new(),
                areas: None,
            });
            self.zones.len() - 1
        });
        &mut self.zones[at]
    }

    fn other(&mut self, mut line: Cursor<'_>) -> Result<(), LineError> {
        for (name, total) in [("Free swap", false), ("Total swap", true)] {
            if line.take_if(name) {
                line.take("=")?;
                let kib = line.number("KiB")?;
                line.take("kB")?;
                let place = if total {
                    &mut self.swap_total
                } else {
                    &mut self.swap_free
                };
                *place = Some(kib);
                return Ok(());
            }
        }
        // `CPU: 3 PID: 585 Comm: Xorg Not tainted 5.9.10-arch1-1 #1`
        let text = line.rest();
        if let Some((_, behind)) = text.split_once("ainted") {
            let mut words = behind.split_whitespace();
            let release = words.find(|word| {
                word.starts_with(|digit: char| digit.is_ascii_digit()) && word.contains('.')
            });
            self.release = self.release.take().or(release.map(str::to_owned));
        }
        Ok(())
    }
}
