//! What a section keeps beside its word, in bytes.

use crate::memory_model::Geometry;

/// Bytes of the list head a usage area is freed through later (`struct rcu_head`).
const RCU_HEAD: u64 = 16;

/// The usage area of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageLayout {
    /// The pageblock bitmap (`pageblock_flags`).
    Bitmap,
    /// Sub-section bits, then the pageblock bitmap (`struct mem_section_usage`).
    Subsections,
    /// The same behind the head of a list.
    RcuSubsections,
}

impl UsageLayout {
    /// Bytes of one area (`usemap_size`, `mem_section_usage_size`), given how many bytes the
    /// pageblock bitmap of a section has.
    pub const fn bytes(self, geometry: &Geometry, bitmap: u64) -> u64 {
        let subsections = (geometry.subsections() as u64).div_ceil(64) * 8;
        match self {
            UsageLayout::Bitmap => bitmap,
            UsageLayout::Subsections => subsections + bitmap,
            UsageLayout::RcuSubsections => RCU_HEAD + subsections + bitmap,
        }
    }
}
