//! What the driver makes of operations, outcome by outcome.

use crate::common::{op, steps};
use pfnlab_model::*;
use pfnlab_sim::{Driver, DriverError, Outcome, RefusalKind, run};
use pfnlab_zoo::{Bug, FirstFit};

/// Runs a trace on the first-fit model; the expectations are its definition: lowest frame first,
/// node 0 starts at 0x80 and has a high-atomic block at 0 for orders above 0. Single frames come from
/// a per-CPU list that is filled with two frames, of which the second is taken first.
fn check(text: &str) {
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let report = run(&mut driver, &steps(text), &mut ()).unwrap();
    assert_eq!(report.first, None);
    assert_eq!(
        report.expected, report.tally.ops,
        "every line says what comes of it"
    );
}

#[test]
fn tickets_name_what_was_handed_out() {
    check(
        "a 1 order=3 gfp=GFP_KERNEL => 0
         a 2 order=3 gfp=GFP_KERNEL => 8
         f 1 => 0
         f 1 => skip
         a 1 order=2 gfp=GFP_KERNEL => 0
         f 77 => skip",
    );
}

#[test]
fn a_split_block_is_freed_frame_by_frame() {
    check(
        "a 1 order=2 gfp=GFP_KERNEL => 0
         split 1 base=10 => 0
         f 1 => skip
         f 12 => 2
         f 10 => 0
         f 11 => 1
         f 13 => 3
         split 13 base=20 => skip",
    );
}

#[test]
fn a_compound_page_is_not_split() {
    check(
        "a 1 order=2 gfp=GFP_KERNEL|__GFP_COMP => 0
         split 1 base=10 => skip
         f 10 => skip
         f 1 => 0
         a 2 order=0 gfp=GFP_KERNEL|__GFP_COMP => 0x81
         split 2 base=10 => skip",
    );
}

#[test]
fn a_split_may_use_its_own_ticket_again() {
    check(
        "a 1 order=1 gfp=GFP_KERNEL => 0
         split 1 base=1 => 0
         f 1 => 0
         f 2 => 1",
    );
}

#[test]
fn bulk_gives_a_ticket_to_every_frame() {
    check(
        "bulk 5 n=3 gfp=GFP_KERNEL => 0x81,0x80,0x83
         f 6 => 0x80
         a 6 gfp=GFP_KERNEL => 0x80
         bulk 100 n=2 gfp=GFP_KERNEL nodes=5 => fail
         f 100 => skip",
    );
}

#[test]
fn exact_is_one_ticket_for_a_run_of_frames() {
    check(
        "exact 1 pages=3 gfp=GFP_KERNEL => 0
         split 1 base=10 => skip
         f 1 => 0
         f 1 => skip",
    );
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    driver.step(&op("exact 1 pages=3"), &mut ()).unwrap();
    let mut tape = Vec::new();
    driver.step(&op("f 1"), &mut tape).unwrap();
    let returned = tape.iter().filter_map(|event| match event {
        Event::Returned { block, .. } => Some(block.start().get()),
        _ => None,
    });
    assert_eq!(returned.collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_live_ticket_is_not_given_out() {
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let mut step = |text| driver.step(&op(text), &mut ());
    step("a 3 order=1").unwrap();
    let live = Err(DriverError::Live(Ticket(3)));
    assert_eq!(step("a 3 order=0"), live);
    assert_eq!(step("bulk 1 n=3"), live);
    assert_eq!(step("exact 3 pages=1"), live);
    step("a 1 order=2").unwrap();
    assert_eq!(step("split 1 base=0"), live);
    assert!(
        matches!(step("f 1"), Ok(Outcome::Freed(_))),
        "nothing happened to it"
    );
    let frames = u32::MAX;
    let request = Request::new(Gfp::GFP_KERNEL);
    let huge = Op::Exact {
        ticket: Ticket(9),
        frames,
        request,
    };
    let error = DriverError::Size {
        ticket: Ticket(9),
        frames,
    };
    assert_eq!(driver.step(&huge, &mut ()), Err(error));
    let last = Op::Bulk {
        base: Ticket(u64::MAX),
        count: 2,
        request,
    };
    let error = DriverError::TicketRange(Ticket(u64::MAX));
    assert_eq!(driver.step(&last, &mut ()), Err(error));
}

#[test]
fn huge_ticket_numbers_cost_no_memory() {
    check(
        "a 4294967295 gfp=GFP_KERNEL => 0x81
         a 0 gfp=GFP_KERNEL => 0x80
         a 5000 gfp=GFP_KERNEL => 0x83
         a 9000 gfp=GFP_KERNEL => 0x82
         a 8191 gfp=GFP_KERNEL => 0x85
         f 5000 => 0x83
         f 9000 => 0x82
         f 4294967295 => 0x81
         f 0 => 0x80",
    );
}

#[test]
fn what_is_not_offered_is_not_asked() {
    let mut driver = Driver::new(Pages(0));
    let mut step = |text| driver.step(&op(text), &mut ());
    for text in [
        "bulk 1 n=3",
        "exact 1 pages=3",
        "drain cpu=0",
        "vmstat cpu=0",
        "sysctl min_free_kbytes 1",
        "zone-flags node=0 zone=Normal set=1 clear=0",
        "a 1 node=0",
        "a 1 nodes=0,1",
    ] {
        assert_eq!(step(text), Ok(Outcome::Unsupported), "{text}");
    }
    assert_eq!(step("a 1"), Ok(Outcome::Lent(Block::page(Pfn::new(0)))));
    assert_eq!(step("f 1"), Ok(Outcome::Unsupported));
    assert_eq!(
        step("a 1"),
        Err(DriverError::Live(Ticket(1))),
        "it is still held"
    );
}

#[test]
fn what_an_allocator_does_not_take_is_rejected() {
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let mut step = |text| driver.step(&op(text), &mut ());
    assert_eq!(
        step("zone-flags node=0 zone=Normal set=1 clear=0"),
        Ok(Outcome::Done)
    );
    assert_eq!(
        step("zone-flags node=9 zone=Normal set=1 clear=0"),
        Ok(Outcome::Rejected)
    );
    assert_eq!(step("sysctl min_free_kbytes 1"), Ok(Outcome::Unsupported));
}

#[test]
fn a_report_counts_outcomes_and_keeps_the_first_divergence() {
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let text = "a 1 order=3 => 0
                a 2 order=7 => fail
                a 3 order=10 => 0x400
                a 4 nodes=7
                f 3 => 0x400
                drain cpu=0";
    let report = run(&mut driver, &steps(text), &mut ()).unwrap();
    let tally = report.tally;
    assert_eq!((tally.ops, tally.lent, tally.refused), (6, 1, 3));
    assert_eq!((tally.skipped, tally.done), (1, 1));
    let refusals: Vec<_> = tally.refusals().collect();
    assert_eq!(
        refusals,
        [(RefusalKind::TooLarge, 2), (RefusalKind::NoZone, 1)]
    );
    assert_eq!((report.expected, report.diverged), (4, 2));
    let first = report.first.unwrap();
    assert_eq!(
        first.to_string(),
        "step 2: expected 0x400, got fail: order 10 is too large"
    );
}

/// Frames 0, 1, 2, …, and nothing else.
struct Pages(u64);

impl PageAllocator for Pages {
    fn alloc(&mut self, _: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        self.0 += 1;
        Ok(Block::page(Pfn::new(self.0 - 1)))
    }

    fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        Err(FreeError::Unsupported(block))
    }
}
