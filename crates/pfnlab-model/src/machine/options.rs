//! What the command line says about guard pages and about memory that comes and goes.

use core::str::FromStr;

use super::error::Problem;
use super::{MachineError, PAGE, Place};
use crate::{Order, Pfn, parse_size};

/// Which zone memory goes to that comes online, unless somebody says so
/// (`memory_hotplug.online_policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum OnlinePolicy {
    /// The zone it lies in, or else the kernel's.
    #[default]
    ContigZones,
    /// The movable one, as long as there is enough kernel memory for it (since 5.14).
    AutoMovable,
}

impl FromStr for OnlinePolicy {
    type Err = ();

    fn from_str(text: &str) -> Result<OnlinePolicy, ()> {
        match text {
            "contig-zones" => Ok(OnlinePolicy::ContigZones),
            "auto-movable" => Ok(OnlinePolicy::AutoMovable),
            _ => Err(()),
        }
    }
}

/// The size of a memory block, in frames, as an x86-64 kernel finds it on a machine whose memory
/// ends at `end` (`probe_memory_block_size`): 128 MiB below 64 GiB; above, 2 GiB on bare metal, and
/// under a hypervisor the largest size down from 2 GiB that divides the end of memory.
///
/// ```
/// use pfnlab_model::{Pfn, probed_memory_block};
/// let gib = |gib: u64| Pfn::new(gib << 18);
/// assert_eq!(probed_memory_block(gib(63), false), 128 << 8);   // frames in 128 MiB
/// assert_eq!(probed_memory_block(gib(64), false), 2 << 18);    // 2 GiB
/// assert_eq!(probed_memory_block(gib(67), true), 1 << 18);     // 1 GiB divides 67 GiB
/// ```
pub fn probed_memory_block(end: Pfn, hypervisor: bool) -> u64 {
    const SMALL: u64 = (128 << 20) / PAGE;
    const LARGE: u64 = (2 << 30) / PAGE;
    if end.get() < (64 << 30) / PAGE {
        return SMALL;
    }
    if !hypervisor {
        return LARGE;
    }
    let mut size = LARGE;
    while size > SMALL && !end.get().is_multiple_of(size) {
        size /= 2;
    }
    size
}

pub(super) fn memory_block_frames(
    text: Option<&str>,
    section_frames: u64,
    end: Pfn,
) -> Result<u64, MachineError> {
    let place = Place::field("memory-block-size");
    let frames = match text {
        None => return Ok(section_frames),
        Some("bare-metal") => probed_memory_block(end, false),
        Some("hypervisor") => probed_memory_block(end, true),
        Some(text) => parse_size(text).map_err(|error| Problem::Size(error).at(place))? / PAGE,
    };
    if frames >= section_frames && frames.is_power_of_two() {
        Ok(frames)
    } else {
        Err(Problem::MemoryBlock(frames * PAGE).at(place))
    }
}

pub(super) fn guardpage_minorder(order: Option<u8>) -> Result<Order, MachineError> {
    let place = Place::field("debug-guardpage-minorder");
    let order = order.unwrap_or(0);
    let most = Order::MAX.get() / 2;
    let known = Order::new(order).ok().filter(|order| order.get() <= most);
    known.ok_or_else(|| Problem::GuardOrder(order).at(place))
}

pub(super) fn online_policy(text: Option<&str>) -> Result<OnlinePolicy, MachineError> {
    let place = Place::field("online-policy");
    let Some(text) = text else {
        return Ok(OnlinePolicy::default());
    };
    text.parse()
        .map_err(|()| Problem::OnlinePolicy(text.into()).at(place))
}
