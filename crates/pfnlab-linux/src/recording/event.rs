//! What was done to a machine between two recorded states: a CPU taken away, a tunable written,
//! memory put on- or offline.

use std::path::{Path, PathBuf};

use pfnlab_model::{CpuId, Op, Snapshot, Sysctl, ZoneKind};

use super::memory_event::{self, MemoryDone};
use super::snapshot::{self, Recorded};
use super::{RecordingError, Untouched};

/// Where a machine's states lie.
const STATES: &str = "snapshots";
/// What the name of a packed state ends in.
const PACKED: &str = ".json.gz";
/// The state after the case that was run before the first event, on machines without a state from
/// their start.
const FIRST_CASE: &str = "w02/after.json.gz";

/// Something that was done to a running machine, by its files. Between the two states ordinary
/// activity of the kernel went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFiles {
    /// The name of the state after it, such as `e1-cpu3-offline`.
    pub name: String,
    /// The state before.
    pub before: PathBuf,
    /// The state after.
    pub after: PathBuf,
}

/// An event, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// What was done, in order. What a kernel does not know it refused.
    pub ops: Vec<Op>,
    /// It was about memory, and the kernel did not do it.
    pub refused: bool,
    /// The state before.
    pub before: Snapshot,
    /// The rest of it.
    pub untouched_before: Untouched,
    /// The state after.
    pub after: Snapshot,
    /// The rest of it.
    pub untouched_after: Untouched,
}

impl EventFiles {
    /// The events of the machine in a folder, in the order of their names; none when it has no
    /// folder `snapshots` with states called `e1-…` and so on.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn of_machine(machine: impl AsRef<Path>) -> Result<Vec<EventFiles>, RecordingError> {
        let machine = machine.as_ref();
        let mut names = state_names(&machine.join(STATES))?;
        let path = |name: &str| machine.join(STATES).join(format!("{name}{PACKED}"));
        let own: Vec<String> = names
            .iter()
            .filter(|name| is_before(name))
            .cloned()
            .collect();
        names.retain(|name| !is_before(name));
        names.sort_by_key(|name| in_time(name));
        let start = names.first().filter(|name| name.starts_with("e0-"));
        let mut before = start.map_or_else(|| machine.join(FIRST_CASE), |name| path(name));
        let mut events = Vec::new();
        for name in names.iter().filter(|&name| Some(name) != start) {
            let after = path(name);
            let latest = std::mem::replace(&mut before, after.clone());
            let own = own.iter().rev().find(|own| is_before_of(own, name));
            events.push(EventFiles {
                name: name.clone(),
                before: own.map_or(latest, |own| path(own)),
                after,
            });
        }
        Ok(events)
    }

    /// Reads the event; `None`: its name says nothing that is understood.
    ///
    /// # Errors
    /// When a state cannot be read, or holds something that is not understood.
    pub fn read(&self) -> Result<Option<RecordedEvent>, RecordingError> {
        let Some(done) = done(&self.name) else {
            return Ok(None);
        };
        let Recorded {
            snapshot: before,
            untouched: untouched_before,
            ..
        } = snapshot::read(&self.before)?;
        let Recorded {
            snapshot: after,
            untouched: untouched_after,
            ..
        } = snapshot::read(&self.after)?;
        let ops = match done {
            Done::Ops(ops) => ops,
            Done::Ratios => ratios(&after),
            Done::Cpus(cpus, op) => {
                let known = before.cpus.len();
                cpus_of(cpus, known).into_iter().map(op).collect()
            }
            Done::Memory(done) => done.ops(&before, &untouched_before, &untouched_after),
        };
        Ok(Some(RecordedEvent {
            refused: memory_event::is_refused(&ops, &before, &after),
            ops,
            before,
            untouched_before,
            after,
            untouched_after,
        }))
    }
}

fn state_names(folder: &Path) -> Result<Vec<String>, RecordingError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error| RecordingError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    let mut names = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy();
        let numbered = name.starts_with('e') && name[1..].starts_with(|c: char| c.is_ascii_digit());
        names.extend(
            name.strip_suffix(PACKED)
                .filter(|_| numbered)
                .map(str::to_owned),
        );
    }
    names.sort();
    Ok(names)
}

/// What the name of a state says was done.
enum Done<'a> {
    /// These operations.
    Ops(Vec<Op>),
    /// This, to each of the CPUs with these digits.
    Cpus(&'a str, fn(CpuId) -> Op),
    /// `lowmem_reserve_ratio` was written; the name does not say what.
    Ratios,
    /// Something was done to memory.
    Memory(MemoryDone),
}

/// A state that was recorded right before an event.
fn is_before(name: &str) -> bool {
    name.contains("-before-")
}

/// The event a state was recorded before or after: `offline-14` of `e1-before-offline-14`.
fn what(name: &str) -> Option<&str> {
    let (_, what) = name.split_once('-')?;
    what.strip_prefix("before-").or(what.strip_prefix("after-"))
}

/// Whether a state was recorded right before the event of another.
fn is_before_of(before: &str, after: &str) -> bool {
    let number = |name: &str| {
        name[1..]
            .split('-')
            .next()
            .and_then(|digits| digits.parse::<u32>().ok())
    };
    let (Some(first), Some(then)) = (number(before), number(after)) else {
        return false;
    };
    what(before).is_some() && what(before) == what(after) && (first == then || first + 1 == then)
}

/// In what order states were recorded: by number, and of memory blocks the highest went first.
fn in_time(name: &str) -> (String, i64, String) {
    let (number, rest) = name.split_once('-').unwrap_or((name, ""));
    let block = rest
        .rsplit_once('-')
        .and_then(|(_, block)| block.parse::<i64>().ok());
    let sign = if rest.contains("offline") { -1 } else { 1 };
    (
        number.to_owned(),
        block.unwrap_or(0) * sign,
        rest.to_owned(),
    )
}

fn done(name: &str) -> Option<Done<'_>> {
    let (_, what) = name.split_once('-')?;
    if what == "lowmem-ratio" {
        return Some(Done::Ratios);
    }
    if let Some(memory) = MemoryDone::of(what) {
        return Some(Done::Memory(memory));
    }
    if let Some((cpus, verb)) = what
        .strip_prefix("cpu")
        .and_then(|what| what.split_once('-'))
    {
        let op: fn(CpuId) -> Op = match verb {
            "offline" => |cpu| Op::CpuOffline { cpu },
            "online" => |cpu| Op::CpuOnline { cpu },
            _ => return None,
        };
        let digits = cpus.bytes().all(|digit| digit.is_ascii_digit());
        return digits.then_some(Done::Cpus(cpus, op));
    }
    let (what, value) = what.rsplit_once('-')?;
    let value = value.parse().ok()?;
    // One file or the other is there, by generation; both were written.
    let sysctls: &[Sysctl] = match what {
        "pcp-fraction" | "pcp-high-fraction" => &[
            Sysctl::PercpuPagelistFraction,
            Sysctl::PercpuPagelistHighFraction,
        ],
        "min-free" => &[Sysctl::MinFreeKbytes],
        "wsf" => &[Sysctl::WatermarkScaleFactor],
        "boost" => &[Sysctl::WatermarkBoostFactor],
        _ => return None,
    };
    let write = |&sysctl: &Sysctl| Op::Sysctl { sysctl, value };
    Some(Done::Ops(sysctls.iter().map(write).collect()))
}

/// `cpu12-offline`: CPU 12 where there are so many; else CPU 1, then CPU 2.
fn cpus_of(digits: &str, known: usize) -> Vec<CpuId> {
    match digits.parse::<u16>() {
        Ok(number) if usize::from(number) < known => vec![CpuId(number)],
        _ => {
            let digits = digits.bytes().map(|digit| u16::from(digit - b'0'));
            digits.map(CpuId).collect()
        }
    }
}

/// What `lowmem_reserve_ratio` was written to.
fn ratios(after: &Snapshot) -> Vec<Op> {
    let global = &after.global;
    let written = |(&kind, &value): (&ZoneKind, &u64)| {
        let mut all = Sysctl::ALL.iter();
        let sysctl = *all.find(|sysctl| sysctl.reserve_ratio_of() == Some(kind))?;
        Some(Op::Sysctl { sysctl, value })
    };
    let ratios = global.zone_kinds.iter().zip(&global.lowmem_reserve_ratio);
    ratios.filter_map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_one_cpu_where_there_are_so_many() {
        assert_eq!(cpus_of("12", 4), [CpuId(1), CpuId(2)]);
        assert_eq!(cpus_of("12", 16), [CpuId(12)]);
        assert_eq!(cpus_of("3", 4), [CpuId(3)]);
    }
}
