//! `/proc/pagetypeinfo`, read.

use pfnlab_model::{MigrateType, Order, ZoneId};

use crate::text::{Cursor, LineError, LineProblem};

use super::{numbers, zone};

/// `/proc/pagetypeinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pagetypeinfo {
    /// The order of a pageblock.
    pub pageblock_order: Order,
    /// The kernel's migratetypes, by number.
    pub types: Vec<MigrateType>,
    /// The zones.
    pub zones: Vec<PagetypeinfoZone>,
}

/// What it says about a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagetypeinfoZone {
    /// Which.
    pub id: ZoneId,
    /// Free blocks: by migratetype, as [`Pagetypeinfo::types`] has them, then by order.
    pub free: Vec<Vec<Counted>>,
    /// Pageblocks, by migratetype.
    pub pageblocks: Vec<u64>,
}

/// A count that may have stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// How many were counted.
    pub count: u64,
    /// There are more: the kernel stopped counting there.
    pub more: bool,
}

/// Reads `/proc/pagetypeinfo`. What a kernel with page owners says besides about mixed pageblocks
/// is not kept.
///
/// # Errors
/// At the first line that is none of it, or contradicts another.
pub fn pagetypeinfo(text: &str) -> Result<Pagetypeinfo, LineError> {
    let mut info = Pagetypeinfo {
        pageblock_order: Order::ZERO,
        types: Vec::new(),
        zones: Vec::new(),
    };
    let mut part = Part::Head;
    let mut last = Cursor::new(1, "");
    for line in Cursor::lines(text) {
        info.line(line, &mut part)?;
        last = line;
    }
    let unfinished = info.zones.iter().find(|zone| zone.pageblocks.is_empty());
    match unfinished {
        None => Ok(info),
        Some(zone) => {
            let what = format!("no pageblocks of node {} {}", zone.id.node, zone.id.kind);
            Err(last.error(LineProblem::Contradicts(what)))
        }
    }
}

/// What the lines that follow are about.
#[derive(Clone, Copy)]
enum Part {
    Head,
    Free,
    Pageblocks,
    Mixed,
}

impl Pagetypeinfo {
    fn line(&mut self, mut line: Cursor<'_>, part: &mut Part) -> Result<(), LineError> {
        if line.rest().trim().is_empty() {
            return Ok(());
        }
        if line.take_if("Page block order:") {
            let most = u64::from(Order::MAX.get());
            let start = line;
            // Fits: it is at most the largest order.
            let order = Order::new(line.at_most("order", most)? as u8);
            self.pageblock_order = order.map_err(|_| start.expected("order"))?;
            line.end()
        } else if line.take_if("Pages per block:") {
            line.skip_blanks();
            let start = line;
            if line.number("number of frames")? != self.pageblock_order.frames() {
                let what = format!("not as many as order {} has", self.pageblock_order);
                return Err(start.error(LineProblem::Contradicts(what)));
            }
            line.end()
        } else if line.take_if("Free pages count per migrate type at order") {
            *part = Part::Free;
            numbers(&mut line).map(|_| ())
        } else if line.take_if("Number of blocks type") {
            *part = Part::Pageblocks;
            self.check_types(line)
        } else if line.take_if("Number of mixed blocks") {
            *part = Part::Mixed;
            Ok(())
        } else {
            match part {
                Part::Head => Err(line.expected("`Page block order:`")),
                Part::Free => self.free(line),
                Part::Pageblocks => self.pageblocks(line),
                Part::Mixed => zone(&mut line).map(|_| ()),
            }
        }
    }

    /// `Node    0, zone      DMA, type    Unmovable      0      0 …`
    fn free(&mut self, mut line: Cursor<'_>) -> Result<(), LineError> {
        let id = zone(&mut line)?;
        line.take(", type")?;
        line.skip_blanks();
        let start = line;
        let name = line.word();
        let mut all = MigrateType::ALL.into_iter();
        let mt = all.find(|mt| mt.name() == name);
        let mt = mt.ok_or_else(|| start.expected("the name of a migratetype"))?;
        if self.zones.last().is_none_or(|zone| zone.id != id) {
            self.zones.push(PagetypeinfoZone {
                id,
                free: Vec::new(),
                pageblocks: Vec::new(),
            });
        }
        let first = self.zones.len() == 1;
        let Some(zone) = self.zones.last_mut() else {
            return Ok(());
        };
        if first {
            self.types.push(mt);
        } else if self.types.get(zone.free.len()) != Some(&mt) {
            return Err(start.expected("the migratetypes in the order of the first zone"));
        }
        zone.free.push(counts(&mut line)?);
        Ok(())
    }

    /// The types' names as a headline.
    fn check_types(&self, mut line: Cursor<'_>) -> Result<(), LineError> {
        for mt in &self.types {
            line.skip_blanks();
            let start = line;
            if line.word() != mt.name() {
                return Err(start.expected("the migratetypes in the order of the first zone"));
            }
        }
        line.end()
    }

    /// `Node 0, zone      DMA            1            7 …`
    fn pageblocks(&mut self, mut line: Cursor<'_>) -> Result<(), LineError> {
        let start = line;
        let id = zone(&mut line)?;
        let counts = numbers(&mut line)?;
        let types = self.types.len();
        let mut zones = self.zones.iter_mut();
        match zones.find(|zone| zone.id == id && zone.pageblocks.is_empty()) {
            Some(zone) if counts.len() == types => {
                zone.pageblocks = counts;
                Ok(())
            }
            Some(_) => Err(start.expected("a count for every migratetype")),
            None => Err(start.expected("a zone whose free blocks are listed above")),
        }
    }
}

/// Counts to the end of the line, `>` before one that stopped early.
fn counts(line: &mut Cursor<'_>) -> Result<Vec<Counted>, LineError> {
    let mut counts = Vec::new();
    loop {
        line.skip_blanks();
        if line.rest().is_empty() {
            return Ok(counts);
        }
        let more = line.take_if(">");
        let count = line.number("a number")?;
        counts.push(Counted { count, more });
    }
}
