//! An allocator under a few operations, told one by one.

use pfnlab_lesson::Change;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, Gfp, Inspect, MachineSpec, NodeSpec, Order, PageAllocator, Request,
    Snapshot,
};

/// A machine with a hole, two zones and two CPUs.
fn boot() -> Mm {
    let ram = ["0x1000..0x9f000", "1M..64M"].map(|range| range.parse().unwrap());
    let node = NodeSpec {
        cpus: vec![0, 1],
        ram: ram.to_vec(),
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    Mm::boot(&spec.build().unwrap(), Profile::NEWEST, &Config::X86_64).unwrap()
}

/// An operation, and the state behind it.
pub(crate) struct Moment {
    pub(crate) change: Change,
    pub(crate) events: Vec<Event>,
    pub(crate) after: Snapshot,
}

/// Requests of many orders and types, of which every second block comes back.
pub(crate) fn moments() -> Vec<Moment> {
    let mut mm = boot();
    let mut moments = Vec::new();
    let mut lent: Vec<Block> = Vec::new();
    let mut note = |title: String, events: Vec<Event>, mm: &Mm| {
        moments.push(Moment {
            change: Change::new(title, "", &events),
            events,
            after: mm.snapshot(),
        });
    };
    for (at, order) in [4, 0, 5, 2, 10, 9, 0, 3, 4, 4].into_iter().enumerate() {
        let gfp = [Gfp::GFP_KERNEL, Gfp::GFP_HIGHUSER_MOVABLE][at % 2];
        let request = Request {
            order: Order::new(order).unwrap(),
            ..Request::new(gfp)
        };
        let mut events: Vec<Event> = Vec::new();
        lent.push(mm.alloc(&request, &mut events).unwrap());
        note(format!("a {at} order={order}"), events, &mm);
    }
    for (at, block) in lent.into_iter().enumerate().filter(|(at, _)| at % 3 != 1) {
        let mut events: Vec<Event> = Vec::new();
        mm.free(block, CpuId(0), &mut events).unwrap();
        note(format!("f {at}"), events, &mm);
    }
    moments
}
