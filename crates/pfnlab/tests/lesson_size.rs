//! A lesson of up to 1,000 events is a file of less than 500 kB.

use std::path::Path;

use pfnlab::reel::Reel;
use pfnlab::tour::{Tour, TourOptions};
use pfnlab::{TraceFile, teach};

const PROMISED: usize = 500_000;

/// The tour does everything there is to do, and some twenty events come of each operation.
#[test]
fn a_thousand_operations_of_the_tour() {
    let options = TourOptions {
        ops: 1000,
        ..TourOptions::default()
    };
    let mut trace = Vec::new();
    let mut tour = Tour::boot(&options).unwrap();
    tour.record(&mut trace, |_| {}).unwrap();
    let trace = String::from_utf8(trace).unwrap();
    let trace = TraceFile::parse("tour.trace", &trace, Path::new("")).unwrap();
    let page = teach::lesson(&mut Reel::of_trace(&trace).unwrap(), "The tour", 1).unwrap();
    assert!(page.contains("<p>1000 operations, "));
    assert!(page.len() < PROMISED, "{} bytes", page.len());
}

/// What a lesson begins with counts, too: here every other frame of 64 MiB is handed out alone.
#[test]
fn a_start_in_pieces() {
    let mut trace = "#pfnlab-trace 1\nmachine-begin\n[[node]]\ncpus = [0]\nram = [\"1M..65M\"]\n\
                     machine-end\n"
        .to_owned();
    const FRAMES: usize = 12_000;
    for ticket in 0..FRAMES {
        trace.push_str(&format!("a {ticket} order=0 gfp=GFP_HIGHUSER_MOVABLE\n"));
    }
    for ticket in (0..FRAMES).step_by(2) {
        trace.push_str(&format!("f {ticket}\n"));
    }
    trace.push_str("drain\n");
    for ticket in 0..1000 {
        trace.push_str(&format!("a {} order=0\n", FRAMES + ticket));
    }
    let trace = TraceFile::parse("pieces.trace", &trace, Path::new("")).unwrap();
    let mut reel = Reel::of_trace(&trace).unwrap();
    reel.wind_to(FRAMES as u64 * 3 / 2 + 1).unwrap();
    let page = teach::lesson(&mut reel, "In pieces", 1).unwrap();
    assert!(page.contains("<p>1000 operations, "));
    assert!(page.len() < PROMISED, "{} bytes", page.len());
}
