//! What the flags word says about where a page belongs.

use core::fmt;

use pfnlab_model::NodeId;

use super::{Field, FlagsLayout};
use crate::memory_model::SectionNr;

/// Where a page belongs. What has no bits in the layout is not written, and reads as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Links {
    /// The index of its zone on its node (`page_zonenum`).
    pub zone: u8,
    /// Its node (`page_to_nid`).
    pub node: NodeId,
    /// Its section (`page_to_section`).
    pub section: SectionNr,
}

/// From what [`FlagsLayout::zone_id`] is made. Ids of the two forms must not be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneIdForm {
    /// Node and zone: equal exactly for pages of the same zone.
    NodeZone,
    /// Section and zone, where the node is not in the word: equal for pages of the same zone that
    /// may be buddies, since no block crosses a section.
    SectionZone,
}

impl FlagsLayout {
    /// `word` with zone, node and section of a page (`set_page_links`); everything else stays.
    ///
    /// # Errors
    /// When a number does not fit in its field.
    pub const fn set_links(&self, word: u64, links: Links) -> Result<u64, LinksError> {
        if links.zone as u32 >= self.spec.zones {
            return Err(LinksError::Zone(links.zone));
        }
        if links.node.0 as u64 >= 1 << self.spec.nodes_shift {
            return Err(LinksError::Node(links.node));
        }
        if self.section.width != 0 && links.section.get() > self.section.mask() {
            return Err(LinksError::Section(links.section));
        }
        let word = self.zone.write(word, links.zone as u64);
        let word = self.node.write(word, links.node.0 as u64);
        Ok(self.section.write(word, links.section.get()))
    }

    /// What `word` says; where the node is not in the word, it is in [`super::SectionNodes`].
    pub const fn links(&self, word: u64) -> Links {
        Links {
            zone: self.zone.read(word) as u8,
            node: NodeId(self.node.read(word) as u16),
            section: SectionNr::new(self.section.read(word)),
        }
    }

    /// Which form the zone id of this layout has.
    pub const fn zone_id_form(&self) -> ZoneIdForm {
        if self.node_in_table() {
            ZoneIdForm::SectionZone
        } else {
            ZoneIdForm::NodeZone
        }
    }

    /// The bits of the zone id (`ZONEID_PGOFF`, `ZONEID_SHIFT`).
    pub const fn zone_id_field(&self) -> Field {
        let upper = match self.zone_id_form() {
            ZoneIdForm::NodeZone => self.node,
            ZoneIdForm::SectionZone => self.section,
        };
        Field {
            width: upper.width + self.zone.width,
            offset: if upper.offset < self.zone.offset {
                upper.offset
            } else {
                self.zone.offset
            },
        }
    }

    /// The number that two pages must share to be buddies (`page_zone_id`).
    pub const fn zone_id(&self, word: u64) -> u64 {
        self.zone_id_field().read(word)
    }
}

/// A number that does not fit in its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinksError {
    /// There is no such zone.
    Zone(u8),
    /// There is no such node.
    Node(NodeId),
    /// There is no such section.
    Section(SectionNr),
}

impl fmt::Display for LinksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinksError::Zone(zone) => write!(f, "zone {zone} does not fit in the flags word"),
            LinksError::Node(node) => write!(f, "node {node} does not fit in the flags word"),
            LinksError::Section(nr) => write!(f, "section {nr} does not fit in the flags word"),
        }
    }
}

impl core::error::Error for LinksError {}
