//! The lines in which a booting kernel says where its zones are.

use std::fmt::{self, Write};

use pfnlab_model::{Machine, Pfn, PfnRange, ZoneKind};

use crate::form::form_of;

/// How a kernel prints where its zones are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneLines {
    /// In frames: `0x00001000 -> 0x00100000` (2.6.37).
    Frames,
    /// In bytes, of at least eight digits (3.8).
    ShortBytes,
    /// In bytes, of sixteen digits, and the nodes with them.
    Bytes,
}

impl ZoneLines {
    /// How the kernel behind a profile does it.
    ///
    /// ```
    /// use pfnlab_linux::bootlog::ZoneLines;
    /// assert_eq!(ZoneLines::of("linux-3.8"), ZoneLines::ShortBytes);
    /// assert_eq!(ZoneLines::of("linux-6.12.y"), ZoneLines::Bytes);
    /// ```
    pub fn of(profile: &str) -> ZoneLines {
        let before = [
            ("linux-2.6.37", ZoneLines::Frames),
            ("linux-3.8", ZoneLines::ShortBytes),
        ];
        form_of(profile, &before, ZoneLines::Bytes)
    }

    /// Whether kernels of that time have such a zone: the one for devices came in 4.3.
    fn knows(self, kind: ZoneKind) -> bool {
        match self {
            ZoneLines::Frames | ZoneLines::ShortBytes => kind != ZoneKind::Device,
            ZoneLines::Bytes => true,
        }
    }
}

/// The lines from `Zone ranges:` on, without time stamps: to the last `Initmem setup node`, or, up
/// to 3.8, to the last early range.
///
/// `ranges` is the possible range of every kind of zone but Movable, an empty one where the
/// kernel has the zone but no memory for it; `movable_start` is where the movable zone of each
/// node starts, if it has one.
pub fn zone_ranges(
    form: ZoneLines,
    machine: &Machine,
    ranges: &[(ZoneKind, PfnRange)],
    movable_start: &[Option<Pfn>],
) -> String {
    let ranges: Vec<_> = ranges
        .iter()
        .copied()
        .filter(|&(kind, _)| form.knows(kind))
        .collect();
    let ranges = &ranges[..];
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = match form {
        ZoneLines::Frames => frame_lines(&mut text, machine, ranges, movable_start),
        ZoneLines::ShortBytes => lines(&mut text, 10, machine, ranges, movable_start),
        ZoneLines::Bytes => lines(&mut text, 18, machine, ranges, movable_start)
            .and_then(|()| node_lines(&mut text, machine)),
    };
    text
}

fn frame_lines(
    text: &mut String,
    machine: &Machine,
    ranges: &[(ZoneKind, PfnRange)],
    movable_start: &[Option<Pfn>],
) -> fmt::Result {
    let frames = |range: PfnRange| {
        let (start, end) = (range.start().get(), range.end().get());
        format!("{start:#010x} -> {end:#010x}")
    };
    writeln!(text, "Zone PFN ranges:")?;
    for &(kind, range) in ranges {
        let range = match range.is_empty() {
            true => "empty".to_owned(),
            false => frames(range),
        };
        writeln!(text, "  {kind:<8} {range}")?;
    }
    writeln!(text, "Movable zone start PFN for each node")?;
    for (node, start) in movable_start.iter().enumerate() {
        if let Some(start) = start {
            writeln!(text, "  Node {node}: {}", start.get())?;
        }
    }
    let count = machine.memory().len();
    writeln!(text, "early_node_map[{count}] active PFN ranges")?;
    for memory in machine.memory() {
        writeln!(text, "  {:>3}: {}", memory.node.0, frames(memory.range))?;
    }
    Ok(())
}

fn lines(
    text: &mut String,
    width: usize,
    machine: &Machine,
    ranges: &[(ZoneKind, PfnRange)],
    movable_start: &[Option<Pfn>],
) -> fmt::Result {
    let mem = |range| Mem(range, width);
    writeln!(text, "Zone ranges:")?;
    for &(kind, range) in ranges {
        if range.is_empty() {
            writeln!(text, "  {kind:<8} empty")?;
        } else {
            writeln!(text, "  {kind:<8} {}", mem(range))?;
        }
    }
    writeln!(text, "Movable zone start for each node")?;
    for (node, start) in movable_start.iter().enumerate() {
        if let Some(start) = start {
            writeln!(text, "  Node {node}: {:#0width$x}", address(*start))?;
        }
    }
    writeln!(text, "Early memory node ranges")?;
    for memory in machine.memory() {
        writeln!(text, "  node {:>3}: {}", memory.node.0, mem(memory.range))?;
    }
    Ok(())
}

fn node_lines(text: &mut String, machine: &Machine) -> fmt::Result {
    for node in machine.nodes() {
        let node = node.id;
        let (first, last) = (
            machine.memory_of(node).next(),
            machine.memory_of(node).last(),
        );
        let span = first.zip(last);
        match span.and_then(|(first, last)| PfnRange::new(first.start(), last.end())) {
            Some(span) => writeln!(text, "Initmem setup node {node} {}", Mem(span, 18))?,
            None => writeln!(text, "Initmem setup node {node} as memoryless")?,
        }
    }
    Ok(())
}

/// A range of frames as bytes; the end, as Linux prints it, is the last byte.
/// The second number is how long an address is, `0x` included.
struct Mem(PfnRange, usize);

impl fmt::Display for Mem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (address(self.0.start()), address(self.0.end()));
        let (width, last) = (self.1, end.saturating_sub(1));
        write!(f, "[mem {start:#0width$x}-{last:#0width$x}]")
    }
}

/// The physical address of a frame of 4 KiB.
fn address(pfn: Pfn) -> u64 {
    pfn.get() << 12
}
