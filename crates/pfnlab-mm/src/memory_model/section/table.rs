//! The table of all sections: one level, or roots that point to pieces of it.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::NodeId;

use super::{SectionWord, Subsections};
use crate::memory_model::SectionNr;

/// Bytes of a piece of a two-level table: one frame of 4 KiB.
const ROOT_BYTES: u64 = 4096;
/// Bytes of a pointer to one.
const POINTER: u64 = 8;

/// How the table is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionTable {
    /// One array for all sections there can be (`SPARSEMEM_STATIC`).
    Static,
    /// An array of pointers to pieces of a frame each, made when first needed
    /// (`SPARSEMEM_EXTREME`).
    Extreme(RootArray),
}

/// Where the array of pointers itself comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootArray {
    /// It is part of the kernel image (to about 4.14).
    Static,
    /// It is allocated when the first section is announced (4.15+); until then it is null.
    AtFirstSection,
}

/// Where in the table a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// Which pointer (`SECTION_NR_TO_ROOT`).
    pub number: u64,
    /// Which section of the piece it points to.
    pub slot: u64,
    /// Whether it points to anything.
    pub allocated: bool,
}

/// One section (`struct mem_section`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Section {
    /// Its flags, and its node or its map.
    pub word: SectionWord,
    /// The node it was announced with first, which a kernel keeps only where page flags have no
    /// room for it (`section_to_node_table`).
    pub node: NodeId,
    pub(super) usage: Option<Usage>,
}

/// What a section keeps beside its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) subsections: Subsections,
    /// From the boot allocator: never freed.
    pub(super) boot: bool,
}

impl Section {
    /// Which sub-sections are there; `None`: it has no usage area.
    pub fn subsections(&self) -> Option<&Subsections> {
        self.usage.as_ref().map(|usage| &usage.subsections)
    }
}

/// The sections, stored in pieces where there are any, whatever the table looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    kind: SectionTable,
    entry_bytes: u64,
    limit: u64,
    pieces: Vec<Option<Box<[Section]>>>,
    /// The highest section ever announced (`__highest_present_section_nr`).
    highest: Option<SectionNr>,
}

impl Table {
    /// A table for `limit` sections of `entry_bytes` each, a power of two, none of them there.
    pub(super) fn new(kind: SectionTable, entry_bytes: u64, limit: u64) -> Table {
        Table {
            kind,
            entry_bytes,
            limit,
            pieces: Vec::new(),
            highest: None,
        }
    }

    /// How many sections share a root (`SECTIONS_PER_ROOT`).
    pub(super) fn per_root(&self) -> u64 {
        match self.kind {
            SectionTable::Static => 1,
            SectionTable::Extreme(_) => self.per_piece(),
        }
    }

    fn per_piece(&self) -> u64 {
        ROOT_BYTES / self.entry_bytes
    }

    fn place(&self, nr: SectionNr) -> (usize, usize) {
        let piece = self.per_piece();
        ((nr.get() / piece) as usize, (nr.get() % piece) as usize)
    }

    pub(super) fn get(&self, nr: SectionNr) -> Option<&Section> {
        let (piece, slot) = self.place(nr);
        self.pieces.get(piece)?.as_ref().map(|piece| &piece[slot])
    }

    pub(super) fn get_mut(&mut self, nr: SectionNr) -> Option<&mut Section> {
        let (piece, slot) = self.place(nr);
        self.pieces
            .get_mut(piece)?
            .as_mut()
            .map(|piece| &mut piece[slot])
    }

    /// The section, its root made if need be (`sparse_index_init`).
    ///
    /// # Panics
    /// When there can be no such section.
    pub(super) fn get_or_make(&mut self, nr: SectionNr) -> &mut Section {
        assert!(nr.get() < self.limit, "{nr:?} is beyond the last");
        let (piece, slot) = self.place(nr);
        if self.pieces.len() <= piece {
            self.pieces.resize(piece + 1, None);
        }
        self.highest = self.highest.max(Some(nr));
        let count = self.per_piece() as usize;
        let empty = || vec![Section::default(); count].into_boxed_slice();
        &mut self.pieces[piece].get_or_insert_with(empty)[slot]
    }

    /// The sections announced and not gone, ascending.
    pub(super) fn present(&self) -> impl Iterator<Item = SectionNr> {
        let end = self.highest.map_or(0, |nr| nr.get() + 1);
        let all = (0..end).map(SectionNr::new);
        all.filter(|&nr| {
            self.get(nr)
                .is_some_and(|section| section.word.is_present())
        })
    }

    pub(super) fn root(&self, nr: SectionNr) -> Root {
        let per_root = self.per_root();
        Root {
            number: nr.get() / per_root,
            slot: nr.get() % per_root,
            allocated: match self.kind {
                SectionTable::Static => nr.get() < self.limit,
                SectionTable::Extreme(_) => self.get(nr).is_some(),
            },
        }
    }

    /// How many pointers there can be (`NR_SECTION_ROOTS`).
    pub(super) fn root_count(&self) -> u64 {
        self.limit.div_ceil(self.per_root())
    }

    pub(super) fn roots_allocated(&self) -> u64 {
        match self.kind {
            SectionTable::Static => self.limit,
            SectionTable::Extreme(_) => self.pieces.iter().flatten().count() as u64,
        }
    }

    /// Bytes of the array of pointers, as it is now.
    pub(super) fn root_array_bytes(&self) -> u64 {
        match self.kind {
            SectionTable::Static => 0,
            SectionTable::Extreme(RootArray::AtFirstSection) if self.highest.is_none() => 0,
            SectionTable::Extreme(_) => self.root_count() * POINTER,
        }
    }

    /// Bytes of the whole table, as it is now.
    pub(super) fn bytes(&self) -> u64 {
        match self.kind {
            SectionTable::Static => self.limit * self.entry_bytes,
            SectionTable::Extreme(_) => {
                self.root_array_bytes() + self.roots_allocated() * ROOT_BYTES
            }
        }
    }
}
