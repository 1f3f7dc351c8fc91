//! A story gives the true reason: which mark was tested, why a list was drained, what was warned of.

use crate::common::{DMA32, Stage, boot, boot_as};
use pfnlab_model::{Gfp, Op, Request, Ticket, ZoneFlags, ZoneStat};
use pfnlab_view::{Detail, Style};

const WIDE: Style = Style {
    width: 2000,
    ..Style::PLAIN
};

#[test]
fn a_kernel_warns_of_large_requests_that_must_not_fail() {
    let mut stage = Stage::new(boot());
    for (order, gfp, warned) in [
        (0, Gfp::GFP_KERNEL | Gfp::NOFAIL, false),
        (1, Gfp::GFP_KERNEL | Gfp::NOFAIL, false),
        (2, Gfp::GFP_KERNEL, false),
        (2, Gfp::GFP_KERNEL | Gfp::NOFAIL, true),
        (5, Gfp::GFP_KERNEL | Gfp::NOFAIL, true),
    ] {
        let (_, pfn, story) = stage.alloc(order, gfp);
        let text = story.text(&WIDE, Detail::Brief);
        assert!(pfn.is_some(), "it is served all the same\n{text}");
        let words = format!("A kernel warns: order {order} is above 1");
        assert_eq!(text.contains(&words), warned, "{text}");
        assert!(text.contains(": let in"), "{text}");
    }
}

/// 6.12 tests the high mark, until a zone was seen below it; then, as 6.1 always does, the low one.
#[test]
fn the_mark_that_was_tested_is_named() {
    for (profile, first) in [("linux-6.12.y", "high"), ("linux-6.1.y", "low")] {
        let mut stage = Stage::new(boot_as(profile));
        let mut names = Vec::new();
        for _ in 0..1200 {
            let state = stage.state();
            let marks = state.zone(DMA32).unwrap().watermarks;
            let (_, pfn, story) = stage.alloc(4, Gfp::GFP_NOWAIT | Gfp::DMA32);
            if pfn.is_none() {
                break;
            }
            let text = story.text(&WIDE, Detail::Brief);
            // Else DMA serves, which still has enough.
            let Some((_, level)) = text.split_once("node 0 DMA32: let in, ") else {
                continue;
            };
            for (name, mark) in [("high", marks.high), ("low", marks.low), ("min", marks.min)] {
                if level.contains(&format!("more than the {name} mark {mark}")) {
                    names.push(name);
                }
            }
        }
        names.dedup();
        let then = ["high", "low", "min"];
        let from = then.iter().position(|name| *name == first).unwrap();
        assert_eq!(names[..2], then[from..][..2], "{profile}: {names:?}");
    }
}

/// The zone must stay above its low mark with all of them gone.
#[test]
fn a_bulk_request_is_measured_by_the_low_mark_and_its_size() {
    let mut stage = Stage::new(boot());
    let request = Request::new(Gfp::GFP_NOWAIT | Gfp::DMA32);
    let count = 13_000;
    let before = stage.state();
    let zone = before.zone(DMA32).unwrap();
    let free = zone.vm_stat[ZoneStat::FreePages.index()];
    let (_, story) = stage.step(Op::Bulk {
        base: Ticket(1),
        count,
        request,
    });
    let text = story.text(&WIDE, Detail::Brief);
    let (low, mark) = (zone.watermarks.low, zone.watermarks.low + u64::from(count));
    let why = format!(
        "node 0 DMA32: passed over, {free} free is not more than {mark} (low mark {low} + {count} wanted)."
    );
    assert!(text.contains(&why), "{why}\n{text}");
    assert!(
        text.contains("Walk for a single frame from node 0 DMA32 on"),
        "{text}"
    );
}

/// Why lists are drained that hold less than they may.
#[test]
fn a_drain_below_the_high_mark_has_a_reason() {
    let mut stage = Stage::new(boot());
    let mut tickets = Vec::new();
    for _ in 0..600 {
        tickets.push(stage.alloc(0, Gfp::GFP_NOWAIT).0);
    }
    let set_flags = |stage: &mut Stage, set, clear| {
        stage.step(Op::ZoneFlags {
            zone: DMA32,
            set,
            clear,
            boost: None,
        });
    };
    for (flag, reason) in [
        (
            ZoneFlags::RECLAIM_ACTIVE,
            ": kswapd reclaims, so they are kept short.",
        ),
        (
            ZoneFlags::BELOW_HIGH,
            ": the zone is not above its own high mark, so they are kept short.",
        ),
    ] {
        // With room above, as a busy CPU's lists have.
        set_flags(&mut stage, flag, ZoneFlags::NONE);
        let mut drains = Vec::new();
        for _ in 0..300 {
            let story = stage.free(tickets.pop().unwrap());
            let text = story.text(&WIDE, Detail::Brief);
            drains.extend(
                text.lines()
                    .find(|line| line.contains(" drain "))
                    .map(str::to_owned),
            );
            set_flags(&mut stage, flag, ZoneFlags::NONE);
        }
        assert!(!drains.is_empty());
        for line in &drains {
            let numbers: Vec<u64> = line
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|digits| digits.parse().ok())
                .collect();
            // CPU, node, "DMA32", drained, held, high, batch.
            let (held, high) = (numbers[4], numbers[5]);
            assert_eq!(line.ends_with(reason), held < high, "{line}");
        }
        set_flags(&mut stage, ZoneFlags::NONE, flag);
    }
}
