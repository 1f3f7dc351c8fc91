//! Failed requests explained: six reports from public archives, facts only, each verdict worked out
//! by hand; and what makes no sense refused. Frames are of 4 KiB.

use pfnlab::failure::{self, Answer, Change, Diagnosis, Verdict};
use pfnlab::{Gfp, ZoneKind};

#[track_caller]
fn one(log: &str) -> Diagnosis {
    let mut all = failure::diagnose("log", log, None).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// By zone: free, kept, how low it may go, withheld, and the answer.
#[track_caller]
fn check(log: &str, zones: &[(ZoneKind, [u64; 4], Answer)], verdict: Verdict) -> Diagnosis {
    let diagnosis = one(log);
    let told = diagnosis.zones.iter().filter(|zone| zone.free.is_some());
    let told: Vec<_> = told
        .map(|zone| {
            let numbers = [
                zone.free.unwrap(),
                zone.kept,
                zone.mark.unwrap(),
                zone.withheld,
            ];
            (zone.zone.kind, numbers, zone.answer)
        })
        .collect();
    assert_eq!(told, zones);
    assert_eq!(diagnosis.verdict, verdict);
    diagnosis
}

/// Whether the change would have helped; `None`: it says nothing here.
fn helps(diagnosis: &Diagnosis, change: Change) -> Option<bool> {
    let mut rows = diagnosis.what_if.iter();
    let row = rows.find(|row| row.change == change)?;
    Some(row.served_by.is_some())
}

/// openzfs/spl#116, a 3.2 kernel. DMA: 10 → 5 → 4, and 8 are more, but not more than 4 + 2004.
/// DMA32: 1427 → 714 → 536, and 186 are less. Nothing is on the file lists.
#[test]
fn nothing_is_left() {
    let log = "\
z_wr_int/10: page allocation failure: order:0, mode:0x20
Pid: 15298, comm: z_wr_int/10 Tainted: P           O 3.2.12-gentoo #8
DMA free:32kB min:40kB low:48kB high:60kB active_file:0kB inactive_file:0kB present:15684kB
lowmem_reserve[]: 0 2004 2004 2004
DMA32 free:744kB min:5708kB low:7132kB high:8560kB active_file:0kB inactive_file:0kB
";
    let zones = [
        (ZoneKind::Dma, [8, 0, 4, 2004], Answer::Withheld),
        (ZoneKind::Dma32, [186, 0, 536, 0], Answer::TooFew),
    ];
    let diagnosis = check(log, &zones, Verdict::OutOfMemory);
    assert_eq!(diagnosis.asked.gfp, Gfp::HIGH);
    assert_eq!(diagnosis.asked.rules, "linux-3.8");
    assert_eq!(helps(&diagnosis, Change::HalfMinFree), Some(false));
    assert_eq!(helps(&diagnosis, Change::DroppedAndCompacted), None);
}

/// openzfs/zfs#325, a 2.6.38 kernel; the counts of its lower zones are not in the archive.
/// Normal: 3306 → 1653 → 1240, and 566 are less. There were 2.7 GiB of file pages to drop.
#[test]
fn the_page_cache_has_it() {
    let log = "\
txg_sync: page allocation failure. order:0, mode:0x20
Pid: 0, comm: txg_sync Tainted: P            2.6.38-10-server #46-Ubuntu
Node 0 Normal free:2264kB min:13224kB low:16528kB high:19836kB active_file:1044952kB \
inactive_file:1822464kB present:13445120kB pages_scanned:142 all_unreclaimable? no
lowmem_reserve[]: 0 0 0 0
Node 0 DMA32: 150*4kB 3276*8kB 738*16kB 177*32kB 43*64kB 4*128kB 3*256kB 0*512kB 0*1024kB \
0*2048kB 0*4096kB = 48312kB
Node 0 Normal: 486*4kB 46*8kB 2*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB \
0*4096kB = 2344kB
";
    let zones = [(ZoneKind::Normal, [566, 0, 1240, 0], Answer::TooFew)];
    let diagnosis = check(log, &zones, Verdict::OutOfMemory);
    assert_eq!(diagnosis.zones[1].answer, Answer::NotSaid);
    assert_eq!(helps(&diagnosis, Change::DroppedAndCompacted), Some(true));
}

/// dCache/dcache#3787, a 4.9 kernel that wanted a network buffer. DMA32: 481 → 241 → 181, and
/// 62576 are not more than 181 + 62446. Normal: 16410 → 8205 → 6154, and 6071 are less. Either
/// zone lacks less than a hundred frames of 63 GiB.
#[test]
fn both_zones_just_fail() {
    let log = "\
ksoftirqd: page allocation failure: order:0, mode:0x2080020(GFP_ATOMIC)
CPU: 0 PID: 3 Comm: ksoftirqd Not tainted 4.9.0 #1
Node 0 DMA32 free:250304kB min:1924kB low:3800kB high:5676kB active_file:1528324kB \
inactive_file:52288kB present:1952512kB managed:1886944kB free_cma:0kB
lowmem_reserve[]: 0 0 62446 62446 62446
Node 0 Normal free:24284kB min:65640kB low:129584kB high:193528kB active_file:52159524kB \
inactive_file:2310528kB present:65011712kB managed:63949432kB free_cma:0kB
lowmem_reserve[]: 0 0 0 0 0
Node 0 DMA32: 248*4kB (UMEH) 182*8kB (MEH) 167*16kB (UMEH) 196*32kB (UMEH) 85*64kB (UMEH) \
32*128kB (UMEH) 22*256kB (UMEH) 21*512kB (UMH) 18*1024kB (UME) 7*2048kB (UE) 44*4096kB (UM) \
= 250304kB
Node 0 Normal: 5404*4kB (UM) 32*8kB (UM) 2*16kB (M) 1*32kB (M) 2*64kB (M) 1*128kB (M) \
1*256kB (M) 0*512kB 0*1024kB 1*2048kB (H) 0*4096kB = 24496kB
";
    let zones = [
        (ZoneKind::Dma32, [62_576, 0, 181, 62_446], Answer::Withheld),
        (ZoneKind::Normal, [6071, 0, 6154, 0], Answer::TooFew),
    ];
    let diagnosis = check(log, &zones, Verdict::OutOfMemory);
    assert_eq!(helps(&diagnosis, Change::HalfMinFree), Some(true));
    assert_eq!(helps(&diagnosis, Change::NoLowmemReserve), Some(true));
}

/// raspberrypi/linux#3872, a 6.1 kernel; the first line is not in the archive, but that only zones
/// for the kernel's own use are listed. DMA: of 129778 free frames 128398 are a contiguous area's,
/// and 1380 are less than 2607.
#[test]
fn a_contiguous_area_has_it() {
    let log = "\
pacman invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 0 PID: 1 Comm: pacman Tainted: G         C         6.1.66-2-rpi-ARCH #1
DMA free:519112kB boost:7216kB min:10428kB low:11228kB high:12028kB reserved_highatomic:0KB \
active_file:77632kB inactive_file:168kB writepending:78556kB present:786432kB managed:663836kB \
free_pcp:236kB local_pcp:232kB free_cma:513592kB
lowmem_reserve[]: 0 0 3188 3188
DMA: 142*4kB (UEC) 161*8kB (UEC) 59*16kB (UEC) 51*32kB (UEC) 18*64kB (UEC) 2*128kB (UC) \
1*256kB (C) 0*512kB 1*1024kB (C) 0*2048kB 125*4096kB (C) = 519120kB
";
    let zones = [(ZoneKind::Dma, [129_778, 128_398, 2607, 0], Answer::TooFew)];
    let diagnosis = check(log, &zones, Verdict::Watermark);
    assert!(diagnosis.asked.oom_killer);
    assert_eq!(helps(&diagnosis, Change::Movable), Some(true));
    assert_eq!(helps(&diagnosis, Change::HalfMinFree), Some(true));
}

/// Seagate/cortx-hare#839, a 3.10 kernel; the first line is not in the archive, any that is for
/// user memory says the same. DMA32: 13434 are not more than 12553 + 957. Normal: 4254 are less
/// than 4273.
#[test]
fn user_memory_without_swap() {
    let log = "\
m0d invoked oom-killer: gfp_mask=0x280da, order=0, oom_score_adj=0
CPU: 1 PID: 1 Comm: m0d Tainted: P   3.10.0-862.14.4.el7.x86_64 #1
Node 0 DMA32 free:53736kB min:50212kB low:62764kB high:75316kB active_file:0kB \
inactive_file:252kB present:3129200kB managed:2882816kB free_cma:0kB pages_scanned:1916 \
all_unreclaimable? yes
lowmem_reserve[]: 0 0 957 957
Node 0 Normal free:17016kB min:17092kB low:21364kB high:25636kB active_file:0kB \
inactive_file:928kB present:1048576kB managed:980444kB free_cma:0kB pages_scanned:1395 \
all_unreclaimable? yes
lowmem_reserve[]: 0 0 0 0
";
    let zones = [
        (ZoneKind::Dma32, [13_434, 0, 12_553, 957], Answer::Withheld),
        (ZoneKind::Normal, [4254, 0, 4273, 0], Answer::TooFew),
    ];
    let diagnosis = check(log, &zones, Verdict::Watermark);
    assert_eq!(diagnosis.asked.highest, ZoneKind::Movable);
    // Those who may use reserves are still served.
    assert_eq!(helps(&diagnosis, Change::Atomic), Some(true));
}

/// hakavlad/le9-patch#10, a 5.10 kernel; the first line is not in the archive, this is how its
/// graphics driver asks. DMA32: 18984 are not more than 11536 + 7459. Normal: 43276 are less than
/// 43279.
#[test]
fn four_frames_short() {
    let log = "\
Xorg: page allocation failure: order:0, mode:0x104cd2(GFP_HIGHUSER|__GFP_RETRY_MAYFAIL|\
__GFP_RECLAIMABLE), nodemask=(null),cpuset=/,mems_allowed=0
CPU: 0 PID: 1135 Comm: Xorg Tainted: G        W   E     5.10.8 #1
Node 0 DMA32 free:75936kB min:46144kB low:49692kB high:53240kB reserved_highatomic:0KB \
active_file:18008kB inactive_file:10104kB present:2429692kB managed:2364156kB free_cma:0kB
lowmem_reserve[]: 0 0 7459 7459 7459
Node 0 Normal free:173104kB min:173116kB low:186432kB high:199748kB reserved_highatomic:0KB \
active_file:230548kB inactive_file:189396kB present:7854080kB managed:7638316kB free_cma:0kB
lowmem_reserve[]: 0 0 0 0 0
Node 0 Normal: 12*4kB (UME) 5841*8kB (UM) 7020*16kB (UM) 463*32kB (UM) 0*64kB 0*128kB 0*256kB \
0*512kB 0*1024kB 0*2048kB 0*4096kB = 173912kB
";
    let zones = [
        (ZoneKind::Dma32, [18_984, 0, 11_536, 7459], Answer::Withheld),
        (ZoneKind::Normal, [43_276, 0, 43_279, 0], Answer::TooFew),
    ];
    check(log, &zones, Verdict::Watermark);
    // The same counts would not do for order 4 even with every reserve: it has no such block.
    let larger = log.replace("order:0", "order:4");
    let diagnosis = one(&larger);
    assert_eq!(helps(&diagnosis, Change::Order(0)), Some(false));
    assert_eq!(helps(&diagnosis, Change::Atomic), Some(false));
}

/// The external fragmentation index of [40, 20, 10, 0] for order 3 is 0.772.
#[test]
fn a_fragmented_zone_says_so_with_the_index() {
    let log = "\
x: page allocation failure: order:3, mode:0xcc0(GFP_KERNEL), nodemask=(null)
Node 0 Normal free:480kB min:40kB low:48kB high:56kB active_file:0kB
lowmem_reserve[]: 0 0
Node 0 Normal: 40*4kB (UM) 20*8kB (U) 10*16kB (E) 0*32kB = 480kB
";
    let answer = Answer::TooSmall { index: 772 };
    let zones = [(ZoneKind::Normal, [120, 0, 10, 0], answer)];
    let diagnosis = check(log, &zones, Verdict::Fragmentation);
    assert_eq!(helps(&diagnosis, Change::Order(2)), Some(true));
    assert_eq!(helps(&diagnosis, Change::Compacted), Some(true));
    // Up to 4.3 a kernel reckoned: 120 - 3 = 117, less 40, 20·2: 37 are more than 10/2/2, but
    // less 10·4 nothing is left.
    let old = log.replace("x: page", "CPU: 0 Not tainted 3.10.0 #1\nx: page");
    assert_eq!(one(&old).verdict, Verdict::Fragmentation);
    // Large blocks that lend to movable requests only are no fragmentation.
    let others = log.replace("0*32kB = 480kB", "2*32kB (C) = 544kB");
    assert_eq!(one(&others).zones[0].answer, Answer::ForOthers);
    assert_eq!(one(&others).verdict, Verdict::Watermark);
}

#[test]
fn what_makes_no_sense_is_pointed_at() {
    let header = "x: page allocation failure: order:3, mode:0xcc0(GFP_KERNEL)\n";
    for (lines, expected) in [
        (
            "Node 0 Normal: 1*4kB (U) 1*8kB (U) = 16kB\n",
            "log:2:38: the blocks come to 12kB, the line says 16kB",
        ),
        (
            "Node 0 Normal: 1*4kB (U) 1*16kB (U) = 20kB\n",
            "log:2:28: `16kB (U) = 20kB` where twice the size before should be",
        ),
        (
            "Node 0 Normal: 1*4kB (Q) = 4kB\n",
            "log:2:23: `Q) = 4kB` where letters of migratetypes (U, M, E, H, C, I, R) should be",
        ),
        (
            "Node 0 Normal free:4kB min:x\n",
            "log:2:28: `x` where KiB should be",
        ),
        (
            "Node 0 Normal free:4kB min:18446744073709551615kB\n",
            "log:2:28: `18446744073709551615` is above the largest KiB, 1099511627776",
        ),
        (
            "Node 0 Normal free:4kB min:4kB low:4kB\n",
            "log:2:39: there is no `high:`",
        ),
        (
            "Node 77 Normal free:4kB\n",
            "log:2:6: `77` is above the largest node, 63",
        ),
    ] {
        let error = failure::diagnose("log", &format!("{header}{lines}"), None).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(failure::diagnose("log", "all is well\n", None).unwrap(), []);
}
