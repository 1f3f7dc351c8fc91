//! `cargo bench -p pfnlab-bench --bench allocators`: pfnlab beside other frame allocators, and the
//! simulator's loop. A table of the best rounds is printed at the end.

use std::cell::RefCell;
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use pfnlab_bench::peers::{Bitmap, BuddySlab, BuddySystem, Depot, FrameAlloc, Linux61, Linux612};
use pfnlab_bench::work::{Rounds, Row};
use pfnlab_bench::{CpuTime, Machine, Peer, Table, simulator};

const SIZES: [Machine; 2] = [Machine { gib: 1 }, Machine { gib: 16 }];

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .configure_from_args();
    let table = RefCell::new(Table::new(&[
        Linux612::NAME,
        Linux61::NAME,
        BuddySlab::NAME,
        FrameAlloc::NAME,
        Depot::NAME,
        BuddySystem::NAME,
        Bitmap::NAME,
    ]));
    for row in Row::ALL {
        for machine in SIZES {
            let mut bench = Bench {
                criterion: &mut criterion,
                table: &table,
                name: format!("{}, {} GiB", row.name(), machine.gib),
            };
            bench.peer::<Linux612>(row, machine);
            bench.peer::<Linux61>(row, machine);
            bench.peer::<BuddySlab>(row, machine);
            bench.peer::<FrameAlloc>(row, machine);
            bench.peer::<Depot>(row, machine);
            bench.peer::<BuddySystem>(row, machine);
            bench.peer::<Bitmap>(row, machine);
        }
    }
    for machine in SIZES {
        let mut bench = Bench {
            criterion: &mut criterion,
            table: &table,
            name: format!("simulator loop, {} GiB", machine.gib),
        };
        bench.rounds(Linux612::NAME, || {
            simulator::rounds(machine, "linux-6.12.y")
        });
        bench.rounds(Linux61::NAME, || simulator::rounds(machine, "linux-6.1.y"));
    }
    criterion.final_summary();
    print!("\n{}", table.borrow());
}

/// One row of the table.
struct Bench<'a> {
    criterion: &'a mut Criterion<CpuTime>,
    table: &'a RefCell<Table>,
    name: String,
}

impl Bench<'_> {
    fn peer<P: Peer + 'static>(&mut self, row: Row, machine: Machine) {
        self.rounds(P::NAME, || row.rounds::<P>(machine));
    }

    /// Criterion decides how many rounds there are; `prepare` is called only if there are any.
    fn rounds(&mut self, peer: &'static str, prepare: impl Fn() -> Rounds) {
        let mut group = self.criterion.benchmark_group(&self.name);
        group
            .sample_size(10)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_millis(1))
            .measurement_time(Duration::from_millis(500));
        let mut rounds = None;
        group.bench_function(peer, |bencher| {
            let round = rounds.get_or_insert_with(&prepare);
            bencher.iter_custom(|iterations| {
                (0..iterations)
                    .map(|_| {
                        let done = round();
                        self.table.borrow_mut().note(&self.name, peer, done);
                        done.time
                    })
                    .sum()
            });
        });
        group.finish();
    }
}
