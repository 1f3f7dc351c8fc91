//! The lines in which a booting kernel says where its zones are.

use std::fmt::{self, Write};

use pfnlab_model::{Machine, Pfn, PfnRange, ZoneKind};

/// The lines from `Zone ranges:` to the last `Initmem setup node`, without time stamps.
///
/// `ranges` is the possible range of every kind of zone but Movable, an empty one where the
/// kernel has the zone but no memory for it; `movable_start` is where the movable zone of each
/// node starts, if it has one.
pub fn zone_ranges(
    machine: &Machine,
    ranges: &[(ZoneKind, PfnRange)],
    movable_start: &[Option<Pfn>],
) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = lines(&mut text, machine, ranges, movable_start);
    text
}

fn lines(
    text: &mut String,
    machine: &Machine,
    ranges: &[(ZoneKind, PfnRange)],
    movable_start: &[Option<Pfn>],
) -> fmt::Result {
    writeln!(text, "Zone ranges:")?;
    for &(kind, range) in ranges {
        if range.is_empty() {
            writeln!(text, "  {kind:<8} empty")?;
        } else {
            writeln!(text, "  {kind:<8} {}", Mem(range))?;
        }
    }
    writeln!(text, "Movable zone start for each node")?;
    for (node, start) in movable_start.iter().enumerate() {
        if let Some(start) = start {
            writeln!(text, "  Node {node}: {:#018x}", address(*start))?;
        }
    }
    writeln!(text, "Early memory node ranges")?;
    for memory in machine.memory() {
        writeln!(text, "  node {:>3}: {}", memory.node.0, Mem(memory.range))?;
    }
    for node in machine.nodes() {
        let node = node.id;
        let (first, last) = (
            machine.memory_of(node).next(),
            machine.memory_of(node).last(),
        );
        let span = first.zip(last);
        match span.and_then(|(first, last)| PfnRange::new(first.start(), last.end())) {
            Some(span) => writeln!(text, "Initmem setup node {node} {}", Mem(span))?,
            None => writeln!(text, "Initmem setup node {node} as memoryless")?,
        }
    }
    Ok(())
}

/// A range of frames as bytes; the end, as Linux prints it, is the last byte.
struct Mem(PfnRange);

impl fmt::Display for Mem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (address(self.0.start()), address(self.0.end()));
        write!(f, "[mem {start:#018x}-{:#018x}]", end.saturating_sub(1))
    }
}

/// The physical address of a frame of 4 KiB.
fn address(pfn: Pfn) -> u64 {
    pfn.get() << 12
}
