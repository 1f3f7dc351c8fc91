//! What a kernel was told when it was booted, as far as it matters later.

use pfnlab_model::{GlobalState, Machine, OnlinePolicy, Order};

/// Boot options that hold while the machine runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Upper halves below this order are kept back (`debug_guardpage_minorder`).
    pub(crate) guardpage_minorder: Order,
    /// Frames that come online and go offline together.
    pub(crate) memory_block_frames: u64,
    /// Memory that comes online is movable rather (`movable_node`).
    pub(crate) movable_node: bool,
    /// Which zone it goes to (`memory_hotplug.online_policy`).
    pub(crate) online_policy: OnlinePolicy,
}

impl Options {
    /// Those of a machine.
    pub(crate) fn of(machine: &Machine) -> Options {
        Options {
            guardpage_minorder: machine.guardpage_minorder(),
            memory_block_frames: machine.memory_block_frames(),
            movable_node: machine.movable_node(),
            online_policy: machine.online_policy(),
        }
    }

    /// Those a snapshot speaks of.
    pub(crate) fn resumed(global: &GlobalState) -> Options {
        Options {
            guardpage_minorder: global.guardpage_minorder,
            memory_block_frames: match global.memory_block_frames {
                0 => global.section_frames,
                frames => frames,
            },
            movable_node: global.movable_node,
            online_policy: match global.auto_movable {
                true => OnlinePolicy::AutoMovable,
                false => OnlinePolicy::ContigZones,
            },
        }
    }
}
