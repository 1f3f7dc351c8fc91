//! Failed requests of real machines, from public archives: facts only, and each verdict worked out by
//! hand. Frames are of 4 KiB. The first line of each file says where it is from.
//!
//! The test is that of `__zone_watermark_ok`: a request of order k sees the free frames less those
//! kept for others less 2^k - 1. These must be more than its mark, which is the min watermark, for
//! `__GFP_HIGH` less its half, for who tries harder less a quarter of that, and what is withheld from
//! it (`lowmem_reserve`). Up to 4.3, for every order below k, the frames in blocks of that order are
//! taken off, the mark is halved, and more must be left. Since 4.4 there must be a block.

use pfnlab::ZoneKind::{Dma, Dma32, Normal};
use pfnlab::failure::{self, Answer, Change, Diagnosis, States, Verdict};
use pfnlab::{Gfp, ZoneKind};

/// Every report in a file.
macro_rules! reports {
    ($name:literal) => {
        reports!($name, None)
    };
    ($name:literal, $profile:expr) => {
        failure::diagnose($name, include_str!(concat!("failures/", $name)), $profile).unwrap()
    };
}

/// By zone: free, kept, how low it may go, withheld, and the answer.
#[track_caller]
fn check(diagnosis: &Diagnosis, zones: &[(ZoneKind, [u64; 4], Answer)], verdict: Verdict) {
    let counted = diagnosis.zones.iter().filter(|zone| zone.free.is_some());
    let told: Vec<_> = counted
        .map(|zone| {
            let (free, mark) = (zone.free.unwrap(), zone.mark.unwrap());
            let numbers = [free, zone.kept, mark, zone.withheld];
            (zone.zone.kind, numbers, zone.answer)
        })
        .collect();
    assert_eq!(told, zones);
    assert_eq!(diagnosis.verdict, verdict);
}

/// Whether the change would have helped; `None`: it says nothing here.
fn helps(diagnosis: &Diagnosis, change: Change) -> Option<bool> {
    let mut rows = diagnosis.what_if.iter();
    let row = rows.find(|row| row.change == change)?;
    Some(row.served_by.is_some())
}

/// A page of a file for a user's program. DMA: 1944 are not more than 10 + 1935, by one frame.
/// DMA32: 1397 are not more than 1402, by six. Of swap nothing is left, of file pages 92 frames.
#[test]
fn linux_2_6_30_out_of_memory() {
    let reports = reports!("2.6.30-oom.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [
        (Dma, [1944, 0, 10, 1935], Answer::Withheld),
        (Dma32, [1397, 0, 1402, 0], Answer::TooFew),
    ];
    check(report, &zones, Verdict::Watermark);
    let asked = &report.asked;
    assert_eq!((asked.order, asked.oom_killer), (Some(0), true));
    let flags = Gfp::GFP_HIGHUSER_MOVABLE | Gfp::COLD;
    assert_eq!(asked.gfp, flags.without(Gfp::KSWAPD_RECLAIM));
    assert_eq!(
        (asked.comm.as_str(), asked.rules),
        ("apt-check", "linux-2.6.37")
    );
    assert_eq!(helps(report, Change::DroppedAndCompacted), Some(true));
}

/// A driver's four frames, atomically. DMA: 22 → 11 → 9; 502 - 3 = 499 are not more than 9 + 491,
/// by one. Normal: 697 → 349 → 262; 2972 - 3 = 2969 are more; without the 1940 single frames 1029
/// are more than 131; without the 516 pairs nothing is left. Fragmented: all free memory is in
/// blocks of one and two. Index: 1000 - (1000 + 2972000/4)/2456 = 698.
#[test]
fn linux_2_6_33_four_frames_at_once() {
    let reports = reports!("2.6.33-atomic.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [
        (Dma, [502, 0, 9, 491], Answer::Withheld),
        (Normal, [2972, 0, 262, 0], Answer::TooSmall { index: 698 }),
    ];
    check(report, &zones, Verdict::Fragmentation);
    assert_eq!(report.asked.gfp, Gfp::HIGH | Gfp::ZERO);
    assert_eq!(helps(report, Change::Order(1)), Some(true));
    assert_eq!(helps(report, Change::Compacted), Some(true));
}

/// 64 KiB for a driver. DMA: 3976 - 15 = 3961 are not more than 7 + 4003. DMA32: 37938 - 15 = 37923
/// are more than 1638 + 756. There is even a block of 16 frames, of 32 and of 64; but the kernel
/// reckons. Without 3140·1: 34783 > 819; 13397·2: 7989 > 409; 1921·4: 305 > 204; 26·8: 97, and they
/// should be more than 102. Of Normal the counts are not in the archive.
#[test]
fn linux_3_7_reckons_large_blocks_away() {
    let reports = reports!("3.7-order4.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [
        (Dma, [3976, 0, 7, 4003], Answer::Withheld),
        (Dma32, [37_938, 0, 1638, 756], Answer::TooFewLarge),
    ];
    check(report, &zones, Verdict::Fragmentation);
    assert_eq!(report.zones[2].answer, Answer::NotSaid);
    assert_eq!(report.asked.comm, "DVBRead");
    let flags = Gfp::GFP_KERNEL | Gfp::COMP | Gfp::ZERO;
    assert_eq!(report.asked.gfp, flags.without(Gfp::KSWAPD_RECLAIM));
    // 819 > 51 and so on: half the watermark, and the 97 are enough.
    assert_eq!(helps(report, Change::HalfMinFree), Some(true));
    assert_eq!(helps(report, Change::Order(3)), Some(true));
}

/// A single frame, atomically. 1548 → 774 → 581, and 2727 - 178 = 2549 are more. But every free block
/// is in a pageblock kept for high-order atomic requests, of which such a kernel gives no single frame.
#[test]
fn android_4_19_has_only_what_it_keeps() {
    let reports = reports!("4.19-atomic.log", Some("linux-4.14"));
    let [report] = &reports[..] else { panic!() };
    let zones = [(Normal, [2727, 178, 581, 0], Answer::ForOthers)];
    check(report, &zones, Verdict::Watermark);
    assert_eq!(report.asked.comm, "Binder:9343_3");
    assert_eq!(report.asked.gfp, Gfp::GFP_ATOMIC);
    assert_eq!(helps(report, Change::NoHighatomic), Some(true));
    assert_eq!(helps(report, Change::HalfMinFree), Some(false));
    // A kernel of today gives them when there are no others.
    let today = reports!("4.19-atomic.log", Some("linux-6.12.y"));
    assert_eq!(today[0].verdict, Verdict::FreedMeanwhile);
}

/// One log, a machine of 128 MiB. A network buffer: 1368 → 684 → 513, and 453 are less. Then 64 KiB
/// for a program: 1621 - 15 = 1606 are more than 344, and no block is larger than 8 frames. Index:
/// 1000 - (1000 + 1621000/16)/684 = 851.
#[test]
fn linux_5_8_on_a_small_machine() {
    let reports = reports!("5.8-network.log");
    let [network, program] = &reports[..] else {
        panic!()
    };
    let zones = [(Normal, [453, 0, 513, 0], Answer::TooFew)];
    check(network, &zones, Verdict::OutOfMemory);
    assert_eq!(network.asked.gfp, Gfp::GFP_ATOMIC);
    // 324 → 257, and 453 are more.
    assert_eq!(helps(network, Change::HalfMinFree), Some(true));
    let zones = [(Normal, [1621, 0, 344, 0], Answer::TooSmall { index: 851 })];
    check(program, &zones, Verdict::Fragmentation);
    assert_eq!(helps(program, Change::Order(3)), Some(true));
    assert_eq!(helps(program, Change::Atomic), Some(false));
}

/// 128 KiB for a program. 8311 - 3075 - 31 = 5205 are more than 489; but every block of 32 frames and
/// more is in a contiguous area, and lent to what can be moved alone. HighMem has 69 + 23 + 1 + 225
/// of them, but this request may not go there.
#[test]
fn linux_5_10_has_it_in_a_contiguous_area() {
    let reports = reports!("5.10-cma.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [(Normal, [8311, 3075, 489, 0], Answer::ForOthers)];
    check(report, &zones, Verdict::Watermark);
    assert_eq!(report.zones[1].answer, Answer::NotAsked);
    assert_eq!(helps(report, Change::Movable), Some(true));
    assert_eq!(helps(report, Change::Order(3)), Some(true));
}

/// While it boots, with 12 TiB free: 4 MiB below 16 MiB, where 40 frames are.
#[test]
fn linux_5_14_has_no_low_memory() {
    let reports = reports!("5.14-dma.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [(Dma, [40, 0, 0, 0], Answer::TooFew)];
    check(report, &zones, Verdict::OutOfMemory);
    assert_eq!(report.asked.comm, "swapper/0");
    let others = &report.zones[1..];
    assert!(others.iter().all(|zone| zone.answer == Answer::NotAsked));
    assert_eq!(helps(report, Change::Order(5)), Some(true));
    assert_eq!(helps(report, Change::Compacted), Some(false));
}

/// 64 KiB of checksums, while 14 of 15 GiB hold files. DMA: 3328 - 15 are not more than 16 + 15809.
/// DMA32: 15873 - 15 = 15858 are not more than 889 + 14975 = 15864, by seven. Normal: 31718 - 15 are
/// more than 15990, and no block is larger than 8 frames. Index: F = 10995 + 3433·2 + 3233·4 + 124·8
/// = 31785 in 17785 blocks, 1000 - (1000 + 31785000/16)/17785 = 889.
#[test]
fn linux_5_19_is_fragmented_by_files() {
    let reports = reports!("5.19-order4.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [
        (Dma, [3328, 0, 16, 15_809], Answer::Withheld),
        (Dma32, [15_873, 0, 889, 14_975], Answer::Withheld),
        (
            Normal,
            [31_718, 0, 15_990, 0],
            Answer::TooSmall { index: 889 },
        ),
    ];
    check(report, &zones, Verdict::Fragmentation);
    assert_eq!(report.asked.gfp, Gfp::GFP_NOFS | Gfp::COMP);
    // 444 + 14975 leave DMA32 more than enough.
    assert_eq!(helps(report, Change::HalfMinFree), Some(true));
    assert_eq!(helps(report, Change::Order(3)), Some(true));
}

/// 64 KiB of checksums. Of DMA 508 frames are kept free for atomic requests and 15 in a contiguous
/// area: 12084 - 523 - 15 = 11546 are not more than 4923 + 6962. DMA32: 13343 - 504 - 15 = 12824 are not
/// more than 9059 + 3954. Normal: 13635 - 508 - 15 = 13112 are more than 12640, of which 4096 are a
/// boost; and there are blocks of 16 frames and more, for anybody. So they were freed while the report
/// was on its way.
#[test]
fn linux_6_17_could_serve_it_by_now() {
    let reports = reports!("6.17-order4.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [
        (Dma, [12_084, 523, 4923, 6962], Answer::Withheld),
        (Dma32, [13_343, 504, 9059, 3954], Answer::Withheld),
        (Normal, [13_635, 508, 12_640, 0], Answer::Enough),
    ];
    check(report, &zones, Verdict::FreedMeanwhile);
}

/// 128 KiB for a camera, in 300 MiB. DMA: 226 - 31 = 195 are not more than 33 + 194. DMA32:
/// 2176 - 31 = 2145 are more than 429, and no block is larger than 16 frames. Index: F = 604 + 524·2
/// + 108·4 + 10·8 + 16 = 2180 in 1247 blocks, 1000 - (1000 + 2180000/32)/1247 = 945.
#[test]
fn linux_6_19_has_no_room_for_a_camera() {
    let reports = reports!("6.19-order5.log");
    let [report] = &reports[..] else { panic!() };
    let zones = [
        (Dma, [226, 0, 33, 194], Answer::Withheld),
        (Dma32, [2176, 0, 429, 0], Answer::TooSmall { index: 945 }),
    ];
    check(report, &zones, Verdict::Fragmentation);
    assert_eq!(helps(report, Change::Order(4)), Some(true));
    assert_eq!(helps(report, Change::Atomic), Some(false));
    assert_eq!(helps(report, Change::Compacted), Some(true));
}

/// In how many of two states the change helps.
fn states(diagnosis: &Diagnosis, change: Change) -> u32 {
    let mut rows = diagnosis.what_if.iter();
    let row = rows.find(|row| row.change == change).unwrap();
    row.states.unwrap()
}

/// The allocator itself says the same in states with the counts of a report; and more: of the 300 MiB
/// of that machine so many frames are the kernel's, and so few free, that no compaction would do,
/// while dropping files would.
#[test]
fn states_with_the_same_counts_are_asked_again() {
    let log = include_str!("failures/6.19-order5.log");
    let reports = failure::diagnose_in_states("log", log, None, 2).unwrap();
    let asked = |served| States::Asked { seeds: 2, served };
    assert_eq!(reports[0].states, asked(0));
    assert_eq!(states(&reports[0], Change::Order(4)), 2);
    assert_eq!(states(&reports[0], Change::Atomic), 0);
    assert_eq!(states(&reports[0], Change::HalfMinFree), 0);
    assert_eq!(states(&reports[0], Change::Compacted), 0);
    assert_eq!(states(&reports[0], Change::DroppedAndCompacted), 2);
    // And the same every time.
    let again = failure::diagnose_in_states("log", log, None, 2).unwrap();
    assert_eq!(reports, again);
}

/// 3 GiB, and all that is free is in 1,130 small blocks kept for high-order atomic requests, in 5 pageblocks of
/// 1,502. An atomic frame comes from there at last; and it is served, whatever else is done.
#[test]
fn a_large_machine_is_asked_as_well() {
    let log = include_str!("failures/4.19-atomic.log");
    let reports = failure::diagnose_in_states("log", log, None, 1).unwrap();
    let served = States::Asked {
        seeds: 1,
        served: 1,
    };
    assert_eq!(reports[0].states, served);
    let changes = [
        Change::Movable,
        Change::HalfMinFree,
        Change::NoHighatomic,
        Change::DroppedAndCompacted,
    ];
    for change in changes {
        assert_eq!(states(&reports[0], change), 1, "{change}");
    }
}

/// A machine that is none of ours is told, and so is one that is too large.
#[test]
fn not_every_report_makes_a_state() {
    let why = |log: &str| {
        let reports = failure::diagnose_in_states("log", log, None, 1).unwrap();
        match reports.into_iter().next().map(|report| report.states) {
            Some(States::Impossible { why }) => why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        why(include_str!("failures/5.10-cma.log")),
        "states have no node 0 HighMem: they are laid out in DMA, DMA32 and Normal memory"
    );
    assert_eq!(
        why(include_str!("failures/5.14-dma.log")),
        "3071 GiB are too much to lay out frame by frame"
    );
    assert_eq!(
        why(include_str!("failures/3.7-order4.log")),
        "it does not say how large node 0 Normal is"
    );
    let large_frames = "\
x: page allocation failure: order:3, mode:0xcc0(GFP_KERNEL), nodemask=(null)
Node 0 Normal free:640kB min:64kB low:128kB high:192kB present:6400kB managed:6400kB
lowmem_reserve[]: 0 0
Node 0 Normal: 10*64kB (U) 0*128kB 0*256kB = 640kB
";
    assert_eq!(
        why(large_frames),
        "its frames are of 64 KiB, those of the states of 4"
    );
}

/// arm64: 948 MiB of the first GiB, which is its zone DMA, then memory up to 8 GiB. By the counts the request could be
/// served by now, and so it is.
#[test]
fn an_arm64_machine_is_laid_out_as_one() {
    let log = include_str!("failures/6.17-order4.log");
    let reports = failure::diagnose_in_states("log", log, None, 1).unwrap();
    assert_eq!(reports[0].verdict, Verdict::FreedMeanwhile);
    let served = States::Asked {
        seeds: 1,
        served: 1,
    };
    assert_eq!(reports[0].states, served);
}
