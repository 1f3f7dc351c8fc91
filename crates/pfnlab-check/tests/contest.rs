//! Contests: allocators that are alike, that place otherwise, and that break a promise.

mod common;

use std::fs;
use std::path::Path;

use common::spec;
use pfnlab_check::contest::{Agreement, Contest};
use pfnlab_check::model::{
    AllocError, Block, CpuId, FreeError, Machine, Observer, PageAllocator, Pfn, Request,
};
use pfnlab_check::{Case, Corpus, Finding, Suite};
use pfnlab_zoo::{Bug, FirstFit, Home, Layout};

/// First fit that shows only answers.
fn first_fit(bug: Bug) -> impl Fn(&Machine) -> FirstFit {
    move |machine| FirstFit::on(Layout::of(machine).closed(), bug)
}

/// Takes the highest frame that will do, and remembers what is held frame by frame.
struct LastFit {
    memory: Vec<Pfn>,
    held: Vec<Block>,
}

impl LastFit {
    fn new(machine: &Machine) -> LastFit {
        let frames = machine.free_ranges().flat_map(|memory| {
            let start = memory.range.start();
            (0..memory.range.frames()).map(move |frame| start.offset(frame))
        });
        LastFit {
            memory: frames.collect(),
            held: Vec::new(),
        }
    }

    fn is_free(&self, block: Block) -> bool {
        let overlaps = |held: &Block| held.range().overlaps(block.range());
        let end = block.start().offset(block.frames() - 1);
        self.memory.binary_search(&end).is_ok() && !self.held.iter().any(overlaps)
    }
}

impl PageAllocator for LastFit {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        let order = request.order;
        let starts = self.memory.iter().rev();
        let mut blocks = starts.filter_map(|&start| Block::new(start, order).ok());
        let block = blocks.find(|&block| self.is_free(block));
        let block = block.ok_or(AllocError::Exhausted(order))?;
        self.held.push(block);
        Ok(block)
    }

    fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        let at = self.held.iter().position(|&held| held == block);
        let at = at.ok_or(FreeError::NotLent(block))?;
        self.held.swap_remove(at);
        Ok(())
    }
}

fn suite() -> Suite {
    let machines = vec![spec(Home::Closed)];
    Suite::default().machines(machines).seeds(2).operations(400)
}

#[test]
fn an_allocator_agrees_with_itself() {
    let contest = Contest::new(Agreement::Outcomes)
        .with("one", first_fit(Bug::None))
        .with("other", first_fit(Bug::None));
    let contested = contest.search(&suite()).unwrap();
    let comparison = contested.comparison;
    assert!(
        comparison.agrees() && contested.case.is_none(),
        "{comparison}"
    );
    assert_eq!(comparison.sides[0].tally, comparison.sides[1].tally);
    assert_eq!(comparison.sides[1].differing, 0);
    assert!(comparison.operations > 1000, "{comparison}");
}

/// The shortest case in which placements differ is a single frame.
#[test]
fn the_first_operation_that_differs_ends_a_case() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("contest");
    let _ = fs::remove_dir_all(&folder);
    let contest = Contest::new(Agreement::Outcomes)
        .with("first fit", first_fit(Bug::None))
        .with("last fit", LastFit::new);
    let suite = suite().corpus(Corpus::at(&folder));
    let contested = contest.search(&suite).unwrap();
    let parting = contested.comparison.parting.as_ref().unwrap();
    assert_eq!(parting.step, 0);
    assert!(parting.came[0].starts_with("gets 0x0+"), "{parting:?}");
    let path = contested.path.unwrap();
    assert_eq!(path, folder.join("differs.trace"));
    // What the first one did stands in the file, and the next search begins with it.
    let kept = Corpus::read(&path).unwrap();
    assert_eq!(kept, contested.case.clone().unwrap());
    let steps = kept.steps();
    assert_eq!(steps.len(), 1);
    assert!(steps[0].to_string().ends_with(" => 0x0"), "{}", steps[0]);
    let again = contest.search(&suite).unwrap();
    assert_eq!(again.path, Some(path));
    assert_eq!(again.comparison, contested.comparison);
}

#[test]
fn refusals_are_outcomes_too() {
    let contest = Contest::new(Agreement::Outcomes)
        .with("sound", first_fit(Bug::None))
        .with("hasty", first_fit(Bug::RefusesTooEarly));
    let case = contest.search(&suite()).unwrap();
    let comparison = case.comparison;
    assert_eq!(comparison.finding().unwrap().kind, Finding::DIFFERS);
    let hasty = &comparison.sides[1];
    assert_eq!(
        (hasty.refused_alone, hasty.differing),
        (1, 1),
        "{comparison}"
    );
    assert_eq!(case.case.unwrap().steps().len(), 1);
}

#[test]
fn who_places_otherwise_keeps_the_same_promises() {
    let contest = Contest::new(Agreement::Promises)
        .with("first fit", first_fit(Bug::None))
        .with("last fit", LastFit::new);
    let contested = contest.search(&suite()).unwrap();
    let comparison = contested.comparison;
    assert!(
        comparison.agrees() && contested.case.is_none(),
        "{comparison}"
    );
    assert!(comparison.sides[1].differing > 0 && comparison.parting.is_some());
    // LastFit offers neither.
    assert!(comparison.left_out > 0);
    let bulk = comparison.sides.iter().map(|side| side.tally.bulk);
    assert_eq!(bulk.sum::<u64>(), 0);
}

#[test]
fn who_breaks_a_promise_is_named() {
    let contest = Contest::new(Agreement::Promises)
        .with("sound", first_fit(Bug::None))
        .with("twice", first_fit(Bug::LendsTwice));
    let contested = contest.search(&suite()).unwrap();
    let (who, finding) = contested.comparison.broken.clone().unwrap();
    assert_eq!((who, finding.kind.as_str()), (1, "LEND-02"));
    let text = contested.comparison.to_string();
    assert!(text.contains("twice: LEND-02 is broken"), "{text}");
    assert!(contested.case.unwrap().steps().len() <= 7);
}

#[test]
fn a_ticket_that_one_refuses_and_another_serves_is_nobodys_mistake() {
    let text = "#pfnlab-trace 1\nmachine-begin\n[[node]]\ncpus = [0]\nram = [\"0..0x10000\"]\nmachine-end\n\
                a 1 order=4\na 2 order=0\nf 1\nf 2\n";
    let case = Case::parse(text).unwrap();
    let contest = Contest::new(Agreement::Promises)
        .with("hasty", first_fit(Bug::RefusesTooEarly))
        .with("sound", first_fit(Bug::None));
    let comparison = contest.compare(&case);
    assert!(comparison.broken.is_none(), "{comparison}");
    assert_eq!(comparison.operations, 4);
}
