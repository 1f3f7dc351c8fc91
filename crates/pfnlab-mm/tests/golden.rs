//! The buddy core alone, against vectors that an independent model computed: what every request
//! gets, where it falls back, and every list, in order, at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use pfnlab_mm::bare::{Bare, request};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, Inspect, MigrateType, Order, PageAllocator, Pfn, Snapshot,
};
use serde_json::Value;

/// The largest order of the zone of every vector, which has four such blocks.
const TOP: u8 = 10;

/// What a vector calls a generation, and what we call it.
const GENERATIONS: &[(&str, &str)] = &[
    ("2.6.37", "linux-2.6.37"),
    ("3.8", "linux-3.8"),
    ("5.0", "linux-5.0"),
    ("6.1", "linux-6.1.0"),
    ("6.12.0", "linux-6.12.0"),
    ("6.12.117", "linux-6.12.y"),
];

#[test]
fn every_vector_comes_out_as_computed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/golden-buddy.jsonl.gz");
    let mut ran = BTreeMap::new();
    let mut text = String::new();
    let file = File::open(path).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    for (number, line) in text.lines().enumerate() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let called = vector["profile"].as_str().unwrap();
        let (_, name) = GENERATIONS
            .iter()
            .find(|(known, _)| *known == called)
            .unwrap();
        let profile = Profile::by_name(name).unwrap();
        check(&format!("vector {number}, {name}"), &vector, profile);
        *ran.entry(*name).or_insert(0) += 1;
    }
    assert_eq!(ran.into_values().collect::<Vec<_>>(), [6; 6]);
}

fn check(what: &str, vector: &Value, profile: &'static Profile) {
    let mut lab = Lab::new(vector, profile);
    let mut fell_back = Vec::new();
    for (number, op) in vector["ops"].as_array().unwrap().iter().enumerate() {
        match op[0].as_str().unwrap() {
            "a" => {
                let (order, mt) = (order(&op[1]), mobility(&op[2]));
                let mut events: Vec<Event> = Vec::new();
                let pfn = lab.alloc(order, mt, &mut events);
                assert_eq!(pfn, op[3].as_u64(), "{what}, operation {number}: {op}");
                fell_back.extend(events.iter().filter_map(fallback));
            }
            "f" => lab.free(block(op[1].as_u64().unwrap(), order(&op[2]))),
            other => panic!("{what}: operation {other}"),
        }
    }
    let expected: Vec<_> = vector["extfrag"].as_array().unwrap().iter().collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|event| {
            let number = |at: usize| event[at].as_u64().unwrap();
            (number(1), number(2), number(3), mobility(&event[4]))
        })
        .collect();
    assert_eq!(fell_back, expected, "{what}: fallbacks");
    let end = lab.mm.snapshot();
    assert_eq!(
        lists(&end),
        computed_lists(vector),
        "{what}: lists, head first"
    );
    let types = end.zones[0].pageblocks.as_ref().unwrap().types.iter();
    let types: String = types.map(|mt| letter(mt.unwrap())).collect();
    assert_eq!(types, vector["pageblock_types"], "{what}: pageblocks");
}

/// Where a request fell back: the block found, the orders wanted and found, and the type wanted.
fn fallback(event: &Event) -> Option<(u64, u64, u64, MigrateType)> {
    let Event::FellBack {
        block,
        order,
        wanted,
        ..
    } = *event
    else {
        return None;
    };
    let (order, found) = (u64::from(order.get()), u64::from(block.order().get()));
    Some((block.start().get(), order, found, wanted))
}

/// One zone without watermarks, whose per-CPU lists pass everything on at once.
struct Lab {
    mm: Mm,
    held: BTreeMap<u64, (Block, MigrateType)>,
}

impl Lab {
    fn new(vector: &Value, profile: &'static Profile) -> Lab {
        let zone = Bare {
            start: Pfn::new(0),
            blocks: vector["zone_pages"].as_u64().unwrap() >> TOP,
            top: Order::new(TOP).unwrap(),
            pageblock: order(&vector["pbo"]),
            highest_first: match vector["boot"].as_str().unwrap() {
                "order-10 ascending, head" => true,
                "order-10 ascending, tail" => false,
                other => panic!("boot {other}"),
            },
        };
        Lab {
            mm: zone.boot(profile),
            held: BTreeMap::new(),
        }
    }

    fn alloc(&mut self, order: Order, mt: MigrateType, events: &mut Vec<Event>) -> Option<u64> {
        self.tell_movable(None);
        let block = self.mm.alloc(&request(order, mt), events).ok()?;
        self.held.insert(block.start().get(), (block, mt));
        Some(block.start().get())
    }

    fn free(&mut self, block: Block) {
        self.tell_movable(Some(block));
        self.held.remove(&block.start().get()).unwrap();
        self.mm.free(block, CpuId(0), &mut ()).unwrap();
    }

    /// What movable requests hold can be moved; that is known to the LRU and not to an allocator,
    /// so it has to be told. What is about to be freed has left the LRU.
    fn tell_movable(&mut self, leaving: Option<Block>) {
        let mut snapshot = self.mm.snapshot();
        let pageblock = snapshot.global.pageblock_order;
        let zone = &mut snapshot.zones[0];
        let mut movable: BTreeMap<u32, u32> = BTreeMap::new();
        zone.lent.clear();
        for &(block, mt) in self.held.values() {
            if mt != MigrateType::Movable || leaving == Some(block) {
                zone.lent.push(block);
                continue;
            }
            for frame in 0..block.frames() {
                let pfn = block.start().offset(frame).get();
                *movable.entry((pfn >> pageblock.get()) as u32).or_insert(0) += 1;
            }
        }
        zone.pageblocks.as_mut().unwrap().movable = movable.into_iter().collect();
        self.mm = Mm::resume(&snapshot).unwrap();
    }
}

/// Every list that holds something, called as in a vector.
fn lists(snapshot: &Snapshot) -> BTreeMap<String, Vec<u64>> {
    let lists = snapshot.zones[0].free_lists.iter();
    let filled = lists.filter(|list| !list.pfns.is_empty());
    filled
        .map(|list| {
            let pfns = list.pfns.iter().map(|pfn| pfn.get()).collect();
            (format!("{}{}", list.order, letter(list.mt)), pfns)
        })
        .collect()
}

fn computed_lists(vector: &Value) -> BTreeMap<String, Vec<u64>> {
    let lists = vector["final_lists_head_first"].as_object().unwrap();
    let pfns = |list: &Value| -> Vec<u64> {
        let pfns = list.as_array().unwrap().iter();
        pfns.map(|pfn| pfn.as_u64().unwrap()).collect()
    };
    let filled = lists
        .iter()
        .filter(|(_, list)| !list.as_array().unwrap().is_empty());
    filled
        .map(|(name, list)| (name.clone(), pfns(list)))
        .collect()
}

fn order(value: &Value) -> Order {
    Order::new(value.as_u64().unwrap() as u8).unwrap()
}

fn block(pfn: u64, order: Order) -> Block {
    Block::new(Pfn::new(pfn), order).unwrap()
}

fn mobility(value: &Value) -> MigrateType {
    match value.as_str().unwrap() {
        "U" => MigrateType::Unmovable,
        "M" => MigrateType::Movable,
        "R" => MigrateType::Reclaimable,
        other => panic!("type {other}"),
    }
}

/// The letter a vector uses.
fn letter(mt: MigrateType) -> char {
    match mt {
        MigrateType::Reclaimable => 'R',
        MigrateType::Reserve => 'X',
        other => other.letter(),
    }
}
