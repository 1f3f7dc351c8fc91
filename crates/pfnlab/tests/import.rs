//! A running kernel's counts become states with the same counts, and its trace operations: cuts of
//! real traces on the machines of their `/proc`, and small traces by hand.

use std::collections::BTreeSet;

use pfnlab::import::{
    Counts, KmemImport, Known, ZoneCounts, compare, ensemble, replay, spread, state,
};
use pfnlab::linux::kmem::KmemKernel;
use pfnlab::linux::proc;
use pfnlab::sim::check;
use pfnlab::{Block, Mm, Order, Pfn, Snapshot, kernel};

const KERNELS: [(&str, &str); 2] = [("6.1", "linux-6.1.y"), ("6.12", "linux-6.12.y")];

fn file(name: &str) -> String {
    let path = format!("{}/tests/kmem/{name}", env!("CARGO_MANIFEST_DIR"));
    pfnlab::read_packed_text(path.as_ref()).unwrap()
}

fn counts(of: &str) -> Counts {
    let zoneinfo = file(&format!("{of}.zoneinfo"));
    let types = file(&format!("{of}.pagetypeinfo"));
    Counts::read(("zoneinfo", &zoneinfo), None, Some(("types", &types))).unwrap()
}

fn imported(of: &str, profile: &str) -> (Counts, KmemImport) {
    let counts = counts(of);
    let text = file(&format!("{of}.txt.gz"));
    let kernel = KmemKernel::of(profile).unwrap();
    let import = KmemImport::read("trace", &text, kernel, &counts).unwrap();
    (counts, import)
}

fn one_state(counts: &Counts, profile: &str, known: &Known, seed: u64) -> Snapshot {
    let profile = kernel::profile(Some(profile)).unwrap();
    state(counts, profile, &kernel::config(None).unwrap(), known, seed).unwrap()
}

/// Frames on free lists and per-CPU lists.
fn not_in_use(snapshot: &Snapshot) -> u64 {
    let zones = snapshot.zones.iter();
    let lists = zones.clone().flat_map(|zone| &zone.free_lists);
    let free = lists.map(|list| list.order.frames() * list.pfns.len() as u64);
    let cached = zones.flat_map(|zone| &zone.pcp);
    free.sum::<u64>() + cached.map(|pcp| u64::from(pcp.count)).sum::<u64>()
}

/// What the kernel printed is printed of every state, to the byte; and no two seeds give the same.
#[test]
fn a_state_has_the_kernels_own_counts() {
    for (of, profile) in KERNELS {
        let (counts, import) = imported(of, profile);
        let states = [1, 2, 3].map(|seed| one_state(&counts, profile, &import.known, seed));
        for state in &states {
            assert_eq!(
                proc::pagetypeinfo(state),
                file(&format!("{of}.pagetypeinfo"))
            );
            let broken = check(Mm::resume(state).unwrap(), &[], &mut ());
            assert!(broken.is_ok(), "{broken:?}");
        }
        assert!(states[0] != states[1] && states[1] != states[2]);
        assert_eq!(states[0], one_state(&counts, profile, &import.known, 1));
    }
}

/// Without types there are only counts by order, and without those only a sum.
#[test]
fn fewer_files_say_less() {
    let (zoneinfo, buddyinfo) = (file("6.12.zoneinfo"), file("6.12.buddyinfo"));
    let sizes = Counts::read(("z", &zoneinfo), Some(("b", &buddyinfo)), None).unwrap();
    let state = one_state(&sizes, "linux-6.12.y", &Known::default(), 1);
    assert_eq!(proc::buddyinfo(&state), buddyinfo);
    let sums = Counts::read(("z", &zoneinfo), None, None).unwrap();
    let state = one_state(&sums, "linux-6.12.y", &Known::default(), 1);
    // 3808 = 3 × 1024 + 512 + 128 + 64 + 32, and 120368 = 117 × 1024 + 512 + 32 + 16.
    let free = "\
Node 0, zone      DMA      0      0      0      0      0      1      1      1      0      1      3\x20
Node 0, zone    DMA32      0      0      0      0      1      1      0      0      0      1    117\x20
";
    assert_eq!(proc::buddyinfo(&state), free);
}

/// Every event has its place in the ledger, and the books balance: what is free at the end is what
/// was, and what came back, and less what was handed out.
#[test]
fn the_books_of_a_real_trace_balance() {
    for (of, profile) in KERNELS {
        let (counts, import) = imported(of, profile);
        let text = file(&format!("{of}.txt.gz"));
        let lines = |event: &str| text.matches(&format!(" {event}: ")).count() as u64;
        let ledger = &import.ledger;
        let events = text.lines().filter(|line| !line.starts_with('#')).count() as u64;
        assert_eq!(ledger.events, events);
        assert_eq!(ledger.served + ledger.refused, lines("mm_page_alloc"));
        assert_eq!(ledger.frees, lines("mm_page_free"));
        assert_eq!(ledger.said_twice, lines("mm_page_free_batched"));
        assert_eq!(ledger.zone_locked, lines("mm_page_alloc_zone_locked"));
        assert_eq!(ledger.extfrag, lines("mm_page_alloc_extfrag"));
        let kinds = [
            ledger.frees_whole,
            ledger.frees_of_part,
            ledger.frees_of_several,
            ledger.frees_of_before,
            ledger.frees_of_unseen,
            ledger.frees_outside,
        ];
        assert_eq!(kinds.iter().sum::<u64>(), ledger.frees);

        let first = one_state(&counts, profile, &import.known, 7);
        let before: u64 = import.known.used.iter().map(|block| block.frames()).sum();
        let ended = replay(&first, &import.steps).unwrap();
        assert_eq!((ended.tally.refused, ended.tally.skipped), (0, 0));
        let expected = not_in_use(&first) + before - ledger.held_at_end;
        assert_eq!(not_in_use(&ended.last), expected);
    }
}

/// However many threads there are.
#[test]
fn an_ensemble_is_the_same_every_time() {
    let (counts, import) = imported("6.12", "linux-6.12.y");
    let profile = kernel::profile(Some("linux-6.12.y")).unwrap();
    let config = kernel::config(None).unwrap();
    let spread = || {
        let seeds = [1, 2, 3, 4];
        let ensemble = ensemble(&counts, profile, &config, &import, &seeds).unwrap();
        compare(&ensemble, Some(&counts), &import)
    };
    let (once, again) = (spread(), spread());
    assert_eq!(once, again);
    let dma = once.iter().find(|row| row.what == "node 0 DMA free frames");
    let dma = dma.unwrap();
    // Nobody asks for memory below 16 MiB while there is other.
    assert_eq!(
        (dma.recorded, dma.least, dma.most),
        (Some(3808), 3808, 3808)
    );
}

/// Free blocks by frame and size, in whatever list.
fn free_blocks(snapshot: &Snapshot) -> BTreeSet<(Pfn, Order)> {
    let lists = snapshot.zones.iter().flat_map(|zone| &zone.free_lists);
    let blocks = lists.flat_map(|list| list.pfns.iter().map(|pfn| (*pfn, list.order)));
    blocks.collect()
}

/// By pageblock: frames in use that can be moved.
fn movable(snapshot: &Snapshot) -> Vec<&Vec<(u32, u32)>> {
    let zones = snapshot.zones.iter();
    let blocks = zones.filter_map(|zone| zone.pageblocks.as_ref());
    blocks.map(|blocks| &blocks.movable).collect()
}

/// A state is written frame by frame and read back: every free block is where it was, holes are where
/// they were, and what can be moved is in the same pageblocks; whatever the seed. What is not said, the
/// order of lists, is the seed's.
#[test]
fn kpageflags_say_where_blocks_lie() {
    for (of, profile) in KERNELS {
        let counts = counts(of);
        let written = one_state(&counts, profile, &Known::default(), 7);
        let bytes = proc::kpageflags(&written);
        let zones = written.zones.iter().filter(|zone| zone.present > 0);
        let end = zones.map(|zone| zone.start.get() + zone.spanned).max();
        assert_eq!(bytes.len() as u64, 8 * end.unwrap());
        let mut with_flags = counts.clone();
        let (known, ledger) = with_flags.take_flags("kpageflags", &bytes).unwrap();
        assert_eq!(ledger.blocks, free_blocks(&written).len() as u64);
        assert_eq!(ledger.zones_as_large_as_can_be, 0);
        for seed in [1, 2] {
            let read = one_state(&with_flags, profile, &known, seed);
            let (starts, others) = (free_blocks(&read), free_blocks(&written));
            let pfns = |blocks: &BTreeSet<(Pfn, Order)>| {
                blocks.iter().map(|(pfn, _)| *pfn).collect::<Vec<_>>()
            };
            assert_eq!(pfns(&starts), pfns(&others));
            // Sizes are dealt out where more than one would fit: the counts stay, so that for each that
            // is larger another is smaller; both are in both states.
            let differ = starts.symmetric_difference(&others).count() as u64;
            assert!(differ <= 4 * ledger.could_be_larger, "{differ}, {ledger:?}");
            assert_eq!(proc::buddyinfo(&read), proc::buddyinfo(&written));
            assert_eq!(movable(&read), movable(&written));
            let memory = |snapshot: &Snapshot| -> Vec<_> {
                let zones = snapshot.zones.iter();
                zones.map(|zone| zone.memory.clone()).collect()
            };
            assert_eq!(memory(&read), memory(&written));
        }
    }
}

/// Newer kernels mark every frame of a free block: then its size is certain.
#[test]
fn blocks_that_are_marked_throughout_have_one_size() {
    let mut counts = Counts::read(("zoneinfo", ZONEINFO), None, None).unwrap();
    let mut words = vec![1_u64 << 20; 0x10_0000];
    words.extend(vec![0; 4096]);
    // Two blocks side by side of 4 and 2 frames, and one of one.
    words[0x10_0010..0x10_0016].fill(1 << 10);
    words[0x10_0021] = 1 << 10;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let (known, ledger) = counts.take_flags("kpageflags", &bytes).unwrap();
    let block = |pfn, order| Block::new(Pfn::new(pfn), Order::new(order).unwrap()).unwrap();
    let mut blocks = known.blocks.unwrap();
    blocks.sort_by_key(|block| block.start());
    let expected = [
        block(0x10_0010, 2),
        block(0x10_0014, 1),
        block(0x10_0021, 0),
    ];
    assert_eq!(blocks, expected);
    // The 2048 free frames of the zoneinfo are no blocks like these.
    assert_eq!(ledger.zones_as_large_as_can_be, 1);
}

#[test]
fn half_a_word_is_no_flags() {
    let mut counts = Counts::read(("zoneinfo", ZONEINFO), None, None).unwrap();
    let error = counts.take_flags("kpageflags", &[0; 12]).unwrap_err();
    let expected = "kpageflags: 12 bytes are no whole number of words of 8 bytes";
    assert_eq!(error.to_string(), expected);
}

/// What the counts decide is the same in every state; the rest lies apart, and below what is free.
#[test]
fn states_with_the_same_counts_lie_apart() {
    let counts = counts("6.12");
    let profile = kernel::profile(Some("linux-6.12.y")).unwrap();
    let config = kernel::config(None).unwrap();
    let seeds: Vec<u64> = (1..=6).collect();
    let rows = spread(&counts, profile, &config, &Known::default(), &seeds).unwrap();
    let row = |what: &str| rows.iter().find(|row| row.what.starts_with(what)).unwrap();
    let free = row("node 0 DMA32 free frames");
    assert_eq!((free.least, free.most), (free.median, free.median));
    let recorded: u64 = counts.zones.iter().map(ZoneCounts::free_frames).sum();
    assert_eq!(row("node 0 DMA free").most + free.most, recorded);
    let run = row("node 0 DMA32 longest run");
    assert!(run.least < run.most && run.most <= free.most, "{run:?}");
    let (now, compacted) = (row("huge pages now"), row("huge pages after perfect"));
    let cached = counts.zones.iter().flat_map(|zone| &zone.pagesets);
    let cached: u64 = cached.map(|set| u64::from(set[0])).sum();
    let most = (recorded + cached) / 512;
    assert!(now.most <= most && compacted.most <= most, "{rows:#?}");
    assert!(now.least > 0 && compacted.least > 0, "{rows:#?}");
}

const ZONEINFO: &str = "\
Node 0, zone   Normal
  pages free     2048
        min      10
        low      12
        high     14
        spanned  4096
        present  4096
        managed  4096
        protection: (0, 0, 0, 0, 0)
      nr_free_pages 2048
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
  vm stats threshold: 4
  node_unreclaimable:  0
  start_pfn:           1048576
";

fn by_hand(events: &[&str]) -> Result<(Counts, KmemImport), pfnlab::Error> {
    let counts = Counts::read(("zoneinfo", ZONEINFO), None, None)?;
    let kernel = KmemKernel::of("linux-6.12.y").unwrap();
    let lines = events
        .iter()
        .map(|event| format!("            task-1     [000] .....     1.000000: {event}\n"));
    let text: String = lines.collect();
    let import = KmemImport::read("trace", &text, kernel, &counts)?;
    Ok((counts, import))
}

fn ops(import: &KmemImport) -> Vec<String> {
    import.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn a_block_freed_in_parts_is_split() {
    let (_, import) = by_hand(&[
        "mm_page_alloc: page=01 pfn=0x100010 order=1 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_COMP",
        "mm_page_free: page=01 pfn=0x100011 order=0",
        "mm_page_free: page=01 pfn=0x100010 order=0",
    ])
    .unwrap();
    let expected = [
        "a 1 order=1 gfp=GFP_KERNEL cpu=0",
        "split 1 base=2",
        "f 3 cpu=0",
        "f 2 cpu=0",
    ];
    assert_eq!(ops(&import), expected);
    assert_eq!(
        (import.ledger.frees_of_part, import.ledger.frees_whole),
        (1, 1)
    );
    assert_eq!(import.ledger.held_at_end, 0);
}

#[test]
fn what_was_in_use_before_is_so_in_the_state() {
    let (counts, import) = by_hand(&[
        "mm_page_free: page=01 pfn=0x100208 order=3",
        "mm_page_free: page=01 pfn=0x100004 order=0",
    ])
    .unwrap();
    // By frame, not in the order in which they come back.
    assert_eq!(ops(&import), ["f 2147483649 cpu=0", "f 2147483648 cpu=0"]);
    assert_eq!(import.ledger.frees_of_before, 2);
    for seed in 1..20 {
        let first = one_state(&counts, "linux-6.12.y", &import.known, seed);
        let ended = replay(&first, &import.steps).unwrap();
        assert_eq!((ended.tally.freed, ended.tally.skipped), (2, 0));
        assert_eq!(not_in_use(&ended.last), 2048 + 9);
    }
}

#[test]
fn what_was_handed_out_or_given_back_unseen_is_counted() {
    let alloc = "mm_page_alloc: page=01 pfn=0x100010 order=0 migratetype=0 gfp_flags=GFP_KERNEL";
    let free = "mm_page_free: page=01 pfn=0x100010 order=0";
    let far = "mm_page_free: page=01 pfn=0x500000 order=0";
    let (_, import) = by_hand(&[alloc, free, free, alloc, alloc, far]).unwrap();
    let ledger = &import.ledger;
    assert_eq!(ledger.frees_of_unseen, 1);
    assert_eq!(ledger.served_twice, 1);
    assert_eq!(ledger.frees_outside, 1);
    let expected = [
        "a 1 order=0 gfp=GFP_KERNEL cpu=0",
        "f 1 cpu=0",
        "a 2 order=0 gfp=GFP_KERNEL cpu=0",
        "f 2 cpu=0",
        "a 3 order=0 gfp=GFP_KERNEL cpu=0",
    ];
    assert_eq!(ops(&import), expected);
}

#[test]
fn lists_that_nothing_made_too_long_are_drained_on_purpose() {
    let alloc = "mm_page_alloc: page=01 pfn=0x100010 order=0 migratetype=0 gfp_flags=GFP_KERNEL";
    let free = "mm_page_free: page=01 pfn=0x100010 order=0";
    let drain = "mm_page_pcpu_drain: page=01 pfn=0x100010 order=0 migratetype=0";
    let (_, import) = by_hand(&[alloc, free, drain, drain]).unwrap();
    assert_eq!((import.ledger.drained, import.ledger.drains_of_all), (2, 0));
    let (_, import) = by_hand(&[alloc, drain, drain]).unwrap();
    assert_eq!((import.ledger.drained, import.ledger.drains_of_all), (2, 1));
    assert_eq!(ops(&import)[1], "drain cpu=0");
}

#[test]
fn what_cannot_be_is_told() {
    let message = |error: pfnlab::Error| error.to_string();
    let more = ZONEINFO.replace("managed  4096", "managed  5000");
    let refused = Counts::read(("zoneinfo", &more), None, None).unwrap_err();
    assert!(message(refused).contains("each is at most the next"));
    let none = Counts::read(("zoneinfo", ""), None, None).unwrap_err();
    assert_eq!(message(none), "zoneinfo: no zone has memory");
    let buddies = Some(("buddyinfo", "Node 1, zone   Normal 1 2 3\n"));
    let unknown = Counts::read(("zoneinfo", ZONEINFO), buddies, None).unwrap_err();
    let expected = "buddyinfo: Node 1, zone Normal is not in the zoneinfo";
    assert_eq!(message(unknown), expected);
    let kernel = KmemKernel::of("linux-6.12.y").unwrap();
    let counts = Counts::read(("zoneinfo", ZONEINFO), None, None).unwrap();
    let text = "  task-1  [003] .....  1.000000: mm_page_free: page=01 pfn=0x100010 order=0\n";
    let cpu = KmemImport::read("trace", text, kernel, &counts).unwrap_err();
    assert_eq!(message(cpu), "trace:1:1: no CPU 3: the zoneinfo knows 1");
}
