//! Where a frame is: on which list, or in whose hands.

use std::fmt;

use pfnlab_model::{Block, CpuId, MigrateType, Order, Pfn, PfnRange, Snapshot, ZoneId, ZoneState};

/// Where a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// In a block on a free list.
    Free {
        /// The zone.
        zone: ZoneId,
        /// The block.
        block: Block,
        /// The list's migratetype.
        mt: MigrateType,
        /// How many blocks are in front of it.
        position: usize,
        /// How many blocks the list has.
        length: usize,
    },
    /// In a block on a per-CPU list.
    PerCpu {
        /// The zone.
        zone: ZoneId,
        /// Whose list.
        cpu: CpuId,
        /// Which list.
        list: u8,
        /// The block.
        block: Block,
        /// How many blocks are in front of it.
        position: usize,
        /// How many blocks the list has.
        length: usize,
    },
    /// Handed out, as far as the allocator knows.
    Lent {
        /// The zone.
        zone: ZoneId,
        /// The block.
        block: Block,
    },
    /// In a zone, but neither free nor handed out: reserved, or in use since before.
    InUse {
        /// The zone.
        zone: ZoneId,
    },
    /// In no zone.
    Nowhere,
}

impl Whereabouts {
    /// Where `pfn` is in `snapshot`.
    ///
    /// ```
    /// use pfnlab::{Inspect, Pfn, Whereabouts, boot::Booted, kernel, machine};
    /// let machine = machine::resolve("one-node").unwrap();
    /// let booted = Booted::new(&machine, kernel::profile(None).unwrap(), &kernel::config(None).unwrap());
    /// let snapshot = booted.unwrap().snapshot();
    /// assert_eq!(Whereabouts::of(Pfn::new(0x20000), &snapshot), Whereabouts::Nowhere);
    /// ```
    pub fn of(pfn: Pfn, snapshot: &Snapshot) -> Whereabouts {
        let mut in_use = Whereabouts::Nowhere;
        for zone in &snapshot.zones {
            if !PfnRange::sized(zone.start, zone.spanned).contains(pfn) {
                continue;
            }
            if let Some(found) = on_free_list(zone, pfn)
                .or_else(|| on_per_cpu_list(zone, pfn))
                .or_else(|| lent(zone, pfn))
            {
                return found;
            }
            in_use = Whereabouts::InUse { zone: zone.id };
        }
        in_use
    }
}

fn holds(start: Pfn, order: Order, pfn: Pfn) -> bool {
    pfn.align_down(order) == start
}

fn on_free_list(zone: &ZoneState, pfn: Pfn) -> Option<Whereabouts> {
    zone.free_lists.iter().find_map(|list| {
        let position = list
            .pfns
            .iter()
            .position(|&start| holds(start, list.order, pfn))?;
        Some(Whereabouts::Free {
            zone: zone.id,
            block: Block::containing(pfn, list.order),
            mt: list.mt,
            position,
            length: list.pfns.len(),
        })
    })
}

fn on_per_cpu_list(zone: &ZoneState, pfn: Pfn) -> Option<Whereabouts> {
    let lists = zone
        .pcp
        .iter()
        .flat_map(|pcp| pcp.lists.iter().map(move |list| (pcp.cpu, list)));
    lists.into_iter().find_map(|(cpu, list)| {
        let position = list
            .pfns
            .iter()
            .position(|&start| holds(start, list.order, pfn))?;
        Some(Whereabouts::PerCpu {
            zone: zone.id,
            cpu,
            list: list.index,
            block: Block::containing(pfn, list.order),
            position,
            length: list.pfns.len(),
        })
    })
}

fn lent(zone: &ZoneState, pfn: Pfn) -> Option<Whereabouts> {
    let block = zone.lent.iter().find(|block| block.range().contains(pfn))?;
    Some(Whereabouts::Lent {
        zone: zone.id,
        block: *block,
    })
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Whereabouts::Free {
                zone,
                block,
                mt,
                position,
                length,
            } => write!(
                f,
                "free in {block}: {} of {length} on list order {} {mt} of {}",
                position + 1,
                block.order(),
                Zone(zone),
            ),
            Whereabouts::PerCpu {
                zone,
                cpu,
                list,
                block,
                position,
                length,
            } => write!(
                f,
                "free in {block}: {} of {length} on per-CPU list {list} of CPU {cpu}, {}",
                position + 1,
                Zone(zone),
            ),
            Whereabouts::Lent { zone, block } => {
                write!(f, "handed out in {block}, {}", Zone(zone))
            }
            Whereabouts::InUse { zone } => write!(f, "in use since before, {}", Zone(zone)),
            Whereabouts::Nowhere => f.write_str("in no zone"),
        }
    }
}

/// A zone as a sentence names it.
pub(crate) struct Zone(pub(crate) ZoneId);

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} zone {}", self.0.node, self.0.kind)
    }
}
