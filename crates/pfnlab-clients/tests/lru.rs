//! LRU batches: when they are emptied, in which order, and who gets what nobody holds any more.

use crate::common::{Scribe, order, request};
use pfnlab_clients::lru::{Lru, LruError};
use pfnlab_clients::{CpuEvent, CpuNotifier, Generation};
use pfnlab_model::{
    Block, CpuId, Event, FreeError, Gfp, LruBatch, LruEvent, LruList, NodeId, PageAllocator,
    Request,
};

const CPU_0: CpuId = CpuId(0);
const CPU_1: CpuId = CpuId(1);
const FILE: LruList = LruList::InactiveFile;

fn generation(name: &str) -> &'static Generation {
    Generation::by_name(name).unwrap()
}

fn page(memory: &mut Scribe) -> Block {
    let request = request(Gfp::GFP_HIGHUSER_MOVABLE, 0);
    memory.alloc(&request, &mut ()).unwrap()
}

/// Sizes and batches as the table of generations has them.
#[test]
fn sizes_and_batches() {
    let sizes = Generation::ALL
        .iter()
        .map(|generation| generation.lru().size());
    assert_eq!(sizes.collect::<Vec<_>>(), [14, 14, 14, 15, 15, 15, 31, 31]);
    let batches = |name| {
        let all = generation(name).lru().batches();
        all.filter(|batch| !matches!(batch, LruBatch::Add(_)))
            .collect::<Vec<_>>()
    };
    use LruBatch::{Activate, Deactivate, DeactivateFile, LazyFree, Mlock, Rotate};
    assert_eq!(batches("linux-2.6.37"), [Rotate]);
    assert_eq!(batches("linux-3.8"), [Rotate, Deactivate, Activate]);
    assert_eq!(
        batches("linux-4.14"),
        [Rotate, DeactivateFile, LazyFree, Activate]
    );
    assert_eq!(batches("linux-5.0"), batches("linux-4.14"));
    let newer = [
        Rotate,
        DeactivateFile,
        Deactivate,
        LazyFree,
        Activate,
        Mlock,
    ];
    assert_eq!(batches("linux-6.1.y"), newer);
    assert_eq!(batches("linux-6.12.y"), newer);
    let adds = |name| generation(name).lru().batches().count() - batches(name).len();
    assert_eq!([adds("linux-3.8"), adds("linux-4.14")], [5, 1]);
}

/// A page is on its list only when its batch was full: until then it is none of those a scan of
/// movable pages counts.
#[test]
fn the_last_free_slot_empties_a_batch() {
    for generation in Generation::ALL {
        let mut lru = Lru::new(generation);
        let mut memory = Scribe::default();
        let size = u64::from(generation.lru().size());
        for turn in 1..=size {
            let block = page(&mut memory);
            lru.add(block, FILE, CPU_0, &mut memory, &mut ()).unwrap();
            assert_eq!(lru.is_listed(block.start()), turn == size);
        }
        assert_eq!(lru.frames(NodeId(0), FILE), size);
        assert!(!lru.waits(CPU_0));
        let head = lru.list(NodeId(0), FILE).next().unwrap();
        assert_eq!(head.start().get(), size - 1, "the latest is at the head");
    }
}

/// What its owner gave up while it waited is freed by the drain, in the generation's order. A CPU's
/// list of free pages is last in first out, so this decides which frame is used next.
#[test]
fn pages_nobody_holds_are_freed_by_the_drain() {
    for generation in Generation::ALL {
        let mut lru = Lru::new(generation);
        let mut memory = Scribe::default();
        let blocks: Vec<_> = (0..4).map(|_| page(&mut memory)).collect();
        for &block in &blocks {
            lru.add(block, FILE, CPU_0, &mut memory, &mut ()).unwrap();
        }
        for &block in &blocks[1..] {
            assert_eq!(lru.put(block, CPU_0, &mut memory, &mut ()), Ok(false));
        }
        assert!(memory.freed.is_empty(), "the batch holds them");
        lru.drain(CPU_0, CPU_1, &mut memory, &mut ()).unwrap();
        let newest = generation.name().starts_with("linux-6.12");
        let expected = if newest { [1, 2, 3] } else { [3, 2, 1] };
        assert_eq!(memory.freed_pfns(), expected, "{}", generation.name());
        assert!(
            memory.freed.iter().all(|&(_, cpu)| cpu == CPU_1),
            "by the CPU that drains"
        );
        assert_eq!(lru.frames(NodeId(0), FILE), 1);
        assert_eq!(lru.put(blocks[0], CPU_0, &mut memory, &mut ()), Ok(true));
        assert_eq!(lru.frames(NodeId(0), FILE), 0);
        assert!(memory.lent.is_empty());
    }
}

#[test]
fn a_page_of_several_frames_empties_its_batch_from_4_14_on() {
    for generation in Generation::ALL {
        let mut lru = Lru::new(generation);
        let mut memory = Scribe::default();
        let small = page(&mut memory);
        let request = Request {
            order: order(9),
            ..request(Gfp::GFP_TRANSHUGE, 0)
        };
        let large = memory.alloc(&request, &mut ()).unwrap();
        lru.add(small, FILE, CPU_0, &mut memory, &mut ()).unwrap();
        lru.add(large, FILE, CPU_0, &mut memory, &mut ()).unwrap();
        let old = matches!(generation.name(), "linux-2.6.37" | "linux-3.8");
        let listed = if old { 0 } else { 513 };
        assert_eq!(lru.frames(NodeId(0), FILE), listed, "{}", generation.name());
    }
}

/// Up to 3.8 there is a batch for every list, and they are emptied in the order of the lists.
#[test]
fn batches_are_drained_in_order() {
    let lists = [LruList::ActiveFile, FILE, LruList::InactiveAnon];
    let drained = |name| {
        let mut lru = Lru::new(generation(name));
        let mut memory = Scribe::default();
        for list in lists {
            let block = page(&mut memory);
            lru.add(block, list, CPU_0, &mut memory, &mut ()).unwrap();
        }
        let mut events: Vec<Event> = Vec::new();
        lru.drain(CPU_0, CPU_0, &mut memory, &mut events).unwrap();
        let drained = events.into_iter().filter_map(|event| match event {
            Event::Lru(LruEvent::Drained { batch, pages, .. }) => Some((batch, pages)),
            _ => None,
        });
        drained.collect::<Vec<_>>()
    };
    let add = |list| (LruBatch::Add(Some(list)), 1);
    assert_eq!(
        drained("linux-3.8"),
        [
            add(LruList::InactiveAnon),
            add(FILE),
            add(LruList::ActiveFile)
        ]
    );
    assert_eq!(drained("linux-6.12.y"), [(LruBatch::Add(None), 3)]);
}

#[test]
fn pages_move_between_lists_through_batches_of_their_own() {
    let mut lru = Lru::new(generation("linux-6.12.y"));
    let mut memory = Scribe::default();
    let blocks: Vec<_> = (0..3).map(|_| page(&mut memory)).collect();
    for &block in &blocks {
        lru.add(block, FILE, CPU_0, &mut memory, &mut ()).unwrap();
    }
    let early = lru.move_on(blocks[0], LruBatch::Activate, CPU_0, &mut memory, &mut ());
    assert_eq!(early, Ok(false), "it is on no list yet");
    lru.drain(CPU_0, CPU_0, &mut memory, &mut ()).unwrap();
    let mut go = |lru: &mut Lru, which: usize, batch| {
        assert_eq!(
            lru.move_on(blocks[which], batch, CPU_0, &mut memory, &mut ()),
            Ok(true)
        );
        lru.drain(CPU_0, CPU_0, &mut memory, &mut ()).unwrap();
    };
    go(&mut lru, 0, LruBatch::Activate);
    let list = |lru: &Lru, list| -> Vec<u64> {
        lru.list(NodeId(0), list)
            .map(|block| block.start().get())
            .collect()
    };
    assert_eq!(list(&lru, LruList::ActiveFile), [0]);
    assert_eq!(list(&lru, FILE), [2, 1]);
    go(&mut lru, 2, LruBatch::Rotate);
    assert_eq!(list(&lru, FILE), [1, 2], "a rotated page is reclaimed next");
    go(&mut lru, 0, LruBatch::Deactivate);
    assert_eq!(list(&lru, FILE), [0, 1, 2]);
    let mut old = Lru::new(generation("linux-2.6.37"));
    assert_eq!(
        old.move_on(blocks[1], LruBatch::LazyFree, CPU_0, &mut memory, &mut ()),
        Ok(false)
    );
}

#[test]
fn a_dead_cpus_batches_are_emptied_by_a_living_one_except_in_2_6_37() {
    for generation in Generation::ALL {
        let mut lru = Lru::new(generation);
        let mut memory = Scribe::default();
        let block = page(&mut memory);
        lru.add(block, FILE, CPU_1, &mut memory, &mut ()).unwrap();
        lru.put(block, CPU_1, &mut memory, &mut ()).unwrap();
        let dead = CpuEvent::Dead {
            cpu: CPU_1,
            on: CPU_0,
        };
        lru.cpu_event(dead, &mut memory, &mut ()).unwrap();
        let oldest = generation.name() == "linux-2.6.37";
        let expected = if oldest { vec![] } else { vec![(block, CPU_0)] };
        assert_eq!(memory.freed, expected, "{}", generation.name());
        assert_eq!(lru.waits(CPU_1), oldest);
    }
}

#[test]
fn without_batching_pages_reach_their_list_at_once() {
    let mut lru = Lru::new(Generation::NEWEST);
    let mut memory = Scribe::default();
    let [first, second, third] = [(); 3].map(|()| page(&mut memory));
    lru.add(first, FILE, CPU_1, &mut memory, &mut ()).unwrap();
    lru.disable(&mut memory, &mut ()).unwrap();
    assert!(lru.is_listed(first.start()));
    lru.add(second, FILE, CPU_0, &mut memory, &mut ()).unwrap();
    assert!(lru.is_listed(second.start()));
    lru.enable();
    lru.add(third, FILE, CPU_0, &mut memory, &mut ()).unwrap();
    assert!(!lru.is_listed(third.start()));
}

#[test]
fn misuse_is_an_error_and_changes_nothing() {
    let mut lru = Lru::new(Generation::NEWEST);
    let mut memory = Scribe::default();
    let block = page(&mut memory);
    assert_eq!(
        lru.put(block, CPU_0, &mut memory, &mut ()),
        Err(FreeError::NotLent(block))
    );
    lru.add(block, FILE, CPU_0, &mut memory, &mut ()).unwrap();
    let twice = lru.add(block, FILE, CPU_0, &mut memory, &mut ());
    assert_eq!(twice, Err(LruError::Known(block)));
    lru.put(block, CPU_0, &mut memory, &mut ()).unwrap();
    let given_up = lru.put(block, CPU_0, &mut memory, &mut ());
    assert_eq!(given_up, Err(FreeError::NotLent(block)));
}

/// What was on a list is on the same list again, from another frame, with the same owner: at once
/// where batches are switched off meanwhile (since 6.1), else with the next drain.
#[test]
fn a_list_follows_what_is_moved() {
    for name in ["linux-3.8", "linux-5.0", "linux-6.12.y"] {
        let mut memory = Scribe::default();
        let mut lru = Lru::new(generation(name));
        let (from, to) = (page(&mut memory), page(&mut memory));
        lru.add(from, LruList::ActiveAnon, CPU_0, &mut memory, &mut ())
            .unwrap();
        assert!(!lru.can_move(from), "{name}: it waits in a batch");
        lru.migrate(from, to, CPU_1, &mut memory, &mut ()).unwrap();
        assert!(lru.knows(from) && !lru.knows(to));

        let disables = name == "linux-6.12.y";
        match disables {
            true => lru.disable(&mut memory, &mut ()).unwrap(),
            false => lru.drain_all(&mut memory, &mut ()).unwrap(),
        }
        assert!(lru.can_move(from));
        lru.migrate(from, to, CPU_1, &mut memory, &mut ()).unwrap();
        assert!(lru.knows(to) && !lru.knows(from));
        assert_eq!(lru.waits(CPU_1), !disables, "{name}");
        lru.drain_all(&mut memory, &mut ()).unwrap();
        let listed = lru.list(NodeId(0), LruList::ActiveAnon);
        assert_eq!(listed.collect::<Vec<_>>(), [to], "{name}");
        assert_eq!(lru.put(to, CPU_0, &mut memory, &mut ()), Ok(true));
    }
}
