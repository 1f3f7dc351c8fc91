//! The page descriptor against the specification's tables and what running kernels printed.

mod flags;
mod layout;
mod page;

use pfnlab_mm::descriptor::{
    BadPage, Compound, CompoundError, CompoundLinks, Descriptor, DescriptorEra, Field, FlagAlias,
    FlagNumbers, FlagOptions, FlagsLayout, FrameState, GetCheck, LayoutError, LayoutReport,
    LayoutSpec, Links, LinksError, PageFlag, PageType, RefError, Refcount, ReportForm,
    SectionNodes, TypeEncoding, TypeError, ZoneIdForm, check_free, check_new, checked_at_free,
    checked_at_new,
};
use pfnlab_mm::memory_model::{
    Geometry, MemoryModel, PageAddr, SectionNr, SectionTable, SectionsSpec, SparseMem,
    one_after_another,
};
use pfnlab_model::{MemRange, NodeId, Order, Pfn, PfnRange};
use proptest::prelude::*;

fn layout(spec: LayoutSpec) -> FlagsLayout {
    FlagsLayout::new(spec).unwrap()
}

/// x86-64, sections found through the page's flags.
const PLAIN_SPARSE: LayoutSpec = LayoutSpec {
    vmemmap: false,
    ..LayoutSpec::X86_64
};

/// A 32-bit kernel whose flags word has no room for the node.
const NARROW: LayoutSpec = LayoutSpec {
    word_bits: 32,
    flags: 24,
    zones: 4,
    nodes_shift: 3,
    sections_shift: Some(6),
    vmemmap: false,
    ..LayoutSpec::X86_64
};

fn links(section: u64, node: u16, zone: u8) -> Links {
    Links {
        zone,
        node: NodeId(node),
        section: SectionNr::new(section),
    }
}

fn numbers(era: DescriptorEra) -> FlagNumbers {
    FlagNumbers::new(era, FlagOptions::X86_64)
}

fn layout_of(era: DescriptorEra) -> FlagsLayout {
    layout(LayoutSpec {
        flags: numbers(era).count(),
        lru_gen: era.has_lru_generations(),
        balancing_cpus: Some(64),
        ..LayoutSpec::X86_64
    })
}

fn descriptor(era: DescriptorEra, page: PageAddr, state: FrameState) -> Descriptor {
    Descriptor::derive(page, links(0, 1, 2), state, &layout_of(era), &numbers(era)).unwrap()
}

const PAGE: PageAddr = PageAddr::new(0xffff_ea00_0000_4000);
