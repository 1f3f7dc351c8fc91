//! Flags, types and references.

use super::*;

/// Table 5.3, a row for every bit: 2.6.37, 3.8, 4.14, 5.0 and 6.1, 6.12.
const NUMBERS: &[[&str; 5]] = &[
    ["locked", "locked", "locked", "locked", "locked"],
    ["error", "error", "error", "referenced", "writeback"],
    [
        "referenced",
        "referenced",
        "referenced",
        "uptodate",
        "referenced",
    ],
    ["uptodate", "uptodate", "uptodate", "dirty", "uptodate"],
    ["dirty", "dirty", "dirty", "lru", "dirty"],
    ["lru", "lru", "lru", "active", "lru"],
    ["active", "active", "active", "workingset", "head"],
    ["slab", "slab", "waiters", "waiters", "waiters"],
    ["owner_priv_1", "owner_priv_1", "slab", "error", "active"],
    ["arch_1", "arch_1", "owner_priv_1", "slab", "workingset"],
    [
        "reserved",
        "reserved",
        "arch_1",
        "owner_priv_1",
        "owner_priv_1",
    ],
    ["private", "private", "reserved", "arch_1", "owner_2"],
    ["private_2", "private_2", "private", "reserved", "arch_1"],
    ["writeback", "writeback", "private_2", "private", "reserved"],
    ["head", "head", "writeback", "private_2", "private"],
    ["tail", "tail", "head", "writeback", "private_2"],
    ["swapcache", "swapcache", "mappedtodisk", "head", "reclaim"],
    [
        "mappedtodisk",
        "mappedtodisk",
        "reclaim",
        "mappedtodisk",
        "swapbacked",
    ],
    ["reclaim", "reclaim", "swapbacked", "reclaim", "unevictable"],
    [
        "buddy",
        "swapbacked",
        "unevictable",
        "swapbacked",
        "mlocked",
    ],
    [
        "swapbacked",
        "unevictable",
        "mlocked",
        "unevictable",
        "hwpoison",
    ],
    ["unevictable", "mlocked", "uncached", "mlocked", "young"],
    ["mlocked", "uncached", "hwpoison", "uncached", "idle"],
    ["uncached", "hwpoison", "young", "hwpoison", ""],
    ["hwpoison", "compound_lock", "idle", "young", ""],
    ["", "", "", "idle", ""],
];

#[test]
fn flags_have_the_numbers_of_the_generation() {
    for (at, era) in DescriptorEra::ALL.into_iter().enumerate() {
        let column = if at < 4 { at } else { at - 1 }; // 5.0 and 6.1 share theirs
        let numbers = FlagNumbers::new(era, FlagOptions::X86_64);
        let expected = NUMBERS
            .iter()
            .map(|row| row[column])
            .filter(|name| !name.is_empty());
        let got: Vec<_> = numbers.flags().map(PageFlag::name).collect();
        assert_eq!(got, expected.collect::<Vec<_>>(), "{era:?}");
        for (bit, flag) in numbers.flags().enumerate() {
            assert_eq!(numbers.bit(flag), Some(bit as u32));
            assert_eq!(PageFlag::by_name(flag.name()), Some(flag));
        }
    }
    let more = FlagOptions {
        arch_2: true,
        arch_3: true,
        kasan_hw_tags: true,
        ..FlagOptions::X86_64
    };
    let numbers = FlagNumbers::new(DescriptorEra::LruGeneration, more);
    assert_eq!(numbers.bit(PageFlag::Arch2), Some(26));
    assert_eq!(numbers.bit(PageFlag::SkipKasanPoison), Some(27));
    let numbers = FlagNumbers::new(DescriptorEra::TypeIds, more);
    assert_eq!(numbers.bit(PageFlag::Arch2), Some(23));
    assert_eq!(numbers.bit(PageFlag::Arch3), Some(24));
}

#[test]
fn one_flag_marks_heads_and_tails_where_flags_are_scarce() {
    let narrow = FlagOptions {
        extended: false,
        ..FlagOptions::X86_64
    };
    let numbers = FlagNumbers::new(DescriptorEra::BuddyMapcount, narrow);
    assert_eq!(numbers.bit(PageFlag::Compound), Some(14));
    assert_eq!(numbers.bit(PageFlag::Head), None);
    let tail = numbers.masks(&[PageFlag::Compound, PageFlag::Reclaim]);
    assert_eq!(numbers.tail_mask(), tail);
    assert_ne!(
        FlagNumbers::new(DescriptorEra::TypeIds, narrow).bit(PageFlag::Head),
        None
    );
}

#[test]
fn flags_are_set_cleared_and_tested() {
    let numbers = FlagNumbers::new(DescriptorEra::TypeIds, FlagOptions::X86_64);
    let mut word = 0;
    assert!(!numbers.test_and_set(&mut word, PageFlag::Head));
    assert!(numbers.test_and_set(&mut word, PageFlag::Head));
    assert_eq!(word, 1 << 6);
    assert_eq!(numbers.set_in(word).collect::<Vec<_>>(), [PageFlag::Head]);
    assert!(numbers.test_and_clear(&mut word, PageFlag::Head));
    assert!(!numbers.test(word, PageFlag::Head));
    // A flag the kernel does not have is never set.
    assert_eq!(numbers.set(word, PageFlag::Slab), word);
    assert!(!numbers.test(u64::MAX, PageFlag::Slab));
}

#[test]
fn second_names_are_of_the_specified_flags() {
    use FlagAlias as A;
    use PageFlag as F;
    let check = |alias: FlagAlias, expected: [Option<PageFlag>; 6]| {
        let got = DescriptorEra::ALL.map(|era| alias.flag(era));
        assert_eq!(got, expected, "{alias:?}");
    };
    let owner = Some(F::OwnerPriv1);
    check(A::Checked, [owner; 6]);
    check(A::Swapcache, [None, None, owner, owner, owner, owner]);
    check(A::Fscache, [Some(F::Private2); 6]);
    let private = Some(F::Private);
    check(
        A::SlobFree,
        [private, private, private, private, private, None],
    );
    check(A::Isolated, [Some(F::Reclaim); 6]);
    check(A::Readahead, [Some(F::Reclaim); 6]);
    let uptodate = Some(F::Uptodate);
    check(A::Reported, [None, None, None, None, uptodate, uptodate]);
    let private_2 = Some(F::Private2);
    check(
        A::DoubleMap,
        [None, None, private_2, private_2, Some(F::Workingset), None],
    );
    check(
        A::AnonExclusive,
        [
            None,
            None,
            None,
            None,
            Some(F::Mappedtodisk),
            Some(F::Owner2),
        ],
    );
    check(
        A::HasHwpoisoned,
        [None, None, None, None, Some(F::Error), Some(F::Active)],
    );
    for alias in FlagAlias::ALL {
        for era in DescriptorEra::ALL {
            let numbers = FlagNumbers::new(era, FlagOptions::X86_64);
            assert!(
                alias
                    .flag(era)
                    .is_none_or(|flag| numbers.bit(flag).is_some())
            );
        }
    }
}

#[test]
fn types_are_written_in_three_ways() {
    let check = |encoding: TypeEncoding, t: PageType, cell: u32| {
        let initial = encoding.initial();
        assert_eq!(initial, 0xffff_ffff);
        assert_eq!(encoding.mapcount(initial), 0);
        assert!(!encoding.has_type(initial));
        let set = encoding.set(initial, t).unwrap();
        assert_eq!(set, cell, "{encoding:?} {t:?}");
        assert!(encoding.is(set, t));
        assert!(encoding.has_type(set));
        assert_eq!(encoding.clear(set, t), Ok(initial));
    };
    let mapcount = TypeEncoding::Mapcount;
    check(mapcount, PageType::Buddy, (-128i32).cast_unsigned());
    check(mapcount, PageType::Balloon, (-256i32).cast_unsigned());
    check(mapcount, PageType::Kmemcg, (-512i32).cast_unsigned());
    check(TypeEncoding::InvertedBits, PageType::Buddy, 0xffff_ff7f);
    check(TypeEncoding::InvertedBits, PageType::Balloon, 0xffff_feff);
    check(TypeEncoding::InvertedBits, PageType::Table, 0xffff_fbff);
    check(
        TypeEncoding::InvertedBitsOffline,
        PageType::Buddy,
        0xffff_ff7f,
    );
    check(
        TypeEncoding::InvertedBitsOffline,
        PageType::Offline,
        0xffff_feff,
    );
    check(
        TypeEncoding::InvertedBitsOffline,
        PageType::Table,
        0xffff_fdff,
    );
    check(
        TypeEncoding::InvertedBitsOffline,
        PageType::Guard,
        0xffff_fbff,
    );
    let ids = [
        PageType::Buddy,
        PageType::Offline,
        PageType::Table,
        PageType::Guard,
        PageType::Hugetlb,
        PageType::Slab,
        PageType::Zsmalloc,
        PageType::Unaccepted,
    ];
    for (id, t) in (0xf0u32..).zip(ids) {
        check(TypeEncoding::Ids, t, id << 24);
    }
}

#[test]
fn a_page_changes_its_type_only_by_the_rules() {
    let (buddy, table, guard) = (PageType::Buddy, PageType::Table, PageType::Guard);
    let ids = TypeEncoding::Ids;
    // Twice the same is no error, two at once is, and the owner's low bits do not matter.
    assert_eq!(ids.set(0xf000_0000, buddy), Ok(0xf000_0000));
    assert_eq!(
        ids.set(0xf000_0000, table),
        Err(TypeError::Taken(0xf000_0000))
    );
    assert!(ids.is(0xf012_3456, buddy));
    assert_eq!(ids.clear(u32::MAX, buddy), Ok(u32::MAX));
    assert_eq!(
        ids.clear(0xf200_0000, buddy),
        Err(TypeError::Not(buddy, 0xf200_0000))
    );
    assert_eq!(ids.set(0, buddy), Err(TypeError::Taken(0))); // mapped once
    assert!(!ids.has_type(0xff00_0000));
    assert!(ids.has_type(0xfeff_ffff));

    // Several at once.
    let bits = TypeEncoding::InvertedBitsOffline;
    let both = bits.set(bits.set(u32::MAX, table).unwrap(), guard).unwrap();
    assert!(bits.is(both, table));
    assert!(bits.is(both, guard));
    assert!(!bits.is(both, buddy));
    assert_eq!(bits.set(3, buddy), Err(TypeError::Taken(3)));
    assert_eq!(bits.clear(both, buddy), Err(TypeError::Not(buddy, both)));
    assert!(!bits.has_type((-128i32).cast_unsigned()));
    assert!(bits.has_type((-129i32).cast_unsigned()));

    let mapcount = TypeEncoding::Mapcount;
    assert_eq!(mapcount.set(0, buddy), Err(TypeError::Taken(0)));
    assert_eq!(
        mapcount.clear(u32::MAX, buddy),
        Err(TypeError::Not(buddy, u32::MAX))
    );
    assert_eq!(
        mapcount.set(u32::MAX, table),
        Err(TypeError::NoSuchType(table))
    );
    assert_eq!(
        TypeEncoding::Flag.set(u32::MAX, buddy),
        Err(TypeError::NoSuchType(buddy))
    );
}

#[test]
fn references_are_checked_as_the_generation_does() {
    let takes = |check: GetCheck, count| Refcount::new(count).get(check).is_ok();
    let counts = [i32::MIN, -128, -127, -1, 0, 1, i32::MAX];
    let all = |check| counts.map(|count| takes(check, count));
    assert_eq!(
        all(GetCheck::Zero),
        [true, true, true, true, false, true, true]
    );
    assert_eq!(
        all(GetCheck::NotPositive),
        [false, false, false, false, false, true, true]
    );
    assert_eq!(
        all(GetCheck::NearZero),
        [true, true, false, false, false, true, true]
    );
}

#[test]
fn references_are_taken_and_given() {
    let mut page = Refcount::default();
    assert_eq!(page.put_testzero(), Err(RefError::Free(0)));
    assert!(!page.get_unless_zero());
    assert_eq!(page.set_refcounted(true), Err(RefError::Tail));
    assert_eq!(page.set_refcounted(false), Ok(()));
    assert_eq!(page.set_refcounted(false), Err(RefError::InUse(1)));
    assert!(page.get_unless_zero());
    assert_eq!(page.get(GetCheck::NearZero), Ok(()));
    let puts = [0; 3].map(|_| page.put_testzero());
    assert_eq!(puts, [Ok(false), Ok(false), Ok(true)]);
    page.init();
    assert_eq!(page.count(), 1);
}
