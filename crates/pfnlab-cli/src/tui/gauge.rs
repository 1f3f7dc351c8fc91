//! A zone against its watermarks, in a line.

use pfnlab::Snapshot;
use pfnlab::model::{ZoneStat, ZoneState};
use pfnlab::view::Style;
use ratatui::style::{Color, Style as Look, Stylize};
use ratatui::text::{Line, Span};

/// Cells of the bar.
const CELLS: u64 = 24;

/// The zone as a line: a bar of its free frames, full at twice the high mark, with the marks on it;
/// the numbers; and what each CPU keeps.
pub(super) fn line(
    state: &Snapshot,
    zone: &ZoneState,
    looked_at: bool,
    style: Style,
) -> Line<'static> {
    let free = free(state, zone);
    let marks = zone.watermarks;
    let full = (marks.high * 2).max(1);
    let cell_of = |frames: u64| frames.min(full) * CELLS / full;
    let colour = match free {
        free if free < marks.min => Color::Red,
        free if free < marks.high => Color::Yellow,
        _ => Color::Green,
    };
    let look = if style.colour {
        Look::new().fg(colour)
    } else {
        Look::new()
    };
    let (filled, empty) = if style.ascii {
        ('#', '.')
    } else {
        ('█', '░')
    };
    let mut bar: Vec<char> = (0..CELLS)
        .map(|cell| if cell < cell_of(free) { filled } else { empty })
        .collect();
    for (mark, letter) in [(marks.high, 'h'), (marks.low, 'l'), (marks.min, 'm')] {
        // Fits: less than the cells there are, as no mark is above the high one.
        bar[cell_of(mark) as usize] = letter;
    }
    let name = format!(
        "{}node {} {:<8}",
        if looked_at { "> " } else { "  " },
        zone.id.node,
        zone.id.kind.to_string()
    );
    let name = if looked_at {
        name.bold()
    } else {
        Span::raw(name)
    };
    let boost = match zone.boost {
        0 => String::new(),
        boost => format!(" boost {boost}"),
    };
    let kept: Vec<_> = zone.pcp.iter().map(|pcp| pcp.count.to_string()).collect();
    let more = if free > full { '>' } else { ' ' };
    Line::from(vec![
        name,
        Span::styled(bar.into_iter().collect::<String>(), look),
        Span::raw(format!(
            "{more} {free} free; min {} low {} high {}{boost}; per CPU {}",
            marks.min,
            marks.low,
            marks.high,
            kept.join(" ")
        )),
    ])
}

/// As the kernel counts them; below 0 while differences are not folded yet counts as 0.
fn free(state: &Snapshot, zone: &ZoneState) -> u64 {
    let mut stats = state.global.zone_stats.iter();
    let at = stats.position(|&stat| stat == ZoneStat::FreePages);
    let free = at.and_then(|at| zone.vm_stat.get(at));
    free.map_or(0, |&free| free.max(0).cast_unsigned())
}
