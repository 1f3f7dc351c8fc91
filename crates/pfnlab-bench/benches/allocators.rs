//! `cargo bench -p pfnlab-bench --bench allocators`: pfnlab beside other frame allocators, and the
//! simulator's loop. A table of the median rounds is printed at the end.

use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use pfnlab_bench::peers::{Bitmap, BuddySlab, BuddySystem, Depot, FrameAlloc, Linux61, Linux612};
use pfnlab_bench::simulator::{self, Load};
use pfnlab_bench::work::{Rounds, Row};
use pfnlab_bench::{CpuTime, Machine, Peer, Table};

const SIZES: [Machine; 2] = [Machine::gib(1), Machine::gib(16)];

/// Rounds in turn, after criterion has done its own.
const TURNS: usize = 4;

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .configure_from_args();
    let mut table = Table::new(&[
        (Linux612::NAME, Linux612::KIND),
        (Linux61::NAME, Linux61::KIND),
        (BuddySlab::NAME, BuddySlab::KIND),
        (FrameAlloc::NAME, FrameAlloc::KIND),
        (Depot::NAME, Depot::KIND),
        (BuddySystem::NAME, BuddySystem::KIND),
        (Bitmap::NAME, Bitmap::KIND),
    ]);
    for row in Row::ALL {
        for machine in SIZES {
            let everybody = [
                contestant::<Linux612>(row, machine),
                contestant::<Linux61>(row, machine),
                contestant::<BuddySlab>(row, machine),
                contestant::<FrameAlloc>(row, machine),
                contestant::<Depot>(row, machine),
                contestant::<BuddySystem>(row, machine),
                contestant::<Bitmap>(row, machine),
            ];
            let mut contestants: Vec<_> = everybody.into_iter().flatten().collect();
            let name = format!("{}, {} GiB", row.name(), machine.frames() >> 18);
            bench(&name, &mut contestants, &mut criterion, &mut table);
        }
    }
    for (load, name) in [(Load::Tour, "the tour"), (Load::Churn, "steady churn")] {
        for machine in SIZES {
            let simulator = |peer, profile| Contestant {
                peer,
                prepare: Box::new(move || simulator::rounds(machine, load, profile)),
                rounds: None,
            };
            let mut contestants = [
                simulator(Linux612::NAME, "linux-6.12.y"),
                simulator(Linux61::NAME, "linux-6.1.y"),
            ];
            let name = format!("simulator loop, {name}, {} GiB", machine.frames() >> 18);
            bench(&name, &mut contestants, &mut criterion, &mut table);
        }
    }
    criterion.final_summary();
    print!("\n{table}");
}

/// Somebody in a row.
struct Contestant {
    peer: &'static str,
    prepare: Box<dyn Fn() -> Rounds>,
    /// Once they have been asked for.
    rounds: Option<Rounds>,
}

/// `None`: the peer does not take part in the row.
fn contestant<P: Peer + 'static>(row: Row, machine: Machine) -> Option<Contestant> {
    (P::BLOCKS || row.is_single()).then(|| Contestant {
        peer: P::NAME,
        prepare: Box::new(move || row.rounds::<P>(machine)),
        rounds: None,
    })
}

/// Criterion measures one after the other; then all take turns, so that what disturbs the machine
/// disturbs all of them. The table has the best of both.
fn bench(
    name: &str,
    contestants: &mut [Contestant],
    criterion: &mut Criterion<CpuTime>,
    table: &mut Table,
) {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_millis(500));
    for Contestant {
        peer,
        prepare,
        rounds,
    } in &mut *contestants
    {
        group.bench_function(*peer, |bencher| {
            let round = rounds.get_or_insert_with(&*prepare);
            bencher.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    let done = round();
                    table.note(name, peer, done);
                    total += done.time;
                }
                total
            });
        });
    }
    group.finish();
    for _ in 0..TURNS {
        for Contestant { peer, rounds, .. } in &mut *contestants {
            if let Some(round) = rounds {
                table.note(name, peer, round());
            }
        }
    }
}
