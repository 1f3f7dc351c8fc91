//! What a kernel printed in `/proc`, read back as numbers.
//!
//! These texts count; where the blocks they count are, only the last one says.
//!
//! - [`buddyinfo`]: free blocks by order. [`pagetypeinfo`]: by migratetype, too.
//! - [`zoneinfo`]: everything else about zones, of any generation.
//! - [`kpageflags`]: what every frame is.

mod buddyinfo;
mod kpageflags;
mod pagetypeinfo;
mod zoneinfo;

pub use buddyinfo::{BuddyinfoZone, buddyinfo};
pub use kpageflags::{Kpageflags, KpageflagsError, Room, kpageflags};
pub use pagetypeinfo::{Counted, Pagetypeinfo, PagetypeinfoZone, pagetypeinfo};
pub use zoneinfo::{ZoneinfoPageset, ZoneinfoZone, zoneinfo};

use pfnlab_model::{NodeId, ZoneId, ZoneKind};

use crate::text::{Cursor, LineError};

/// Takes `Node N, zone NAME`.
fn zone(line: &mut Cursor<'_>) -> Result<ZoneId, LineError> {
    line.take("Node")?;
    let most = u64::from(NodeId::LIMIT - 1);
    // Fits: it is below the limit.
    let node = NodeId(line.at_most("node", most)? as u16);
    line.take(", zone")?;
    line.skip_blanks();
    let start = *line;
    let name = line.before(|letter| letter == ',' || letter.is_whitespace());
    match ZoneKind::from_name(name) {
        Some(kind) => Ok(ZoneId { node, kind }),
        None => Err(start.expected("the name of a zone")),
    }
}

/// Takes numbers to the end of the line.
fn numbers(line: &mut Cursor<'_>) -> Result<Vec<u64>, LineError> {
    let mut numbers = Vec::new();
    loop {
        line.skip_blanks();
        if line.rest().is_empty() {
            return Ok(numbers);
        }
        numbers.push(line.number("a number")?);
    }
}
