//! What a log says was given back after free memory was released.

use pfnlab_linux::bootlog;
use pfnlab_mm::boot::{GivenBack, Layout, Replayed, ZoneLayout};
use pfnlab_model::{BootOp, BootScript, LateFree, Pfn, PfnRange, ZoneId};

use super::PAGE;

/// Where a kernel that is not moved is loaded on x86.
const USUAL_IMAGE: u64 = 16 << 20;

/// What each `Freeing … memory` gave back, and to which zone.
pub(super) fn given_back(
    script: &BootScript,
    text: &str,
    replayed: &Replayed,
    layout: &Layout,
) -> Vec<GivenBack> {
    let limits = limits_line(text);
    let late = script.freed_late.iter();
    late.flat_map(|late| {
        let before_limits = limits.is_none_or(|limits| late.line < limits) && !is_initrd(late);
        let frames = late.bytes / PAGE;
        let zones = match place_of(text, replayed, late) {
            Some(start) => spread(layout, PfnRange::sized(Pfn::new(start / PAGE), frames)),
            None => image_zone(script, layout).map_or(Vec::new(), |zone| vec![(zone, frames)]),
        };
        zones.into_iter().map(move |(zone, frames)| GivenBack {
            zone,
            frames,
            before_limits,
        })
    })
    .collect()
}

fn is_initrd(late: &LateFree) -> bool {
    late.what == "initrd"
}

/// The line of the log from which on the limits are known: they follow the sockets, which come
/// with the first initcalls.
fn limits_line(text: &str) -> Option<u32> {
    const LATER: [&str; 3] = ["NET: Registered ", "Freeing initrd ", "Freeing unused "];
    let mut messages = bootlog::messages(text);
    messages
        .find(|(_, said)| LATER.iter().any(|later| said.starts_with(later)))
        .map(|(line, _)| line)
}

/// Where the memory lies that was given back; `None`: somewhere in the kernel's image.
fn place_of(text: &str, replayed: &Replayed, late: &LateFree) -> Option<u64> {
    if is_initrd(late) {
        let said = bootlog::messages(text).filter(|(_, said)| said.contains("RAMDISK"));
        // Moved or not, the last range is the one in use.
        let last = said
            .filter_map(|(_, said)| said.rsplit_once("[mem ")?.1.split_once('-'))
            .last();
        return u64::from_str_radix(last?.0.strip_prefix("0x")?, 16).ok();
    }
    let growths = replayed.growths.iter().filter_map(|growth| growth.kernel);
    let mut same = growths.filter(|growth| growth.at.size() == late.bytes);
    let late_array = late.what.starts_with("memblock");
    late_array.then(|| same.next_back().map(|growth| growth.at.start))?
}

/// The zone of the kernel's image: of the frame before what it set aside for early use. Memory may
/// end within the image, when the command line says so.
fn image_zone(script: &BootScript, layout: &Layout) -> Option<ZoneId> {
    let brk = script.steps.iter().find_map(|step| match step.op {
        BootOp::Reserve(range) if step.by.starts_with("setup_arch") => Some(range),
        _ => None,
    });
    let address = brk.map_or(USUAL_IMAGE, |brk| brk.start.saturating_sub(1));
    let pfn = Pfn::new(address / PAGE);
    let zones = || layout.zones.iter().filter(|zone| zone.present > 0);
    let has = |zone: &&ZoneLayout| zone.memory.iter().any(|memory| memory.contains(pfn));
    let found = zones()
        .find(has)
        .or_else(|| zones().find(|zone| zone.span.contains(pfn)));
    found.map(|zone| zone.id)
}

/// How many frames of a range are in which zone.
fn spread(layout: &Layout, frames: PfnRange) -> Vec<(ZoneId, u64)> {
    let zones = layout.zones.iter().map(|zone| {
        let inside = zone.memory.iter().map(|m| m.intersection(frames).frames());
        (zone.id, inside.sum::<u64>())
    });
    zones.filter(|(_, frames)| *frames > 0).collect()
}
