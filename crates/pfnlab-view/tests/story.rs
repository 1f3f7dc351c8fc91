//! Stories of operations whose outcome is known from elsewhere: worked examples computed by hand.

use crate::common::{BASE, DMA32, Stage, block, boot, boot_as, check_styles, flat, named};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, ClientOp, CpuId, FreeListState, Gfp, Inspect, MachineSpec, MigrateType, NodeSpec, Op,
    Order, Request, Snapshot, Ticket, Watermarks, ZoneFlags, ZoneStat,
};
use pfnlab_view::{Detail, Style};

const MOVABLE: Gfp = Gfp::GFP_HIGHUSER_MOVABLE;
const WIDE: Style = Style {
    width: 400,
    ..Style::PLAIN
};

/// Ten blocks are cut off one of order 10, then freed one by one. The example is written for single
/// frames; here every block is 16 frames large, so that no per-CPU list takes part.
#[test]
fn ten_blocks_come_back_and_merge_as_worked_by_hand() {
    const SCALE: u8 = 4;
    let mut stage = Stage::new(boot());
    let tickets: Vec<_> = (0..10)
        .map(|number| {
            let (ticket, pfn, _) = stage.alloc(SCALE, MOVABLE);
            assert_eq!(pfn.unwrap().get(), BASE + (number << SCALE));
            ticket
        })
        .collect();
    // Which is freed, what it becomes (first frame, order), and at which end of the list.
    let frees = [
        (0, (0, 0), "head"),
        (4, (4, 0), "head"),
        (1, (0, 1), "head"),
        (5, (4, 1), "head"),
        (2, (2, 0), "tail"),
        (3, (0, 2), "head"),
        (6, (6, 0), "tail"),
        (7, (0, 3), "tail"),
        (8, (8, 0), "tail"),
        (9, (0, 10 - SCALE), "head"),
    ];
    for (number, (start, order), end) in frees {
        let text = stage
            .free(tickets[number as usize])
            .text(&WIDE, Detail::Brief);
        let (start, order) = (BASE + (start << SCALE), order + SCALE);
        let placed = named(start, order);
        let goes = format!("{placed} goes to the {end} of the Movable list of order {order}");
        assert!(text.contains(&goes), "free {number}: {goes}\n{text}");
        let merges: Vec<_> = text.lines().filter(|line| line.contains("^ bit")).collect();
        let bits: Vec<_> = (SCALE..order).map(|bit| format!("^ bit {bit}")).collect();
        let carets: Vec<_> = merges.iter().map(|line| line.trim()).collect();
        assert_eq!(carets, bits, "one merge an order, and so one bit each");
        assert_eq!(text.contains("two merges follow"), end == "tail", "{text}");
    }
}

#[test]
fn a_cut_names_every_half() {
    let mut stage = Stage::new(boot());
    let text = stage.alloc(7, MOVABLE).2.text(&Style::PLAIN, Detail::Brief);
    let expected = "
  Walk from node 0 DMA32 on, down to the low mark; it may wake kswapd (alloc
      flags 0x801).
";
    assert!(text.contains(expected), "{text}");
    let expected = "
      Movable lists: orders 7 to 9 are empty, order 10 has 12 blocks. The head,
          0x1000+2^10, is taken and cut down to order 7.
       0001 0000 0000 0000    0x1000+2^10  is cut in halves
       0001 0010 0000 0000  ├ 0x1200+2^9   upper half, stays free
              ^ bit 9
       0001 0001 0000 0000  ├ 0x1100+2^8   upper half, stays free
               ^ bit 8
       0001 0000 1000 0000  ├ 0x1080+2^7   upper half, stays free
                 ^ bit 7
       0001 0000 0000 0000  └ 0x1000+2^7   is left
      The upper halves go to the head of the Movable lists of orders 7 to 9.
  → 0x1000 is handed out: 128 frames of node 0 DMA32.
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_refill_is_summed_up_unless_all_is_asked_for() {
    let mut stage = Stage::new(boot());
    let (_, pfn, story) = stage.alloc(0, MOVABLE);
    let batch = stage.state().zone(DMA32).unwrap().pcp[0].batch;
    let refill = format!("list is empty: refill with {batch} blocks.");
    let brief = story.text(&WIDE, Detail::Brief);
    assert!(brief.contains(&refill), "{brief}");
    let end = BASE + u64::from(batch);
    assert!(
        brief.contains(&format!("They are {BASE:#x}..{end:#x}.")),
        "{brief}"
    );
    assert!(
        brief.contains("They come from 0x1000+2^10 (Movable)."),
        "{brief}"
    );
    assert_eq!(pfn.unwrap().get(), BASE);
    let full = story.text(&WIDE, Detail::Full);
    let linked = full.matches("goes to the tail of the per-CPU list").count();
    assert_eq!(linked, batch as usize);
    let lines = |text: &str| text.lines().count();
    assert!(lines(&brief) < 40 && lines(&brief) < lines(&full));
}

#[test]
fn a_free_that_the_cpu_keeps_and_a_drain() {
    let mut stage = Stage::new(boot());
    let (ticket, _, _) = stage.alloc(0, MOVABLE);
    let held = stage.state().zone(DMA32).unwrap().pcp[0].count;
    let text = flat(&stage.free(ticket).text(&WIDE, Detail::Brief));
    assert!(
        text.contains("0x1000 comes back: 1 frame (order 0) of node 0 DMA32."),
        "{text}"
    );
    assert!(
        text.contains("CPU 0 keeps it, at the head of its order-0 Movable list."),
        "{text}"
    );
    assert!(
        text.contains(&format!("hold {} frames now", held + 1)),
        "{text}"
    );
    let (_, story) = stage.step(Op::Drain {
        cpu: pfnlab_model::CpuId(0),
    });
    let text = flat(&story.text(&WIDE, Detail::Brief));
    let drained = format!("drain {} frames to the buddy", held + 1);
    assert!(text.contains(&drained), "{text}");
    // All of it was cut off one block, which is whole again.
    assert!(
        text.contains("New on the free lists: order 10 Movable 0x1000."),
        "{text}"
    );
}

#[test]
fn a_request_that_is_too_low_is_told_the_numbers() {
    let mut stage = Stage::new(boot());
    while stage.alloc(10, Gfp::GFP_NOWAIT).1.is_some() {}
    let before = stage.state();
    let zone = before.zone(DMA32).unwrap();
    let (_, _, story) = stage.alloc(10, Gfp::GFP_NOWAIT);
    let text = story.text(&WIDE, Detail::Brief);
    let free = zone.vm_stat[ZoneStat::FreePages.index()];
    let counted = free - 1023;
    let low = zone.watermarks.low;
    let expected = format!(
        "node 0 DMA32: passed over, {free} free less 1023 that do not count, {counted}, is not more than the low mark {low}."
    );
    assert!(text.contains(&expected), "{expected}\n{text}");
    assert!(
        text.ends_with("→ refused: no zone could serve it.\n"),
        "{text}"
    );
}

#[test]
fn what_does_nothing_says_so() {
    let mut stage = Stage::new(boot());
    let text = stage.free(Ticket(99)).text(&Style::PLAIN, Detail::Brief);
    assert!(
        text.contains("Nothing happens: ticket 99 names nothing"),
        "{text}"
    );
}

#[test]
fn split_exact_and_bulk() {
    let mut stage = Stage::new(boot());
    let request = Request::new(Gfp::GFP_KERNEL);
    let (_, story) = stage.step(Op::Exact {
        ticket: Ticket(500),
        frames: 5,
        request,
    });
    let text = story.text(&WIDE, Detail::Brief);
    assert!(
        text.contains("Asked for 5 frames in a row (order 3)"),
        "{text}"
    );
    // The surplus goes back one by one, ascending, to the tail; 6 and 7 are buddies.
    let single = format!("{} goes to the tail", named(BASE + 5, 0));
    let pair = format!("{} goes to the tail", named(BASE + 6, 1));
    assert!(text.contains(&single), "{text}");
    assert!(text.contains(&pair), "{text}");
    assert!(
        text.contains("→ 0x1000..0x1005 are handed out: 5 frames"),
        "{text}"
    );

    let (_, story) = stage.step(Op::Bulk {
        base: Ticket(600),
        count: 4,
        request,
    });
    let text = story.text(&WIDE, Detail::Brief);
    assert!(text.contains("Asked for 4 single frames"), "{text}");
    // What the run left over comes first, the odd frame before the pair.
    assert!(
        text.contains("→ 0x1005..0x1008, 0x1010 are handed out: 4 frames"),
        "{text}"
    );

    let (ticket, _, _) = stage.alloc(4, Gfp::GFP_KERNEL);
    let base = Ticket(700);
    let (_, story) = stage.step(Op::Split { ticket, base });
    assert!(
        story
            .text(&WIDE, Detail::Brief)
            .contains("is 16 single frames now")
    );
}

/// What a run leaves of its block is one free block for every bit of the rest: each merge makes one of
/// two, so that as many merges went before as there are frames more than blocks.
/// The machine of [`boot_as`], with guards below order 2.
fn boot_with_guards(profile: &str) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["0..64M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        debug_guardpage_minorder: Some(2),
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let profile = Profile::by_name(profile).unwrap();
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap()
}

/// 5.0 caches single frames only. Of 2^10 frames the upper halves of orders 9 to 2 stay free, that of
/// order 1 is a guard; all nine merge again.
#[test]
fn a_guard_is_kept_back_and_given_up() {
    let mut stage = Stage::new(boot_with_guards("linux-5.0"));
    let (ticket, pfn, story) = stage.alloc(1, MOVABLE);
    let pfn = pfn.unwrap().get();
    let guard = named(pfn + 2, 1);
    let text = story.text(&WIDE, Detail::Brief);
    let cut = format!("├ {guard}   upper half, kept back: a guard");
    assert!(text.contains(&cut), "{text}");
    let orders = "The upper halves go to the head of the Movable lists of orders 2 to 9.";
    assert!(text.contains(orders), "{text}");
    let kept = format!("{guard} is kept back, on no list and not counted as free: a guard");
    assert!(text.contains(&kept), "{text}");
    let text = stage.free(ticket).text(&WIDE, Detail::Brief);
    let merged = format!("├ {guard}   its guard is given up: merge");
    assert!(text.contains(&merged), "{text}");
    assert!(text.contains("with 9 merges"), "{text}");
}

#[test]
fn the_guards_of_a_refill_and_of_a_drain_are_counted() {
    let mut stage = Stage::new(boot_with_guards(Profile::NEWEST.name()));
    let (ticket, _, story) = stage.alloc(0, MOVABLE);
    let guards: Vec<Block> = stage
        .state()
        .zones
        .iter()
        .flat_map(|zone| zone.guards.clone())
        .collect();
    let frames: u64 = guards.iter().map(|guard| guard.frames()).sum();
    let text = story.text(&WIDE, Detail::Brief);
    let kept = format!("{frames} frames in all are kept back as guards");
    assert!(frames > 3 && text.contains(&kept), "{kept}: {text}");
    stage.free(ticket);
    let (_, story) = stage.step(Op::Drain { cpu: CpuId(0) });
    let text = story.text(&WIDE, Detail::Brief);
    let given = format!("{} of them with guards that are given up", guards.len());
    assert!(text.contains(&given), "{given}: {text}");
}

#[test]
fn the_last_of_several_holders_frees() {
    let mut stage = Stage::new(boot());
    let (ticket, pfn, _) = stage.alloc(4, MOVABLE);
    let block = named(pfn.unwrap().get(), 4);
    let cpu = CpuId(0);
    let (_, story) = stage.step(Op::Client(ClientOp::Get { ticket, cpu }));
    let text = story.text(&WIDE, Detail::Brief);
    assert!(
        text.contains(&format!("{block} has 2 holders now")),
        "{text}"
    );
    let text = stage.free(ticket).text(&WIDE, Detail::Brief);
    let stays = format!("{block} is not given back: it has 1 holder left.");
    assert!(text.contains(&stays), "{text}");
    let text = stage.free(ticket).text(&WIDE, Detail::Brief);
    assert!(text.contains(&format!("{block} comes back")), "{text}");
}

#[test]
fn many_blocks_that_come_back_are_told_as_one() {
    const FRAMES: u32 = 600;
    let mut stage = Stage::new(boot());
    let (_, story) = stage.step(Op::Exact {
        ticket: Ticket(500),
        frames: FRAMES,
        request: Request::new(Gfp::GFP_KERNEL),
    });
    let rest = 1024 - FRAMES;
    let text = story.text(&WIDE, Detail::Brief);
    let (from, to) = (BASE + u64::from(FRAMES), BASE + 1024);
    let back = format!("{rest} blocks come back one by one: {from:#x}..{to:#x}.");
    assert!(text.contains(&back), "{text}");
    let merges = format!("{} merges", rest - rest.count_ones());
    assert!(text.contains(&merges), "{text}");
    for order in (0..10).filter(|order| rest >> order & 1 == 1) {
        // The larger blocks lie above.
        let larger = u64::from(rest) >> (order + 1) << (order + 1);
        let start = to - larger - (1 << order);
        let list = format!("order {order} Unmovable {start:#x}");
        assert!(text.contains(&list), "{list}\n{text}");
    }
    let full = story.text(&WIDE, Detail::Full);
    assert_eq!(full.matches(" comes back: 1 frame").count(), rest as usize);
}

/// A zone of four pageblocks, all in use and movable but for `free`, with per-CPU lists that fetch
/// one block at a time and no watermarks.
fn scarce(profile: &str, mt: MigrateType, free: &[(u64, u8)], movable: [u32; 4]) -> Mm {
    let mut snapshot: Snapshot = boot_as(profile).snapshot();
    let zones = snapshot.zones.iter_mut().filter(|zone| zone.present > 0);
    for zone in zones {
        zone.free_lists.clear();
        zone.vm_stat.fill(0);
        zone.watermarks = Watermarks::default();
        zone.lowmem_reserve.fill(0);
        zone.flags = ZoneFlags::NONE;
        zone.highatomic_free = (profile == "linux-6.12.y").then_some(0);
        (zone.pageset_high_min, zone.pageset_high_max) = (0, 0);
        for pcp in &mut zone.pcp {
            (pcp.high, pcp.high_min, pcp.high_max) = (0, 0, 0);
            // The older kernel fetches a batch at a time, whatever the high mark.
            pcp.batch = if profile == "linux-6.12.y" { 8 } else { 1 };
            pcp.vm_stat_diff.fill(0);
        }
        let Some(pageblocks) = &mut zone.pageblocks else {
            continue;
        };
        pageblocks.types.fill(Some(mt));
        if zone.id == DMA32 {
            pageblocks.movable = (0..).zip(movable).collect();
        }
    }
    let zone = snapshot
        .zones
        .iter_mut()
        .find(|zone| zone.id == DMA32)
        .unwrap();
    for &(start, order) in free {
        let block = block(BASE + start, order);
        zone.free_lists.push(FreeListState {
            order: block.order(),
            mt,
            pfns: [block.start()].into(),
        });
        zone.vm_stat[ZoneStat::FreePages.index()] += block.frames() as i64;
    }
    zone.free_lists.sort_by_key(|list| list.order);
    Mm::resume(&snapshot).unwrap()
}

/// Scenario F: two movable blocks, of order 2 at 100 and of order 5 at 544, and three unmovable
/// frames are asked for.
#[test]
fn stealing_takes_the_smallest_block_in_6_12() {
    let mut stage = Stage::new(scarce(
        "linux-6.12.y",
        MigrateType::Movable,
        &[(100, 2), (544, 5)],
        [508, 480, 512, 512],
    ));
    // What is chosen each time: the block that the kernel's trace point names.
    for (pfn, chosen) in [(100, (100, 2)), (101, (101, 0)), (102, (102, 1))] {
        let (_, got, story) = stage.alloc(0, Gfp::GFP_NOWAIT);
        assert_eq!(got.unwrap().get(), BASE + pfn);
        let text = story.text(&WIDE, Detail::Brief);
        let chosen = block(BASE + chosen.0, chosen.1);
        let found = "Fallback: no Unmovable block of order 0 or above is free.";
        assert!(text.contains(found), "{text}");
        assert!(
            text.contains(&format!("{chosen} is chosen, on the Movable list.")),
            "{text}"
        );
        assert!(!text.contains("Pageblock 0x1000+2^9 was"), "{text}");
        // Both were looked at before, largest first.
        let (large, small) = (block(BASE + 544, 5).to_string(), chosen.to_string());
        let looked_at = [(large, 0x1200, 32), (small, 0x1000, 103 - pfn + 1)];
        for (block, pageblock, free) in looked_at {
            let words = format!(
                "{block}, the largest left on the Movable lists, is looked at. Of its pageblock \
                 {pageblock:#x}+2^9 {free} of 512 frames are free. It is not claimed: that takes \
                 half of the frames, free or of like kind."
            );
            assert!(text.contains(&words), "{words}\n{text}");
        }
    }
    let state = stage.state();
    let lists = &state.zone(DMA32).unwrap().free_lists;
    assert!(
        lists.iter().all(|list| list.mt == MigrateType::Movable),
        "{lists:?}"
    );
}

/// The same in 6.1: the largest block is found, and all of it becomes unmovable, but the pageblock
/// does not.
#[test]
fn stealing_moves_the_largest_block_in_6_1() {
    let mut stage = Stage::new(scarce(
        "linux-6.1.y",
        MigrateType::Movable,
        &[(100, 2), (544, 5)],
        [508, 480, 512, 512],
    ));
    let (_, got, story) = stage.alloc(0, Gfp::GFP_NOWAIT);
    assert_eq!(got.unwrap().get(), BASE + 544);
    let text = story.text(&WIDE, Detail::Brief);
    assert!(
        text.contains("0x1220+2^5 is chosen, on the Movable list."),
        "{text}"
    );
    assert!(
        text.contains("Of its pageblock 0x1200+2^9 32 of 512 frames are free. It is not claimed"),
        "{text}"
    );
    assert!(
        text.contains(
            "1 free block moves from the Movable to the Unmovable lists, to the tail: 0x1220."
        ),
        "{text}"
    );
    assert!(
        text.contains("The upper halves go to the head of the Unmovable lists of orders 0 to 4."),
        "{text}"
    );
    for pfn in [545, 546] {
        let (_, got, story) = stage.alloc(0, Gfp::GFP_NOWAIT);
        assert_eq!(got.unwrap().get(), BASE + pfn);
        assert!(!story.text(&WIDE, Detail::Brief).contains("Fallback"));
    }
}

/// Scenario D: of the pageblock at 1024 half is free and 200 frames more are of like kind.
#[test]
fn a_pageblock_is_claimed_when_half_of_it_is_free_or_alike() {
    for profile in ["linux-6.1.y", "linux-6.12.y"] {
        let mut stage = Stage::new(scarce(
            profile,
            MigrateType::Movable,
            &[(16, 3), (576, 5), (1024, 8)],
            [504, 480, 56, 512],
        ));
        let (_, got, story) = stage.alloc(0, Gfp::GFP_NOWAIT);
        assert_eq!(got.unwrap().get(), BASE + 1024, "{profile}");
        let text = story.text(&WIDE, Detail::Brief);
        let counted = "Of its pageblock 0x1400+2^9 256 of 512 frames are free. It is claimed.";
        assert!(text.contains(counted), "{text}");
        let retyped = "Pageblock 0x1400+2^9 was Movable and is Unmovable now.";
        assert!(text.contains(retyped), "{text}");
    }
}

/// Scenario E: movable requests steal from small unmovable blocks, and claim nothing.
#[test]
fn a_movable_request_claims_nothing_for_a_small_block() {
    let mut stage = Stage::new(scarce(
        "linux-6.12.y",
        MigrateType::Unmovable,
        &[(16, 1), (576, 3)],
        [0; 4],
    ));
    for pfn in [16, 17, 576] {
        let (_, got, story) = stage.alloc(0, MOVABLE);
        assert_eq!(got.unwrap().get(), BASE + pfn);
        let text = story.text(&WIDE, Detail::Brief);
        assert!(
            text.contains("Movable requests claim from blocks of order 4 on only"),
            "{text}"
        );
    }
}

#[test]
fn stories_keep_to_their_width() {
    let mut stage = Stage::new(boot());
    let mut tickets = Vec::new();
    for order in [0, 3, 4, 9, 10] {
        for gfp in [
            MOVABLE,
            Gfp::GFP_KERNEL,
            Gfp::GFP_ATOMIC | Gfp::COMP | Gfp::NOWARN,
        ] {
            let (ticket, _, story) = stage.alloc(order, gfp);
            tickets.push(ticket);
            check_styles(|style| story.text(style, Detail::Brief));
            check_styles(|style| story.text(style, Detail::Full));
        }
    }
    for ticket in tickets {
        let story = stage.free(ticket).labelled("operation 7 (line 12)");
        check_styles(|style| story.text(style, Detail::Brief));
    }
}

/// Without the state a story has fewer numbers, but it is a story.
#[test]
fn a_narrator_that_knows_nothing_tells_what_the_events_say() {
    let mut stage = Stage::new(boot());
    let (ticket, _, _) = stage.alloc(5, MOVABLE);
    let request = Request {
        order: Order::new(5).unwrap(),
        ..Request::new(MOVABLE)
    };
    let op = Op::Alloc { ticket, request };
    let text = pfnlab_view::Narrator::new()
        .tell(&op, &stage.events)
        .text(&WIDE, Detail::Brief);
    assert!(
        text.contains("Movable list of order 10: the head 0x1000+2^10, is taken"),
        "{text}"
    );
    assert!(text.contains("→ 0x1000 is handed out"), "{text}");
}
