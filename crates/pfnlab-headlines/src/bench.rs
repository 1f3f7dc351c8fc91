//! What the workloads share: machines, draws, and what is counted.

use std::collections::BTreeSet;

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, Gfp, Inspect, MachineSpec, MemoryEvent, MigrateType, NodeSpec, Observer,
    Order, PageAllocator, Pfn, Request, Sysctl,
};
use pfnlab_sim::Stream;

/// How large a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As the page says.
    Full,
    /// As the tests run it.
    Small,
}

impl Size {
    /// One of two numbers.
    pub fn of<T>(self, full: T, small: T) -> T {
        match self {
            Size::Full => full,
            Size::Small => small,
        }
    }
}

/// What large machines keep free for huge pages, in KiB: 33 pageblocks (`set_recommended_min_free_kbytes`).
pub(crate) const KEPT_FREE: u64 = 67_584;

/// The middle one; of an even count, the lower.
///
/// # Panics
/// When there is none.
pub fn median<T: Ord + Copy>(values: &[T]) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) / 2]
}

/// A machine of one node, under a generation or a variant of one.
///
/// # Panics
/// When there is none of this name.
pub(crate) fn boot(ram: &[&str], cpus: u16, profile: &str) -> Mm {
    let profile = Profile::by_name(profile).expect("there is one");
    let node = NodeSpec {
        cpus: (0..cpus).collect(),
        ram: ram
            .iter()
            .map(|range| range.parse().expect("it is a range"))
            .collect(),
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let machine = machine.build().expect("it is a machine");
    Mm::boot(&machine, profile, &Config::X86_64).expect("it boots")
}

/// The memory of a machine with 3 GiB of it below 4 GiB, and so many MiB from there on; of all that, a part.
pub(crate) fn two_pieces(above: u64, part: u64) -> [String; 2] {
    let below = match part {
        1 => "0..3G".to_owned(),
        _ => format!("{}M..4G", 4096 - 3 * 1024 / part),
    };
    [below, format!("4G..{}M", 4096 + above / part)]
}

/// Sets a tunable.
pub(crate) fn set(mm: &mut Mm, sysctl: Sysctl, value: u64) {
    mm.sysctl(sysctl, value, &mut ())
        .expect("the kernel has it, and takes such a value");
}

/// Free frames, of all zones.
pub(crate) fn free_frames(mm: &Mm) -> u64 {
    let zones = mm.zones();
    let free = zones.iter().map(|&zone| mm.free_pages(zone).max(0) as u64);
    free.sum()
}

/// What is held, to be drawn from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    blocks: Vec<Block>,
    frames: u64,
}

impl Held {
    pub(crate) fn put(&mut self, block: Block) {
        self.frames += block.frames();
        self.blocks.push(block);
    }

    pub(crate) fn draw(&mut self, stream: &mut Stream) -> Option<Block> {
        if self.blocks.is_empty() {
            return None;
        }
        // Fits: there are fewer blocks than frames.
        let at = stream.below(self.blocks.len() as u32) as usize;
        let block = self.blocks.swap_remove(at);
        self.frames -= block.frames();
        Some(block)
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }
}

/// One request.
pub(crate) fn request(gfp: Gfp, order: u32, cpu: CpuId) -> Request {
    Request {
        // Fits: it is at most the top order.
        order: Order::new(order as u8).unwrap_or(Order::MAX),
        cpu,
        ..Request::new(gfp)
    }
}

/// One of so many CPUs.
pub(crate) fn cpu(cpus: u16, stream: &mut Stream) -> CpuId {
    CpuId(stream.below(u32::from(cpus)) as u16)
}

/// Empties every CPU's lists.
pub(crate) fn drain(mm: &mut impl PageAllocator, cpus: u16) {
    (0..cpus).for_each(|cpu| mm.drain(CpuId(cpu), &mut ()));
}

/// Fallbacks that leave a pageblock with more than one type in it (`mm_page_alloc_extfrag` with
/// `fragmenting=1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragmenting {
    /// All of them.
    pub all: u64,
    /// For movable requests.
    pub movable: u64,
    /// For unmovable ones.
    pub unmovable: u64,
    /// Of the latter, from movable pageblocks.
    pub from_movable: u64,
    /// Of all, those whose pageblock changed hands.
    pub claimed: u64,
    /// Beside them, fallbacks to whole pageblocks, which mix nothing.
    pub whole: u64,
}

/// The order of a pageblock of all machines here.
const PAGEBLOCK: u8 = 9;

impl Observer for Fragmenting {
    fn event(&mut self, event: Event) {
        if let Event::FellBack {
            block,
            wanted,
            from,
            claimed,
            ..
        } = event
        {
            if block.order().get() >= PAGEBLOCK {
                self.whole += 1;
                return;
            }
            self.all += 1;
            self.claimed += u64::from(claimed);
            self.movable += u64::from(wanted == MigrateType::Movable);
            let unmovable = wanted == MigrateType::Unmovable;
            self.unmovable += u64::from(unmovable);
            self.from_movable += u64::from(unmovable && from == MigrateType::Movable);
        }
    }
}

/// Blocks that were asked for as unmovable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unmovable {
    asked: bool,
    lent: BTreeSet<Pfn>,
}

impl Unmovable {
    /// The first frame of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Block> {
        self.lent.iter().copied().map(Block::page)
    }
}

impl Observer for Unmovable {
    fn event(&mut self, event: Event) {
        match event {
            Event::Asked(request) => {
                let gfp = request.gfp;
                self.asked = !gfp.contains(Gfp::MOVABLE) && !gfp.contains(Gfp::RECLAIMABLE);
            }
            Event::Lent { block, .. } if self.asked => {
                self.lent.insert(block.start());
            }
            // It was lent to what is moved, while somebody else waits.
            Event::Memory(MemoryEvent::Migrated { to, .. }) => {
                self.lent.remove(&to.start());
            }
            Event::Returned { block, .. } => {
                self.lent.remove(&block.start());
            }
            _ => {}
        }
    }
}
