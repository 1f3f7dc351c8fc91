//! Memory comes and goes: the steps, and what they did to the lists in sum.

use std::collections::BTreeMap;

use pfnlab_model::{Block, MemoryEvent, MemoryOp, MemoryStep, Op, PfnRange, Watermarks, ZoneId};

use super::{OUTER, Teller};
use crate::names::{self, counted};
use crate::story::beat::Beat;
use crate::style::Tone;
use crate::text::Line;

impl Teller<'_> {
    /// The steps of an operation about memory. What happens to single blocks in between is told in
    /// sum, and each zone's marks once, as they are in the end.
    pub(super) fn memory_steps(&mut self, beats: &[Beat]) {
        let mut between = Vec::new();
        let mut moved = Vec::new();
        let mut marks: BTreeMap<ZoneId, Watermarks> = BTreeMap::new();
        let mut min_free = None;
        for beat in beats {
            match beat {
                Beat::Memory(MemoryEvent::Migrated { from, to }) => moved.push((*from, *to)),
                Beat::Memory(MemoryEvent::MinFreeSet { kbytes }) => min_free = Some(*kbytes),
                Beat::Memory(event) => {
                    if let Some(words) = step(*event) {
                        self.in_between(&mut between, &mut moved);
                        self.say_at(OUTER, words);
                    }
                }
                Beat::Watermarks { zone, marks: now } => {
                    marks.insert(*zone, *now);
                }
                Beat::Compaction(event) => {
                    self.in_between(&mut between, &mut moved);
                    self.compaction(*event);
                }
                Beat::Client(event) => self.client(*event),
                other => between.push(other.clone()),
            }
        }
        self.in_between(&mut between, &mut moved);
        if let Some(kbytes) = min_free {
            self.say_at(OUTER, format!("min_free_kbytes is {kbytes} now."));
        }
        for (zone, marks) in marks {
            self.indent = OUTER;
            self.beat(&Beat::Watermarks { zone, marks });
        }
    }

    /// What was moved elsewhere, and what the free lists became.
    fn in_between(&mut self, between: &mut Vec<Beat>, moved: &mut Vec<(Block, Block)>) {
        self.indent = OUTER;
        let (between, moved) = (std::mem::take(between), std::mem::take(moved));
        if !moved.is_empty() {
            let from: Vec<Block> = moved.iter().map(|&(from, _)| from).collect();
            let to: Vec<Block> = moved.iter().map(|&(_, to)| to).collect();
            self.say(format!(
                "{} moved elsewhere: what was in {} is in {} now.",
                counted(moved.len() as u64, "block"),
                names::runs(&from, self.shown()),
                names::runs(&to, self.shown())
            ));
        }
        self.inside(|teller| teller.new_on_lists(&between));
    }

    /// Whether it was done.
    pub(super) fn memory_outcome(&mut self, op: &MemoryOp, beats: &[Beat], arrow: &str) {
        let told = |wanted: MemoryStep| {
            beats.iter().any(|beat| {
                matches!(beat, Beat::Memory(MemoryEvent::Notified { step, .. }) if *step == wanted)
            })
        };
        let taken = beats.iter().find_map(|beat| match beat {
            Beat::Memory(MemoryEvent::AreaTaken { range, .. }) => Some(*range),
            _ => None,
        });
        let (what, done) = match *op {
            MemoryOp::Add { range, .. } => (format!("{range} is offline"), !beats.is_empty()),
            MemoryOp::Remove { range } => (format!("{range} is gone"), !beats.is_empty()),
            MemoryOp::Online { range, .. } => {
                (format!("{range} is online"), told(MemoryStep::Online))
            }
            MemoryOp::Offline { range, .. } => {
                (format!("{range} is offline"), told(MemoryStep::Offline))
            }
            MemoryOp::ContigAlloc { range, .. } => (
                format!("{range} is handed out, frame by frame"),
                lent(beats, range) == range.frames(),
            ),
            MemoryOp::CmaAlloc { .. } => {
                let what = taken.unwrap_or_default();
                (
                    format!("{what} is handed out, frame by frame"),
                    taken.is_some(),
                )
            }
            MemoryOp::CmaRelease { .. } => ("it is the area's again".to_owned(), true),
            MemoryOp::Compact { node, .. } => (
                format!("node {node} is compacted"),
                beats.iter().any(|beat| matches!(beat, Beat::Compaction(_))),
            ),
            MemoryOp::Kswapd { node, .. } => (format!("kswapd of node {node} sleeps"), true),
            MemoryOp::Waiting { on: true, .. } => {
                ("requests that may wait do from now on".to_owned(), true)
            }
            MemoryOp::Waiting { on: false, .. } => ("requests do not wait".to_owned(), true),
        };
        let line = match done {
            true => Line::new().then(Tone::Good, format!("{arrow} {what}")),
            false => Line::new().then(Tone::Bad, format!("{arrow} not done")),
        };
        self.say_at(OUTER, line.plain("."));
    }
}

fn lent(beats: &[Beat], range: PfnRange) -> u64 {
    let within =
        |beat: &&Beat| matches!(beat, Beat::Lent { block, .. } if range.covers(block.range()));
    beats.iter().filter(within).count() as u64
}

/// A step in words; `None`: others say it.
fn step(event: MemoryEvent) -> Option<String> {
    Some(match event {
        MemoryEvent::Notified {
            step,
            range,
            vetoed,
        } => {
            let heard = if vetoed { ", and somebody objects" } else { "" };
            format!("Everybody is told {} of {range}{heard}.", step.name())
        }
        MemoryEvent::RangeIsolated { range } => format!(
            "The pageblocks of {range} are isolated: nothing is handed out from there any more."
        ),
        MemoryEvent::IsolationRefused { range, at } => {
            format!("{range} cannot be isolated: what is at frame {at} cannot be moved.")
        }
        MemoryEvent::IsolationUndone { range } => {
            format!("The pageblocks of {range} are isolated no more.")
        }
        MemoryEvent::Added { range, node } => {
            format!("{range} is plugged in on node {node}. It has descriptors, and no zone.")
        }
        MemoryEvent::Removed { range } => format!("{range} is taken out."),
        MemoryEvent::Joined { zone, range, mt } => format!(
            "{range} belongs to {} now, in use by nobody. Its pageblocks are {mt}.",
            names::zone(zone)
        ),
        MemoryEvent::Left { zone, range } => {
            format!(
                "{range} leaves {}: it belongs to no zone.",
                names::zone(zone)
            )
        }
        MemoryEvent::SpanSet { zone, span } if span.is_empty() => {
            format!("{} spans nothing now.", names::zone(zone))
        }
        MemoryEvent::SpanSet { zone, span } => format!("{} spans {span} now.", names::zone(zone)),
        MemoryEvent::PresentSet { zone, frames } => {
            format!(
                "{} has {} now.",
                names::zone(zone),
                counted(frames, "frame")
            )
        }
        MemoryEvent::ListsMade { zone } => format!(
            "It is the first memory of {}: every CPU gets lists in front of it.",
            names::zone(zone)
        ),
        MemoryEvent::ListsGone { zone } => format!(
            "It was the last memory of {}: the CPUs' lists in front of it are gone.",
            names::zone(zone)
        ),
        MemoryEvent::ZonelistsEmptied { node } => {
            format!("The zonelists of node {node} are built anew.")
        }
        MemoryEvent::Reclaimed {
            frames: 0,
            node,
            looked_at,
            ..
        } => format!(
            "Those who have memory of node {node} look at {} and give none up.",
            counted(looked_at, "frame")
        ),
        MemoryEvent::Reclaimed { node, frames, .. } => format!(
            "Those who have memory of node {node} give up {}.",
            counted(frames, "frame")
        ),
        MemoryEvent::WaitedForReclaim { .. } => {
            "The request waits for memory to be given up.".to_owned()
        }
        MemoryEvent::CompactedFor { served: true, .. } => {
            "After compaction the request is served.".to_owned()
        }
        MemoryEvent::CompactedFor { served: false, .. } => {
            "After compaction there is still no block for the request.".to_owned()
        }
        MemoryEvent::OomKilled { .. } => {
            "Nothing else helps: whoever has anonymous memory loses all of it.".to_owned()
        }
        MemoryEvent::AreaTaken { area, range } => format!("Area {area} has lent out {range}."),
        MemoryEvent::AreaReturned { area, range } => format!("Area {area} has {range} back."),
        _ => return None,
    })
}

/// Whether an operation is told in steps.
pub(super) fn in_steps(op: &Op) -> bool {
    matches!(op, Op::Memory(_))
}
