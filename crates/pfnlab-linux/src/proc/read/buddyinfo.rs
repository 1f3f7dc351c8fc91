//! `/proc/buddyinfo`, read.

use pfnlab_model::{Order, ZoneId};

use crate::text::{Cursor, LineError};

use super::{numbers, zone};

/// A line of `/proc/buddyinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuddyinfoZone {
    /// The zone.
    pub id: ZoneId,
    /// Its free blocks, by order.
    pub free: Vec<u64>,
}

/// Reads `/proc/buddyinfo`.
///
/// ```
/// let text = "Node 0, zone      DMA      0      0      1 \n";
/// let zones = pfnlab_linux::proc::read::buddyinfo(text)?;
/// assert_eq!(zones[0].free, [0, 0, 1]);
/// # Ok::<(), pfnlab_linux::LineError>(())
/// ```
///
/// # Errors
/// At the first line that is none of it.
pub fn buddyinfo(text: &str) -> Result<Vec<BuddyinfoZone>, LineError> {
    let mut zones: Vec<BuddyinfoZone> = Vec::new();
    for mut line in Cursor::lines(text) {
        let id = zone(&mut line)?;
        let start = line;
        let free = numbers(&mut line)?;
        let same = zones
            .first()
            .is_none_or(|first| first.free.len() == free.len());
        if free.is_empty() || free.len() > Order::MAX.index() + 1 || !same {
            return Err(start.expected("a count for every order, as many as on the first line"));
        }
        zones.push(BuddyinfoZone { id, free });
    }
    Ok(zones)
}
