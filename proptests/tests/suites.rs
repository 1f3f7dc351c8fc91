//! What must hold for every machine and every trace.

use std::collections::BTreeSet;

use pfnlab_mm::Mm;
use pfnlab_model::{Block, Inspect, Op, PageAllocator, Snapshot, Step, Ticket, Trace};
use pfnlab_proptests::strategies::cases;
use pfnlab_proptests::{Broken, Case, Patience, Tape, hold};
use pfnlab_sim::{Checker, Driver, first_difference, run};

fn same(kind: &str, left: &Snapshot, right: &Snapshot) -> Result<(), Broken> {
    first_difference(left, right).map_or(Ok(()), |difference| Err(Broken::new(kind, &difference)))
}

#[test]
fn rules_hold_after_every_operation() {
    hold(40, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut checker = Checker::new(mm)?.snapshot_every(8);
        let mut patience = Patience::default();
        for step in &case.trace.steps {
            checker.step(&step.op, &mut patience)?;
        }
        Ok(checker.finish()?)
    });
}

#[test]
fn events_are_complete() {
    hold(60, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut folded = mm.snapshot();
        let mut driver = Driver::new(mm);
        let mut tape = Tape::default();
        for step in &case.trace.steps {
            driver.step(&step.op, &mut tape)?;
            tape.events.drain(..).for_each(|event| folded.apply(event));
        }
        same("events", &folded, &driver.allocator().snapshot())
    });
}

#[test]
fn a_resumed_snapshot_goes_on_alike() {
    hold(60, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let (before, after) = case.trace.steps.split_at(case.trace.steps.len() / 2);
        let mut driver = Driver::new(mm);
        run(&mut driver, before, &mut Patience::default())?;
        let middle = driver.allocator().snapshot();
        let resumed = Mm::resume(&middle).map_err(|error| Broken::new("resume", &error))?;
        same("resumed", &middle, &resumed.snapshot())?;
        let mut other = driver.continue_on(resumed);
        let mut patience = Patience::default();
        for step in after {
            let one = driver.step(&step.op, &mut patience)?;
            let two = other.step(&step.op, &mut patience)?;
            if one != two || driver.pages() != other.pages() {
                let what = format!("`{}`: {one:?}, resumed {two:?}", step.op);
                return Err(Broken::new("outcome", &what));
            }
        }
        same(
            "end",
            &driver.allocator().snapshot(),
            &other.allocator().snapshot(),
        )
    });
}

#[test]
fn the_start_of_a_trace_is_the_start_of_its_run() {
    hold(40, cases(150), |case| {
        let run_steps = |steps: &[Step]| {
            let mut tape = Tape::default();
            let mut driver = Driver::new(case.boot()?);
            Some(run(&mut driver, steps, &mut tape).map(|_| tape.events))
        };
        let steps = &case.trace.steps;
        let (Some(whole), Some(part)) = (run_steps(steps), run_steps(&steps[..steps.len() / 3]))
        else {
            return Ok(());
        };
        let (whole, part) = (whole?, part?);
        if whole.starts_with(&part) {
            return Ok(());
        }
        let at = whole
            .iter()
            .zip(&part)
            .take_while(|(one, two)| one == two)
            .count();
        Err(Broken::new(
            "prefix",
            &format!("event {at}: {:?}, then {:?}", part.get(at), whole.get(at)),
        ))
    });
}

#[test]
fn what_was_split_merges_again() {
    hold(60, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let boot = free_blocks(&mm.snapshot());
        let mut driver = Driver::new(mm);
        run(&mut driver, &case.trace.steps, &mut Patience::default())?;
        let live: Vec<Ticket> = driver.live().map(|(ticket, _)| ticket).collect();
        let cpus = case.machine().cpus();
        let back = cpus.iter().map(|&(cpu, _)| Op::CpuOnline { cpu });
        let frees = live.into_iter().map(|ticket| Op::Free {
            ticket,
            cpu: cpus[0].0,
            cold: false,
        });
        let drains = cpus.iter().map(|&(cpu, _)| Op::Drain { cpu });
        for op in back.chain(frees).chain(drains) {
            driver.step(&op, &mut Patience::default())?;
        }
        let end = free_blocks(&driver.allocator().snapshot());
        let missing = boot.difference(&end).next();
        let extra = end.difference(&boot).next();
        if missing.is_none() && extra.is_none() {
            return Ok(());
        }
        Err(Broken::new(
            "merge",
            &format!("free at boot {missing:?}, at the end {extra:?}"),
        ))
    });
}

/// Every free block; whole pageblocks that only their types keep apart are joined.
fn free_blocks(snapshot: &Snapshot) -> BTreeSet<Block> {
    let lists = snapshot.zones.iter().flat_map(|zone| &zone.free_lists);
    let blocks = lists.flat_map(|list| {
        list.pfns
            .iter()
            .map(|&pfn| Block::new(pfn, list.order).expect("lists hold aligned blocks"))
    });
    let mut blocks: BTreeSet<Block> = blocks.collect();
    let pageblock = snapshot.global.pageblock_order;
    let whole =
        |block: &Block| pageblock <= block.order() && block.order() < snapshot.global.top_order;
    // The parent of two joined blocks comes before the upper one: look again until none is left.
    while let Some(block) = blocks.iter().copied().find(|block| {
        whole(block) && blocks.contains(&block.buddy()) && same_zone(snapshot, *block)
    }) {
        blocks.remove(&block);
        blocks.remove(&block.buddy());
        blocks.extend(block.parent());
    }
    blocks
}

fn same_zone(snapshot: &Snapshot, block: Block) -> bool {
    let zone_of = |block: Block| {
        let has = |list: &pfnlab_model::FreeListState| list.pfns.contains(&block.start());
        snapshot
            .zones
            .iter()
            .position(|zone| zone.free_lists.iter().any(has))
    };
    zone_of(block) == zone_of(block.buddy())
}

#[test]
fn a_trace_survives_being_printed() {
    hold(60, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        // With what came of every operation, so that expectations are printed, too.
        let mut driver = Driver::new(mm);
        let mut steps = Vec::new();
        for step in &case.trace.steps {
            let outcome = driver.step(&step.op, &mut Patience::default())?;
            let expect = outcome.as_expectation(driver.pages());
            steps.push(Step {
                op: step.op,
                expect,
            });
        }
        let trace = Trace {
            steps,
            ..case.trace.clone()
        };
        let text = trace.to_string();
        let parsed = Trace::parse(&text)
            .map_err(|error| Broken::new("text", &error))?
            .trace;
        if parsed != trace {
            return Err(Broken::new("text", &format!("printed again:\n{parsed}")));
        }
        let machine = pfnlab::TraceFile::parse("case.trace", &text, "".as_ref())
            .map_err(|error| Broken::new("file", &error))?
            .boot()
            .map_err(|error| Broken::new("file", &error))?;
        same("boot", &machine.snapshot(), &booted(case))?;
        // The expectations that a run gives hold in the next one.
        let report = run(&mut Driver::new(machine), &parsed.steps, &mut ())?;
        report
            .first
            .map_or(Ok(()), |first| Err(Broken::new("replay", &first)))
    });
}

fn booted(case: &Case) -> Snapshot {
    let mm = case.boot().expect("it did before");
    mm.inspect()
        .map(Inspect::snapshot)
        .expect("it can be looked into")
}
