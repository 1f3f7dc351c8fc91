//! Random operations against a model that knows every byte by itself.

use pfnlab_mm::boot::memblock::{Filter, Memblock, RegionList};
use pfnlab_model::{ByteRange, MemblockCall, MemblockList, MemblockRequest, NodeId};
use proptest::prelude::*;

use super::common::empty;

/// The model is this many frames; frame 0 is never given away.
const FRAMES: usize = 48;
const PAGE: u64 = 4096;

#[derive(Clone, Debug)]
enum Op {
    Add(ByteRange),
    Remove(ByteRange),
    Reserve(ByteRange),
    Free(ByteRange),
    SetNode(MemblockList, ByteRange, u16),
    Allocate(MemblockRequest, bool),
}

/// For every frame: is it there, and on which node (255: none)?
type Bytes = [Option<u16>; FRAMES];

#[derive(Clone)]
struct Model {
    memory: Bytes,
    reserved: Bytes,
}

fn frames(range: ByteRange) -> std::ops::Range<usize> {
    let frame = |address: u64| ((address / PAGE) as usize).min(FRAMES);
    frame(range.start)..frame(range.end).max(frame(range.start))
}

impl Model {
    /// Tries every place, the best first.
    fn locate(&self, request: &MemblockRequest, bottom_up: bool) -> Option<u64> {
        let node = request.node.map(|node| node.0);
        let exact = request.call == MemblockCall::ExactNid;
        let attempts = [
            (node, request.from),
            (None, request.from),
            (node, 0),
            (None, 0),
        ];
        attempts
            .into_iter()
            .filter(|(tried, _)| !exact || *tried == node)
            .find_map(|(node, from)| {
                let fits = |start: &usize| self.fits(request, node, from, *start);
                let mut places = 1..FRAMES;
                if bottom_up {
                    places.find(fits)
                } else {
                    places.rfind(fits)
                }
            })
            .map(|start| start as u64 * PAGE)
    }

    fn fits(&self, request: &MemblockRequest, node: Option<u16>, from: u64, start: usize) -> bool {
        let range = ByteRange::sized(start as u64 * PAGE, request.size);
        let limit = if request.to == 0 {
            u64::MAX
        } else {
            request.to
        };
        let size = (request.size / PAGE) as usize;
        range.start.is_multiple_of(request.align)
            && from <= range.start
            && range.end <= limit
            && start + size <= FRAMES
            && (start..start + size).all(|frame| {
                let there = self.memory[frame];
                // A piece lies in one entry: all on one node.
                there.is_some()
                    && there == self.memory[start]
                    && (node.is_none() || there == node)
                    && self.reserved[frame].is_none()
            })
    }
}

fn ranges() -> impl Strategy<Value = ByteRange> {
    (0..FRAMES as u64, 0..20_u64)
        .prop_map(|(start, size)| (start, size.min(FRAMES as u64 - start)))
        .prop_map(|(start, size)| ByteRange::sized(start * PAGE, size * PAGE))
}

fn requests() -> impl Strategy<Value = MemblockRequest> {
    let size = 1..6_u64;
    let align = 0..3_u32;
    let limit = FRAMES as u64;
    let node = prop::option::of(0..3_u16);
    (size, align, 0..limit, 0..limit, node, any::<bool>()).prop_map(
        |(size, align, from, to, node, exact)| MemblockRequest {
            size: size * PAGE,
            align: PAGE << align,
            from: from * PAGE,
            to: to * PAGE,
            node: node.map(NodeId),
            call: if exact {
                MemblockCall::ExactNid
            } else {
                MemblockCall::TryNid
            },
        },
    )
}

fn ops() -> impl Strategy<Value = Op> {
    let list = prop_oneof![Just(MemblockList::Memory), Just(MemblockList::Reserved)];
    prop_oneof![
        3 => ranges().prop_map(Op::Add),
        1 => ranges().prop_map(Op::Remove),
        1 => ranges().prop_map(Op::Reserve),
        1 => ranges().prop_map(Op::Free),
        1 => (list, ranges(), 0..3_u16).prop_map(|(list, range, node)| Op::SetNode(list, range, node)),
        3 => (requests(), any::<bool>()).prop_map(|(request, up)| Op::Allocate(request, up)),
    ]
}

const NOWHERE: u16 = 255;

fn fill(bytes: &mut Bytes, range: ByteRange, change: impl Fn(&mut Option<u16>)) {
    bytes[frames(range)].iter_mut().for_each(change);
}

fn apply(memblock: &mut Memblock, model: &mut Model, op: &Op) {
    let add = |there: &mut Option<u16>| *there = there.or(Some(NOWHERE));
    let remove = |there: &mut Option<u16>| *there = None;
    match op {
        Op::Add(range) => {
            memblock.add(*range).unwrap();
            fill(&mut model.memory, *range, add);
        }
        Op::Remove(range) => {
            memblock.remove(*range).unwrap();
            fill(&mut model.memory, *range, remove);
        }
        Op::Reserve(range) => {
            memblock.reserve(*range).unwrap();
            fill(&mut model.reserved, *range, add);
        }
        Op::Free(range) => {
            memblock.free(*range).unwrap();
            fill(&mut model.reserved, *range, remove);
        }
        Op::SetNode(list, range, node) => {
            memblock
                .set_node(*list, *range, Some(NodeId(*node)))
                .unwrap();
            let bytes = match list {
                MemblockList::Memory => &mut model.memory,
                MemblockList::Reserved => &mut model.reserved,
            };
            fill(bytes, *range, |there| *there = there.map(|_| *node));
        }
        Op::Allocate(request, up) => {
            memblock.bottom_up = *up;
            let expected = model.locate(request, *up);
            assert_eq!(memblock.allocate(request).ok(), expected, "{request:?}");
            if let Some(start) = expected {
                fill(
                    &mut model.reserved,
                    ByteRange::sized(start, request.size),
                    add,
                );
            }
        }
    }
}

/// The list says of every frame what the model says, in as few entries as possible.
fn same(list: &RegionList, bytes: &Bytes) {
    let mut seen: Bytes = [None; FRAMES];
    for region in list.regions() {
        assert!(!region.range.is_empty());
        let node = region.node.map_or(NOWHERE, |node| node.0);
        fill(&mut seen, region.range, |there| {
            assert_eq!(*there, None, "entries do not overlap");
            *there = Some(node);
        });
    }
    assert_eq!(&seen, bytes);
    for pair in list.regions().windows(2) {
        assert!(pair[0].range.end < pair[1].range.start || pair[0].node != pair[1].node);
    }
    let total: u64 = list
        .regions()
        .iter()
        .map(|region| region.range.size())
        .sum();
    assert_eq!(list.total_size(), total);
}

proptest! {
    #[test]
    fn agrees_with_a_model_of_single_frames(ops in prop::collection::vec(ops(), 0..60)) {
        let mut memblock = empty();
        let mut model = Model { memory: [None; FRAMES], reserved: [None; FRAMES] };
        for op in &ops {
            apply(&mut memblock, &mut model, op);
            same(memblock.memory(), &model.memory);
            same(memblock.reserved(), &model.reserved);
            let mut free: Bytes = [None; FRAMES];
            for piece in memblock.free_ranges(Filter::default()) {
                let node = piece.node.map_or(NOWHERE, |node| node.0);
                fill(&mut free, piece.range, |there| *there = Some(node));
            }
            let left = |(there, taken): (&Option<u16>, &Option<u16>)| {
                there.filter(|_| taken.is_none())
            };
            let expected = model.memory.iter().zip(&model.reserved).map(left);
            prop_assert!(free.iter().copied().eq(expected));
        }
    }

    /// Whatever the numbers, nothing panics.
    #[test]
    fn no_numbers_are_too_wild(
        numbers in prop::collection::vec(
            prop_oneof![any::<u64>(), 0..0x4000_u64, (u64::MAX - 0x4000)..=u64::MAX],
            40,
        ),
        exact: bool,
        bottom_up: bool,
    ) {
        let mut memblock = empty();
        memblock.bottom_up = bottom_up;
        memblock.set_current_limit(numbers[0]);
        for four in numbers.chunks(4) {
            let range = ByteRange { start: four[0], end: four[1] };
            let _ = memblock.add(range);
            let _ = memblock.reserve(ByteRange::sized(four[2], four[3]));
            let call = if exact { MemblockCall::ExactNid } else { MemblockCall::PhysRange };
            let (size, align, from, to) = (four[0], four[1], four[2], four[3]);
            let _ = memblock.allocate(&MemblockRequest { size, align, from, to, node: None, call });
            let align = 1 << (align % 64);
            let _ = memblock.allocate(&MemblockRequest { size, align, from, to, node: None, call });
            let _ = memblock.trim(align);
            let _ = memblock.enforce_limit(four[3]);
            let _ = memblock.free(range);
            let _ = memblock.cap(ByteRange::sized(four[3], four[2]));
            let _ = memblock.dump().to_string();
        }
    }
}
