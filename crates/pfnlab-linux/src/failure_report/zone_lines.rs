//! The lines about one zone.

use pfnlab_model::{MigrateType, NodeId, ZoneId, ZoneKind};

use crate::text::{Cursor, LineError, LineProblem};

use super::{FreeArea, ReportedCounts};

/// Takes `[Node N ]ZONE` and what divides it from the rest: a blank before counts, a colon before
/// free areas. `None`: no line about a zone.
pub(super) fn zone(line: &mut Cursor<'_>) -> Result<Option<(ZoneId, bool)>, LineError> {
    let mut rest = *line;
    let mut node = NodeId(0);
    if rest.take_if("Node ") {
        let most = u64::from(NodeId::LIMIT - 1);
        // Fits: it is below the limit.
        node = NodeId(rest.at_most("node", most)? as u16);
    }
    rest.skip_blanks();
    let name = rest.before(|letter| !letter.is_ascii_alphanumeric());
    let Some(kind) = ZoneKind::from_name(name) else {
        return Ok(None);
    };
    let areas = rest.take_if(":");
    if !areas && !rest.rest().trim_start().starts_with("free:") {
        return Ok(None);
    }
    *line = rest;
    Ok(Some((ZoneId { node, kind }, areas)))
}

/// No machine has as much memory, in KiB or frames: sums of what is below do not overflow.
pub(super) const MOST: u64 = 1 << 40;

/// What is counted in the words of the line that are looked at.
const COUNTED: [&str; 15] = [
    "free",
    "min",
    "low",
    "high",
    "boost",
    "reserved_highatomic",
    "free_highatomic",
    "free_cma",
    "free_pcp",
    "managed",
    "present",
    "active_anon",
    "inactive_anon",
    "active_file",
    "inactive_file",
];

/// `free:75936kB min:46144kB … all_unreclaimable? no`
pub(super) fn counts(mut line: Cursor<'_>) -> Result<ReportedCounts, LineError> {
    let mut counts = ReportedCounts::default();
    let mut seen = Vec::new();
    loop {
        line.skip_blanks();
        if line.rest().is_empty() {
            break;
        }
        let start = line;
        let name = line.before(|letter| letter == ':' || letter == '?');
        if line.take_if("?") {
            line.word();
            continue;
        }
        line.take(":")?;
        let most = match COUNTED.contains(&name) {
            true => MOST,
            false => u64::MAX,
        };
        let number = line.at_most("KiB", most)?;
        // Nothing else has no unit: `pages_scanned`.
        let unit = line.before(char::is_whitespace);
        if !matches!(unit, "kB" | "KB" | "") {
            return Err(start.expected("a count in kB"));
        }
        if seen.contains(&name) {
            return Err(start.error(LineProblem::Twice(format!("`{name}`"))));
        }
        seen.push(name);
        match name {
            "free" => counts.free = number,
            "min" => counts.min = number,
            "low" => counts.low = number,
            "high" => counts.high = number,
            "boost" => counts.boost = number,
            "reserved_highatomic" => counts.reserved_highatomic = number,
            "free_highatomic" => counts.free_highatomic = Some(number),
            "free_cma" => counts.free_cma = number,
            "free_pcp" => counts.free_pcp = number,
            "present" => counts.present = Some(number),
            "active_anon" | "inactive_anon" => counts.anon = counts.anon.saturating_add(number),
            "managed" => counts.managed = Some(number),
            "active_file" | "inactive_file" => counts.file = counts.file.saturating_add(number),
            _ => {}
        }
    }
    for name in ["min", "low", "high"] {
        if !seen.contains(&name) {
            return Err(line.error(LineProblem::Contradicts(format!("there is no `{name}:`"))));
        }
    }
    Ok(counts)
}

/// `1*4kB (U) 0*8kB … = 15900kB`
pub(super) fn areas(mut line: Cursor<'_>) -> Result<Vec<FreeArea>, LineError> {
    let mut areas: Vec<FreeArea> = Vec::new();
    loop {
        line.skip_blanks();
        let start = line;
        if line.take_if("=") {
            break;
        }
        let blocks = line.number("number of blocks")?;
        line.take("*")?;
        let before = line;
        let size = line.number("size of a block")?;
        line.take("kB")?;
        let expected = areas
            .last()
            .map_or(size, |last| last.size.saturating_mul(2));
        if size == 0 || size != expected {
            return Err(before.expected("twice the size before"));
        }
        let types = types(&mut line)?;
        areas.push(FreeArea {
            blocks,
            size,
            types,
        });
        if areas.len() > 64 {
            return Err(start.expected("= and the sum"));
        }
    }
    line.skip_blanks();
    let start = line;
    let said = line.number("sum in kB")?;
    line.take("kB")?;
    line.end()?;
    let shown = areas.iter().try_fold(0_u64, |sum, area| {
        sum.checked_add(area.blocks.checked_mul(area.size)?)
    });
    if shown != Some(said) {
        let shown = shown.map_or("more than fits".to_owned(), |sum| format!("{sum}kB"));
        let problem = format!("the blocks come to {shown}, the line says {said}kB");
        return Err(start.error(LineProblem::Contradicts(problem)));
    }
    // Letters are printed where there are blocks. A line with none is of a kernel without.
    if areas.iter().all(|area| area.types.is_none()) {
        return Ok(areas);
    }
    for area in &mut areas {
        area.types.get_or_insert_default();
    }
    Ok(areas)
}

fn types(line: &mut Cursor<'_>) -> Result<Option<Vec<MigrateType>>, LineError> {
    let before = *line;
    line.skip_blanks();
    if !line.take_if("(") {
        *line = before;
        return Ok(None);
    }
    let start = *line;
    let letters = line.before(|letter| letter == ')');
    line.take(")")?;
    let named = |letter| {
        let mut all = MigrateType::ALL.into_iter();
        all.find(|mt| mt.letter() == letter)
    };
    let types: Option<Vec<_>> = letters.chars().map(named).collect();
    types
        .map(Some)
        .ok_or_else(|| start.expected("letters of migratetypes (U, M, E, H, C, I, R)"))
}
