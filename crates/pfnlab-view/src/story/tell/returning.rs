//! Many blocks that come back in one operation, told as one.

use pfnlab_model::Block;

use super::{OUTER, SHOWN, Teller, end_name};
use crate::names::{self, counted};
use crate::story::beat::Beat;
use crate::text::Line;

/// How many beats from the first on are blocks that come back and what becomes of them, if there are
/// too many to tell of each.
pub(super) fn many_returned(beats: &[Beat]) -> Option<usize> {
    let belongs = |beat: &&Beat| {
        matches!(
            beat,
            Beat::Returned { .. }
                | Beat::Put(_)
                | Beat::PcpPut { .. }
                | Beat::Drain { .. }
                | Beat::Retyped { .. }
                | Beat::Tuned { .. }
                | Beat::Stat { .. }
                | Beat::Diff { .. }
                | Beat::Other(_)
        )
    };
    let run = beats.iter().take_while(belongs).count();
    (returned(&beats[..run]).count() > SHOWN).then_some(run)
}

fn returned(beats: &[Beat]) -> impl Iterator<Item = Block> {
    beats.iter().filter_map(|beat| match beat {
        Beat::Returned { block, .. } => Some(*block),
        _ => None,
    })
}

impl Teller<'_> {
    /// Which blocks came back, what per-CPU lists keep of them, and what the buddy lists became.
    pub(super) fn many_back(&mut self, beats: &[Beat]) {
        let mut blocks: Vec<_> = returned(beats).collect();
        blocks.sort();
        let count = counted(blocks.len() as u64, "block");
        let runs = names::runs(&blocks, SHOWN);
        self.say_at(OUTER, format!("{count} come back one by one: {runs}."));
        self.inside(|teller| {
            teller.kept(beats);
            teller.drained(beats);
            let merges = beats.iter().map(|beat| match beat {
                Beat::Put(put) => put.buddies.len() as u64,
                _ => 0,
            });
            if beats.iter().any(|beat| matches!(beat, Beat::Put(_))) {
                let merges = counted(merges.sum(), "merge");
                teller.say(format!("Those that go to the buddy lists take {merges}."));
                teller.new_on_lists(beats);
            }
        });
    }

    /// What goes to per-CPU lists: as many to each as lie there one after the other.
    fn kept(&mut self, beats: &[Beat]) {
        let puts = beats.iter().filter_map(|beat| match beat {
            Beat::PcpPut { cpu, list, end, .. } => Some((*cpu, list, *end)),
            _ => None,
        });
        let puts: Vec<_> = puts.collect();
        for same in puts.chunk_by(|a, b| a == b) {
            let (cpu, list, end) = same[0];
            let mut line = Line::from(format!(
                "{} takes {}, at the {} of its ",
                names::cpu(cpu),
                counted(same.len() as u64, "block"),
                end_name(end)
            ));
            line.append(list.clone());
            self.say(line.plain(" list."));
        }
    }

    /// How often that was too many, and what went on from there.
    fn drained(&mut self, beats: &[Beat]) {
        let drains = beats.iter().filter_map(|beat| match beat {
            Beat::Drain { frames, .. } => Some(u64::from(*frames)),
            _ => None,
        });
        let drains: Vec<_> = drains.collect();
        if !drains.is_empty() {
            let times = counted(drains.len() as u64, "time");
            let frames = counted(drains.iter().sum(), "frame");
            self.say(format!(
                "Its lists grow too long {times}, and give {frames} back to the buddy."
            ));
        }
    }
}
