//! A whole trace, and what became of each of its lines.

use std::collections::BTreeMap;

use crate::text::{Cursor, LineError};

use super::{KmemKernel, KmemRecord, payload, prefix};

/// The page allocator's events of a trace, in the order of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KmemTrace<'a> {
    /// The events.
    pub records: Vec<KmemRecord<'a>>,
    /// What became of every line.
    pub lines: KmemLines,
}

/// What became of the lines of a trace: every line is counted in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KmemLines {
    /// Events of the page allocator.
    pub events: u64,
    /// Other events, by name: none of ours.
    pub foreign: BTreeMap<String, u64>,
    /// Lines of a header.
    pub header: u64,
    /// Lines of call stacks.
    pub stack: u64,
    /// Lines without text.
    pub blank: u64,
    /// Notes on buffers: one of a CPU begins, or events were lost.
    pub notes: u64,
    /// How many events such notes say were lost.
    pub lost: u64,
    /// How many events the header says were written over.
    pub overwritten: u64,
}

impl KmemLines {
    /// Every line.
    pub fn total(&self) -> u64 {
        let foreign: u64 = self.foreign.values().sum();
        self.events + foreign + self.header + self.stack + self.blank + self.notes
    }
}

/// Reads a trace.
///
/// # Errors
/// At the first line that is none of a trace, or no event as `kernel` prints it.
pub fn read(text: &str, kernel: KmemKernel) -> Result<KmemTrace<'_>, LineError> {
    let mut trace = KmemTrace::default();
    for line in Cursor::lines(text) {
        trace.line(line, kernel)?;
    }
    Ok(trace)
}

impl<'a> KmemTrace<'a> {
    fn line(&mut self, mut line: Cursor<'a>, kernel: KmemKernel) -> Result<(), LineError> {
        let lines = &mut self.lines;
        let whole = line.rest().trim();
        if whole.is_empty() {
            lines.blank += 1;
        } else if whole.starts_with("##### CPU ") && whole.ends_with(" buffer started ####") {
            lines.notes += 1;
        } else if whole.starts_with('#') {
            lines.header += 1;
            lines.overwritten += overwritten(line)?.unwrap_or(0);
        } else if let Some(number) = whole.strip_prefix("cpus=") {
            // The first line of `trace-cmd report`.
            number.parse::<u32>().map_err(|_| line.expected("cpus=N"))?;
            lines.header += 1;
        } else if whole.starts_with("CPU:") {
            lines.notes += 1;
            lines.lost += lost(line)?;
        } else if is_stack(whole) {
            lines.stack += 1;
        } else {
            let number = line.line();
            let who = prefix::prefix(&mut line)?;
            let Some(event) = payload::event(who.event, line, kernel)? else {
                *lines.foreign.entry(who.event.to_owned()).or_default() += 1;
                return Ok(());
            };
            lines.events += 1;
            self.records.push(KmemRecord {
                line: number,
                comm: who.comm,
                pid: who.pid,
                tgid: who.tgid,
                cpu: who.cpu,
                context: who.context,
                time: who.time,
                event,
            });
        }
        Ok(())
    }
}

/// `# entries-in-buffer/entries-written: N/M   #P:C`: events in the buffer, and all there were.
fn overwritten(mut line: Cursor<'_>) -> Result<Option<u64>, LineError> {
    line.skip_blanks();
    if !line.take_if("# entries-in-buffer/entries-written:") {
        return Ok(None);
    }
    let kept = line.number("number of events")?;
    line.take("/")?;
    let start = line;
    let written = line.number("number of events")?;
    written
        .checked_sub(kept)
        .map(Some)
        .ok_or_else(|| start.expected("at least as many events as are in the buffer"))
}

/// `CPU:2 [LOST 17 EVENTS]`; a kernel that lost count says only `[LOST EVENTS]`.
fn lost(mut line: Cursor<'_>) -> Result<u64, LineError> {
    line.take("CPU:")?;
    line.number("CPU")?;
    line.take("[LOST")?;
    line.skip_blanks();
    let lost = match line.rest() {
        "EVENTS]" => 0,
        _ => line.number("number of events")?,
    };
    line.take("EVENTS]")?;
    line.end()?;
    Ok(lost)
}

/// ` => function`, or `perf`'s address and function.
fn is_stack(whole: &str) -> bool {
    let address = whole.split(' ').next().unwrap_or("");
    whole.starts_with("=> ")
        || whole == "<stack trace>"
        || whole.ends_with(')')
            && address.len() >= 8
            && address.bytes().all(|byte| byte.is_ascii_hexdigit())
}
