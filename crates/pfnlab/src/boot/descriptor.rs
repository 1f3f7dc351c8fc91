//! One page descriptor, in words: every field of the flags word, and the words behind it.

use std::fmt::Write;

use pfnlab_mm::Mm;
use pfnlab_mm::descriptor::{Field, FlagNumbers, FrameState, PageFlag, PageType};
use pfnlab_mm::memmap::PageView;
use pfnlab_model::{Inspect, Pfn};

/// The descriptor of a frame, or why it has none.
pub(super) fn text(mm: &Mm, pfn: Pfn) -> String {
    match mm.page(pfn) {
        Ok(Some(view)) => describe(mm, pfn, &view),
        Ok(None) => format!("frame {pfn} has no page descriptor: {}\n", absent(mm, pfn)),
        Err(error) => format!("frame {pfn} has no page descriptor: {error}\n"),
    }
}

fn absent(mm: &Mm, pfn: Pfn) -> String {
    let model = mm.memmap().model();
    match model.sections() {
        _ if model.pfn_valid(pfn) => "it lies in a hole nobody initialised".to_owned(),
        Some(sections) => {
            let nr = sections.geometry().section_of(pfn);
            format!("section {nr} is absent")
        }
        None => "no array covers it".to_owned(),
    }
}

fn describe(mm: &Mm, pfn: Pfn, view: &PageView) -> String {
    let map = mm.memmap();
    let numbers = map.numbers();
    let descriptor = &view.descriptor;
    let mut text = format!("frame {pfn}: {}\n\n", place(mm, pfn, view));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{}", format!("{name:<12}{value}").trim_end());
    };
    line("page", view.page.to_string());
    line("flags", format!("{:#018x}", descriptor.flags));
    for (bits, name, value) in fields(mm, view) {
        line("", format!("{bits:<8}{name:<16}{value}"));
    }
    let bits = format!("0..{}", numbers.count());
    line(
        "",
        format!(
            "{bits:<8}{:<16}{}",
            "flags",
            flags(numbers, descriptor.flags)
        ),
    );
    let cell = format!(
        "{:#010x}  {}",
        descriptor.cell,
        cell(numbers, descriptor.cell)
    );
    line("type", cell);
    line("references", descriptor.refcount.to_string());
    line("private", descriptor.private.to_string());
    line("mapping", format!("{:#x}", descriptor.mapping));
    line(
        "links",
        format!(
            "{:#018x} {:#018x}",
            descriptor.words[0], descriptor.words[1]
        ),
    );
    line(
        "zone id",
        format!("{:#x}", map.layout().zone_id(descriptor.flags)),
    );
    text
}

/// Where the frame is and what it is.
fn place(mm: &Mm, pfn: Pfn, view: &PageView) -> String {
    let is_in_zone = mm.zone_of(pfn).is_some();
    let what = match (view.state, view.block) {
        (FrameState::FreeHead(_), Some(block)) => format!("the first of free {block}"),
        (FrameState::Free, Some(block)) => format!("in free {block}"),
        (FrameState::Used, Some(block)) => format!("the first of {block}, handed out"),
        (_, Some(block)) => format!("in {block}, handed out"),
        (_, None) if is_in_zone => "reserved, or in use since boot".to_owned(),
        (_, None) => "a hole that has a descriptor".to_owned(),
    };
    let zone = format!("node {} {}", view.zone.node, view.zone.kind);
    if is_in_zone {
        format!("{zone}, {} pageblock; {what}", mm.pageblock_type(pfn))
    } else {
        format!("{zone}; {what}")
    }
}

/// The fields of the flags word above the flags that have bits: where, what, and what it says.
fn fields(mm: &Mm, view: &PageView) -> Vec<(String, &'static str, String)> {
    let layout = mm.memmap().layout();
    let word = view.descriptor.flags;
    let named: [(Field, &'static str); 7] = [
        (layout.section, "section"),
        (layout.node, "node"),
        (layout.zone, "zone"),
        (layout.last_cpupid, "last CPU, PID"),
        (layout.kasan_tag, "tag"),
        (layout.lru_gen, "LRU generation"),
        (layout.lru_refs, "LRU references"),
    ];
    let there = named.into_iter().filter(|(field, _)| field.width > 0);
    there
        .map(|(field, name)| {
            let value = field.read(word);
            let said = match name {
                "zone" => format!("{value} {}", view.zone.kind),
                _ if field == layout.last_cpupid && value == field.mask() => "nobody".to_owned(),
                _ => value.to_string(),
            };
            let bits = format!("{}..{}", field.offset, field.offset + field.width);
            (bits, name, said)
        })
        .collect()
}

fn flags(numbers: &FlagNumbers, word: u64) -> String {
    let names: Vec<&str> = numbers.set_in(word).map(PageFlag::name).collect();
    match names.len() {
        0 => "none".to_owned(),
        _ => names.join(" "),
    }
}

fn cell(numbers: &FlagNumbers, cell: u32) -> String {
    let types = numbers.era().types();
    let is = |t: &&PageType| types.number(**t).is_some() && types.is(cell, **t);
    match PageType::ALL.iter().find(is) {
        Some(found) => format!("{found:?}").to_lowercase(),
        None => format!("mapped {} times", types.mapcount(cell)),
    }
}
