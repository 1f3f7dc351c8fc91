//! What a run came to.

use pfnlab_model::{Order, Snapshot, ZoneState};

use crate::Style;
use crate::names;
use crate::style::Tone;
use crate::text::{Line, Page};

/// What a run came to, as plain data.
///
/// ```
/// use pfnlab_view::{RunSummary, Style};
/// let summary = RunSummary {
///     title: "two allocations, one refused",
///     outcomes: &[("handed out", 1), ("refused", 1)],
///     last: None,
///     closing: &["fingerprint 0123456789abcdef"],
/// };
/// assert!(summary.draw(&Style::PLAIN).contains("handed out  1 "));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RunSummary<'a> {
    /// The first line.
    pub title: &'a str,
    /// How many operations came to what.
    pub outcomes: &'a [(&'a str, u64)],
    /// The state at the end.
    pub last: Option<&'a Snapshot>,
    /// Lines to end with, such as the fingerprint and how to get the same run again.
    pub closing: &'a [&'a str],
}

/// The widest bar.
const MOST: usize = 50;

impl RunSummary<'_> {
    /// The summary as text: a bar for every outcome, and one for every zone with memory.
    pub fn draw(&self, style: &Style) -> String {
        let mut page = Page::new(style);
        page.paragraph(0, Line::new().then(Tone::Strong, self.title));
        self.outcomes(&mut page);
        if let Some(last) = self.last {
            page.blank();
            zones(last, &mut page);
        }
        if !self.closing.is_empty() {
            page.blank();
        }
        self.closing
            .iter()
            .for_each(|&line| page.paragraph(0, line));
        page.finish()
    }

    fn outcomes(&self, page: &mut Page) {
        let names = self.outcomes.iter().map(|(name, _)| name.chars().count());
        let name_width = names.max().unwrap_or(0);
        let digits = self
            .outcomes
            .iter()
            .map(|(_, count)| count.to_string().len());
        let digits = digits.max().unwrap_or(0);
        let most = self
            .outcomes
            .iter()
            .map(|&(_, count)| count)
            .max()
            .unwrap_or(0);
        for (name, count) in self.outcomes {
            let line = Line::from(format!("{name:<name_width$}  {count:>digits$}  "));
            let room = page.room(2).saturating_sub(line.width()).min(MOST);
            let bar = bar(*count, most, room, page.style());
            page.line(2, line.then(Tone::Lent, bar));
        }
    }
}

/// How full every zone is, and its largest free block.
fn zones(snapshot: &Snapshot, page: &mut Page) {
    let populated: Vec<_> = snapshot
        .zones
        .iter()
        .filter(|zone| zone.present > 0)
        .collect();
    let width = populated
        .iter()
        .map(|zone| names::zone(zone.id).len())
        .max()
        .unwrap_or(0);
    for zone in populated {
        let free = free_frames(zone);
        let percent = (free * 100).checked_div(zone.managed).unwrap_or(0);
        let largest = Order::all()
            .rev()
            .find(|&order| zone.free_blocks(order) > 0);
        let largest = largest.map_or("nothing free".to_owned(), |order| {
            format!("largest 2^{order}")
        });
        let line = Line::from(format!(
            "{:<width$}  {percent:>3} % free",
            names::zone(zone.id)
        ));
        let behind = format!("  {largest}");
        let room = page
            .room(2)
            .saturating_sub(line.width() + 2 + behind.len())
            .min(MOST);
        let line = if room < 4 {
            line.then(Tone::Faint, behind)
        } else {
            let style = *page.style();
            let used = zone.managed.saturating_sub(free);
            let full = bar(used, zone.managed, room, &style);
            let empty = style.pick("░", ".").repeat(room - full.chars().count());
            line.plain("  ")
                .then(Tone::Lent, full)
                .then(Tone::Good, empty)
                .then(Tone::Faint, behind)
        };
        page.line(2, line);
    }
}

fn free_frames(zone: &ZoneState) -> u64 {
    Order::all()
        .map(|order| zone.free_blocks(order) * order.frames())
        .sum()
}

/// A bar for `part` of `whole`; at least one cell for what is not nothing.
fn bar(part: u64, whole: u64, room: usize, style: &Style) -> String {
    let cells = (part * room as u64).checked_div(whole).unwrap_or(0);
    let cells = cells.max(u64::from(part > 0)).min(room as u64);
    style.pick("█", "#").repeat(cells as usize)
}
