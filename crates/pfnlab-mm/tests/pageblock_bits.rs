//! Pageblock bits against the specification's worked words and the sizes recorded kernels asked for.

use pfnlab_mm::memory_model::{Geometry, SectionEra, SectionsSpec};
use pfnlab_mm::pageblock_bits::{
    PageblockBits, PageblockBitsError, PageblockEra, PageblockSize, TypeOptions,
    grouping_threshold, pageblock_order, section_bitmap_bytes, zone_bitmap_bytes,
};
use pfnlab_model::{MigrateType, Order, Pfn, PfnRange};
use proptest::prelude::*;

const ALL_TYPES: TypeOptions = TypeOptions {
    cma: true,
    isolation: true,
};

fn order(order: u8) -> Order {
    Order::new(order).unwrap()
}

fn range(start: u64, end: u64) -> PfnRange {
    PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap()
}

/// Section 1 of x86-64.
fn section(era: PageblockEra) -> PageblockBits {
    PageblockBits::of_section(range(0x8000, 0x10000), order(9), era)
}

#[test]
fn three_blocks_make_the_words_of_the_worked_example() {
    let words = |era: PageblockEra| {
        let mut bits = section(era);
        let types = [
            MigrateType::Movable,
            MigrateType::Unmovable,
            MigrateType::Isolate,
        ];
        for (block, mt) in (0..).zip(types) {
            // The example is of a kernel that has all types.
            let number = PageblockEra::LowEndAgain.number(mt, ALL_TYPES).unwrap();
            bits.set_number(Pfn::new(0x8000 + 512 * block), number)
                .unwrap();
        }
        bits.set_skip(Pfn::new(0x8000 + 1024), true).unwrap();
        bits.words()[0]
    };
    assert_eq!(words(PageblockEra::LowEndAgain), 0xd01);
    assert_eq!(words(PageblockEra::SkipBit), 0xd01);
    assert_eq!(words(PageblockEra::Reversed), 0x20b0_0000_0000_0000);
    // Three bits a block, no skip bit: 1 | 0 << 3 | 5 << 6.
    assert_eq!(words(PageblockEra::TypeOnly), 0x141);
}

#[test]
fn the_last_block_of_a_word_is_at_its_other_end() {
    let pfn = Pfn::new(0x8000 + 15 * 512);
    let words = |era| {
        let mut bits = section(era);
        bits.set_number(pfn, 5).unwrap();
        bits.set_skip(pfn, true).unwrap();
        bits.words().to_vec()
    };
    assert_eq!(words(PageblockEra::LowEndAgain), [0xd << 60, 0, 0, 0]);
    assert_eq!(words(PageblockEra::Reversed), [0xb, 0, 0, 0]);
}

#[test]
fn three_bits_cross_a_word() {
    let mut bits = section(PageblockEra::TypeOnly);
    // Block 21 has bits 63, 64 and 65.
    let pfn = Pfn::new(0x8000 + 21 * 512);
    bits.set_number(pfn, 5).unwrap();
    assert_eq!(bits.words(), [1 << 63, 2, 0]);
    assert_eq!(bits.number(pfn), Some(5));
}

#[test]
fn bitmaps_of_sections_have_the_specified_sizes() {
    let check = |geometry: Geometry, pageblock: u8, era: PageblockEra, bits: u64, bytes: u64| {
        let frames = geometry.section_frames();
        let blocks = frames >> pageblock;
        assert_eq!(blocks * u64::from(era.bits()), bits);
        let got = section_bitmap_bytes(frames, order(pageblock), era.bits());
        assert_eq!(got, bytes, "{era:?}");
    };
    let x86 = Geometry::X86_64;
    check(x86, 9, PageblockEra::LowEndAgain, 256, 32);
    check(x86, 9, PageblockEra::TypeOnly, 192, 24);
    let (_, arm64) = Geometry::ALL
        .iter()
        .find(|(name, _)| *name == "arm64-4.14")
        .unwrap();
    check(*arm64, 10, PageblockEra::Reversed, 1024, 128);
}

#[test]
fn usage_areas_have_the_sizes_recorded_kernels_asked_for() {
    let check = |era: SectionEra, pageblock_bits: u32, bytes: u64| {
        let spec = SectionsSpec {
            era,
            pageblock_bits,
            ..SectionsSpec::X86_64
        };
        assert_eq!(spec.usage_bytes(), bytes, "{era:?}");
    };
    check(SectionEra::MapOnly, 3, 24);
    check(SectionEra::OnlineBit, 4, 32);
    check(SectionEra::OnePass, 4, 32);
    check(SectionEra::EarlyBit, 4, 40);
    check(SectionEra::RcuUsage, 4, 56);
}

#[test]
fn zones_count_blocks_from_their_first_one_and_the_oldest_from_themselves() {
    // Two blocks from frame 0, one and a bit from frame 1.
    let dma = range(1, 4096);
    let index = |era, pfn| PageblockBits::of_zone(dma, order(9), era).index(Pfn::new(pfn));
    assert_eq!(index(PageblockEra::LowEndAgain, 512), Some(4));
    assert_eq!(index(PageblockEra::TypeOnly, 512), Some(0));
    assert_eq!(index(PageblockEra::TypeOnly, 513), Some(3));
    assert_eq!(index(PageblockEra::LowEndAgain, 0), None);

    let bytes = |start, end, era| zone_bitmap_bytes(range(start, end), order(9), era);
    // 8 blocks of 4 bits: half a word.
    assert_eq!(bytes(1, 4096, PageblockEra::LowEndAgain), 8);
    // 1280 blocks of node 1 in the worked example: 5120 bits.
    assert_eq!(bytes(1_179_648, 1_835_008, PageblockEra::LowEndAgain), 640);
    assert_eq!(bytes(1_179_648, 1_835_008, PageblockEra::TypeOnly), 480);
    // 16 blocks fill a word when they are counted from the zone, and not from its first block.
    assert_eq!(bytes(511, 511 + 16 * 512, PageblockEra::SkipBit), 16);
    assert_eq!(bytes(511, 511 + 16 * 512, PageblockEra::TypeOnly), 8);
}

#[test]
fn types_have_the_numbers_of_the_generation() {
    use MigrateType::{Cma, HighAtomic, Isolate, Movable, Reclaimable, Unmovable};
    let check = |era: PageblockEra, built: TypeOptions, expected: [Option<u8>; 6], count: u8| {
        let types = [Unmovable, Reclaimable, Movable, HighAtomic, Cma, Isolate];
        assert_eq!(types.map(|mt| era.number(mt, built)), expected, "{era:?}");
        assert_eq!(era.count(built), count, "{era:?}");
    };
    let built = |cma, isolation| TypeOptions { cma, isolation };
    let some = Some;
    let (oldest, old) = (PageblockEra::TypeOnly, PageblockEra::SkipBit);
    let new = PageblockEra::Reversed;
    check(
        oldest,
        built(false, false),
        [some(0), some(1), some(2), None, None, some(4)],
        5,
    );
    check(
        old,
        built(true, true),
        [some(0), some(1), some(2), None, some(4), some(5)],
        6,
    );
    check(
        new,
        ALL_TYPES,
        [some(0), some(2), some(1), some(3), some(4), some(5)],
        6,
    );
    // As recorded of 6.12.0 and of 5.0, which were built without.
    let newest = PageblockEra::LowEndAgain;
    check(
        newest,
        built(false, true),
        [some(0), some(2), some(1), some(3), None, some(4)],
        5,
    );
    check(
        new,
        built(false, false),
        [some(0), some(2), some(1), some(3), None, None],
        4,
    );
    assert_eq!(old.number(MigrateType::Reserve, ALL_TYPES), Some(3));
    assert_eq!(new.number(MigrateType::Reserve, ALL_TYPES), None);
}

#[test]
fn without_grouping_blocks_become_unmovable() {
    let stored = |era: PageblockEra, grouping| [0, 1, 2, 3, 4].map(|n| era.stored(n, grouping));
    assert_eq!(stored(PageblockEra::LowEndAgain, true), [0, 1, 2, 3, 4]);
    assert_eq!(stored(PageblockEra::LowEndAgain, false), [0, 0, 0, 3, 4]);
    assert_eq!(stored(PageblockEra::SkipBit, false), [0, 0, 0, 0, 0]);
}

#[test]
fn grouping_needs_ten_or_twelve_mebibytes() {
    assert_eq!(grouping_threshold(order(9), 5) * 4096, 10 << 20);
    assert_eq!(grouping_threshold(order(9), 6), 3072);
    assert_eq!(grouping_threshold(order(9), 6) * 4096, 12 << 20);
}

#[test]
fn a_pageblock_is_a_huge_page_or_the_largest_block() {
    let of = |size| pageblock_order(size, Order::MAX).get();
    assert_eq!(of(PageblockSize::HugePage(order(9))), 9);
    assert_eq!(of(PageblockSize::TopOrder), 10);
    assert_eq!(of(PageblockSize::AtBoot(12)), 10);
    assert_eq!(of(PageblockSize::AtBoot(4)), 4);
    assert_eq!(of(PageblockSize::AtBoot(0)), 10);
    assert_eq!(
        pageblock_order(PageblockSize::HugePage(order(9)), order(7)).get(),
        7
    );
}

#[test]
fn what_the_bitmap_does_not_speak_of_is_refused() {
    let mut bits = section(PageblockEra::LowEndAgain);
    let outside = PageblockBitsError::Outside {
        pfn: Pfn::new(0x7fff),
        range: range(0x8000, 0x10000),
    };
    assert_eq!(bits.set_number(Pfn::new(0x7fff), 1), Err(outside));
    assert_eq!(bits.set_skip(Pfn::new(0x7fff), true), Err(outside));
    assert_eq!(bits.number(Pfn::new(0x10000)), None);
    assert_eq!(bits.skip(Pfn::new(0x10000)), None);
    let number = PageblockBitsError::Number(8);
    assert_eq!(bits.set_number(Pfn::new(0x8000), 8), Err(number));
    assert!(bits.words().iter().all(|&word| word == 0));
}

fn eras() -> impl Strategy<Value = PageblockEra> {
    proptest::sample::select(PageblockEra::ALL.to_vec())
}

proptest! {
    /// The bitmap against a plain table of blocks.
    #[test]
    fn a_bitmap_remembers_every_block(
        era in eras(),
        of_zone in any::<bool>(),
        changes in proptest::collection::vec((0u64..40_000, 0u8..8, any::<bool>()), 1..60),
    ) {
        let span = range(511, 40_001);
        let mut bits = if of_zone {
            PageblockBits::of_zone(span, order(9), era)
        } else {
            section(era)
        };
        let base = match era {
            _ if !of_zone => 0x8000,
            PageblockEra::TypeOnly => 511,
            _ => 0,
        };
        let mut table = std::collections::BTreeMap::new();
        for (pfn, number, skip) in changes {
            let inside = bits.range().contains(Pfn::new(pfn));
            prop_assert_eq!(bits.set_number(Pfn::new(pfn), number).is_ok(), inside);
            prop_assert_eq!(bits.set_skip(Pfn::new(pfn), skip).is_ok(), inside);
            if inside {
                let skip = skip && era != PageblockEra::TypeOnly;
                table.insert((pfn - base) / 512, (number, skip));
            }
        }
        for pfn in (0..40_000).step_by(97).map(Pfn::new) {
            if bits.range().contains(pfn) {
                let block = (pfn.get() - base) / 512;
                let expected = table.get(&block).copied().unwrap_or_default();
                prop_assert_eq!((bits.number(pfn), bits.skip(pfn)),
                    (Some(expected.0), Some(expected.1)));
            }
        }
    }
}
