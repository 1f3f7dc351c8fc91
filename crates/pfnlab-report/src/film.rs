//! A trace runs, and its memory is looked at again and again.

use std::collections::BTreeMap;

use pfnlab::sim::{Driver, DriverError, Outcome, index};
use pfnlab::{
    Error, Event, Gfp, Inspect, MigrateType, Mm, Observer, Op, Order, Otherwise, Pfn, PfnRange,
    Ticket, TraceFile, ZoneId,
};

/// What the memory of a run looked like, from the start to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// In equal distances, the start and the end among them.
    pub frames: Vec<Frame>,
    /// Requests served from another migratetype's blocks: wanted, taken from, and how many of them
    /// claimed the pageblock and did not.
    pub fallbacks: BTreeMap<(MigrateType, MigrateType), [u64; 2]>,
    /// The order of a block of the pictures: a huge page.
    pub block: Order,
}

/// The memory at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How many operations were done.
    pub step: u64,
    /// Zones with memory.
    pub zones: Vec<ZoneFrame>,
    /// Pageblocks that hold a frame of another migratetype than their own.
    pub mixed: u64,
}

/// A zone at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFrame {
    /// Which.
    pub id: ZoneId,
    /// Where its first block starts.
    pub first: Pfn,
    /// By block of its span: the migratetype of its pageblock and its free frames, those on per-CPU
    /// lists left out; `None`: no memory.
    pub blocks: Vec<Option<(MigrateType, u16)>>,
    /// Free blocks, by order.
    pub free: Vec<u64>,
    /// The unusable free space index for a block, in thousandths.
    pub unusable: u32,
    /// The external fragmentation index for a block, in thousandths.
    pub extfrag: i32,
}

#[derive(Default)]
struct Fallbacks(BTreeMap<(MigrateType, MigrateType), [u64; 2]>);

impl Observer for Fallbacks {
    fn event(&mut self, event: Event) {
        if let Event::FellBack {
            wanted,
            from,
            claimed,
            ..
        } = event
        {
            self.0.entry((wanted, from)).or_default()[usize::from(!claimed)] += 1;
        }
    }
}

impl Film {
    /// Runs a trace, but for what is otherwise, and looks at its memory `times` times, twice at
    /// least.
    ///
    /// # Errors
    /// When its start is not to be had, or a step cannot be run.
    pub fn shoot(trace: &TraceFile, otherwise: &Otherwise, times: u32) -> Result<Film, Error> {
        let mut driver = trace.driver_otherwise(otherwise)?;
        let config = driver.allocator().config();
        let block = config.huge_order.unwrap_or(config.pageblock_order);
        let steps = &trace.trace().steps;
        let gaps = u64::from(times.max(2) - 1);
        let last = steps.len() as u64;
        let mut asked = BTreeMap::new();
        let mut film = Film {
            frames: vec![Frame::new(&driver, &asked, 0, block)],
            fallbacks: BTreeMap::new(),
            block,
        };
        let mut fallbacks = Fallbacks::default();
        let nodes = otherwise.work.nodes(driver.allocator());
        let left_out = otherwise.work.left_out(steps);
        for (number, step) in (0..).zip(steps) {
            let failed = |error: DriverError| trace.at_step(number as usize, error.to_string());
            for op in otherwise.work.before(number, &nodes) {
                driver.step_told(&op, &mut fallbacks).map_err(failed)?;
            }
            if !left_out.contains(&(number as usize)) {
                let outcome = driver.step_told(&step.op, &mut fallbacks).map_err(failed)?;
                note(&mut asked, &step.op, &outcome);
            }
            let done = number + 1;
            // One more part of the way is behind us.
            if done == last || done * gaps / last > number * gaps / last {
                film.frames.push(Frame::new(&driver, &asked, done, block));
            }
        }
        film.fallbacks = fallbacks.0;
        Ok(film)
    }
}

/// How every ticket was asked for.
fn note(asked: &mut BTreeMap<Ticket, Gfp>, op: &Op, outcome: &Outcome) {
    match (*op, *outcome) {
        (Op::Alloc { ticket, request }, Outcome::Lent(_)) => {
            asked.insert(ticket, request.gfp);
        }
        (
            Op::Exact {
                ticket, request, ..
            },
            Outcome::Exact(_),
        ) => {
            asked.insert(ticket, request.gfp);
        }
        (Op::Bulk { base, request, .. }, Outcome::Bulk { got }) => {
            let tickets = (base.0..).take(got as usize);
            asked.extend(tickets.map(|ticket| (Ticket(ticket), request.gfp)));
        }
        (Op::Split { ticket, base }, Outcome::Split(block)) => {
            if let Some(gfp) = asked.remove(&ticket) {
                let tickets = (base.0..).take(block.frames() as usize);
                asked.extend(tickets.map(|ticket| (Ticket(ticket), gfp)));
            }
        }
        (Op::Free { ticket, .. }, _) => {
            asked.remove(&ticket);
        }
        _ => {}
    }
}

impl Frame {
    fn new(driver: &Driver<Mm>, asked: &BTreeMap<Ticket, Gfp>, step: u64, block: Order) -> Frame {
        let mm = driver.allocator();
        let snapshot = mm.snapshot();
        let mut mixed: Vec<Pfn> = Vec::new();
        let pageblock = snapshot.global.pageblock_order;
        for (&ticket, &gfp) in asked {
            let Some(held) = driver.held(ticket) else {
                continue;
            };
            let mut at = held.range().start().align_down(pageblock);
            while at < held.range().end() {
                if mm.pageblock_type(at) != mobility(gfp) {
                    mixed.push(at);
                }
                at = at.offset(pageblock.frames());
            }
        }
        mixed.sort_unstable();
        mixed.dedup();
        let zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
        let zones = zones.map(|zone| {
            let span = PfnRange::sized(zone.start, zone.spanned);
            let first = span.start().align_down(block);
            let count = span.end().align_up(block).since(first) >> block.get();
            let start = |at: u64| first.offset(at << block.get());
            let mut free = vec![0_u16; count as usize];
            for list in &zone.free_lists {
                for &pfn in &list.pfns {
                    let (from, frames) = (pfn.since(first) >> block.get(), list.order.frames());
                    let blocks = frames.div_ceil(block.frames());
                    for at in from..from + blocks {
                        // Fits: a block has 1024 frames at most.
                        free[at as usize] += (frames / blocks) as u16;
                    }
                }
            }
            let memory = |at: u64| {
                let range = PfnRange::sized(start(at), block.frames());
                let mut memory = zone.memory.iter();
                zone.memory.is_empty() || memory.any(|run| run.overlaps(range))
            };
            let blocks = (0..count)
                .map(|at| memory(at).then(|| (mm.pageblock_type(start(at)), free[at as usize])));
            let counts = index::free_blocks(&snapshot, zone);
            ZoneFrame {
                id: zone.id,
                first,
                blocks: blocks.collect(),
                unusable: index::unusable(&counts, block).0,
                extfrag: index::extfrag(&counts, block).0,
                free: counts,
            }
        });
        Frame {
            step,
            zones: zones.collect(),
            mixed: mixed.len() as u64,
        }
    }
}

/// The migratetype a mask asks for (`gfp_migratetype`).
fn mobility(gfp: Gfp) -> MigrateType {
    if gfp.contains(Gfp::MOVABLE) {
        MigrateType::Movable
    } else if gfp.contains(Gfp::RECLAIMABLE) {
        MigrateType::Reclaimable
    } else {
        MigrateType::Unmovable
    }
}
