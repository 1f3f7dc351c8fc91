//! `/proc/zoneinfo`, read.

use pfnlab_model::ZoneId;

use crate::text::{Cursor, LineError, LineProblem};

use super::zone;

/// A zone of `/proc/zoneinfo`. Names are kept as printed, without a colon: every generation has
/// others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneinfoZone {
    /// Which.
    pub id: ZoneId,
    /// The counters of its node; empty but at the node's first zone with memory.
    pub node_stats: Vec<(String, u64)>,
    /// Everything of its own, in order: `pages free`, `min`, `spanned`, `nr_free_pages`,
    /// `start_pfn` and so on.
    pub values: Vec<(String, u64)>,
    /// Frames withheld from those who could go as high as this zone index (`lowmem_reserve`).
    pub protection: Vec<u64>,
    /// The per-CPU lists.
    pub pagesets: Vec<ZoneinfoPageset>,
}

/// The per-CPU lists of one CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneinfoPageset {
    /// Whose.
    pub cpu: u64,
    /// `count`, `high`, `batch`, `vm stats threshold` and so on.
    pub values: Vec<(String, u64)>,
}

impl ZoneinfoZone {
    /// The value of its own with this name.
    pub fn value(&self, name: &str) -> Option<u64> {
        let mut values = self.values.iter();
        values
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

/// Reads `/proc/zoneinfo` of any generation.
///
/// ```
/// let text = "\
/// Node 0, zone      DMA
///   pages free     3808
///         min      190
///         protection: (0, 690)
/// ";
/// let zones = pfnlab_linux::proc::read::zoneinfo(text)?;
/// assert_eq!((zones[0].value("min"), &zones[0].protection[..]), (Some(190), &[0, 690][..]));
/// # Ok::<(), pfnlab_linux::LineError>(())
/// ```
///
/// # Errors
/// At the first line that is none of it.
pub fn zoneinfo(text: &str) -> Result<Vec<ZoneinfoZone>, LineError> {
    let mut zones: Vec<ZoneinfoZone> = Vec::new();
    let mut part = Part::Zone;
    for mut line in Cursor::lines(text) {
        line.skip_blanks();
        if line.rest().is_empty() {
            continue;
        }
        if line.rest().starts_with("Node ") {
            let id = zone(&mut line)?;
            line.end()?;
            zones.push(ZoneinfoZone {
                id,
                node_stats: Vec::new(),
                values: Vec::new(),
                protection: Vec::new(),
                pagesets: Vec::new(),
            });
            part = Part::Zone;
            continue;
        }
        match zones.last_mut() {
            Some(zone) => zone.line(line, &mut part)?,
            None => return Err(line.expected("`Node N, zone NAME`")),
        }
    }
    Ok(zones)
}

/// What the lines that follow are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Node,
    Zone,
    Pagesets,
}

impl ZoneinfoZone {
    fn line(&mut self, mut line: Cursor<'_>, part: &mut Part) -> Result<(), LineError> {
        match line.rest().trim_end() {
            "per-node stats" => {
                *part = Part::Node;
                return Ok(());
            }
            "pagesets" => {
                *part = Part::Pagesets;
                return Ok(());
            }
            _ => {}
        }
        if line.take_if("protection:") {
            self.protection = protection(line)?;
            return Ok(());
        }
        let start = line;
        let (name, value) = labelled(line)?;
        match (*part, name) {
            (Part::Node, "pages free") => *part = Part::Zone,
            // What follows the per-CPU lists.
            (Part::Pagesets, "node_unreclaimable" | "all_unreclaimable") => *part = Part::Zone,
            (Part::Pagesets, "cpu") => {
                let values = Vec::new();
                self.pagesets.push(ZoneinfoPageset { cpu: value, values });
                return Ok(());
            }
            _ => {}
        }
        let values = match part {
            Part::Node => &mut self.node_stats,
            Part::Zone => &mut self.values,
            Part::Pagesets => match self.pagesets.last_mut() {
                Some(pageset) => &mut pageset.values,
                None => return Err(start.expected("`cpu: N`")),
            },
        };
        if values.iter().any(|(known, _)| known == name) {
            return Err(start.error(LineProblem::Twice(format!("`{name}`"))));
        }
        values.push((name.to_owned(), value));
        Ok(())
    }
}

/// A name of one word or more, perhaps a colon, and a number.
fn labelled(line: Cursor<'_>) -> Result<(&str, u64), LineError> {
    let text = line.rest().trim_end();
    let Some(at) = text.rfind(char::is_whitespace) else {
        return Err(line.expected("a name and a number"));
    };
    let mut number = line.from(line.at() + at);
    let value = number.number("a number")?;
    number.end()?;
    Ok((text[..at].trim_end().trim_end_matches(':'), value))
}

/// `(0, 690, 690)`
fn protection(mut line: Cursor<'_>) -> Result<Vec<u64>, LineError> {
    let mut frames = Vec::new();
    line.take("(")?;
    loop {
        frames.push(line.number("a number of frames")?);
        if line.take_if(")") {
            line.end()?;
            return Ok(frames);
        }
        line.take(",")?;
    }
}
