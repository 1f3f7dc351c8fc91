//! What `/proc` counts of every zone.

use pfnlab_linux::proc::read::{self, Pagetypeinfo, ZoneinfoZone};
use pfnlab_model::{CpuId, MigrateType, NodeId, Order, Pfn, PfnRange, Watermarks, ZoneId};

use super::ImportError;
use crate::{Error, TextError};

/// What `/proc/zoneinfo`, and if given `/proc/buddyinfo` and `/proc/pagetypeinfo`, count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The zones with memory, by node and kind.
    pub zones: Vec<ZoneCounts>,
    /// How many CPUs have per-CPU lists.
    pub cpus: u16,
    /// The order of a pageblock, where that is said.
    pub pageblock_order: Option<Order>,
    /// The kernel's migratetypes by number, where they are said.
    pub types: Vec<MigrateType>,
}

/// What is counted of a zone. In frames unless said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneCounts {
    /// Which.
    pub id: ZoneId,
    /// From its first frame to its last.
    pub span: PfnRange,
    /// Where its frames are; `None`: not said.
    pub memory: Option<Vec<PfnRange>>,
    /// Frames that exist.
    pub present: u64,
    /// Frames that were given to the allocator.
    pub managed: u64,
    /// The watermarks, without boost.
    pub marks: Watermarks,
    /// What stealing has added to them.
    pub boost: u64,
    /// Withheld from those who could go as high as this zone index.
    pub protection: Vec<u64>,
    /// Every number with its name.
    pub values: Vec<(String, u64)>,
    /// By CPU: `count`, `high`, `batch`, and how far a difference may grow.
    pub pagesets: Vec<[u32; 4]>,
    /// Free blocks.
    pub free: Vec<FreeCount>,
    /// Pageblocks by migratetype; empty: not said.
    pub pageblocks: Vec<(MigrateType, u64)>,
}

/// So many free blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeCount {
    /// Of this order.
    pub order: Order,
    /// On the list of this migratetype; `None`: not said.
    pub mt: Option<MigrateType>,
    /// How many.
    pub blocks: u64,
}

/// A file: its name and its text.
type File<'a> = (&'a str, &'a str);

impl Counts {
    /// Reads the files. Free blocks are as `/proc/pagetypeinfo` says, else as `/proc/buddyinfo`, else
    /// as large as the number of free frames allows.
    ///
    /// # Errors
    /// When a line of a file makes no sense, or two files contradict each other.
    pub fn read(
        zoneinfo: File<'_>,
        buddyinfo: Option<File<'_>>,
        pagetypeinfo: Option<File<'_>>,
    ) -> Result<Counts, Error> {
        let zones = read::zoneinfo(zoneinfo.1);
        let zones = zones.map_err(|error| TextError::of_line(zoneinfo.0, zoneinfo.1, &error))?;
        let populated = zones.iter().filter(|zone| zone.value("present") > Some(0));
        let mut counts = Counts {
            zones: populated
                .map(|zone| ZoneCounts::of(zoneinfo.0, zone))
                .collect::<Result<_, _>>()?,
            cpus: 0,
            pageblock_order: None,
            types: Vec::new(),
        };
        if counts.zones.is_empty() {
            return Err(ImportError::NoMemory(zoneinfo.0.to_owned()).into());
        }
        let cpus = counts.zones.iter().map(|zone| zone.pagesets.len());
        // Fits: every one was below the limit.
        counts.cpus = cpus.max().unwrap_or(0) as u16;
        if let Some((name, text)) = buddyinfo {
            let zones = read::buddyinfo(text);
            let zones = zones.map_err(|error| TextError::of_line(name, text, &error))?;
            for zone in zones {
                let free = orders().zip(&zone.free);
                let free = free.map(|(order, &blocks)| FreeCount {
                    order,
                    mt: None,
                    blocks,
                });
                counts.zone_mut(name, zone.id)?.free = free.collect();
            }
        }
        if let Some((name, text)) = pagetypeinfo {
            let info = read::pagetypeinfo(text);
            let info = info.map_err(|error| TextError::of_line(name, text, &error))?;
            counts.take_types(name, &info)?;
        }
        Ok(counts)
    }

    fn zone_mut(&mut self, file: &str, id: ZoneId) -> Result<&mut ZoneCounts, ImportError> {
        let mut zones = self.zones.iter_mut();
        zones
            .find(|zone| zone.id == id)
            .ok_or_else(|| ImportError::UnknownZone {
                file: file.to_owned(),
                zone: id,
            })
    }

    fn take_types(&mut self, name: &str, info: &Pagetypeinfo) -> Result<(), ImportError> {
        self.pageblock_order = Some(info.pageblock_order);
        self.types.clone_from(&info.types);
        for zone in &info.zones {
            let counts = self.zone_mut(name, zone.id)?;
            let types = || info.types.iter().copied();
            let lists = types().zip(&zone.free).flat_map(|(mt, counts)| {
                orders()
                    .zip(counts)
                    .map(move |(order, counted)| (mt, order, counted.count))
            });
            counts.free = lists
                .map(|(mt, order, blocks)| FreeCount {
                    order,
                    mt: Some(mt),
                    blocks,
                })
                .collect();
            counts.pageblocks = types().zip(zone.pageblocks.iter().copied()).collect();
        }
        Ok(())
    }

    /// The zone a frame is in.
    pub fn zone_of(&self, pfn: Pfn) -> Option<&ZoneCounts> {
        // Spans of nodes may lie in each other: the smallest is the one.
        let zones = self.zones.iter().filter(|zone| zone.span.contains(pfn));
        zones.min_by_key(|zone| zone.span.frames())
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u16 {
        let nodes = self.zones.iter().map(|zone| zone.id.node.0 + 1);
        nodes.max().unwrap_or(1)
    }

    /// The node of a CPU. No file says it: CPUs are dealt out to the nodes in equal runs.
    pub fn node_of(&self, cpu: CpuId) -> NodeId {
        let share = self.cpus.div_ceil(self.nodes()).max(1);
        NodeId((cpu.0 / share).min(self.nodes() - 1))
    }
}

/// Every order, from 0.
fn orders() -> impl Iterator<Item = Order> {
    Order::all()
}

impl ZoneCounts {
    fn of(file: &str, zone: &ZoneinfoZone) -> Result<ZoneCounts, ImportError> {
        let id = zone.id;
        let need = |field: &'static str| {
            zone.value(field).ok_or_else(|| ImportError::Missing {
                file: file.to_owned(),
                zone: id,
                field,
            })
        };
        let contradiction = |what: String| ImportError::Contradiction { zone: id, what };
        let (start, spanned, present) = (need("start_pfn")?, need("spanned")?, need("present")?);
        let end = start.checked_add(spanned);
        if end.is_none_or(|end| end > Pfn::LIMIT.get()) {
            return Err(contradiction(format!(
                "{spanned} frames from {start:#x} on reach above the highest frame"
            )));
        }
        // 2.6.37 does not count what it manages.
        let managed = zone.value("managed").unwrap_or(present);
        let free = need("pages free")?;
        if present > spanned || managed > spanned || free > managed {
            return Err(contradiction(format!(
                "{free} free, {managed} managed, {present} present, {spanned} spanned: each is at \
                 most the next"
            )));
        }
        let cached = |values: &[(String, u64)]| {
            let value = |name: &str| {
                let found = values.iter().find(|(known, _)| known == name);
                found.map_or(0, |(_, value)| u32::try_from(*value).unwrap_or(u32::MAX))
            };
            ["count", "high", "batch", "vm stats threshold"].map(value)
        };
        let pagesets: Vec<_> = zone
            .pagesets
            .iter()
            .map(|set| cached(&set.values))
            .collect();
        let numbers = zone.pagesets.iter().map(|set| set.cpu);
        if pagesets.len() > usize::from(CpuId::LIMIT) || !numbers.eq(0..pagesets.len() as u64) {
            let what = "its per-CPU lists are those of CPUs 0, 1, 2 and so on".to_owned();
            return Err(contradiction(what));
        }
        Ok(ZoneCounts {
            id,
            span: PfnRange::sized(Pfn::new(start), spanned),
            memory: None,
            present,
            managed,
            marks: Watermarks {
                min: need("min")?,
                low: need("low")?,
                high: need("high")?,
                promo: zone.value("promo").unwrap_or(0),
            },
            boost: zone.value("boost").unwrap_or(0),
            protection: zone.protection.clone(),
            values: zone.values.clone(),
            pagesets,
            free: largest(free),
            pageblocks: Vec::new(),
        })
    }

    /// The number with this name.
    pub fn value(&self, name: &str) -> Option<u64> {
        let mut values = self.values.iter();
        values
            .find(|(known, _)| known == name)
            .map(|&(_, value)| value)
    }

    /// Frames in the free blocks.
    pub fn free_frames(&self) -> u64 {
        let frames = |count: &FreeCount| count.blocks.saturating_mul(count.order.frames());
        self.free.iter().map(frames).sum()
    }

    /// Where its frames are. If that is not said: the whole span but for so many frames as do not
    /// exist. The lowest zone of a PC has a known one, below 1 MiB; any other is put in front
    /// of the last pageblock.
    pub fn memory(&self, pageblock: Order) -> Vec<PfnRange> {
        const PC_HOLE: (u64, u64) = (0x9f, 0x100);
        if let Some(memory) = &self.memory {
            return memory.clone();
        }
        let (start, end) = (self.span.start(), self.span.end());
        let hole = self.span.frames() - self.present;
        let (from, to) = if hole == 0 {
            return vec![self.span];
        } else if start.get() <= 1 && hole == PC_HOLE.1 - PC_HOLE.0 && end.get() > PC_HOLE.1 {
            (Pfn::new(PC_HOLE.0), Pfn::new(PC_HOLE.1))
        } else {
            let last = (pageblock.frames()).min(self.present);
            let to = Pfn::new(end.get() - last);
            (Pfn::new(to.get() - hole), to)
        };
        let parts = [PfnRange::new(start, from), PfnRange::new(to, end)];
        let parts = parts.into_iter().flatten();
        parts.filter(|part| !part.is_empty()).collect()
    }
}

/// So many frames in as few blocks as can be.
fn largest(frames: u64) -> Vec<FreeCount> {
    let mut left = frames;
    let mut free = Vec::new();
    for order in orders().collect::<Vec<_>>().into_iter().rev() {
        let blocks = left / order.frames();
        left -= blocks * order.frames();
        free.push(FreeCount {
            order,
            mt: None,
            blocks,
        });
    }
    free
}
