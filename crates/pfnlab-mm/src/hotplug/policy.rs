//! In what kernel generations differ when memory comes and goes.

use crate::profile::{Policy, Told, told};

/// How memory comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HotplugRule {
    /// Memory is in a zone from the time it is plugged in, and stays there (2.6.37).
    Fixed,
    /// The same, but at its edge it can be moved to the neighbour when it comes online (3.8).
    Shifting,
    /// The zone is chosen when it comes online; frames are released one by one (4.14).
    Chosen,
    /// The same; what cannot be emptied is tried for ever, and a failure is always told (5.0).
    Insisting,
    /// Blocks are released whole, isolated until all are there; spans shrink when memory goes
    /// offline (6.1).
    Whole,
    /// The same, and everybody is told before and after a zone is involved (6.12).
    Announced,
}

impl Policy for HotplugRule {
    const DECIDES: &'static str = "how memory comes online and goes offline";

    fn told(self) -> Told {
        match self {
            HotplugRule::Fixed => told(
                "in the zone it was plugged into, frame by frame",
                "online_pages, __add_zone",
            ),
            HotplugRule::Shifting => told(
                "in the zone it was plugged into, or at its edge the neighbour; frame by frame",
                "online_pages, move_pfn_range_left (3.8)",
            ),
            HotplugRule::Chosen => told(
                "in the zone chosen when it comes online, frame by frame",
                "zone_for_pfn_range, move_pfn_range_to_zone (4.13)",
            ),
            HotplugRule::Insisting => told(
                "in the zone chosen when it comes online, frame by frame; emptying is never given up",
                "__offline_pages (5.0)",
            ),
            HotplugRule::Whole => told(
                "in the zone chosen then, by whole blocks, isolated at first; spans shrink when it goes",
                "online_pages_range, remove_pfn_range_from_zone (5.5)",
            ),
            HotplugRule::Announced => told(
                "in the zone chosen then, by whole blocks, isolated at first; told before and after",
                "memory_block_online, MEM_PREPARE_ONLINE (6.9)",
            ),
        }
    }
}

impl HotplugRule {
    /// Whether memory is plugged in by whole memory blocks, and not by sections.
    pub(super) fn adds_blocks(self) -> bool {
        matches!(
            self,
            HotplugRule::Insisting | HotplugRule::Whole | HotplugRule::Announced
        )
    }

    /// Whether there is the `auto-movable` policy (since 5.14).
    pub(super) fn knows_auto_movable(self) -> bool {
        self.releases_whole()
    }

    /// Whether memory that is plugged in belongs to a zone at once.
    pub(super) fn zone_at_add(self) -> bool {
        matches!(self, HotplugRule::Fixed | HotplugRule::Shifting)
    }

    /// Whether it can be moved to a neighbouring zone then.
    pub(super) fn shifts(self) -> bool {
        self == HotplugRule::Shifting
    }

    /// Whether it is released block by block, with its pageblocks isolated until all of it is.
    pub(super) fn releases_whole(self) -> bool {
        matches!(self, HotplugRule::Whole | HotplugRule::Announced)
    }

    /// Whether nothing is cached of a zone while a part of it is emptied (`zone_pcp_disable`).
    pub(super) fn disables_lists(self) -> bool {
        self.releases_whole()
    }

    /// Whether spans shrink when memory goes offline.
    pub(super) fn shrinks_at_offline(self) -> bool {
        self.releases_whole()
    }

    /// Whether spans shrink when memory is taken out.
    pub(super) fn shrinks_at_remove(self) -> bool {
        matches!(self, HotplugRule::Chosen | HotplugRule::Insisting)
    }

    /// Whether everybody is told before memory gets a zone, and after it lost it.
    pub(super) fn announces(self) -> bool {
        self == HotplugRule::Announced
    }

    /// Whether it is told when memory could not even be isolated.
    pub(super) fn tells_failed_isolation(self) -> bool {
        self == HotplugRule::Insisting
    }

    /// Whether a failure is told before the isolation is undone.
    pub(super) fn cancels_first(self) -> bool {
        matches!(
            self,
            HotplugRule::Fixed | HotplugRule::Shifting | HotplugRule::Chosen
        )
    }

    /// Whether all limits follow from the new sizes, and not the watermarks alone.
    pub(super) fn recomputes_all(self) -> bool {
        self != HotplugRule::Fixed
    }
}
