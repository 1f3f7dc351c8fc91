//! The free lists and the per-CPU lists of a zone, as tables.

use std::cmp::Reverse;
use std::collections::VecDeque;

use pfnlab_model::{Block, MigrateType, Order, Pfn, Snapshot, ZoneState};

use crate::names::{self, counted};
use crate::style::Tone;
use crate::text::{Line, Page};

pub(super) fn draw(snapshot: &Snapshot, zone: &ZoneState, lit: Option<Block>, page: &mut Page) {
    counts(snapshot, zone, page);
    heads(zone, lit, page);
    per_cpu(snapshot, zone, lit, page);
}

/// The blocks of a list, head first, as far as they fit; the one pointed at is in brackets, and is
/// there wherever on the list it is.
fn blocks_in(
    pfns: &VecDeque<Pfn>,
    order: Order,
    lit: Option<Block>,
    room: usize,
    ellipsis: &'static str,
) -> Line {
    let lit = lit.filter(|lit| lit.order() == order);
    let at = lit.and_then(|lit| pfns.iter().position(|&pfn| pfn == lit.start()));
    let (Some(lit), Some(at)) = (lit, at) else {
        return Line::from(names::heads(pfns.iter().copied(), room, ellipsis));
    };
    let sign = format!("[{}]", lit.start());
    // Blanks around it, and an ellipsis on each side.
    let room = room.saturating_sub(sign.len() + 6);
    let before = names::heads(pfns.range(..at).copied(), room, ellipsis);
    let room = room.saturating_sub(before.chars().count());
    let behind = names::heads(pfns.range(at + 1..).copied(), room, ellipsis);
    let gap = |text: &str| if text.is_empty() { "" } else { " " };
    let line = Line::from(format!("{before}{}", gap(&before))).then(Tone::Mark, sign);
    line.plain(format!("{}{behind}", gap(&behind)))
}

/// Blocks by order and type.
fn counts(snapshot: &Snapshot, zone: &ZoneState, page: &mut Page) {
    let known = snapshot.global.migratetypes.iter().copied();
    let filled = |mt: MigrateType| zone.free_lists.iter().any(|list| list.mt == mt);
    let types: Vec<_> = known.filter(|&mt| mt.is_ordinary() || filled(mt)).collect();
    let wide = page.room(0) >= 12 + 13 * types.len() + 10;
    let column = if wide { 13 } else { 6 };
    let mut line = Line::new().then(Tone::Strong, "free lists").padded(12);
    for &mt in &types {
        let name = if wide {
            mt.name().to_owned()
        } else {
            mt.letter().to_string()
        };
        line.push(Tone::Plain, " ".repeat(column - name.len()));
        line.push(Tone::Type(mt), name);
    }
    let frames_fit = page.room(0) >= 12 + column * types.len() + 10;
    if frames_fit {
        line.push(Tone::Faint, format!("{:>10}", "frames"));
    }
    page.line(0, line);
    for order in Order::ZERO.through(snapshot.global.top_order).rev() {
        let mut line = Line::from(format!("{:>8}", format!("order {order}"))).padded(12);
        for &mt in &types {
            let blocks = blocks(zone, order, mt);
            let tone = if blocks == 0 {
                Tone::Faint
            } else {
                Tone::Plain
            };
            line.push(tone, format!("{blocks:>column$}"));
        }
        if frames_fit {
            line.push(
                Tone::Faint,
                format!("{:>10}", zone.free_blocks(order) * order.frames()),
            );
        }
        page.line(0, line);
    }
}

fn blocks(zone: &ZoneState, order: Order, mt: MigrateType) -> usize {
    let list = zone
        .free_lists
        .iter()
        .find(|list| (list.order, list.mt) == (order, mt));
    list.map_or(0, |list| list.pfns.len())
}

/// The first blocks of every list, head first.
fn heads(zone: &ZoneState, lit: Option<Block>, page: &mut Page) {
    if zone.free_lists.is_empty() {
        return;
    }
    page.blank();
    page.paragraph(
        0,
        Line::new()
            .then(Tone::Strong, "list heads")
            .plain(", taken first to last"),
    );
    let ellipsis = page.style().pick("…", "~");
    let mut lists: Vec<_> = zone.free_lists.iter().collect();
    lists.sort_by_key(|list| (Reverse(list.order), list.mt));
    for list in lists {
        let line = Line::from(format!("{:>4} ", list.order));
        let line = line
            .then(Tone::Type(list.mt), list.mt.letter().to_string())
            .plain("  ");
        let room = page.room(0) - line.width();
        let mut line = line;
        line.append(blocks_in(&list.pfns, list.order, lit, room, ellipsis));
        page.line(0, line);
    }
}

/// What every CPU keeps.
fn per_cpu(snapshot: &Snapshot, zone: &ZoneState, lit: Option<Block>, page: &mut Page) {
    let filled = zone.pcp.iter().filter(|pcp| pcp.count > 0);
    if filled.clone().count() == 0 {
        return;
    }
    page.blank();
    page.paragraph(
        0,
        Line::new()
            .then(Tone::Strong, "per-CPU lists")
            .plain(", heads first"),
    );
    let ellipsis = page.style().pick("…", "~");
    for pcp in filled {
        page.paragraph(
            2,
            format!(
                "{}: {}, high mark {}, batch {}",
                names::cpu(pcp.cpu),
                counted(u64::from(pcp.count), "frame"),
                pcp.high,
                pcp.batch
            ),
        );
        for list in &pcp.lists {
            let mut line = names::pcp_list(list.index, Some(snapshot));
            line.push(Tone::Plain, format!(", {}: ", list.pfns.len()));
            let room = page.room(4).saturating_sub(line.width());
            line.append(blocks_in(&list.pfns, list.order, lit, room, ellipsis));
            page.line(4, line);
        }
    }
}
