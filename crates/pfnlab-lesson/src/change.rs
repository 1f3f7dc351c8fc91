//! What one operation changed, for a picture of it.

use pfnlab_model::{Block, Event, PfnRange, ZoneId};
use pfnlab_view::{Chain, chains};

/// What one operation changed.
///
/// ```
/// use pfnlab_lesson::Change;
/// let change = Change::new("drain cpu=0", "", &[]);
/// assert!(change.blocks().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    title: String,
    outcome: String,
    blocks: Vec<Block>,
    /// The frames it is about: what was handed out or came back, cut or joined.
    about: Vec<(ZoneId, PfnRange)>,
    chains: Vec<Chain>,
}

impl Change {
    /// The change that `events` tell. `title` is the operation, `outcome` what came of it.
    pub fn new(title: impl Into<String>, outcome: impl Into<String>, events: &[Event]) -> Change {
        let mut change = Change {
            title: title.into(),
            outcome: outcome.into(),
            blocks: Vec::new(),
            about: Vec::new(),
            chains: chains(events),
        };
        let mut linked = Vec::new();
        for &event in events {
            match event {
                Event::Lent { zone, block } | Event::Returned { zone, block } => {
                    change.blocks.push(block);
                    change.about.push((zone, block.range()));
                }
                Event::Split { zone, block } | Event::Merged { zone, block } => {
                    change.about.push((zone, block.range()));
                }
                Event::Linked { zone, block, .. } | Event::PcpLinked { zone, block, .. } => {
                    change.blocks.push(block);
                    linked.push((zone, block.range()));
                }
                _ => {}
            }
        }
        if change.about.is_empty() {
            change.about = linked;
        }
        change.blocks.sort();
        change.blocks.dedup();
        change
    }

    /// The operation.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What came of it.
    pub fn outcome(&self) -> &str {
        &self.outcome
    }

    /// The blocks that were handed out, came back, or were put on a list. Ascending.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// What was cut and joined.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// The zone it is about.
    pub(crate) fn zone(&self) -> Option<ZoneId> {
        self.about.last().map(|&(zone, _)| zone)
    }

    /// The frames of a zone it is about, from the first to the last.
    pub(crate) fn frames_in(&self, zone: ZoneId) -> Option<PfnRange> {
        let ranges = self.about.iter().filter(|(of, _)| *of == zone);
        let ranges: Vec<_> = ranges.map(|&(_, range)| range).collect();
        let start = ranges.iter().map(|range| range.start()).min()?;
        let end = ranges.iter().map(|range| range.end()).max()?;
        PfnRange::new(start, end)
    }

    /// Whether `block` was touched.
    pub(crate) fn touches(&self, block: Block) -> bool {
        self.blocks.binary_search(&block).is_ok()
    }
}
