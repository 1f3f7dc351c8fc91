//! pfnlab, with everything a kernel has switched on.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Gfp, Machine as Description, MachineSpec, NodeSpec, Order, PageAllocator, Pfn,
    Request,
};

use crate::{Kind, Machine, Peer};

/// A machine to boot.
pub type Booted = Description;

/// As Linux 6.12.y.
#[derive(Debug)]
pub struct Linux612(Mm);

/// As Linux 6.1.y.
#[derive(Debug)]
pub struct Linux61(Mm);

/// One node, one CPU, all memory above 4 GiB and so in one zone, as the peers have it.
pub fn booted(machine: Machine) -> Booted {
    let start = 4_u64 << 30;
    let end = start + (machine.frames << 12);
    let ram = format!("{start:#x}..{end:#x}").parse().expect("a range");
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec![ram],
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    spec.build().expect("a plain machine")
}

fn boot(machine: &Booted, profile: &str) -> Mm {
    let profile = Profile::by_name(profile).expect("it exists");
    Mm::boot(machine, profile, &Config::X86_64).expect("a plain machine")
}

/// A user's page: what most frames of a machine are.
#[inline]
fn alloc(mm: &mut Mm, order: u8) -> Option<u64> {
    let request = Request {
        order: Order::new(order).ok()?,
        ..Request::new(Gfp::GFP_HIGHUSER_MOVABLE)
    };
    let block = mm.alloc(&request, &mut ()).ok()?;
    Some(block.start().get())
}

#[inline]
fn free(mm: &mut Mm, start: u64, order: u8) {
    let order = Order::new(order).expect("it was handed out");
    let block = Block::containing(Pfn::new(start), order);
    mm.free(block, CpuId(0), &mut ())
        .expect("it was handed out");
}

impl Peer for Linux612 {
    const NAME: &'static str = "pfnlab 6.12.y";
    const KIND: Kind = Kind::Ours;
    type Memory = Booted;

    fn memory(machine: Machine) -> Booted {
        booted(machine)
    }

    fn boot(machine: &mut Booted) -> Linux612 {
        Linux612(boot(machine, "linux-6.12.y"))
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        alloc(&mut self.0, order)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        free(&mut self.0, start, order);
    }
}

impl Peer for Linux61 {
    const NAME: &'static str = "pfnlab 6.1.y";
    const KIND: Kind = Kind::Ours;
    type Memory = Booted;

    fn memory(machine: Machine) -> Booted {
        booted(machine)
    }

    fn boot(machine: &mut Booted) -> Linux61 {
        Linux61(boot(machine, "linux-6.1.y"))
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        alloc(&mut self.0, order)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        free(&mut self.0, start, order);
    }
}
