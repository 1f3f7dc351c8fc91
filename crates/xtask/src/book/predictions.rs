//! What the course asks its readers to predict, answered by running the allocator.

use std::error::Error;
use std::fs;
use std::path::Path;

use pfnlab::explain::Explained;
use pfnlab::model::{MigrateType, Snapshot};
use pfnlab::reel::Reel;
use pfnlab::sim::index;
use pfnlab::view::blocks;
use pfnlab::{Block, Event, Order, Pfn, PfnRange, TraceFile};

/// A prediction of a lesson.
#[derive(Clone, Copy, Debug)]
pub struct Prediction {
    /// The lesson: [`Lesson::name`](super::Lesson::name).
    pub lesson: &'static str,
    /// An operation that the question adds to those of the lesson; or none.
    more: &'static str,
    answer: fn(&Run) -> String,
}

/// The operations of a lesson, as they ran.
struct Run {
    told: Vec<Explained>,
    /// The state before each of them, and behind the last.
    states: Vec<Snapshot>,
}

impl Run {
    /// The block that an operation got; `None`: it was refused, or asked for none.
    fn lent(&self, step: usize) -> Option<Block> {
        self.told[step].events.iter().find_map(|event| match event {
            Event::Lent { block, .. } => Some(*block),
            _ => None,
        })
    }
}

impl Prediction {
    /// The right choice, in its words. `folder` is where the trace of its lesson is.
    ///
    /// # Errors
    /// When the trace cannot be read or run.
    pub fn answer(&self, folder: &Path) -> Result<String, Box<dyn Error>> {
        let name = format!("{}.trace", self.lesson);
        let text = fs::read_to_string(folder.join(&name))?;
        let text = format!("{text}\n{}\n", self.more);
        let mut reel = Reel::of_trace(&TraceFile::parse(&name, &text, folder)?)?;
        let mut run = Run {
            told: Vec::new(),
            states: vec![reel.state().clone()],
        };
        while let Some(told) = reel.next() {
            run.told.push(told?);
            run.states.push(reel.state().clone());
        }
        Ok((self.answer)(&run))
    }
}

fn yes(is_so: bool) -> String {
    if is_so { "Yes" } else { "No" }.to_owned()
}

/// Every prediction of the course, in its order.
pub const PREDICTIONS: [Prediction; 13] = [
    Prediction {
        lesson: "frames",
        more: "",
        answer: |run| {
            let pfn = Pfn::new(0x2f_e000 / 4096);
            let inside = run.lent(1).is_some_and(|block| block.range().contains(pfn));
            format!("Frame {pfn}, and {}", if inside { "yes" } else { "no" })
        },
    },
    Prediction {
        lesson: "orders",
        more: "exact 9 pages=7 gfp=GFP_HIGHUSER_MOVABLE",
        answer: |run| {
            // As in the question, but for where the block of order 3 lies.
            let whole = run.lent(3).expect("seven frames are to be had");
            let rest = PfnRange::sized(whole.start().offset(7), 1);
            let zone = &run.states[4].zones[0];
            let left = blocks(zone, rest);
            let orders: Vec<_> = left.iter().map(|(block, _)| block.order()).collect();
            match orders[..] {
                [order] => format!("One block of order {order}"),
                _ => format!("{orders:?}"),
            }
        },
    },
    Prediction {
        lesson: "splitting",
        more: "",
        answer: |run| {
            let events = run.told[1..4].iter().flat_map(|told| &told.events);
            let cuts = events.filter(|event| matches!(event, Event::Split { .. }));
            cuts.count().to_string()
        },
    },
    Prediction {
        lesson: "merging",
        more: "",
        answer: |run| {
            let merged = run.told[7].events.iter().filter_map(|event| match event {
                Event::Merged { block, .. } => Some(*block),
                _ => None,
            });
            let merged: Vec<_> = merged.collect();
            let last = merged.last().map(ToString::to_string);
            format!(
                "{}, and the last makes {}",
                merged.len(),
                last.unwrap_or_default()
            )
        },
    },
    Prediction {
        lesson: "merging",
        more: "",
        answer: |_| {
            let order = Order::new(3).expect("there is one");
            let block = Block::new(Pfn::new(0x3f8), order).expect("it is aligned");
            yes(block.buddy().start() == Pfn::new(0x3f0))
        },
    },
    Prediction {
        lesson: "lists",
        more: "",
        answer: |run| match run.lent(9).map(|block| block.start().get()) {
            Some(0x200) => "0x200, the lowest".to_owned(),
            Some(0x240) => "0x240, which came back last".to_owned(),
            other => format!("{:#x}, which is neither", other.unwrap_or(0)),
        },
    },
    Prediction {
        lesson: "watermarks",
        more: "",
        answer: |run| match (run.lent(4).is_some(), run.lent(5).is_some()) {
            (true, true) => "Both".to_owned(),
            (true, false) => "Only operation 4".to_owned(),
            (false, true) => "Only operation 5".to_owned(),
            (false, false) => "None".to_owned(),
        },
    },
    Prediction {
        lesson: "watermarks",
        more: "",
        answer: |run| yes(run.lent(8).is_some()),
    },
    Prediction {
        lesson: "walls",
        more: "",
        answer: |run| {
            let zone = run.states[0]
                .zones
                .iter()
                .find(|zone| zone.id.node.0 == 1 && zone.present > 0);
            let zone = zone.expect("node 1 has memory");
            let counts = Order::all().map(|order| (zone.free_blocks(order), order));
            let counts = counts.filter(|(count, _)| *count > 0);
            let words = counts.map(|(count, order)| match count {
                1 => format!("one of order {order}"),
                2 => format!("two of order {order}"),
                _ => format!("{count} of order {order}"),
            });
            let words = words.collect::<Vec<_>>().join(" and ");
            words.replacen('o', "O", 1)
        },
    },
    Prediction {
        lesson: "pageblocks",
        more: "",
        answer: |run| {
            yes(run
                .lent(8)
                .is_some_and(|block| block.start() == Pfn::new(0x200)))
        },
    },
    Prediction {
        lesson: "fallback",
        more: "",
        answer: |run| {
            let list = run.told[9].events.iter().find_map(|event| match event {
                Event::Linked { mt, .. } => Some(*mt),
                _ => None,
            });
            let kernel = run.lent(10).map(Block::start) == Some(Pfn::new(0x210));
            let who = if kernel {
                "the kernel"
            } else {
                "the movable request"
            };
            format!(
                "To the {} list, and {who} gets it",
                list.unwrap_or(MigrateType::Isolate)
            )
        },
    },
    Prediction {
        lesson: "compaction",
        more: "",
        answer: |run| {
            let last = run.told.len() - 1;
            run.lent(last)
                .map_or(String::new(), |block| block.start().to_string())
        },
    },
    Prediction {
        lesson: "compaction",
        more: "",
        answer: |_| {
            let free = [0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0];
            let of = |order| index::unusable(&free, Order::new(order).expect("there is one"));
            format!("{} and {}", of(4), of(5))
        },
    },
];
