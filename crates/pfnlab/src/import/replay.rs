//! Imported operations on an imported state.

use pfnlab_linux::proc;
use pfnlab_mm::Mm;
use pfnlab_model::{Event, MigrateType, Observer, Snapshot, Step, Ticket};
use pfnlab_sim::{Driver, DriverError, Tally};

use super::kmem::HELD;
use crate::Error;
use crate::boot::snapshot_of;

/// What an imported trace came to.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Outcomes by kind.
    pub tally: Tally,
    /// Requests served from another migratetype's blocks (`mm_page_alloc_extfrag`).
    pub extfrag: u64,
    /// Of them: those that left the pageblock to its type.
    pub not_claimed: u64,
    /// Blocks taken from the free lists with the zone's lock held: to refill a per-CPU list, or for a
    /// request that is too large for them.
    pub locked: u64,
    /// Frames that went from per-CPU lists back to the free lists.
    pub drained: u64,
    /// The state at the end.
    pub last: Snapshot,
}

impl Ended {
    /// `/proc/buddyinfo`.
    pub fn buddyinfo(&self) -> String {
        proc::buddyinfo(&self.last)
    }

    /// `/proc/pagetypeinfo`.
    pub fn pagetypeinfo(&self) -> String {
        proc::pagetypeinfo(&self.last)
    }
}

#[derive(Default)]
struct Watch {
    extfrag: u64,
    not_claimed: u64,
    locked: u64,
    drained: u64,
}

impl Observer for Watch {
    fn event(&mut self, event: Event) {
        match event {
            Event::FellBack { claimed, .. } => {
                self.extfrag += 1;
                self.not_claimed += u64::from(!claimed);
            }
            Event::PcpRefilled { blocks, .. } => self.locked += u64::from(blocks),
            Event::PcpDrained { frames, .. } => self.drained += u64::from(frames),
            _ => {}
        }
    }
}

/// Runs the operations of a trace on an imported state.
///
/// # Errors
/// When no allocator can be in the state, or it does not take back what it handed out.
pub fn replay(first: &Snapshot, steps: &[Step]) -> Result<Ended, Error> {
    let path = || "the imported state".to_owned();
    let mm = Mm::resume(first).map_err(|error| Error::Resume {
        path: path(),
        error,
    })?;
    let mut driver = Driver::new(mm);
    let of_type = |mm: &Mm, pfn| pfnlab_model::Inspect::pageblock_type(mm, pfn);
    let lent = first.zones.iter().flat_map(|zone| &zone.lent);
    for (number, &block) in (HELD.0..).zip(lent) {
        let movable = of_type(driver.allocator(), block.start()) == MigrateType::Movable;
        driver.hold(Ticket(number), block, movable);
    }
    let (mut tally, mut watch) = (Tally::default(), Watch::default());
    for (number, step) in (0..).zip(steps) {
        let outcome = driver.step_told(&step.op, &mut watch);
        let outcome = outcome.map_err(|error: DriverError| Error::Step {
            path: path(),
            step: number,
            error,
        })?;
        tally.count(&outcome);
    }
    Ok(Ended {
        tally,
        extfrag: watch.extfrag,
        not_claimed: watch.not_claimed,
        locked: watch.locked,
        drained: watch.drained,
        last: snapshot_of(driver.allocator()),
    })
}
