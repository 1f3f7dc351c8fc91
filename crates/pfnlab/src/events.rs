//! What an event does to a machine, derived from the state before it and compared with the state
//! a kernel was in after it.
//!
//! - [`derive()`]: one event. Start here.
//! - [`values`]: what must be exact. The rest moves by itself while a kernel runs.
//! - `memory`: what an event about memory leads to besides. [`machines`]: where events were
//!   recorded.

mod memory;
mod values;

use std::path::{Path, PathBuf};

use pfnlab_linux::{Difference, EventFiles, RecordedEvent, differences};
use pfnlab_mm::Mm;
use pfnlab_model::{Inspect, Op};
use pfnlab_sim::Driver;

use crate::Error;

pub use values::{Values, values};

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// How many values must be exact.
    pub values: usize,
    /// Those that are not.
    pub differences: Vec<Difference>,
    /// How many others are not as they were derived: between the two states the kernel went on
    /// with its ordinary work.
    pub besides: usize,
}

impl Derived {
    /// How many values came out as recorded.
    pub fn derived(&self) -> usize {
        self.values - self.differences.len()
    }
}

/// Derives the state after an event from the state before it, and compares.
///
/// # Errors
/// When a state cannot be read, or no allocator can be in the one before. `None`: what was done
/// is not understood.
pub fn derive(event: &EventFiles) -> Result<Option<Derived>, Error> {
    let Some(recorded) = event.read()? else {
        return Ok(None);
    };
    let mm = Mm::resume(&recorded.before).map_err(|error| Error::Resume {
        path: event.before.display().to_string(),
        error,
    })?;
    let mut driver = Driver::new(mm);
    for (step, op) in (0..).zip(&recorded.ops) {
        if let Op::Memory(op) = op {
            memory::run(driver.allocator_mut(), op, recorded.refused);
            continue;
        }
        let outcome = driver.step(op, &mut ());
        outcome.map_err(|error| Error::Step {
            path: event.after.display().to_string(),
            step,
            error,
        })?;
    }
    Ok(Some(compare(&recorded, driver.allocator())))
}

fn compare(recorded: &RecordedEvent, mm: &Mm) -> Derived {
    let (before, after, got) = (&recorded.before, &recorded.after, mm.snapshot());
    let mut wanted = values(after, mm.profile());
    let mut ours = values(&got, mm.profile());
    let pressed = values::pressed(before, after);
    wanted.retain(|path, _| !pressed.contains(path));
    values::add_untouched(&mut wanted, after, &recorded.untouched_after);
    values::add_untouched(&mut ours, &got, &recorded.untouched_before);
    for op in &recorded.ops {
        values::move_states(&mut ours, &got, mm.profile(), op);
        if let Op::Memory(op) = op
            && !recorded.refused
        {
            memory::move_sections(&mut ours, &got, op);
            memory::add_lists(&mut wanted, after, after, op);
            memory::add_lists(&mut ours, &got, after, op);
        }
    }
    let differ = |(path, expected): (&String, &String)| {
        let got = ours.get(path);
        (got != Some(expected)).then(|| Difference {
            path: path.clone(),
            expected: expected.clone(),
            got: got.cloned().unwrap_or_else(|| "nothing".to_owned()),
        })
    };
    let exact: Vec<Difference> = wanted.iter().filter_map(differ).collect();
    let all = differences(after, &got);
    Derived {
        values: wanted.len(),
        besides: all
            .iter()
            .filter(|found| !wanted.contains_key(&found.path))
            .count(),
        differences: exact,
    }
}

/// The folders of all machines with recorded events at or below a folder, sorted.
///
/// # Errors
/// When a folder cannot be read.
pub fn machines(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    look(folder, &mut found)?;
    found.sort();
    Ok(found)
}

fn look(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    if !EventFiles::of_machine(folder)?.is_empty() {
        found.push(folder.to_owned());
    }
    let unreadable = |error| Error::Read {
        path: folder.display().to_string(),
        error,
    };
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            look(&path, found)?;
        }
    }
    Ok(())
}
