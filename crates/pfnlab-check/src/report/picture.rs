//! Which frames are held, as a picture.

use pfnlab_model::{Inspect, Machine, PageAllocator, Pfn, Snapshot};
use pfnlab_sim::{Checker, Held};
use pfnlab_view::{Style, ZonePicture, zone};

/// Frames in a row.
const ROW: u64 = 64;
/// More rows than that are no picture.
const MOST_ROWS: u64 = 32;

/// What an allocator looks like: its zones where it can be looked into, and else what its clients
/// hold.
pub(super) fn draw<A: PageAllocator>(checker: &Checker<A>, machine: &Machine) -> String {
    let driver = checker.driver();
    match driver.allocator().inspect().map(Inspect::snapshot) {
        Some(snapshot) => zones(&snapshot),
        None => held(driver.live().map(|(_, held)| held), machine),
    }
}

fn zones(snapshot: &Snapshot) -> String {
    let picture = ZonePicture {
        rows: 4,
        pageblocks: false,
        ..ZonePicture::default()
    };
    let zones = snapshot.zones.iter();
    let drawn = zones.filter_map(|state| zone(snapshot, state.id, &picture, &Style::PLAIN));
    drawn.collect::<Vec<_>>().join("\n")
}

/// `#` is held, `.` is memory that is not, a blank is none.
fn held(live: impl Iterator<Item = Held>, machine: &Machine) -> String {
    let live: Vec<_> = live.map(Held::range).collect();
    let memory: Vec<_> = machine.free_ranges().map(|memory| memory.range).collect();
    let mut rows: Vec<u64> = memory
        .iter()
        .flat_map(|range| range.start().get() / ROW..range.end().get().div_ceil(ROW))
        .collect();
    rows.dedup();
    rows.truncate(MOST_ROWS as usize);
    let sign = |frame: u64| {
        let within = |range: &pfnlab_model::PfnRange| range.contains(Pfn::new(frame));
        match (live.iter().any(within), memory.iter().any(within)) {
            (true, _) => '#',
            (false, true) => '.',
            (false, false) => ' ',
        }
    };
    let lines = rows.into_iter().map(|row| {
        let signs: String = (row * ROW..(row + 1) * ROW).map(sign).collect();
        format!("{:#8x} {}\n", row * ROW, signs.trim_end())
    });
    lines.collect()
}
