//! The memory map, in words: what it costs, where it is, and the word of every section.

use std::fmt::Write;

use pfnlab_mm::descriptor::LayoutReport;
use pfnlab_mm::memmap::{MapPiece, MemMap, PieceKind};
use pfnlab_mm::memory_model::{MemoryModel, Model, SectionNr, Sections};
use pfnlab_mm::{Config, Mm};
use pfnlab_model::Machine;

/// What a memory model built, and what the others would cost.
pub(super) fn text(machine: &Machine, mm: &Mm) -> String {
    let map = mm.memmap();
    let model = map.model();
    let mut text = format!("{}\n\n", map.kind());
    text.push_str(&costs(map));
    text.push_str(&others(machine, mm));
    text.push_str(&pieces(map.pieces()));
    text.push_str(&arrays(model));
    if let Some(sections) = model.sections() {
        text.push_str(&words(sections));
    }
    let layout = map.layout();
    let form = map.numbers().era().report();
    let _ = write!(
        text,
        "\nthe flags word of a descriptor\n{}",
        LayoutReport { layout, form }
    );
    text
}

fn costs(map: &MemMap) -> String {
    let mut text = String::new();
    let mut line = |what: &str, bytes: u64, more: &str| {
        let line = format!("{what:<22}{bytes:>12} bytes{more}");
        let _ = writeln!(text, "{}", line.trim_end());
    };
    line("page descriptors", map.model().cost(), "");
    if let Some(sections) = map.model().sections() {
        let present = sections.present().count();
        let bytes = sections.geometry().section_frames() * sections.geometry().page_bytes();
        let mib = bytes >> 20;
        let more = format!(
            "  {present} sections of {mib} MiB, {} each",
            sections.spec().usage_bytes()
        );
        line("usage areas", sections.usage_bytes(), &more);
        let more = match sections.root_array_bytes() {
            0 => format!("  {} sections", sections.root_count()),
            _ => format!(
                "  roots: {} of {}",
                sections.roots_allocated(),
                sections.root_count()
            ),
        };
        line("section table", sections.table_bytes(), &more);
    }
    if let Some(nodes) = map.section_nodes() {
        line("node of each section", nodes.bytes(), "");
    }
    text
}

/// What every model costs on this machine, or why it cannot be.
fn others(machine: &Machine, mm: &Mm) -> String {
    let mut text = format!(
        "\n{:<20}{:>14}{:>14}\n",
        "on this machine", "descriptors", "all, bytes"
    );
    for model in Model::ALL {
        let config = Config {
            memory_model: model,
            ..mm.config().clone()
        };
        let frames = machine.section_frames();
        let map = MemMap::aside(machine.memory(), frames, mm.profile(), &config);
        let _ = match map {
            Ok(map) => writeln!(
                text,
                "{model:<20}{:>14}{:>14}",
                map.model().cost(),
                map.cost()
            ),
            Err(error) => writeln!(text, "{model:<20}  {error}"),
        };
    }
    text
}

fn pieces(pieces: &[MapPiece]) -> String {
    let mut text = String::new();
    for (number, piece) in pieces.iter().enumerate() {
        let what = match piece.kind {
            PieceKind::RootArray => "array of roots",
            PieceKind::Root => "root",
            PieceKind::Usage => "usage areas",
            PieceKind::Map => "descriptors",
        };
        if number == 0 {
            text.push_str("\ntaken from the machine's memory\n");
        }
        let _ = writeln!(text, "  {what:<16}{}", piece.range);
    }
    text
}

fn arrays(model: &dyn MemoryModel) -> String {
    let mut text = String::new();
    for (number, array) in model.arrays().iter().enumerate() {
        if number == 0 {
            text.push_str("\narrays of descriptors\n");
        }
        let node = array
            .node
            .map_or(String::new(), |node| format!("node {node}"));
        let _ = writeln!(
            text,
            "  {node:<8}frames {}, the first at {}",
            array.covers, array.start
        );
    }
    text
}

/// A line for every run of sections with the same word.
fn words(sections: &Sections) -> String {
    let mut runs: Vec<(SectionNr, SectionNr, String)> = Vec::new();
    for nr in sections.present() {
        let row = row(sections, nr);
        match runs.last_mut() {
            Some((_, last, same)) if *same == row && last.next() == nr => *last = nr,
            _ => runs.push((nr, nr, row)),
        }
    }
    let mut text = String::from(
        "\n  sections       node  word                flags                      sub-sections\n",
    );
    for (first, last, row) in runs {
        let _ = writeln!(text, "{first:>6}..={last:<6} {row}");
    }
    text
}

fn row(sections: &Sections, nr: SectionNr) -> String {
    let Some(section) = sections.get(nr) else {
        return String::new();
    };
    let flags = sections.spec().word().flags(section.word);
    let names = [
        (flags.present, "present"),
        (flags.has_mem_map, "map"),
        (flags.online, "online"),
        (flags.early, "early"),
        (flags.device, "device"),
    ];
    let set = names.iter().filter(|(set, _)| *set);
    let names: Vec<&str> = set.map(|(_, name)| *name).collect();
    let parts = match section.subsections() {
        Some(parts) if !parts.words().is_empty() => {
            let words = parts.words().iter().rev();
            words.map(|word| format!("{word:016x}")).collect()
        }
        _ => String::from("whole"),
    };
    format!(
        "{:>4}  {:#018x}  {:<25}  {parts}",
        section.node.0,
        section.word.bits(),
        names.join(" ")
    )
}
