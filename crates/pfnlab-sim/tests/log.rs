//! A log gives back what was put into it.

use pfnlab_model::*;
use pfnlab_sim::{Log, Outcome};

#[test]
fn every_kind_of_outcome_comes_back() {
    let last = Pfn::new(Pfn::LIMIT.get() - 1);
    let top = Block::containing(last, Order::MAX);
    let longest = PfnRange::sized(Pfn::new(Pfn::LIMIT.get() - (1 << 20)), 1 << 20);
    let address = Address::within(last, PAGE_BYTES - 8);
    let blocks = [Block::page(Pfn::new(0)), Block::page(last), top];
    let mut outcomes = Vec::new();
    for block in blocks {
        outcomes.extend([
            Outcome::Lent(block),
            Outcome::Freed(block),
            Outcome::Split(block),
            Outcome::Kept(block),
        ]);
    }
    for order in Order::all() {
        let errors = [
            AllocError::TooLarge(order),
            AllocError::Watermark(order),
            AllocError::Exhausted(order),
            AllocError::Contradiction(Gfp::GFP_KERNEL | Gfp::MOVABLE),
            AllocError::NoZone,
            AllocError::Unsupported,
        ];
        outcomes.extend(errors.map(Outcome::Refused));
    }
    outcomes.extend([
        Outcome::Exact(longest),
        Outcome::FreedRun(longest),
        Outcome::Object(address),
        Outcome::ObjectFreed(address),
        Outcome::Bulk { got: 1 },
        Outcome::Bulk { got: 1 << 20 },
        Outcome::Skipped,
        Outcome::Done,
        Outcome::Rejected,
        Outcome::Unsupported,
    ]);
    let mut log = Log::default();
    outcomes.iter().for_each(|outcome| log.push(outcome));
    let back: Vec<_> = log.iter().collect();
    assert_eq!(back, outcomes);
}
