//! Boot: sections are announced, grouped by node and given their maps (`sparse_init`).

use alloc::vec::Vec;

use pfnlab_model::{MemRange, NodeId};

use super::table::Usage;
use super::{SectionWord, Sections, SectionsSpec, Subsections};
use crate::memory_model::{MapPart, MapRequest, ModelError, PageAddr, Place, SectionNr};

/// Bytes of a cache line, to which usage areas are aligned (`SMP_CACHE_BYTES`).
const CACHE_LINE: u64 = 64;

/// Where the descriptors of a section are.
#[derive(Clone, Copy, Debug)]
pub(in crate::memory_model) enum Maps {
    /// Where a place was found.
    Placed,
    /// In one virtual array that starts here; the place found backs it.
    At(PageAddr),
}

/// A run of present sections on one node, gaps allowed: what memory is asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The node.
    pub node: NodeId,
    /// The first section.
    pub first: SectionNr,
    /// The last section.
    pub last: SectionNr,
    /// How many present sections there are from first to last.
    pub count: u64,
}

impl Sections {
    /// Announces the sections of `memory` and gives each a map.
    pub(in crate::memory_model) fn boot(
        memory: &[MemRange],
        spec: &SectionsSpec,
        maps: Maps,
        place: &mut Place<'_>,
    ) -> Result<Sections, ModelError> {
        let vmemmap = matches!(maps, Maps::At(_));
        let mut sections = Sections::new(spec, spec.geometry.section_map_bytes(vmemmap));
        sections.announce(memory);
        let groups = sections.groups();
        if groups.is_empty() {
            return Err(ModelError::NoMemory);
        }
        if spec.era.one_pass() {
            for group in groups {
                let usage = place(&sections.usage_request(group)).is_some();
                let found = sections.find_maps(group, usage, vmemmap, place);
                sections.attach(group, &found, maps)?;
            }
        } else {
            // First what all groups keep beside their sections, then all maps.
            let usages: Vec<bool> = groups
                .iter()
                .map(|&group| place(&sections.usage_request(group)).is_some())
                .collect();
            let found: Vec<_> = groups
                .iter()
                .zip(usages)
                .map(|(&group, usage)| sections.find_maps(group, usage, vmemmap, place))
                .collect();
            for (&group, found) in groups.iter().zip(&found) {
                sections.attach(group, found, maps)?;
            }
        }
        sections.mark_subsections(memory);
        Ok(sections)
    }

    /// Every section a range touches is present; the node of the first range wins
    /// (`memory_present`).
    fn announce(&mut self, memory: &[MemRange]) {
        let (geometry, layout) = (self.spec.geometry, self.spec.word());
        for memory in memory {
            let range = geometry.clamp(memory.range);
            let first = geometry.section_of(range.start()).get();
            let end = range.end().get().div_ceil(geometry.section_frames());
            for nr in (first..end).filter(|_| !range.is_empty()) {
                let section = self.table.get_or_make(SectionNr::new(nr));
                if section.word.bits() == 0 {
                    section.word = layout.announce(memory.node);
                    section.node = memory.node;
                }
            }
        }
    }

    /// Present sections, grouped by node in the order of their numbers.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for nr in self.present() {
            let node = self.get(nr).expect("it is present").node;
            match groups.last_mut() {
                Some(group) if group.node == node => {
                    group.last = nr;
                    group.count += 1;
                }
                _ => groups.push(Group {
                    node,
                    first: nr,
                    last: nr,
                    count: 1,
                }),
            }
        }
        groups
    }

    fn usage_request(&self, group: Group) -> MapRequest {
        MapRequest {
            part: MapPart::Usage,
            // Where memory cannot be taken out, the node is read from its node data, which is not
            // filled in yet and says 0. Seen in every recorded boot of such a kernel.
            node: if self.spec.hotremove {
                group.node
            } else {
                NodeId(0)
            },
            exact_node: false,
            bytes: self.spec.usage_bytes() * group.count,
            align: CACHE_LINE,
        }
    }

    /// Where the maps of a group's sections are: pieces of one buffer, or one by one.
    fn find_maps(
        &self,
        group: Group,
        usage: bool,
        vmemmap: bool,
        place: &mut Place<'_>,
    ) -> Vec<(SectionNr, Option<PageAddr>)> {
        let bytes = self.section_map_bytes;
        let exact = self.spec.era.exact_buffer();
        let page = self.spec.geometry.page_bytes();
        let request = MapRequest {
            part: MapPart::Buffer,
            node: group.node,
            exact_node: exact,
            bytes: bytes * group.count,
            align: if self.spec.era.aligns_buffer(vmemmap) {
                bytes
            } else {
                page
            },
        };
        let one = MapRequest {
            part: MapPart::Map,
            exact_node: false,
            bytes,
            align: if vmemmap { bytes } else { page },
            ..request
        };
        let mut buffer = if usage { place(&request) } else { None };
        let end = buffer.map(|start| start.forward(1, request.bytes));
        let mut found = Vec::new();
        let mut refused = !usage;
        for nr in self.in_group(group) {
            let piece = buffer.and_then(|next| {
                let start = PageAddr::new(next.get().checked_next_multiple_of(bytes)?);
                let after = start.forward(1, bytes);
                (Some(after) <= end).then_some((start, after))
            });
            let start = match piece {
                Some((start, after)) => {
                    buffer = Some(after);
                    Some(start)
                }
                None if refused => None,
                None => place(&one),
            };
            // One pass gives up the rest of the group, three passes only this section.
            refused |= start.is_none() && self.spec.era.one_pass();
            found.push((nr, start));
        }
        found
    }

    fn in_group(&self, group: Group) -> impl Iterator<Item = SectionNr> {
        let all = (group.first.get()..=group.last.get()).map(SectionNr::new);
        all.filter(|&nr| {
            self.get(nr)
                .is_some_and(|section| section.word.is_present())
        })
    }

    /// Gives sections their maps and usage areas (`sparse_init_one_section`); those without a
    /// place are absent from now on.
    fn attach(
        &mut self,
        group: Group,
        found: &[(SectionNr, Option<PageAddr>)],
        maps: Maps,
    ) -> Result<(), ModelError> {
        let (geometry, layout) = (self.spec.geometry, self.spec.word());
        let size = geometry.descriptor_bytes();
        let parts = if self.spec.era.has_subsections() {
            geometry.subsections()
        } else {
            0
        };
        for &(nr, map) in found {
            debug_assert!(group.first <= nr && nr <= group.last);
            let start = geometry.section_range(nr).expect("it is present").start();
            let section = self.table.get_or_make(nr);
            let Some(map) = map else {
                section.word = SectionWord::default();
                continue;
            };
            let map = match maps {
                Maps::Placed => map,
                Maps::At(base) => base.forward(start.get(), size),
            };
            section.word = layout
                .attach(section.word.flags_only(layout), map, start, size, true)
                .ok_or(ModelError::Unaligned(map))?;
            section.usage = Some(Usage {
                subsections: Subsections::none(parts),
                boot: true,
            });
        }
        Ok(())
    }

    /// Every sub-section a range touches is there (`subsection_map_init`).
    fn mark_subsections(&mut self, memory: &[MemRange]) {
        if !self.spec.era.has_subsections() {
            return;
        }
        for memory in memory {
            let range = self.spec.geometry.clamp(memory.range);
            if range.is_empty() {
                continue;
            }
            let first = self.spec.geometry.section_of(range.start()).get();
            let end = range
                .end()
                .get()
                .div_ceil(self.spec.geometry.section_frames());
            for nr in (first..end).map(SectionNr::new) {
                let touched = self.touched(nr, range);
                if let Some(usage) = self.table.get_mut(nr).and_then(|s| s.usage.as_mut()) {
                    usage.subsections.set(touched);
                }
            }
        }
    }
}
