//! Pictures of zones, operations and runs.

use crate::common::{BASE, DMA32, Stage, block, boot, check_styles};
use pfnlab_model::{
    Block, End, Event, Gfp, MigrateType, NodeId, Order, Pfn, PfnRange, Snapshot, ZoneId, ZoneKind,
    ZoneState,
};
use pfnlab_view::{Holder, Style, ZonePicture, blocks, operation, zone};

const STRIP: ZonePicture = ZonePicture {
    frames: None,
    rows: 16,
    tree: false,
    lists: false,
    pageblocks: false,
    lit: None,
};

/// A state with something of everything in it.
fn mixed() -> Snapshot {
    let mut stage = Stage::new(boot());
    let movable = Gfp::GFP_HIGHUSER_MOVABLE;
    let mut tickets = Vec::new();
    for order in [0, 4, 0, 6, 3, 0, 5, 4, 1] {
        for gfp in [movable, Gfp::GFP_KERNEL, Gfp::GFP_KERNEL | Gfp::RECLAIMABLE] {
            tickets.push(stage.alloc(order, gfp).0);
        }
    }
    tickets
        .iter()
        .step_by(2)
        .for_each(|&ticket| drop(stage.free(ticket)));
    stage.alloc(0, movable);
    stage.alloc(1, movable);
    stage.state()
}

/// What one frame is, looked up the slow way.
fn letter_of(zone: &ZoneState, pfn: Pfn) -> char {
    let holds = |start: &Pfn, order: Order| pfn.align_down(order) == *start;
    for list in &zone.free_lists {
        for start in &list.pfns {
            if holds(start, list.order) {
                let letter = list.mt.letter();
                return if pfn == *start {
                    letter
                } else {
                    letter.to_ascii_lowercase()
                };
            }
        }
    }
    let mut per_cpu = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
    if per_cpu.any(|list| list.pfns.iter().any(|start| holds(start, list.order))) {
        return 'o';
    }
    if zone.lent.iter().any(|block| block.range().contains(pfn)) {
        return '#';
    }
    let present = zone.memory.iter().any(|range| range.contains(pfn));
    if present { '%' } else { '.' }
}

/// The cells of a strip, rows that were left out put back.
fn cells(picture: &str) -> Vec<(u64, String)> {
    let mut rows: Vec<(u64, String)> = Vec::new();
    for line in picture.lines() {
        let Some((label, row)) = line.trim_start().split_once(' ') else {
            continue;
        };
        if let Some(start) = label.strip_prefix("0x") {
            let row = row.split("  ").next().unwrap_or_default();
            rows.push((u64::from_str_radix(start, 16).unwrap(), row.to_owned()));
        } else if let Some((count, "more rows like that")) = line.trim_start().split_once(' ')
            && let Some((start, row)) = rows.last().cloned()
        {
            let size = row.len() as u64;
            (1..=count.parse().unwrap()).for_each(|at| rows.push((start + at * size, row.clone())));
        }
    }
    rows
}

#[test]
fn every_frame_of_a_strip_is_what_it_is() {
    let state = mixed();
    let zone_state = state.zone(DMA32).unwrap();
    let mut letters = Vec::new();
    for start in (BASE..BASE + 0x3000).step_by(1024) {
        let frames = Some(PfnRange::sized(Pfn::new(start), 1024));
        let style = Style {
            ascii: true,
            ..Style::PLAIN
        };
        let picture = zone(&state, DMA32, &ZonePicture { frames, ..STRIP }, &style).unwrap();
        assert!(picture.contains("frames, 1 a cell"), "{picture}");
        let rows = cells(&picture);
        assert_eq!(
            rows.iter().map(|(_, row)| row.len()).sum::<usize>(),
            1024,
            "{picture}"
        );
        for (first, row) in rows {
            for (pfn, letter) in (first..).zip(row.chars()) {
                assert_eq!(
                    letter,
                    letter_of(zone_state, Pfn::new(pfn)),
                    "{pfn:#x}\n{picture}"
                );
                letters.push(letter);
            }
        }
    }
    for letter in "MmUuEeo#".chars() {
        assert!(
            letters.contains(&letter),
            "no {letter}: the state shows too little"
        );
    }
}

/// In the row of an order a frame shows the block of that order it is in; a line where that was split.
#[test]
fn the_tree_has_every_block_in_the_row_of_its_order() {
    let state = mixed();
    let zone_state = state.zone(DMA32).unwrap();
    let style = Style {
        ascii: true,
        ..Style::PLAIN
    };
    let mut letters = Vec::new();
    for start in (BASE..BASE + 0x800).step_by(64) {
        let range = PfnRange::sized(Pfn::new(start), 64);
        let picture = ZonePicture {
            frames: Some(range),
            rows: 0,
            tree: true,
            ..STRIP
        };
        let text = zone(&state, DMA32, &picture, &style).unwrap();
        let all = blocks(zone_state, range);
        for line in text
            .lines()
            .filter(|line| line.trim_start().starts_with("order "))
        {
            let (label, cells) = line.split_at(9);
            let order = label.trim().trim_start_matches("order ").parse().unwrap();
            let order = Order::new(order).unwrap();
            for (pfn, shown) in (start..).zip(format!("{cells:64}").chars()) {
                let pfn = Pfn::new(pfn);
                let inside = all.iter().find(|(block, _)| block.range().contains(pfn));
                let whole = Block::containing(pfn, order).range();
                let parts = |(block, _): &(Block, Holder)| {
                    block.order() < order && whole.contains(block.start())
                };
                let expected = match inside {
                    Some((block, _)) if block.order() == order => letter_of(zone_state, pfn),
                    _ if all.iter().any(parts) => '-',
                    _ => ' ',
                };
                assert_eq!(shown, expected, "{pfn} in order {order}\n{text}");
                letters.push(shown);
            }
        }
    }
    for letter in "MmUuo#-".chars() {
        assert!(letters.contains(&letter), "{letter}");
    }
}

/// Every view marks it: the strip and the tree each of its frames, its list, its pageblock.
#[test]
fn a_block_pointed_at_is_marked_in_every_view() {
    let state = mixed();
    let list = state.zone(DMA32).unwrap().free_lists.iter();
    let list = list.filter(|list| list.order.get() < 6);
    let list = list.max_by_key(|list| list.pfns.len()).unwrap();
    // Not one of the first.
    let lit = Block::containing(*list.pfns.back().unwrap(), list.order);
    let picture = ZonePicture {
        frames: Some(PfnRange::sized(
            lit.start().align_down(Order::new(6).unwrap()),
            64,
        )),
        rows: 16,
        tree: true,
        lit: Some(lit),
        ..ZonePicture::default()
    };
    let text = zone(&state, DMA32, &picture, &Style::PLAIN).unwrap();
    let marked = text.matches('◆').count() as u64;
    // The legend has one, too.
    assert_eq!(marked, 2 * lit.frames() + 1, "{text}");
    assert_eq!(
        text.matches(&format!("[{}]", lit.start())).count(),
        1,
        "{text}"
    );
    assert!(text.contains("lower case: pointed at"), "{text}");
    let rows = text.split("pageblocks, ").nth(1).unwrap();
    let row = rows.lines().nth(1).unwrap();
    let small = row
        .split(' ')
        .nth(1)
        .unwrap()
        .chars()
        .filter(char::is_ascii_lowercase);
    assert_eq!(small.count(), 1, "{row}");
}

#[test]
fn cells_grow_so_that_the_rows_suffice() {
    let state = mixed();
    for (rows, each) in [(192, 1), (48, 4), (16, 16), (3, 64), (1, 256)] {
        let picture = ZonePicture { rows, ..STRIP };
        let text = zone(&state, DMA32, &picture, &Style::PLAIN).unwrap();
        assert!(
            text.contains(&format!("frames, {each} a cell")),
            "{rows}\n{text}"
        );
        let drawn = text.lines().filter(|line| line.starts_with("0x")).count();
        assert!(drawn <= rows, "{text}");
    }
}

#[test]
fn the_table_counts_what_is_on_the_lists() {
    let state = mixed();
    let picture = ZonePicture {
        rows: 0,
        pageblocks: false,
        ..ZonePicture::default()
    };
    let text = zone(&state, DMA32, &picture, &Style::PLAIN).unwrap();
    let zone_state = state.zone(DMA32).unwrap();
    for order in Order::all() {
        let row = text
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("order {order} ")));
        let numbers: Vec<usize> = row
            .unwrap()
            .split_whitespace()
            .skip(2)
            .map(|number| number.parse().unwrap())
            .collect();
        let of = |mt| {
            let list = zone_state
                .free_lists
                .iter()
                .find(|list| (list.order, list.mt) == (order, mt));
            list.map_or(0, |list| list.pfns.len())
        };
        let types = [
            MigrateType::Unmovable,
            MigrateType::Movable,
            MigrateType::Reclaimable,
        ];
        let mut expected: Vec<_> = types.map(of).into();
        expected.push(expected.iter().sum::<usize>() << order.get());
        assert_eq!(numbers, expected, "{text}");
    }
    // Heads are in list order.
    for list in &zone_state.free_lists {
        let start = format!("{:>4} {}  {}", list.order, list.mt.letter(), list.pfns[0]);
        assert!(
            text.lines().any(|line| line.starts_with(&start)),
            "{start}\n{text}"
        );
    }
}

#[test]
fn the_map_has_a_letter_for_every_pageblock() {
    let state = mixed();
    let pageblocks = state.zone(DMA32).unwrap().pageblocks.clone().unwrap();
    let picture = ZonePicture {
        rows: 0,
        lists: false,
        ..ZonePicture::default()
    };
    let text = zone(&state, DMA32, &picture, &Style::PLAIN).unwrap();
    let letters = pageblocks
        .types
        .iter()
        .map(|mt| mt.map_or('x', MigrateType::letter));
    let letters: String = letters.collect();
    assert!(text.contains(&format!("0x1000 {letters}\n")), "{text}");
}

#[test]
fn a_large_zone_is_not_a_large_picture() {
    let mut state = mixed();
    // 1 TiB, most of it in use.
    let zone_state = state
        .zones
        .iter_mut()
        .find(|zone| zone.id == DMA32)
        .unwrap();
    (zone_state.spanned, zone_state.present) = (1 << 28, 1 << 28);
    zone_state.memory = vec![PfnRange::sized(zone_state.start, 1 << 28)];
    let pageblocks = zone_state.pageblocks.as_mut().unwrap();
    pageblocks.types.resize(1 << 19, None);
    for width in [40, 80, 120] {
        let style = Style {
            width,
            ..Style::PLAIN
        };
        let text = zone(&state, DMA32, &ZonePicture::default(), &style).unwrap();
        assert!(text.lines().count() < 80, "{text}");
    }
}

#[test]
fn zones_without_memory_and_unknown_zones_have_no_picture() {
    let state = mixed();
    for (node, kind) in [(0, ZoneKind::Movable), (7, ZoneKind::Normal)] {
        let id = ZoneId {
            node: NodeId(node),
            kind,
        };
        assert_eq!(
            zone(&state, id, &ZonePicture::default(), &Style::PLAIN),
            None
        );
    }
}

#[test]
fn pictures_keep_to_their_width() {
    let state = mixed();
    check_styles(|style| zone(&state, DMA32, &ZonePicture::default(), style).unwrap());
}

/// The example of the buddy arithmetic: 0x3f8 of order 3 and its buddy 0x3f0 differ in bit 3.
#[test]
fn a_merge_marks_the_bit_in_which_buddies_differ() {
    let (zone, mt, end) = (DMA32, MigrateType::Movable, End::Head);
    let came: Block = block(0x3f8, 3);
    let events = [
        Event::Returned { zone, block: came },
        Event::Unlinked {
            zone,
            block: block(0x3f0, 3),
            mt,
        },
        Event::Merged {
            zone,
            block: block(0x3f0, 4),
        },
        Event::Linked {
            zone,
            block: block(0x3f0, 4),
            mt,
            end,
        },
    ];
    let expected = "\
node 0 DMA32: 0x3f8+2^3 is merged to 0x3f0+2^4
  0011 1111 1000    0x3f8+2^3  comes back
  0011 1111 0000  ├ 0x3f0+2^3  its buddy is free: merge
            ^ bit 3
  0011 1111 0000  └ 0x3f0+2^4  goes to its list
";
    assert_eq!(operation(&events, &Style::PLAIN), expected);
    check_styles(|style| operation(&events, style));
    let coloured = operation(
        &events,
        &Style {
            colour: true,
            ..Style::PLAIN
        },
    );
    assert!(
        coloured.contains("1111 \x1b[1;33m0\x1b[0m000"),
        "{coloured:?}"
    );
}
