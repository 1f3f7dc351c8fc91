//! The firmware's map becomes memory, as x86 does it.

use alloc::vec::Vec;

use pfnlab_model::{BootOp, BootScript, ByteRange};

use super::memblock::MemblockPolicy;

/// Where a PC has its video memory and ROMs, whatever the firmware says (`trim_bios_range`).
const BIOS_AREA: ByteRange = ByteRange {
    start: 640 << 10,
    end: 1 << 20,
};

/// The memory in the firmware's map, or in what the command line made of it, as it is added to the
/// boot allocator (`e820__memblock_setup`): ascending, in as few ranges as possible, not yet cut to
/// whole frames.
pub fn usable_memory(script: &BootScript, policy: MemblockPolicy) -> Vec<ByteRange> {
    let map = script.memory_map().iter();
    let mut usable: Vec<ByteRange> = map
        .filter(|entry| entry.is_usable())
        .map(|entry| entry.range)
        .collect();
    for &taken in script
        .unusable
        .iter()
        .chain(&[policy.low.range(), BIOS_AREA])
    {
        usable = usable.iter().flat_map(|&u| without(u, taken)).collect();
    }
    let mut usable = merged(usable);
    // The kernel runs from it, so it is memory, whatever anybody says (`e820_add_kernel_range`).
    let image = kernel_image(script).filter(|image| !usable.iter().any(|&u| covers(u, *image)));
    if let Some(image) = image.filter(|_| !usable.is_empty()) {
        usable.push(whole_image(script, image));
    }
    merged(usable)
}

/// The image with the early memory it did not use in the end. How much that was only what was added
/// as memory shows.
fn whole_image(script: &BootScript, image: ByteRange) -> ByteRange {
    let added = script.steps.iter().find_map(|step| match step.op {
        BootOp::Add(range) if covers(range, image) => Some(range),
        _ => None,
    });
    let end = added.map_or(image.end, |range| range.end);
    ByteRange { end, ..image }
}

/// Where the kernel is: its reservation, in the first dump, has grown by the memory it set aside
/// for early use (`reserve_brk`), which lies right behind it.
pub(super) fn kernel_image(script: &BootScript) -> Option<ByteRange> {
    let brk = script.steps.iter().find_map(|step| match step.op {
        BootOp::Reserve(range) if step.by.starts_with("setup_arch") => Some(range),
        _ => None,
    })?;
    let first_dump = script.steps.iter().find_map(|step| match &step.op {
        BootOp::Dump(dump) => Some(dump),
        _ => None,
    })?;
    let mut reserved = first_dump.reserved.iter().map(|region| region.range);
    reserved.find(|range| range.start < brk.start && brk.end <= range.end)
}

fn covers(range: ByteRange, other: ByteRange) -> bool {
    range.start <= other.start && other.end <= range.end
}

/// The same bytes, ascending, in as few ranges as possible.
pub(super) fn merged(mut ranges: Vec<ByteRange>) -> Vec<ByteRange> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touch = next.start <= kept.end;
        if touch {
            kept.end = kept.end.max(next.end);
        }
        touch
    });
    ranges
}

/// What of a range lies below and above another.
fn without(range: ByteRange, other: ByteRange) -> impl Iterator<Item = ByteRange> {
    let below = ByteRange {
        start: range.start,
        end: range.end.min(other.start),
    };
    let above = ByteRange {
        start: range.start.max(other.end),
        end: range.end,
    };
    [below, above].into_iter().filter(|piece| !piece.is_empty())
}
