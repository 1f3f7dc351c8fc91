//! Whole descriptors: of free blocks, of bad pages, of compound pages.

use pfnlab_mm::Profile;
use pfnlab_mm::memory_model::SectionEra;

use super::*;

#[test]
fn a_page_just_initialised_has_links_and_one_reference() {
    for era in DescriptorEra::ALL {
        let page = descriptor(era, PAGE, FrameState::Initialised { reserved: true });
        let layout = layout_of(era);
        assert_eq!(layout.links(page.flags), links(0, 1, 2));
        assert_eq!(
            layout.last_cpupid.read(page.flags),
            layout.last_cpupid.mask()
        );
        assert_eq!(
            page.flags & numbers(era).all(),
            numbers(era).mask(PageFlag::Reserved)
        );
        assert_eq!(
            (page.refcount, page.cell, page.words),
            (1, u32::MAX, [PAGE.get(); 2])
        );
    }
}

#[test]
fn a_free_block_is_marked_and_says_its_order() {
    let cells = [
        u32::MAX,
        -128i32 as u32,
        -128i32 as u32,
        0xffff_ff7f,
        0xffff_ff7f,
        0xf000_0000,
    ];
    for (era, cell) in DescriptorEra::ALL.into_iter().zip(cells) {
        let numbers = numbers(era);
        let order = Order::new(7).unwrap();
        let head = descriptor(era, PAGE, FrameState::FreeHead(order));
        assert_eq!(
            (head.cell, head.private, head.refcount),
            (cell, 7, 0),
            "{era:?}"
        );
        assert_eq!(head.buddy_order(&numbers), Some(order));
        assert_eq!(
            numbers.test(head.flags, PageFlag::Buddy),
            era == DescriptorEra::BuddyFlag
        );
        let rest = descriptor(era, PAGE, FrameState::Free);
        assert_eq!(rest.buddy_order(&numbers), None);
        // A reader without the lock may see anything, and must not believe it.
        let torn = Descriptor {
            private: 1 << 40,
            ..head
        };
        assert_eq!(torn.buddy_order(&numbers), None);
        let above = Descriptor {
            private: 11,
            ..head
        };
        assert_eq!(above.buddy_order(&numbers), None);
    }
}

#[test]
fn flags_that_must_be_clear_are_the_specified_ones() {
    use PageFlag as F;
    let always = [
        F::Lru,
        F::Locked,
        F::Private,
        F::Private2,
        F::Writeback,
        F::Reserved,
        F::Active,
        F::Unevictable,
        F::Mlocked,
    ];
    for era in DescriptorEra::ALL {
        let (numbers, layout) = (numbers(era), layout_of(era));
        let mut expected = numbers.masks(&always);
        if era != DescriptorEra::TypeIds {
            expected |= 1 << numbers.bit(F::Slab).unwrap();
        }
        if era == DescriptorEra::BuddyFlag {
            expected |= numbers.masks(&[F::Buddy, F::Swapcache, F::Hwpoison]);
        }
        if era.has_lru_generations() {
            expected |= 7 << layout.lru_gen.offset;
        }
        assert_eq!(checked_at_free(&numbers, &layout), expected, "{era:?}");
        let hwpoison = 1 << numbers.bit(F::Hwpoison).unwrap();
        assert_eq!(
            checked_at_new(&numbers),
            ((1 << numbers.count()) - 1) & !hwpoison
        );
    }
}

#[test]
fn a_bad_page_is_told_by_the_first_thing_wrong() {
    let era = DescriptorEra::TypeIds;
    let (numbers, layout) = (numbers(era), layout_of(era));
    let free = |page: &Descriptor| check_free(page, &numbers, &layout);
    let good = descriptor(era, PAGE, FrameState::UsedRest);
    assert_eq!(free(&good), Ok(()));
    assert_eq!(check_new(&good, &numbers), Ok(()));
    assert_eq!(
        free(&Descriptor { cell: 0, ..good }),
        Err(BadPage::Mapcount(0))
    );
    assert_eq!(
        free(&Descriptor { mapping: 8, ..good }),
        Err(BadPage::Mapping(8))
    );
    assert_eq!(
        free(&Descriptor {
            refcount: 1,
            ..good
        }),
        Err(BadPage::Refcount(1))
    );
    let locked = Descriptor {
        flags: good.flags | 1,
        ..good
    };
    assert_eq!(free(&locked), Err(BadPage::Flags(1)));
    // Broken memory may be handed out as far as this check goes; a referenced page may be freed.
    let flag = |flag| Descriptor {
        flags: numbers.set(good.flags, flag),
        ..good
    };
    assert_eq!(check_new(&flag(PageFlag::Hwpoison), &numbers), Ok(()));
    assert_eq!(free(&flag(PageFlag::Referenced)), Ok(()));
    assert!(check_new(&flag(PageFlag::Referenced), &numbers).is_err());
}

/// The descriptors of a compound page of order 3.
fn compound(era: DescriptorEra) -> Vec<(PageAddr, Descriptor)> {
    let compound = Compound {
        head: PAGE,
        order: Order::new(3).unwrap(),
        destructor: 1,
    };
    let at = |position| PAGE.forward(position, 64);
    let state = |position| match position {
        0 => FrameState::Head(compound),
        _ => FrameState::Tail(compound, position),
    };
    (0..8)
        .map(|position| (at(position), descriptor(era, at(position), state(position))))
        .collect()
}

#[test]
fn tails_find_their_head_and_the_first_says_the_order() {
    for era in DescriptorEra::ALL {
        let (numbers, pages) = (numbers(era), compound(era));
        let order = Order::new(3).unwrap();
        for (position, (at, page)) in pages.iter().enumerate() {
            assert_eq!(page.compound_head(*at, &numbers), PAGE, "{era:?}");
            assert_eq!(page.is_head(&numbers), position == 0);
            assert_eq!(page.is_tail(&numbers), position != 0);
            assert_eq!(page.refcount, i32::from(position == 0));
        }
        let (_, first_tail) = pages[1];
        assert_eq!(Compound::order_of(&first_tail, era.compound()), Some(order));
        match era.compound() {
            CompoundLinks::FirstPage => assert_eq!(first_tail.words, [1, 3]),
            CompoundLinks::HeadPointer => {
                assert_eq!(first_tail.words, [PAGE.get() | 1, 0xffff_ffff_0000_0301]);
            }
            CompoundLinks::OrderInFlags => {
                assert_eq!(first_tail.words[0], PAGE.get() | 1);
                assert_eq!(first_tail.flags & 0xff, 3);
            }
        }
    }
}

#[test]
fn a_compound_page_is_freed_whole_or_not_at_all() {
    for era in DescriptorEra::ALL {
        let (numbers, pages) = (numbers(era), compound(era));
        let check = |order, pages: &[(PageAddr, Descriptor)]| {
            let order = Order::new(order).unwrap();
            Compound::check_free(order, &numbers, |position| pages[position as usize])
        };
        assert_eq!(check(3, &pages), Ok(()));
        let freed = Order::new(2).unwrap();
        let says = Order::new(3).ok();
        assert_eq!(check(2, &pages), Err(CompoundError::Order { says, freed }));
        assert_eq!(check(3, &pages[1..]), Err(CompoundError::NoHead));
        let mut lost = pages.clone();
        lost[5].1 = descriptor(era, lost[5].0, FrameState::UsedRest);
        assert_eq!(check(3, &lost), Err(CompoundError::NoTail(5)));
        let mut stolen = pages.clone();
        let other = Compound {
            head: PAGE.forward(8, 64),
            order: freed,
            destructor: 1,
        };
        stolen[6].1 = descriptor(era, stolen[6].0, FrameState::Tail(other, 2));
        assert_eq!(check(3, &stolen), Err(CompoundError::OtherHead(6)));
    }
}

#[test]
fn profiles_know_their_descriptors_and_sections() {
    let check = |name: &str, descriptor: DescriptorEra, sections: SectionEra| {
        let profile = Profile::by_name(name).unwrap();
        assert_eq!(profile.descriptor(), descriptor, "{name}");
        assert_eq!(profile.sections(), sections, "{name}");
    };
    // Of 6.1.0, 40 bytes a usage area were recorded; of the later ones, 56.
    check(
        "linux-6.1.0",
        DescriptorEra::LruGeneration,
        SectionEra::EarlyBit,
    );
    check(
        "linux-6.1.y",
        DescriptorEra::LruGeneration,
        SectionEra::RcuUsage,
    );
    check("linux-6.12.0", DescriptorEra::TypeIds, SectionEra::RcuUsage);
    check("linux-6.12.y", DescriptorEra::TypeIds, SectionEra::RcuUsage);
}
