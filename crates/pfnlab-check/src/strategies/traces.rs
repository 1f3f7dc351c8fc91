//! What is asked, one operation after the other, by kinds of work.

use pfnlab_model::{CpuId, Gfp, Order, Request, Sysctl, ZoneKind};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::{orders, requests};
use crate::choices::{Choice, Choices, NAMES};

/// How often each kind of operation is asked for, in the order of [`choices`].
type Weights = [u32; 12];

/// Everything but what is asked of certain ranges.
const STEADY: Weights = [24, 2, 1, 3, 5, 1, 2, 1, 1, 1, 0, 0];
/// The same, with CPUs, certain ranges and memory.
const HOTPLUG: Weights = [24, 2, 1, 3, 5, 1, 2, 4, 1, 1, 3, 4];

/// Up to `length` operations of any kind, but for certain ranges: these are [`edges_of_holes`] and
/// [`hotplug`].
pub fn traces(length: usize) -> impl Strategy<Value = Choices> {
    prop_oneof![
        4 => steady(length),
        1 => bursty(length),
        1 => checkerboards(length),
        1 => edges_of_memory(length),
        1 => top_orders(length),
        1 => ping_pongs(length),
        2 => swarms(length),
    ]
}

/// Everything mixed: as much comes back as is handed out.
pub fn steady(length: usize) -> impl Strategy<Value = Choices> {
    weighted(length, STEADY)
}

/// CPUs, sections of memory and certain ranges come and go amid ordinary work.
pub fn hotplug(length: usize) -> impl Strategy<Value = Choices> {
    weighted(length, HOTPLUG)
}

/// Everything mixed, by weights drawn anew for each trace: some kinds of operation do not occur,
/// others prevail (swarm testing).
pub fn swarms(length: usize) -> impl Strategy<Value = Choices> {
    let weights = prop_oneof![2 => Just(0_u32), 1 => Just(1), 1 => Just(4), 1 => Just(20)];
    vec(weights, 10).prop_flat_map(move |drawn| {
        let mut weights = STEADY;
        weights[..10].copy_from_slice(&drawn);
        // Something must be asked.
        weights[0] = weights[0].max(1);
        weighted(length, weights)
    })
}

/// Many of one kind at once, most of which come back at once.
pub fn bursty(length: usize) -> impl Strategy<Value = Choices> {
    let burst = (0..NAMES, 2..NAMES, low_orders(), requests(), 0..4_u64);
    parts(length, burst, |(first, count, order, request, keep)| {
        let request = Request { order, ..request };
        let names = || (first..first + count).map(|name| name % NAMES);
        let lent = names().map(|name| Choice::Block { name, request });
        let returned = names().skip(keep as usize);
        lent.chain(returned.map(|name| Choice::Block { name, request }))
            .collect()
    })
}

/// A row of equal blocks, of which every second comes back: much is free, and none of it large. Then
/// larger ones are asked for.
pub fn checkerboards(length: usize) -> impl Strategy<Value = Choices> {
    let board = (0..2_u64, low_orders(), requests());
    parts(length, board, |(colour, order, request)| {
        let of = |order| Request { order, ..request };
        let block = |name, order| Choice::Block {
            name,
            request: of(order),
        };
        let row = 0..NAMES - 4;
        let all = row.clone().map(|name| block(name, order));
        let every_second = row.filter(|name| name % 2 == colour);
        let freed = every_second.map(|name| block(name, order));
        let larger = order.up().unwrap_or(order);
        let larger = (NAMES - 4..NAMES).map(|name| block(name, larger));
        all.chain(freed).chain(larger).collect()
    })
}

/// More and more is asked for until nothing is left; there, blocks come and go.
pub fn edges_of_memory(length: usize) -> impl Strategy<Value = Choices> {
    let fill = (0..NAMES, 64..2000_u32, requests());
    let fill = fill.prop_map(|(name, count, request)| Choice::Bulk {
        name,
        count,
        request,
    });
    let large = blocks(orders().prop_map(|order| Order::new(order.get() | 6).unwrap_or(order)));
    let edge = prop_oneof![3 => fill, 4 => large, 6 => blocks(low_orders()), 2 => pages()];
    vec(edge, 1..=length).prop_map(Choices)
}

/// Ranges that begin or end at a hole, amid ordinary work.
pub fn edges_of_holes(length: usize) -> impl Strategy<Value = Choices> {
    let work = prop_oneof![4 => edges(), 8 => blocks(orders()), 3 => pages(), 1 => splits()];
    vec(work, 1..=length).prop_map(Choices)
}

/// Only the largest blocks, and single frames that break them.
pub fn top_orders(length: usize) -> impl Strategy<Value = Choices> {
    let tops = (Order::MAX.get() - 2..=Order::MAX.get())
        .prop_map(|order| Order::new(order).unwrap_or(Order::MAX));
    let work =
        prop_oneof![6 => blocks(tops), 2 => blocks(Just(Order::ZERO)), 1 => splits(), 2 => pages()];
    vec(work, 1..=length).prop_map(Choices)
}

/// Frames that one CPU gets and another gives back.
pub fn ping_pongs(length: usize) -> impl Strategy<Value = Choices> {
    let hand = (0..NAMES, 1..40_u64, 0..4_u16, 0..4_u16, any::<bool>());
    parts(length, hand, |(first, count, from, to, drain)| {
        let by = |cpu| Request {
            cpu: CpuId(cpu),
            ..Request::new(Gfp::GFP_KERNEL)
        };
        let names = || (first..first + count).map(|name| name % NAMES);
        let lent = names().map(|name| Choice::Block {
            name,
            request: by(from),
        });
        let returned = names().map(|name| Choice::Block {
            name,
            request: by(to),
        });
        let drained = drain.then_some(Choice::Drain { cpu: to });
        lent.chain(returned).chain(drained).collect()
    })
}

/// Parts of a pattern, one after the other, up to a length.
fn parts<T: std::fmt::Debug + Clone>(
    length: usize,
    part: impl Strategy<Value = T>,
    pattern: fn(T) -> Vec<Choice>,
) -> impl Strategy<Value = Choices> {
    let count = length.div_ceil(24);
    vec(part, 1..=count).prop_map(move |parts| {
        let choices = parts.into_iter().flat_map(pattern);
        Choices(choices.take(length).collect())
    })
}

fn weighted(length: usize, weights: Weights) -> impl Strategy<Value = Choices> {
    vec(choices(weights), 1..=length).prop_map(Choices)
}

fn choices(weights: Weights) -> impl Strategy<Value = Choice> {
    let all: [BoxedStrategy<Choice>; 12] = [
        blocks(orders()).boxed(),
        (names(), 1..150u32, requests())
            .prop_map(|(name, count, request)| Choice::Bulk {
                name,
                count,
                request,
            })
            .boxed(),
        (names(), 1..600u32, requests())
            .prop_map(|(name, frames, request)| Choice::Exact {
                name,
                frames,
                request,
            })
            .boxed(),
        splits().boxed(),
        pages().boxed(),
        cpus().prop_map(|cpu| Choice::Drain { cpu }).boxed(),
        cpus().prop_map(|cpu| Choice::Vmstat { cpu }).boxed(),
        (cpus(), any::<bool>())
            .prop_map(|(cpu, online)| Choice::Cpu { cpu, online })
            .boxed(),
        sysctls()
            .prop_map(|(sysctl, value)| Choice::Sysctl { sysctl, value })
            .boxed(),
        zone_flags().boxed(),
        edges().boxed(),
        (0..32u64, any::<bool>(), cpus())
            .prop_map(|(section, online, cpu)| Choice::Section {
                section,
                online,
                cpu,
            })
            .boxed(),
    ];
    let some = weights.into_iter().zip(all);
    Union::new_weighted(some.filter(|(weight, _)| *weight > 0).collect())
}

fn names() -> impl Strategy<Value = u64> {
    0..NAMES
}

fn cpus() -> impl Strategy<Value = u16> {
    0..4u16
}

fn low_orders() -> impl Strategy<Value = Order> {
    (0..=3_u8).prop_map(|order| Order::new(order).unwrap_or(Order::ZERO))
}

fn blocks(orders: impl Strategy<Value = Order>) -> impl Strategy<Value = Choice> {
    (names(), orders, requests()).prop_map(|(name, order, request)| Choice::Block {
        name,
        request: Request { order, ..request },
    })
}

fn splits() -> impl Strategy<Value = Choice> {
    names().prop_map(|name| Choice::Split { name })
}

fn pages() -> impl Strategy<Value = Choice> {
    (names(), 0..64u64, cpus()).prop_map(|(name, page, cpu)| Choice::FreePage { name, page, cpu })
}

fn edges() -> impl Strategy<Value = Choice> {
    let place = (names(), 0..16u64, 0..1500u64, 1..1500u64, cpus());
    place.prop_map(|(name, edge, before, frames, cpu)| Choice::Edge {
        name,
        edge,
        before,
        frames,
        cpu,
    })
}

fn sysctls() -> impl Strategy<Value = (Sysctl, u64)> {
    prop_oneof![
        (Just(Sysctl::MinFreeKbytes), 0..6000u64),
        (Just(Sysctl::WatermarkScaleFactor), 1..=1000u64),
        (Just(Sysctl::WatermarkBoostFactor), 0..30_000u64),
        (
            Just(Sysctl::PercpuPagelistHighFraction),
            prop_oneof![Just(0), 8..100u64]
        ),
    ]
}

fn zone_flags() -> impl Strategy<Value = Choice> {
    let kinds = vec![
        ZoneKind::Dma,
        ZoneKind::Dma32,
        ZoneKind::Normal,
        ZoneKind::Movable,
    ];
    let boosts = option::weighted(0.4, 0..2000u64);
    (0..3u16, select(kinds), 0..8u32, 0..8u32, boosts).prop_map(
        |(node, kind, set, clear, boost)| Choice::ZoneFlags {
            node,
            kind,
            set,
            clear,
            boost,
        },
    )
}
