//! Sections and parts of them come and go (`section_activate`, `section_deactivate`).

use core::fmt;

use pfnlab_model::{NodeId, PfnRange};

use super::table::Usage;
use super::{SectionWord, Sections, Subsections};
use crate::memory_model::{PageAddr, SectionNr};

/// Why nothing was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivateError {
    /// The frames are not whole sub-sections of one section, or where sections are not divided,
    /// not one whole section; also when there are none (`-EINVAL`).
    NotWhole(PfnRange),
    /// The frames are beyond the last section there can be.
    BeyondTheLast(PfnRange),
    /// Something of it is already there (`-EEXIST`).
    Exists(PfnRange),
    /// No place for that many bytes of descriptors (`-ENOMEM`).
    NoPlace(u64),
    /// The map is at an address with low bits, which the section word needs for its flags.
    Unaligned(PageAddr),
}

impl fmt::Display for ActivateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActivateError::NotWhole(range) => {
                write!(f, "frames {range} are no whole sub-sections of one section")
            }
            ActivateError::BeyondTheLast(range) => {
                write!(f, "frames {range} are beyond the last section")
            }
            ActivateError::Exists(range) => write!(f, "some of frames {range} are already there"),
            ActivateError::NoPlace(bytes) => {
                write!(f, "no place for {bytes} bytes of page descriptors")
            }
            ActivateError::Unaligned(address) => write!(
                f,
                "a section's memory map cannot be at {address}: the low bits are taken by flags"
            ),
        }
    }
}

impl core::error::Error for ActivateError {}

/// Why nothing was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeactivateError {
    /// The frames are not whole sub-sections of one section, or not one whole section.
    NotWhole(PfnRange),
    /// Something of it is not there.
    NotThere(PfnRange),
}

impl fmt::Display for DeactivateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeactivateError::NotWhole(range) => {
                write!(f, "frames {range} are no whole sub-sections of one section")
            }
            DeactivateError::NotThere(range) => write!(f, "some of frames {range} are not there"),
        }
    }
}

impl core::error::Error for DeactivateError {}

/// What was freed with frames taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deactivated {
    /// The frames whose descriptors were freed: those taken away, or of a section present since
    /// boot the whole once it is empty.
    pub map_freed: Option<PfnRange>,
    /// Whether the usage area was freed; one from boot never is.
    pub usage_freed: bool,
    /// Whether nothing of the section is left.
    pub section_gone: bool,
}

impl Sections {
    /// The one section `range` is, whole.
    pub(crate) fn check_whole(&self, range: PfnRange) -> Result<SectionNr, ActivateError> {
        let nr = self.spec.geometry.section_of(range.start());
        match self.spec.geometry.section_range(nr) {
            None => Err(ActivateError::BeyondTheLast(range)),
            Some(section) if section == range => match self.get(nr) {
                Some(section) if section.word.is_present() => Err(ActivateError::Exists(range)),
                _ => Ok(nr),
            },
            Some(_) => Err(ActivateError::NotWhole(range)),
        }
    }

    /// The section `range` lies in, when it is whole sub-sections of it.
    fn section_of_parts(&self, range: PfnRange) -> Option<SectionNr> {
        let geometry = &self.spec.geometry;
        let nr = geometry.section_of(range.start());
        let section = geometry.section_range(nr)?;
        let unit = if self.spec.era.has_subsections() {
            geometry.subsection_frames()
        } else {
            geometry.section_frames()
        };
        let whole = range.start().get().is_multiple_of(unit)
            && range.end().get().is_multiple_of(unit)
            && !range.is_empty()
            && section.covers(range);
        whole.then_some(nr)
    }

    /// Adds frames whose section has, or gets, its descriptors at `map`; the first one's.
    pub(crate) fn activate(
        &mut self,
        range: PfnRange,
        node: NodeId,
        map: PageAddr,
    ) -> Result<PageAddr, ActivateError> {
        let (geometry, layout) = (self.spec.geometry, self.spec.word());
        let size = geometry.descriptor_bytes();
        let nr = self
            .section_of_parts(range)
            .ok_or(ActivateError::NotWhole(range))?;
        let start = geometry.section_range(nr).expect("checked").start();
        let touched = self.touched(nr, range);
        let before = self
            .get(nr)
            .map_or(SectionWord::default(), |section| section.word);
        let taken = match self.get(nr).and_then(|section| section.subsections()) {
            Some(there) if self.spec.era.has_subsections() => there.any(touched.clone()),
            _ => before.is_present(),
        };
        if taken {
            return Err(ActivateError::Exists(range));
        }
        let word = if before.is_valid() {
            // A part of a section that has its map already, from boot or from another part.
            before
        } else {
            layout
                .attach(layout.appear(), map, start, size, false)
                .ok_or(ActivateError::Unaligned(map))?
        };
        let parts = if self.spec.era.has_subsections() {
            geometry.subsections()
        } else {
            0
        };
        let section = self.table.get_or_make(nr);
        section.word = word;
        if !before.is_present() {
            section.node = node;
        }
        let usage = section.usage.get_or_insert_with(|| Usage {
            subsections: Subsections::none(parts),
            boot: false,
        });
        if parts > 0 {
            usage.subsections.set(touched);
        }
        let base = layout.map_base(word).expect("attached");
        Ok(base.forward(range.start().get(), size))
    }

    /// Takes frames away.
    pub(crate) fn deactivate(&mut self, range: PfnRange) -> Result<Deactivated, DeactivateError> {
        let nr = self
            .section_of_parts(range)
            .ok_or(DeactivateError::NotWhole(range))?;
        let (layout, divided) = (self.spec.word(), self.spec.era.has_subsections());
        let whole = self.spec.geometry.section_range(nr);
        let touched = self.touched(nr, range);
        let section = match self.table.get_mut(nr) {
            Some(section) if section.word.is_valid() => section,
            _ => return Err(DeactivateError::NotThere(range)),
        };
        let early = layout.flags(section.word).early;
        let Some(usage) = section.usage.as_mut() else {
            return Err(DeactivateError::NotThere(range));
        };
        if divided && !usage.subsections.all(touched.clone()) {
            return Err(DeactivateError::NotThere(range));
        }
        if divided {
            usage.subsections.clear(touched);
        }
        let gone = usage.subsections.is_empty();
        let usage_freed = gone && !usage.boot;
        if gone {
            section.word = SectionWord::default();
        }
        if usage_freed {
            section.usage = None;
        }
        Ok(Deactivated {
            map_freed: if early {
                whole.filter(|_| gone)
            } else {
                Some(range)
            },
            usage_freed,
            section_gone: gone,
        })
    }
}
