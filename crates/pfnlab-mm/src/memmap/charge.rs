//! The boot allocator is asked for the memory of the memory map (`sparse_init`,
//! `alloc_node_mem_map`).

use alloc::vec::Vec;

use pfnlab_model::{
    ByteRange, Machine, MemRange, MemblockCall, MemblockRequest, NodeId, Pfn, PfnRange,
};

use super::{MemMap, MemMapError, PAGE, sections_spec};
use crate::boot::memblock::{Memblock, Region, RegionFlags};
use crate::memory_model::{MapPart, MapRequest, Model, PageAddr, SectionsSpec};
use crate::{Config, Profile};

/// What comes from below is left to old devices, as long as there is other room.
const LOW: u64 = 16 << 20;
/// Bytes of a root, of the pointer to one, and of a cache line.
const ROOT: u64 = 4096;
const POINTER: u64 = 8;
const CACHE_LINE: u64 = 64;

/// A piece of the machine's memory the memory map is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapPiece {
    /// What for.
    pub kind: PieceKind,
    /// Where.
    pub range: ByteRange,
}

impl MapPiece {
    /// The frames it touches.
    pub fn frames(&self) -> Option<PfnRange> {
        let end = Pfn::new(self.range.end.div_ceil(PAGE));
        PfnRange::new(Pfn::new(self.range.start / PAGE), end)
    }
}

/// What a piece is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// The array of roots (`mem_section`).
    RootArray,
    /// A root: a page of sections.
    Root,
    /// The usage areas of sections of a node, or of pageblock bitmaps.
    Usage,
    /// Page descriptors.
    Map,
}

/// The memory map of a machine in its own memory, and that machine with it reserved. What the
/// nodes' own descriptors (`NODE_DATA`) take is not charged, and they are taken to lie in the
/// last section of their node.
pub(crate) fn charged(
    machine: &Machine,
    profile: &Profile,
    config: &Config,
) -> Result<(MemMap, Machine), MemMapError> {
    let mut boot = BootMemory::of(machine, profile)?;
    let spec = sections_spec(machine.section_frames(), profile, config)?;
    if matches!(
        config.memory_model,
        Model::SparseExtreme | Model::SparseVmemmap
    ) {
        boot.take_roots(machine.memory(), &spec)?;
    }
    let direct_map = config.arch.direct_map();
    let mut place = |request: &MapRequest| {
        let at = boot.take_part(request, machine, &spec)?;
        Some(PageAddr::new(direct_map.wrapping_add(at)))
    };
    let frames = machine.section_frames();
    let mut map = MemMap::new(machine.memory(), frames, profile, config, &mut place)?;
    let lost = |m: &MemRange| !map.model.pfn_valid(m.range.start());
    if machine.memory().iter().any(lost) {
        return Err(MemMapError::NoRoom(map.model.cost()));
    }
    map.pieces = boot.pieces;
    let taken: Vec<PfnRange> = map.pieces.iter().filter_map(MapPiece::frames).collect();
    Ok((map, machine.clone().with_reserved(&taken)))
}

/// The boot allocator of a machine, and what was taken from it.
struct BootMemory {
    memblock: Memblock,
    pieces: Vec<MapPiece>,
}

impl BootMemory {
    fn of(machine: &Machine, profile: &Profile) -> Result<BootMemory, MemMapError> {
        let mut memblock = Memblock::new(profile.memblock);
        memblock.may_grow = true;
        let full = |_| MemMapError::NoRoom(0);
        let bytes = |range: PfnRange| ByteRange {
            start: range.start().get() * PAGE,
            end: range.end().get() * PAGE,
        };
        for memory in machine.memory() {
            let region = Region {
                range: bytes(memory.range),
                node: Some(memory.node),
                flags: RegionFlags::NONE,
            };
            memblock.add_node(region).map_err(full)?;
        }
        for &reserved in machine.reserved() {
            memblock.reserve(bytes(reserved)).map_err(full)?;
        }
        Ok(BootMemory {
            memblock,
            pieces: Vec::new(),
        })
    }

    /// The array of roots, and a root for the first section of each that has memory
    /// (`memory_present`).
    fn take_roots(&mut self, memory: &[MemRange], spec: &SectionsSpec) -> Result<(), MemMapError> {
        let per_root = ROOT / spec.entry_bytes();
        let count = spec.geometry.section_count().div_ceil(per_root);
        let table = |kind, bytes, align, node| (kind, request(bytes, align, 0, node, false));
        let mut wanted = Vec::new();
        wanted.push(table(
            PieceKind::RootArray,
            count * POINTER,
            CACHE_LINE,
            None,
        ));
        let mut next = 0;
        for memory in memory {
            let last = Pfn::new(memory.range.end().get() - 1);
            let root = |pfn| spec.geometry.section_of(pfn).get() / per_root;
            for root in root(memory.range.start()).max(next)..=root(last) {
                wanted.push(table(PieceKind::Root, ROOT, CACHE_LINE, Some(memory.node)));
                next = root + 1;
            }
        }
        for (kind, request) in wanted {
            self.take(kind, &request)
                .ok_or(MemMapError::NoRoom(request.size))?;
        }
        Ok(())
    }

    /// What a memory model asks for.
    fn take_part(
        &mut self,
        wanted: &MapRequest,
        machine: &Machine,
        spec: &SectionsSpec,
    ) -> Option<u64> {
        let MapRequest {
            part,
            node,
            exact_node,
            bytes,
            align,
        } = *wanted;
        if part != MapPart::Usage {
            let request = request(bytes, align, LOW, Some(node), exact_node);
            return self.take(PieceKind::Map, &request);
        }
        let anywhere = request(bytes, align, 0, Some(node), false);
        let beside = spec
            .hotremove
            .then(|| last_section(machine, node, spec))
            .flatten()
            .map(|section| MemblockRequest {
                from: section.start,
                to: section.end,
                ..anywhere
            });
        beside
            .and_then(|beside| self.take(PieceKind::Usage, &beside))
            .or_else(|| self.take(PieceKind::Usage, &anywhere))
    }

    fn take(&mut self, kind: PieceKind, request: &MemblockRequest) -> Option<u64> {
        let at = self.memblock.allocate(request).ok()?;
        let range = ByteRange::sized(at, request.size);
        self.pieces.push(MapPiece { kind, range });
        Some(at)
    }
}

fn request(size: u64, align: u64, from: u64, node: Option<NodeId>, exact: bool) -> MemblockRequest {
    MemblockRequest {
        size,
        align,
        from,
        to: 0,
        node,
        call: if exact {
            MemblockCall::ExactNid
        } else {
            MemblockCall::TryNid
        },
    }
}

/// The section a node ends in, in bytes.
fn last_section(machine: &Machine, node: NodeId, spec: &SectionsSpec) -> Option<ByteRange> {
    let last = Pfn::new(machine.memory_of(node).last()?.end().get() - 1);
    let section = spec
        .geometry
        .section_range(spec.geometry.section_of(last))?;
    Some(ByteRange {
        start: section.start().get() * PAGE,
        end: section.end().get() * PAGE,
    })
}
