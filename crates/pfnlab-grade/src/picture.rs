//! Who holds which frame after each operation, as SVG.

use std::fmt::Write;

use pfnlab_check::sim::{Driver, Outcome};
use pfnlab_check::{Case, catch};
use pfnlab_model::{Machine, PageAllocator, Pfn, PfnRange};

/// Frames in a picture.
const MOST_FRAMES: u64 = 64;
/// Operations in a picture: the last ones.
const MOST_ROWS: usize = 32;
/// Pixels of a frame.
const CELL: u64 = 12;
/// Pixels of a row.
const ROW: u64 = 20;
/// Pixels of the text on the left.
const TEXT: u64 = 330;

/// Whose colours: as many as can be told apart without looking for hues only.
const FILLS: [&str; 6] = [
    "#0072b2", "#e69f00", "#009e73", "#56b4e9", "#cc79a7", "#999933",
];

/// After one operation.
struct Row {
    op: String,
    /// Who holds what: tickets and frames.
    held: Vec<(u64, PfnRange)>,
}

/// One row for each operation, one column for each frame. Two owners of one frame are crossed red.
pub(crate) fn draw<A: PageAllocator>(case: &Case, make: &impl Fn(&Machine) -> A) -> String {
    let mut rows: Vec<Row> = Vec::new();
    // Whoever dies on the way leaves a shorter picture.
    let _ = catch(|| {
        let mut driver = Driver::new(make(case.machine()));
        for step in case.steps() {
            rows.push(Row {
                op: step.op.to_string(),
                held: Vec::new(),
            });
            let stepped = driver.step(&step.op, &mut ());
            let live = driver.live().map(|(ticket, held)| (ticket.0, held.range()));
            if let Some(row) = rows.last_mut() {
                row.held = live.collect();
                row.op.push_str(&came(&stepped));
            }
            if stepped.is_err() {
                break;
            }
        }
    });
    let skipped = rows.len().saturating_sub(MOST_ROWS);
    svg(
        &rows[skipped..],
        window(&rows[skipped..], case.machine()),
        case.machine(),
    )
}

fn came<E>(stepped: &Result<Outcome, E>) -> String {
    match stepped {
        Ok(Outcome::Lent(block)) => format!(" → {:#x}", block.start().get()),
        Ok(Outcome::Exact(range)) => format!(" → {:#x}", range.start().get()),
        Ok(Outcome::Refused(_)) => " → refused".to_owned(),
        Err(_) => " → not taken".to_owned(),
        Ok(_) => String::new(),
    }
}

/// The frames that are drawn: from the lowest that is held on, and where there is room, from where
/// memory begins.
fn window(rows: &[Row], machine: &Machine) -> PfnRange {
    let held = || {
        rows.iter()
            .flat_map(|row| &row.held)
            .map(|(_, range)| range)
    };
    let first = machine
        .free_ranges()
        .next()
        .map(|memory| memory.range.start());
    let low = held().map(|range| range.start()).min();
    let high = held().map(|range| range.end()).max();
    let (low, high) = (low.or(first).unwrap_or_default(), high.unwrap_or_default());
    let first =
        first.filter(|&first| first < low && high.get().saturating_sub(first.get()) <= MOST_FRAMES);
    let start = first.unwrap_or(low);
    let memory = machine.end().get().saturating_sub(start.get());
    let wanted = high.get().saturating_sub(start.get()).max(memory.min(16));
    PfnRange::sized(start, wanted.clamp(1, MOST_FRAMES))
}

fn svg(rows: &[Row], window: PfnRange, machine: &Machine) -> String {
    let (width, height) = (
        TEXT + window.frames() * CELL + 8,
        (rows.len() as u64 + 1) * ROW + 8,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"monospace\" font-size=\"12\">\n\
         <title>Who holds which frame after each operation</title>\n"
    );
    let frames = || (0..window.frames()).map(|offset| (offset, window.start().offset(offset)));
    let memory: Vec<_> = machine.free_ranges().map(|memory| memory.range).collect();
    for (offset, frame) in frames().filter(|(_, frame)| frame.get() % 8 == 0) {
        let x = TEXT + offset * CELL;
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"14\" fill=\"#555\">{:#x}</text>",
            frame.get()
        );
    }
    for (number, row) in (1..).zip(rows) {
        let (y, text) = (number * ROW, escaped(&row.op));
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(svg, "<text x=\"4\" y=\"{}\">{text}</text>", y + 14);
        for (offset, frame) in frames() {
            let cell = Cell::of(frame, row, &memory);
            cell.draw(&mut svg, TEXT + offset * CELL, y + 2);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// A frame after an operation.
enum Cell {
    /// No memory.
    None,
    /// Nobody has it.
    Free,
    /// A client has it; the ticket.
    Held(u64),
    /// More than one client, or one that has what is none.
    Wrong,
}

impl Cell {
    fn of(frame: Pfn, row: &Row, memory: &[PfnRange]) -> Cell {
        let there = memory.iter().any(|range| range.contains(frame));
        let mut owners = row.held.iter().filter(|(_, range)| range.contains(frame));
        match (owners.next(), owners.next()) {
            (Some(_), Some(_)) => Cell::Wrong,
            (Some(_), None) if !there => Cell::Wrong,
            (Some((ticket, _)), None) => Cell::Held(*ticket),
            (None, _) if there => Cell::Free,
            (None, _) => Cell::None,
        }
    }

    fn draw(&self, svg: &mut String, x: u64, y: u64) {
        let (fill, stroke) = match self {
            Cell::None => return,
            Cell::Free => ("#fff", "#999"),
            Cell::Held(ticket) => (FILLS[(ticket % FILLS.len() as u64) as usize], "#333"),
            Cell::Wrong => ("#fff", "#d00"),
        };
        let (width, height) = (CELL - 1, ROW - 4);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\" stroke=\"{stroke}\"/>"
        );
        if matches!(self, Cell::Wrong) {
            let (right, below) = (x + width, y + height);
            let _ = writeln!(
                svg,
                "<path d=\"M{x} {y}L{right} {below}M{right} {y}L{x} {below}\" stroke=\"#d00\" stroke-width=\"2\"/>"
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
