//! A run is saved halfway, and goes on as if nothing had been.
//!
//! ```text
//! cargo run --example save_and_resume
//! ```

use pfnlab::sim::Setting;
use pfnlab::{Driver, Inspect, Mm, Workload, kernel, machine, snapshot};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let machine = machine::resolve("one-node")?;
    let mm = Mm::boot(&machine, kernel::profile(None)?, &kernel::config(None)?)?;
    let mut driver = Driver::new(mm);
    let mut workload = Workload::new(7, Setting::of(&machine));

    let half = |driver: &mut Driver<Mm>, workload: &mut Workload| {
        for _ in 0..20_000 {
            let outcome = driver.step(&workload.next_op(), &mut ())?;
            workload.observe(&outcome);
        }
        Ok::<(), pfnlab::sim::DriverError>(())
    };
    half(&mut driver, &mut workload)?;

    let saved = driver.allocator().snapshot();
    let text = snapshot::to_json(&saved);
    println!(
        "saved: {} zones in JSON, {} tickets in use",
        saved.zones.len(),
        driver.live().count()
    );

    // What is resumed goes on with the same tickets and the same workload.
    let loaded = snapshot::from_json("saved", &text)?;
    let mut resumed = driver.continue_on(Mm::resume(&loaded)?);
    let mut again = workload.clone();
    half(&mut driver, &mut workload)?;
    half(&mut resumed, &mut again)?;

    let same = driver.allocator().snapshot() == resumed.allocator().snapshot();
    println!("20000 operations later both are in the same state: {same}");
    Ok(())
}
