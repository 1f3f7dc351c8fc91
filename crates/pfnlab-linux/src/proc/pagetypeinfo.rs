//! `/proc/pagetypeinfo`.

use std::fmt::Write;

use pfnlab_model::{Block, MigrateType, NodeId, Order, Pfn, PfnRange, Snapshot, ZoneId, ZoneState};

use super::{orders, populated};
use crate::form::form_of;

/// From 5.5 on the kernel counts no further on one list, lest it hold the zone's lock too long, and
/// prints `>` before the number (`pagetypeinfo_showfree_print`).
const COUNTED: usize = 100_000;

/// Those that count every list to its end.
const WITHOUT_END: [(&str, usize); 4] = [
    ("linux-2.6.37", usize::MAX),
    ("linux-3.8", usize::MAX),
    ("linux-4.14", usize::MAX),
    ("linux-5.0", usize::MAX),
];

/// `/proc/pagetypeinfo`: free blocks by migratetype, and pageblocks by migratetype.
///
/// A pageblock counts when one page of it is online and the zone's. The page is the one that lies
/// in its pageblock where the zone's start lies in the first. When a snapshot does not say where the
/// frames of its zones are ([`ZoneState::memory`]), every pageblock of a zone's span counts, and
/// so holes do, too.
pub fn pagetypeinfo(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let with_memory = |node: &NodeId| populated(snapshot).any(|zone| zone.id.node == *node);
    let nodes = snapshot.nodes.iter().map(|node| node.node);
    for node in nodes.filter(with_memory) {
        // Writing to a String cannot fail.
        let _ = node_lines(&mut text, snapshot, node);
    }
    text
}

fn node_lines(text: &mut String, snapshot: &Snapshot, node: NodeId) -> std::fmt::Result {
    let zones = || populated(snapshot).filter(|zone| zone.id.node == node);
    let types = &snapshot.global.migratetypes;
    let pageblock = snapshot.global.pageblock_order;
    let counted = form_of(&snapshot.profile, &WITHOUT_END, COUNTED);
    let owners = Owners::new(snapshot);
    writeln!(text, "Page block order: {pageblock}")?;
    writeln!(text, "Pages per block:  {}\n", pageblock.frames())?;

    let title = "Free pages count per migrate type at order";
    write!(text, "{title:<43} ")?;
    orders(snapshot).try_for_each(|order| write!(text, "{:>6} ", order.get()))?;
    text.push('\n');
    for zone in zones() {
        for &mt in types {
            let (node, kind) = (node.0, zone.id.kind);
            write!(text, "Node {node:>4}, zone {kind:>8}, type {mt:>12} ")?;
            for order in orders(snapshot) {
                let blocks = list_length(zone, order, mt);
                let more = if blocks < counted { "" } else { ">" };
                write!(text, "{more}{:>6} ", blocks.min(counted))?;
            }
            text.push('\n');
        }
    }

    write!(text, "\n{:<23}", "Number of blocks type ")?;
    types.iter().try_for_each(|mt| write!(text, "{mt:>12} "))?;
    text.push('\n');
    for zone in zones() {
        write!(text, "Node {node}, zone {:>8} ", zone.id.kind)?;
        for &mt in types {
            write!(text, "{:>12} ", pageblocks(zone, pageblock, mt, &owners))?;
        }
        text.push('\n');
    }
    Ok(())
}

fn list_length(zone: &ZoneState, order: Order, mt: MigrateType) -> usize {
    let mut lists = zone.free_lists.iter();
    let list = lists.find(|list| list.order == order && list.mt == mt);
    list.map_or(0, |list| list.pfns.len())
}

fn pageblocks(zone: &ZoneState, pageblock: Order, mt: MigrateType, owners: &Owners) -> usize {
    let Some(blocks) = &zone.pageblocks else {
        return 0;
    };
    // One look for every pageblock's length of the span, whole or begun.
    let looks = (0..zone.spanned).step_by(1 << pageblock.get());
    let looks = looks.map(|distance| zone.start.offset(distance));
    let types = looks.zip(&blocks.types);
    types
        .filter(|&(page, &known)| known == Some(mt) && owners.gives(page, zone.id))
        .count()
}

/// Which zone a page is in.
struct Owners(Vec<(PfnRange, ZoneId)>);

impl Owners {
    /// A section is online in parts of 2 MiB (`SUBSECTION_SHIFT`): those that hold any RAM.
    const SUBSECTION: Order = match Order::new(9) {
        Ok(order) => order,
        Err(_) => unreachable!(),
    };

    /// Nobody, when one of the zones does not know where its frames are.
    fn new(snapshot: &Snapshot) -> Owners {
        if populated(snapshot).any(|zone| zone.memory.is_empty()) {
            return Owners(Vec::new());
        }
        let frames = |zone: &ZoneState| zone.memory.iter().map(|range| (*range, zone.id)).collect();
        let mut ranges: Vec<_> = populated(snapshot)
            .flat_map(|zone| -> Vec<_> { frames(zone) })
            .collect();
        ranges.sort_unstable();
        Owners(ranges)
    }

    /// Whether `page` is online and in `zone`. A page in a hole is in the zone of the RAM that
    /// follows, or else in the last one (`init_unavailable_range`).
    fn gives(&self, page: Pfn, zone: ZoneId) -> bool {
        let Some((_, last)) = self.0.last() else {
            return true;
        };
        let around = Block::containing(page, Owners::SUBSECTION).range();
        let online = self.0.iter().any(|(range, _)| range.overlaps(around));
        let owner = self.0.iter().find(|(range, _)| page < range.end());
        online && owner.map_or(last, |(_, owner)| owner) == &zone
    }
}
