//! A sound allocator breaks no rule. That every bug breaks one is shown by the kill matrix of
//! `pfnlab-check`.

use pfnlab_model::{
    AllocError, Block, CpuId, FreeError, Observer, Order, PageAllocator, Pfn, Request,
};
use pfnlab_sim::{Breach, Checker, Failure, Setting, Workload, rules};
use pfnlab_zoo::{Bug, FirstFit, Layout};

const SETTING: Setting = Setting {
    frames: 768,
    cpus: 2,
    nodes: 2,
    low: 10,
    high: 110,
};

/// The first rule a seeded run breaks.
fn first_breach(allocator: impl PageAllocator, seed: u64, ops: u32) -> Option<Breach> {
    let run = || -> Result<(), Failure> {
        let mut checker = Checker::new(allocator)?;
        let mut workload = Workload::new(seed, SETTING);
        for _ in 0..ops {
            let outcome = checker.step(&workload.next_op(), &mut ())?;
            workload.observe(&outcome);
        }
        checker.finish()
    };
    match run() {
        Ok(()) => None,
        Err(Failure::Breach(breach)) => Some(*breach),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_sound_allocator_breaks_no_rule() {
    for seed in 0..2 {
        assert_eq!(first_breach(FirstFit::new(Bug::None), seed, 3000), None);
    }
}

/// The same where small upper halves are kept back.
#[test]
fn a_sound_allocator_with_guards_breaks_no_rule() {
    let layout = Layout {
        guards: Order::new(2).unwrap(),
        ..Layout::three_zones()
    };
    for seed in 0..2 {
        let allocator = FirstFit::on(layout.clone(), Bug::None);
        assert_eq!(first_breach(allocator, seed, 3000), None);
    }
}

#[test]
fn ids_are_unique_and_found() {
    for (at, rule) in rules::ALL.iter().enumerate() {
        assert_eq!(
            rules::ALL.iter().position(|other| other.id == rule.id),
            Some(at)
        );
        assert_eq!(
            rules::by_id(rule.id).map(|found| found.title),
            Some(rule.title)
        );
    }
}

/// Hands out the same few frames again and again, and cannot be looked into.
struct Careless(u64);

impl PageAllocator for Careless {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        self.0 = (self.0 + 1) % 16;
        Ok(Block::containing(Pfn::new(self.0 * 1024), request.order))
    }

    fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        Ok(())
    }
}

#[test]
fn an_allocator_that_shows_nothing_is_held_to_what_clients_see() {
    let breach = first_breach(Careless(0), 1, 1000).unwrap();
    assert_eq!(breach.rule, "LEND-02");
}
