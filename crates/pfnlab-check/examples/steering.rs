//! How many operations it takes to find each bug of the zoo: seeds of the suite, plans that are all
//! drawn anew, and plans that are steered.
//!
//! ```text
//! cargo run --release -p pfnlab-check --example steering
//! ```
//!
//! Prints the tables of the page about steering.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{at_home, spec};
use pfnlab_check::model::Machine;
use pfnlab_check::sim::{Coverage, Driver};
use pfnlab_check::steer::{Asking, Steering};
use pfnlab_check::{Plans, Search, Suite};
use pfnlab_zoo::{Bug, FirstFit, Home, Layout};
use rayon::prelude::*;

/// So many times each bug is looked for, in each way.
const TIMES: u64 = 40;

/// The ways, as the table calls them.
const WAYS: [(&str, Plans); 3] = [
    ("seeds", Plans::None),
    ("plans drawn anew", Plans::Anew),
    ("steered", Plans::Steered),
];

/// How many operations it took each time, in order; nothing for each time in vain.
fn took(bug: Bug, plans: Plans) -> Vec<u64> {
    let times = (0..TIMES).into_par_iter();
    let found = times.filter_map(|time| {
        let suite = Suite::default()
            .machines(vec![spec(bug.home())])
            .first_seed(1 + 100 * time)
            .plans(plans);
        let Search {
            operations, found, ..
        } = suite.search(|machine| at_home(bug, machine));
        found.map(|_| operations)
    });
    let mut took: Vec<u64> = found.collect();
    took.sort_unstable();
    took
}

/// The middle one of all times, with those in vain at the end.
fn median(took: &[u64]) -> Option<u64> {
    took.get(TIMES as usize / 2).copied()
}

fn mean(took: &[u64]) -> u64 {
    took.iter().sum::<u64>() / (took.len() as u64).max(1)
}

fn cell(took: &[u64]) -> String {
    let vain = TIMES as usize - took.len();
    let median = median(took).map_or("–".to_owned(), |median| median.to_string());
    match vain {
        0 => format!("{median} ({})", mean(took)),
        vain => format!("{median} ({}, {vain} in vain)", mean(took)),
    }
}

/// How many states plans reach on the sound allocator within so many operations, on average.
fn reached(home: Home, steered: bool, most: u64) -> usize {
    let empty = spec(home).build().expect("a machine");
    let sums = (0..TIMES).into_par_iter().map(|time| {
        let seed = 1 + 100 * time;
        let mut steering = match steered {
            true => Steering::new(seed),
            false => Steering::unsteered(seed),
        };
        let mut left = most;
        while left > 0 {
            let plan = steering.plan();
            let allocator = at_home_of(home, &empty);
            let mut coverage = Coverage::of(&allocator);
            let mut asking = Asking::new(&plan, &empty, &allocator);
            let mut driver = Driver::new(allocator);
            while left > 0
                && let Some(op) = asking.next_op()
            {
                left -= 1;
                let outcome = driver.step(&op, &mut coverage).expect("it is sound");
                asking.observe(&outcome);
                steering.see(coverage.observe(&op, &outcome));
            }
            steering.end(plan);
        }
        steering.reached().len()
    });
    sums.sum::<usize>() / TIMES as usize
}

/// The sound allocator.
fn at_home_of(home: Home, machine: &Machine) -> FirstFit {
    let layout = match home {
        Home::ThreeZones => Layout::three_zones(),
        Home::Border => Layout::of(machine),
        Home::Closed => Layout::of(machine).closed(),
    };
    FirstFit::on(layout, Bug::None)
}

fn main() {
    println!("| machine | operations | states, plans drawn anew | steered |");
    println!("| --- | --: | --: | --: |");
    for home in [Home::ThreeZones, Home::Border, Home::Closed] {
        for most in [1000, 4000, 16_000] {
            let [anew, steered] = [false, true].map(|steered| reached(home, steered, most));
            println!("| {home:?} | {most} | {anew} | {steered} |");
        }
    }
    println!();
    let names = WAYS.map(|(name, _)| name).join(" | ");
    println!("| bug | {names} |\n| --- | --: | --: | --: |");
    let mut sums = [0; 3];
    let mut wins = [0; 3];
    for &bug in Bug::ALL {
        let all = WAYS.map(|(_, plans)| took(bug, plans));
        let cells = [0, 1, 2].map(|way| cell(&all[way])).join(" | ");
        println!("| `{bug:?}` | {cells} |");
        let medians = [0, 1, 2].map(|way| median(&all[way]).unwrap_or(u64::MAX));
        for (way, took) in all.iter().enumerate() {
            sums[way] += mean(took);
            wins[way] += u32::from(medians.iter().all(|other| medians[way] <= *other));
        }
    }
    println!("\nSum of the means: {sums:?}; best or equal: {wins:?}");
}
