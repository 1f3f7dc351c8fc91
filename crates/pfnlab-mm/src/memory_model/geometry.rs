//! The sizes a memory model is built from.

use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{MemRange, Order, Pfn, PfnRange};

use super::ModelError;

/// Bytes of a sub-section, as a power of two (`SUBSECTION_SHIFT`): 2 MiB everywhere.
const SUBSECTION_BITS: u32 = 21;
/// Bytes one entry of the second page-table level maps, as a power of two (`PMD_SHIFT`).
const PMD_BITS: u32 = 21;

/// What somebody writes down; [`Geometry::new`] checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeometrySpec {
    /// Bytes of a frame, as a power of two (`PAGE_SHIFT`).
    pub page_bits: u32,
    /// Bytes of a section, as a power of two (`SECTION_SIZE_BITS`).
    pub section_bits: u32,
    /// Bits of a physical address (`MAX_PHYSMEM_BITS`).
    pub physmem_bits: u32,
    /// Bytes of a page descriptor (`sizeof(struct page)`).
    pub descriptor_bytes: u64,
}

/// Frame, section and descriptor sizes that go together.
///
/// ```
/// use pfnlab_mm::memory_model::Geometry;
/// assert_eq!(Geometry::X86_64.section_frames(), 32_768);
/// assert_eq!(Geometry::X86_64.section_count(), 524_288);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    spec: GeometrySpec,
}

impl Geometry {
    /// x86-64 with four page-table levels, and a 64-byte descriptor.
    pub const X86_64: Geometry = known(12, 27, 46);
    /// x86-64 with five page-table levels.
    pub const X86_64_LA57: Geometry = known(12, 27, 52);

    /// 32-bit x86 with physical addresses of 36 bits.
    pub const X86_32_PAE: Geometry = known(12, 29, 36);
    /// arm64 with frames of 4 KiB and addresses of 48 bits, from 5.12 on.
    pub const ARM64: Geometry = known(12, 27, 48);

    /// Sections and address bits of the architectures, with 64-byte descriptors.
    pub const ALL: &'static [(&'static str, Geometry)] = &[
        ("x86_64", Geometry::X86_64),
        ("x86_64-la57", Geometry::X86_64_LA57),
        ("x86_32", known(12, 26, 32)),
        ("x86_32-pae", Geometry::X86_32_PAE),
        ("arm64-3.8", known(12, 30, 40)),
        ("arm64-4.14", known(12, 30, 48)),
        ("arm64", Geometry::ARM64),
        ("arm64-64k", known(16, 29, 48)),
        ("arm", known(12, 28, 36)),
        ("powerpc64", known(12, 24, 46)),
        ("riscv64", known(12, 27, 56)),
        ("mips64", known(12, 28, 48)),
        ("loongarch64", known(12, 29, 48)),
    ];

    /// Checks that the sizes go together.
    ///
    /// # Errors
    /// When a section cannot hold the largest block, does not fit into physical memory, or a
    /// number is out of bounds.
    pub const fn new(spec: GeometrySpec) -> Result<Geometry, GeometryError> {
        if spec.page_bits < 12 || spec.page_bits > 16 {
            return Err(GeometryError::PageBits(spec.page_bits));
        }
        // A block never crosses a section: MAX_ORDER - 1 + PAGE_SHIFT <= SECTION_SIZE_BITS.
        if spec.section_bits < spec.page_bits + Order::MAX.get() as u32 {
            return Err(GeometryError::SectionBits(spec.section_bits));
        }
        if spec.physmem_bits < spec.section_bits || spec.physmem_bits > 56 {
            return Err(GeometryError::PhysmemBits(spec.physmem_bits));
        }
        if spec.descriptor_bytes == 0
            || spec.descriptor_bytes > 256
            || !spec.descriptor_bytes.is_multiple_of(8)
        {
            return Err(GeometryError::DescriptorBytes(spec.descriptor_bytes));
        }
        Ok(Geometry { spec })
    }

    /// What it was made from; change it and call [`Geometry::new`] for a relative.
    pub const fn spec(&self) -> GeometrySpec {
        self.spec
    }

    /// Bytes of a page descriptor.
    pub const fn descriptor_bytes(&self) -> u64 {
        self.spec.descriptor_bytes
    }

    /// Bytes of a frame.
    pub const fn page_bytes(&self) -> u64 {
        1 << self.spec.page_bits
    }

    /// Frames in a section (`PAGES_PER_SECTION`).
    pub const fn section_frames(&self) -> u64 {
        1 << (self.spec.section_bits - self.spec.page_bits)
    }

    /// Bits of a frame number below its section number (`PFN_SECTION_SHIFT`).
    pub const fn section_shift(&self) -> u32 {
        self.spec.section_bits - self.spec.page_bits
    }

    /// Bits of a section number (`SECTIONS_SHIFT`).
    pub const fn section_number_bits(&self) -> u32 {
        self.spec.physmem_bits - self.spec.section_bits
    }

    /// How many sections there can be (`NR_MEM_SECTIONS`).
    pub const fn section_count(&self) -> u64 {
        1 << self.section_number_bits()
    }

    /// The section a frame is in (`pfn_to_section_nr`); may be beyond the last.
    pub const fn section_of(&self, pfn: Pfn) -> SectionNr {
        SectionNr(pfn.get() >> self.section_shift())
    }

    /// The frames of a section; `None` when there can be no such section.
    pub const fn section_range(&self, nr: SectionNr) -> Option<PfnRange> {
        if nr.0 < self.section_count() {
            let start = Pfn::new(nr.0 << self.section_shift());
            Some(PfnRange::sized(start, self.section_frames()))
        } else {
            None
        }
    }

    /// Sub-sections in a section (`SUBSECTIONS_PER_SECTION`).
    pub const fn subsections(&self) -> u32 {
        1 << (self.spec.section_bits - SUBSECTION_BITS)
    }

    /// Frames in a sub-section (`PAGES_PER_SUBSECTION`).
    pub const fn subsection_frames(&self) -> u64 {
        1 << (SUBSECTION_BITS - self.spec.page_bits)
    }

    /// Which sub-section of its section a frame is in (`subsection_map_index`).
    pub const fn subsection_of(&self, pfn: Pfn) -> u32 {
        ((pfn.get() & (self.section_frames() - 1)) / self.subsection_frames()) as u32
    }

    /// The first frame no physical address reaches.
    pub const fn end(&self) -> Pfn {
        Pfn::new(1 << (self.spec.physmem_bits - self.spec.page_bits))
    }

    /// The frames of `range` that physical addresses reach (`mminit_validate_memmodel_limits`).
    pub fn clamp(&self, range: PfnRange) -> PfnRange {
        range.intersection(PfnRange::sized(Pfn::default(), self.end().get()))
    }

    /// The memory in ascending order, all of it within reach and some of it there.
    pub(super) fn sorted(&self, memory: &[MemRange]) -> Result<Vec<MemRange>, ModelError> {
        let there = memory.iter().filter(|memory| !memory.range.is_empty());
        let mut memory: Vec<MemRange> = there.copied().collect();
        memory.sort_by_key(|memory| memory.range);
        if memory.is_empty() {
            return Err(ModelError::NoMemory);
        }
        let out_of_reach = |memory: &&MemRange| memory.range.end() > self.end();
        match memory.iter().find(out_of_reach) {
            Some(memory) => Err(ModelError::Unreachable(memory.range)),
            None => Ok(memory),
        }
    }

    /// Whether the frame's address fits in 64 bits: what `pfn_valid` asks first in 6.1 and 6.12.
    pub const fn is_addressable(&self, pfn: Pfn) -> bool {
        pfn.get() << self.spec.page_bits >> self.spec.page_bits == pfn.get()
    }

    /// Bytes reserved for the descriptors of one section (`section_map_size`): rounded up to
    /// whole frames, or where they are mapped by large page-table entries, to one of those.
    pub const fn section_map_bytes(&self, vmemmap: bool) -> u64 {
        let unit = if vmemmap {
            1 << PMD_BITS
        } else {
            self.page_bytes()
        };
        (self.section_frames() * self.spec.descriptor_bytes).next_multiple_of(unit)
    }
}

const fn known(page_bits: u32, section_bits: u32, physmem_bits: u32) -> Geometry {
    let spec = GeometrySpec {
        page_bits,
        section_bits,
        physmem_bits,
        descriptor_bytes: 64,
    };
    match Geometry::new(spec) {
        Ok(geometry) => geometry,
        Err(_) => unreachable!(),
    }
}

/// The number of a memory section: its first frame divided by the frames in one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SectionNr(u64);

impl SectionNr {
    /// The section with this number.
    pub const fn new(number: u64) -> SectionNr {
        SectionNr(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next section up.
    ///
    /// # Panics
    /// When the number does not fit in 64 bits.
    pub const fn next(self) -> SectionNr {
        SectionNr(self.0 + 1)
    }
}

impl fmt::Display for SectionNr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SectionNr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "section:{}", self.0)
    }
}

/// Sizes that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeometryError {
    /// Frames of neither 4, 8, 16, 32 nor 64 KiB.
    PageBits(u32),
    /// A section smaller than the largest block.
    SectionBits(u32),
    /// Physical memory smaller than a section, or too large to count.
    PhysmemBits(u32),
    /// A descriptor of no, too many, or unaligned bytes.
    DescriptorBytes(u64),
}

impl fmt::Display for GeometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GeometryError::PageBits(bits) => {
                write!(f, "a frame has 2^12 to 2^16 bytes, not 2^{bits}")
            }
            GeometryError::SectionBits(bits) => write!(
                f,
                "a section of 2^{bits} bytes cannot hold a block of order {}",
                Order::MAX
            ),
            GeometryError::PhysmemBits(bits) => write!(
                f,
                "physical addresses have at least as many bits as a section and at most 56, not {bits}"
            ),
            GeometryError::DescriptorBytes(bytes) => write!(
                f,
                "a page descriptor has 8 to 256 bytes, a multiple of 8, not {bytes}"
            ),
        }
    }
}

impl core::error::Error for GeometryError {}
