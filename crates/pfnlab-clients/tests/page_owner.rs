//! Who allocated a page: what is kept, and the text it becomes.

use pfnlab_clients::Generation;
use pfnlab_clients::page_owner::sort::{Key, Merge, sort};
use pfnlab_clients::page_owner::{
    Context, Entries, Everywhere, MigrateReason, PageFacts, PageOwner, SnapshotFacts, StackId,
    TooLong, mixed_blocks,
};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Gfp, Inspect, MachineSpec, MigrateType, NodeSpec, Order, PageAllocator, Pfn,
    PfnRange, Request,
};

fn generation(name: &str) -> &'static Generation {
    Generation::by_name(name).unwrap()
}

fn order(order: u8) -> Order {
    Order::new(order).unwrap()
}

fn block(pfn: u64, of: u8) -> Block {
    Block::new(Pfn::new(pfn), order(of)).unwrap()
}

/// Pageblocks of 512 frames, the first unmovable, the second of contiguous memory, the rest movable.
struct Facts;

impl PageFacts for Facts {
    fn free_block(&self, pfn: Pfn) -> Option<Order> {
        (pfn.get() == 96).then_some(Order::ZERO)
    }
    fn block_type(&self, pfn: Pfn) -> MigrateType {
        match pfn.get() / 512 {
            0 => MigrateType::Unmovable,
            1 => MigrateType::Cma,
            _ => MigrateType::Movable,
        }
    }
    fn pageblock_order(&self) -> Order {
        order(9)
    }
    fn grouped(&self) -> bool {
        true
    }
    fn flags(&self, _: Pfn) -> String {
        "0x200000000000068(uptodate|lru|active)".into()
    }
}

fn at_work(owner: &mut PageOwner<Everywhere>, pid: u32, time: u64) {
    let stack = owner.stack(&["filemap_alloc_folio+0x10/0x20", "vfs_read+0x9f/0x1a0"]);
    owner.context(Context {
        stack,
        pid,
        tgid: 7,
        comm: "a-name-of-20-letters".into(),
        time,
    });
}

fn owner(name: &str) -> PageOwner<Everywhere> {
    PageOwner::new(generation(name), Everywhere).unwrap()
}

/// One page, allocated and moved, in the three forms.
#[test]
fn the_text_of_each_generation() {
    let text = |name| {
        let mut owner = owner(name);
        at_work(&mut owner, 42, 1_000);
        owner.allocated(block(1540, 2), Gfp::GFP_HIGHUSER_MOVABLE);
        owner.migrate_reason(Pfn::new(1540), MigrateReason::Compaction);
        owner.dump(&Facts)
    };
    let rest = " type Movable Block 3 type Movable Flags 0x200000000000068(uptodate|lru|active)\n \
                filemap_alloc_folio+0x10/0x20\n vfs_read+0x9f/0x1a0\n\
                Page has been migrated, last migrate reason: compaction\n\n";
    let process = "pid 42, tgid 7 (a-name-of-20-le), ts 1000 ns";
    assert_eq!(
        text("linux-4.14"),
        format!("Page allocated via order 2, mask 0x14200ca(GFP_HIGHUSER_MOVABLE)\nPFN 1540{rest}")
    );
    assert_eq!(
        text("linux-5.0"),
        format!("Page allocated via order 2, mask 0x6200ca(GFP_HIGHUSER_MOVABLE)\nPFN 1540{rest}")
    );
    assert_eq!(
        text("linux-6.1.y"),
        format!(
            "Page allocated via order 2, mask 0x100cca(GFP_HIGHUSER_MOVABLE), {process}, free_ts 0 ns\n\
             PFN 1540{rest}"
        )
    );
    assert_eq!(
        text("linux-6.12.y"),
        format!(
            "Page allocated via order 2, mask 0x100cca(GFP_HIGHUSER_MOVABLE), {process}\nPFN 0x604{rest}"
        )
    );
}

#[test]
fn which_frames_have_a_record_and_for_how_long() {
    let mut old = owner("linux-5.0");
    old.allocated(block(8, 3), Gfp::GFP_KERNEL);
    assert_eq!(old.records().count(), 1);
    old.freed(block(8, 3));
    assert_eq!(old.records().count(), 0);

    let mut new = owner("linux-6.1.y");
    at_work(&mut new, 1, 10);
    new.allocated(block(8, 3), Gfp::GFP_KERNEL);
    assert_eq!(new.records().count(), 8);
    at_work(&mut new, 2, 20);
    new.freed(block(8, 3));
    let record = new.record(Pfn::new(12)).unwrap();
    assert!(!record.allocated);
    assert_eq!(record.by.pid, 1, "who allocated it stays readable");
    assert_eq!(record.freed_by.as_ref().unwrap().time, 20);
    assert_eq!(new.dump(&Facts), "");
    new.allocated(block(8, 0), Gfp::GFP_KERNEL);
    assert!(new.dump(&Facts).contains("free_ts 20 ns"));
}

#[test]
fn orders_after_a_split() {
    let orders = |name| {
        let mut owner = owner(name);
        owner.allocated(block(8, 2), Gfp::GFP_KERNEL);
        owner.split(block(8, 2), order(1));
        let orders = owner.records().map(|(_, record)| record.order.get());
        orders.collect::<Vec<_>>()
    };
    assert_eq!(
        orders("linux-4.14"),
        [0, 0, 0, 0],
        "the head's record is copied"
    );
    assert_eq!(orders("linux-6.1.y"), [0, 0, 0, 0]);
    assert_eq!(orders("linux-6.12.y"), [1, 1, 1, 1]);
}

#[test]
fn a_moved_page_takes_its_record_along() {
    let mut owner = owner("linux-6.12.y");
    at_work(&mut owner, 9, 5);
    owner.allocated(block(3, 0), Gfp::GFP_KERNEL);
    owner.migrated(Pfn::new(3), Pfn::new(2000));
    for pfn in [3, 2000] {
        assert_eq!(owner.record(Pfn::new(pfn)).unwrap().by.pid, 9);
    }
}

#[test]
fn a_reader_gets_one_record_at_a_time() {
    let mut owner = owner("linux-6.12.y");
    owner.allocated(block(64, 5), Gfp::GFP_KERNEL);
    owner.allocated(block(96, 0), Gfp::GFP_KERNEL); // The facts say it is free.
    owner.allocated(block(100, 0), Gfp::GFP_KERNEL);
    let (first, next) = owner.read(Pfn::new(0), &Facts, 4096).unwrap().unwrap();
    assert!(first.contains("\nPFN 0x40 ") && next == Pfn::new(65));
    let (second, next) = owner.read(next, &Facts, 4096).unwrap().unwrap();
    assert!(
        second.contains("\nPFN 0x64 "),
        "tails and free pages are passed over: {second}"
    );
    assert_eq!(owner.read(next, &Facts, 4096), Ok(None));
    let short = owner.read(Pfn::new(0), &Facts, 10);
    assert_eq!(
        short,
        Err(TooLong {
            pfn: Pfn::new(64),
            bytes: first.len()
        })
    );
}

#[test]
fn frames_without_an_entry_have_no_record() {
    struct Below(u64);
    impl Entries for Below {
        fn has_entry(&self, pfn: Pfn) -> bool {
            pfn.get() < self.0
        }
    }
    let mut owner = PageOwner::new(generation("linux-6.1.y"), Below(10)).unwrap();
    owner.allocated(block(8, 2), Gfp::GFP_KERNEL);
    assert_eq!(owner.records().count(), 2);
    owner.freed(block(8, 2));
    assert!(PageOwner::new(generation("linux-3.8"), Everywhere).is_none());
}

#[test]
fn blocks_with_pages_of_another_type_are_mixed_once() {
    let mut owner = owner("linux-6.12.y");
    let movable = Gfp::GFP_HIGHUSER_MOVABLE;
    owner.allocated(block(4, 1), movable); // In an unmovable block.
    owner.allocated(block(8, 0), movable); // Again: the block is mixed already.
    owner.allocated(block(512, 0), movable); // Contiguous memory counts as movable.
    owner.allocated(block(1024, 0), Gfp::GFP_KERNEL); // In a movable block.
    owner.allocated(block(1536, 0), movable);
    let all = PfnRange::sized(Pfn::new(0), 4096);
    let mixed: Vec<_> = mixed_blocks(&owner, all, &Facts).into_iter().collect();
    assert_eq!(
        mixed,
        [(MigrateType::Unmovable, 1), (MigrateType::Movable, 1)]
    );
}

#[test]
fn pages_by_call_stack() {
    let mut owner = owner("linux-6.12.y");
    let [a, b] = [["a+0x1/0x2"], ["b+0x1/0x2"]].map(|calls| owner.stack(&calls));
    for (stack, at, of) in [(a, 0, 4), (b, 16, 0), (a, 17, 0)] {
        owner.context(Context {
            stack,
            ..Context::default()
        });
        owner.allocated(block(at, of), Gfp::GFP_KERNEL);
    }
    assert_eq!(
        owner.pages_by_stack(0).collect::<Vec<_>>(),
        [(a, 17), (b, 1)]
    );
    owner.freed(block(0, 4));
    assert_eq!(
        owner.pages_by_stack(1).collect::<Vec<_>>(),
        [(a, 1), (b, 1)]
    );
    assert_eq!(owner.stacks().calls(a), ["a+0x1/0x2"]);
    assert_eq!(owner.stack(&["a+0x1/0x2"]), a, "kept once");
}

/// On the real allocator: every frame that is handed out has a record, and none other.
#[test]
fn it_listens_to_an_allocator() {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["0..64M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let mut mm = Mm::boot(&spec.build().unwrap(), Profile::NEWEST, &Config::X86_64).unwrap();
    let early = mm.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ()).unwrap();
    let cached: u64 = mm
        .snapshot()
        .zones
        .iter()
        .flat_map(|zone| &zone.pcp)
        .map(|pcp| u64::from(pcp.count))
        .sum();

    let mut owner = owner("linux-6.12.y");
    let lines = owner.find_early(&mm.snapshot());
    let found: u64 = lines
        .iter()
        .map(|line| line.split(' ').nth_back(1).unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(found, 1 + cached, "{lines:?}");
    assert!(lines[0].starts_with("Node 0, zone      DMA: page owner found early allocated "));
    let record = owner.record(early.start()).unwrap();
    assert_eq!(
        (record.by.stack, record.order, record.gfp),
        (StackId::EARLY, Order::ZERO, Gfp::NONE)
    );

    let mut request = Request::new(Gfp::GFP_KERNEL);
    request.order = order(3);
    let block = mm.alloc(&request, &mut owner).unwrap();
    let run = mm
        .exact(&Request::new(Gfp::GFP_USER), 5, &mut owner)
        .unwrap();
    let single = mm.alloc(&Request::new(Gfp::GFP_USER), &mut owner).unwrap();
    mm.free(single, CpuId(0), &mut owner).unwrap();
    let mut expected: Vec<Pfn> = (0..8).map(|frame| block.start().offset(frame)).collect();
    expected.extend((0..5).map(|frame| run.offset(frame)));
    expected.sort();
    let allocated = owner
        .records()
        .filter(|(_, record)| record.allocated && record.by.stack != StackId::EARLY);
    assert_eq!(allocated.map(|(pfn, _)| pfn).collect::<Vec<_>>(), expected);
    assert_eq!(owner.record(run).unwrap().order, Order::ZERO);
    let text = owner.dump(&SnapshotFacts(&mm.snapshot()));
    assert!(text.contains("Page allocated via order 3, mask 0xcc0(GFP_KERNEL)"));
}

#[test]
fn records_of_one_text_are_put_together() {
    let mut owner = owner("linux-6.12.y");
    at_work(&mut owner, 5, 30);
    owner.allocated(block(0, 0), Gfp::GFP_KERNEL);
    owner.allocated(block(1, 0), Gfp::GFP_KERNEL);
    at_work(&mut owner, 4, 40);
    owner.allocated(block(16, 4), Gfp::GFP_KERNEL);
    let text = owner.dump(&Facts);
    let sorted = |merge, key| {
        let groups = sort(&text, merge, key);
        groups
            .iter()
            .map(|group| (group.times, group.pages))
            .collect::<Vec<_>>()
    };
    assert_eq!(sorted(Merge::Text, Key::Times), [(2, 2), (1, 16)]);
    assert_eq!(sorted(Merge::Text, Key::Pages), [(1, 16), (2, 2)]);
    assert_eq!(sorted(Merge::Text, Key::Pid), [(1, 16), (2, 2)]);
    assert_eq!(sorted(Merge::Text, Key::Time), [(2, 2), (1, 16)]);
    assert_eq!(sorted(Merge::Stack, Key::Times), [(3, 18)]);
    assert_eq!(sorted(Merge::Comm, Key::Times), [(3, 18)]);
    assert_eq!(sorted(Merge::Pid, Key::Text).len(), 2);
    for junk in [
        "",
        "\n\n\n",
        "Page allocated via order 99999999999999999999, ",
        "Page allocated via order 64, mask",
    ] {
        assert!(sort(junk, Merge::Text, Key::Times).is_empty(), "{junk:?}");
    }
}
