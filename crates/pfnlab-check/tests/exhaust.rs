//! Every state of small worlds: as many as a buddy allocator has, no more and no less; and bugs are
//! found by the shortest way there is.

use pfnlab_check::exhaust::{Asked, Counts, Lists, Search, World, WorldError};
use pfnlab_check::model::{Gfp, Order, Pfn, PfnRange, Request};
use pfnlab_zoo::{Bug, FirstFit, Layout, NODE0, ZoneLayout};

fn order(order: u8) -> Order {
    Order::new(order).unwrap()
}

/// One zone of 2^`top` frames, and requests of every order.
fn world(top: u8, bug: Bug, lists: Lists<FirstFit>) -> World<FirstFit> {
    let layout = Layout {
        zones: vec![ZoneLayout {
            id: NODE0,
            memory: vec![PfnRange::sized(Pfn::new(0), 1 << top)],
        }],
        types: Vec::new(),
        top: order(top),
        pageblock: order(top),
        guards: Order::ZERO,
        cpus: 1,
        pcp_high: 0,
        open: true,
        known: true,
    };
    let request = |of| Request {
        order: order(of),
        ..Request::new(Gfp::GFP_HIGHUSER_MOVABLE)
    };
    World {
        first: FirstFit::on(layout, bug),
        requests: (0..=top).map(request).collect(),
        lists,
        asked: Asked::Moves,
    }
}

/// First fit looks at every block, wherever it is on its list.
fn any_head(_: &mut FirstFit, _: pfnlab_check::model::Block) {}

fn all(world: World<FirstFit>) -> Counts {
    Search::new(world).unwrap().finish().unwrap()
}

/// How many states a block of 2^`order` frames has, and how many blocks are held in all of them
/// together: it is held, or free, or made of two halves that are not both free.
fn states_and_held(order: u8) -> (u64, u64) {
    match order.checked_sub(1) {
        None => (2, 1),
        Some(half) => {
            let (states, held) = states_and_held(half);
            (1 + states * states, 1 + 2 * states * held)
        }
    }
}

#[test]
fn a_sound_buddy_allocator_has_as_many_states_as_there_are() {
    for top in 1..=3 {
        let (states, held) = states_and_held(top);
        let counts = all(world(top, Bug::None, Lists::AnyHead(any_head)));
        assert_eq!((counts.states, counts.looked_at), (states, states));
        // A request of every order from each state, and each block given back.
        let requests = u64::from(top) + 1;
        assert_eq!(counts.transitions, requests * states + held, "{top}");
    }
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let found = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| {
            let counts = all(world(2, Bug::None, Lists::Ordered));
            let broken = world(3, Bug::MergesOnce, Lists::Ordered);
            let mut search = Search::new(broken).unwrap();
            (counts, search.finish().unwrap_err())
        })
    });
    assert_eq!(found[0], found[1]);
}

#[test]
fn a_saved_search_goes_on() {
    let world = || world(2, Bug::None, Lists::Ordered);
    let whole = all(world());
    let mut search = Search::new(world()).unwrap();
    for _ in 0..3 {
        assert!(search.advance(7).unwrap());
        let mut file = Vec::new();
        search.save("four frames", &mut file).unwrap();
        search = Search::resume(world(), "four frames", &mut &file[..]).unwrap();
    }
    assert_eq!(search.finish(), Ok(whole));
    let mut file = Vec::new();
    search.save("four frames", &mut file).unwrap();
    for (name, end, message) in [
        ("five frames", file.len(), "line 2 should be `five frames`"),
        (
            "four frames",
            file.len() - 1,
            "line 3 should be followed by",
        ),
        ("four frames", 3, "line 1 should be `pfnlab-exhaust 1`"),
    ] {
        let error = Search::resume(world(), name, &mut &file[..end])
            .err()
            .unwrap();
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// What is found of each bug, and after how many moves. Longer ones are: an upper half that comes
/// back does not find its lower half, once both were handed out and the lower one came back; a list
/// of two blocks in the wrong order, once three blocks were handed out and the first came back.
#[test]
fn bugs_are_found_by_the_shortest_way() {
    for (bug, rule, length) in [
        (Bug::MiscountsBlocks, "COUNT-01", 0),
        (Bug::LosesTheRemainder, "STATE-03", 1),
        (Bug::KeepsWhatItCuts, "COUNT-01", 1),
        (Bug::LinksTwice, "STATE-01", 1),
        (Bug::ListsMisaligned, "ALIGN-01", 1),
        (Bug::UnlinksFromTheWrongList, "STATE-02", 1),
        (Bug::ReturnsTheOtherHalf, "LEND-03", 1),
        (Bug::ForgetsToCount, "FREE-01", 1),
        (Bug::FoldsTwice, "FREE-01", 1),
        (Bug::ForgetsToMerge, "MERGE-01", 2),
        (Bug::MergesOnce, "MERGE-01", 2),
        (Bug::FreesHalf, "STATE-03", 2),
        (Bug::FreesTooMuch, "STATE-01", 2),
        (Bug::CountsMergesTwice, "FREE-01", 2),
        (Bug::WrongBuddyBit, "MERGE-01", 4),
        (Bug::MergesLowerHalvesOnly, "MERGE-01", 4),
        (Bug::TellsTheWrongEnd, "EVENT-02", 4),
    ] {
        let mut search = Search::new(world(3, bug, Lists::Ordered)).unwrap();
        let found = search.finish().unwrap_err();
        let got = (found.finding.kind.as_str(), found.way.len());
        assert_eq!(got, (rule, length), "{bug:?}");
    }
}

#[test]
fn a_way_is_told_as_operations() {
    let mut search = Search::new(world(3, Bug::ForgetsToMerge, Lists::Ordered)).unwrap();
    let found = search.finish().unwrap_err().to_string();
    let (_, way) = found.split_once('\n').unwrap();
    let gfp = "gfp=GFP_HIGHUSER_MOVABLE";
    assert_eq!(way, format!("  a 1 order=0 {gfp} cpu=0\n  f 1 cpu=0\n"));
}

#[test]
fn what_is_no_small_world_is_said() {
    let mut closed = world(2, Bug::None, Lists::Ordered);
    closed.first = FirstFit::on(Layout::three_zones().closed(), Bug::None);
    let mut large = world(2, Bug::None, Lists::Ordered);
    large.first = FirstFit::new(Bug::None);
    assert_eq!(Search::new(closed).err(), Some(WorldError::Closed));
    assert_eq!(Search::new(large).err(), Some(WorldError::Frames(768)));
}
