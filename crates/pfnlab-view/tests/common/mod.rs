//! A small machine, operations on it, and what stories and pictures must keep to.

#![allow(dead_code, reason = "each test file uses what it needs")]

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, Gfp, Inspect, MachineSpec, NodeId, NodeSpec, Op, Order, Pfn, Request,
    Snapshot, Ticket, ZoneId, ZoneKind,
};
use pfnlab_sim::{Driver, Outcome};
use pfnlab_view::{Narrator, Story, Style};

/// The only zone of [`machine`] that ordinary requests need.
pub(crate) const DMA32: ZoneId = ZoneId {
    node: NodeId(0),
    kind: ZoneKind::Dma32,
};

/// Where [`DMA32`] starts.
pub(crate) const BASE: u64 = 0x1000;

/// 64 MiB, nothing reserved: DMA and DMA32, all of it in free blocks of the top order.
pub(crate) fn boot() -> Mm {
    boot_as(Profile::NEWEST.name())
}

/// The same machine with another kernel.
pub(crate) fn boot_as(profile: &str) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["0..64M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    Mm::boot(
        &spec.build().unwrap(),
        Profile::by_name(profile).unwrap(),
        &Config::X86_64,
    )
    .unwrap()
}

/// An allocator that is watched, and a narrator beside it.
pub(crate) struct Stage {
    driver: Driver<Mm>,
    narrator: Narrator,
    next: u64,
    pub(crate) events: Vec<Event>,
}

impl Stage {
    pub(crate) fn new(mm: Mm) -> Stage {
        Stage {
            narrator: Narrator::from(mm.snapshot()),
            driver: Driver::new(mm),
            next: 1,
            events: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> Snapshot {
        self.driver.allocator().snapshot()
    }

    pub(crate) fn step(&mut self, op: Op) -> (Outcome, Story) {
        self.events.clear();
        let outcome = self.driver.step(&op, &mut self.events).unwrap();
        let story = self.narrator.tell(&op, &self.events);
        assert_eq!(self.narrator.state(), Some(&self.state()), "{op}");
        (outcome, story)
    }

    pub(crate) fn alloc(&mut self, order: u8, gfp: Gfp) -> (Ticket, Option<Pfn>, Story) {
        let ticket = Ticket(self.next);
        self.next += 1;
        let order = Order::new(order).unwrap();
        let request = Request {
            order,
            ..Request::new(gfp)
        };
        let (outcome, story) = self.step(Op::Alloc { ticket, request });
        let pfn = match outcome {
            Outcome::Lent(block) => Some(block.start()),
            _ => None,
        };
        (ticket, pfn, story)
    }

    pub(crate) fn free(&mut self, ticket: Ticket) -> Story {
        let (cpu, cold) = (CpuId(0), false);
        self.step(Op::Free { ticket, cpu, cold }).1
    }
}

pub(crate) fn block(start: u64, order: u8) -> Block {
    Block::new(Pfn::new(start), Order::new(order).unwrap()).unwrap()
}

/// How a sentence names a block.
pub(crate) fn named(start: u64, order: u8) -> String {
    let block = block(start, order);
    match order {
        0 => block.start().to_string(),
        _ => block.to_string(),
    }
}

/// Text without line breaks and indentation, so that it can be looked through.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text without SGR escapes.
pub(crate) fn stripped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find('m').expect("an SGR escape ends in m");
        rest = &rest[at + end + 1..];
    }
    plain.push_str(rest);
    plain
}

/// What holds for every text this crate draws, at every width: no line is too wide, none ends in a
/// blank, colour adds escapes and nothing else, and ASCII is ASCII.
#[track_caller]
pub(crate) fn check_styles(draw: impl Fn(&Style) -> String) {
    for width in [0, 33, 40, 64, 80, 101, 120, 200] {
        for ascii in [false, true] {
            let plain = Style {
                width,
                colour: false,
                ascii,
            };
            let text = draw(&plain);
            assert!(!text.contains('\x1b'), "{text}");
            assert!(!ascii || text.is_ascii(), "{text}");
            for line in text.lines() {
                let columns = line.chars().count();
                assert!(
                    columns <= width.max(Style::LEAST_WIDTH),
                    "{width}: {columns}: {line}"
                );
                assert_eq!(line, line.trim_end());
            }
            let coloured = draw(&Style {
                colour: true,
                ..plain
            });
            assert!(text.trim().is_empty() || coloured.contains('\x1b'));
            assert_eq!(stripped(&coloured), text);
        }
    }
}
