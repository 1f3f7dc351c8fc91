//! Booting a machine, and what its zones look like then.
//!
//! - [`Booted`]: a machine from a description. Start here.
//! - [`log`]: one from a boot log. [`facts`]: what that kernel said of itself, checked.
//!   [`compare`]: the state it was recorded in, compared.
//!
//! ```
//! use pfnlab::{boot::Booted, kernel, machine};
//! let machine = machine::resolve("one-node").unwrap();
//! let booted = Booted::new(&machine, kernel::profile(None).unwrap(), &kernel::config(None).unwrap());
//! assert!(booted.unwrap().buddyinfo().starts_with("Node 0, zone      DMA "));
//! ```

pub mod compare;
mod descriptor;
pub mod facts;
pub mod log;
mod memmap;
mod sections;

use std::fmt::Write;

use pfnlab_linux::{bootlog, proc};
use pfnlab_mm::boot::{Circumstances, Layout};
use pfnlab_mm::memmap::MapPiece;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{Inspect, Machine, NodeState, PageAllocator, Pfn, PfnRange, Snapshot, ZoneId};
use pfnlab_view::{Style, ZonePicture};
use serde::Serialize;

use crate::Error;

/// A machine, its zones, and the allocator that runs on it.
#[derive(Debug)]
pub struct Booted {
    machine: Machine,
    layout: Layout,
    mm: Mm,
}

impl Booted {
    /// Boots `machine` with a kernel.
    ///
    /// # Errors
    /// When such a kernel cannot run on it.
    pub fn new(
        machine: &Machine,
        profile: &'static Profile,
        config: &Config,
    ) -> Result<Booted, Error> {
        Booted::under(machine, profile, config, &Circumstances::default())
    }

    /// Boots a machine of which more is known than its description says.
    ///
    /// # Errors
    /// When such a kernel cannot run on it.
    pub fn under(
        machine: &Machine,
        profile: &'static Profile,
        config: &Config,
        circumstances: &Circumstances,
    ) -> Result<Booted, Error> {
        let mm = Mm::boot_under(machine, profile, config, circumstances);
        let mm = mm.map_err(|error| Error::Boot {
            machine: machine.name().to_owned(),
            error,
        })?;
        let pieces = mm.memmap().pieces().iter();
        let taken: Vec<PfnRange> = pieces.filter_map(MapPiece::frames).collect();
        Ok(Booted {
            machine: machine.clone().with_reserved(&taken),
            layout: Layout::new(machine, profile, config),
            mm,
        })
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The allocator.
    pub fn mm(&self) -> &Mm {
        &self.mm
    }

    /// The allocator, to work with.
    pub fn into_mm(self) -> Mm {
        self.mm
    }

    /// The whole state.
    pub fn snapshot(&self) -> Snapshot {
        snapshot_of(&self.mm)
    }

    /// The lines in which a booting kernel says where its zones are, from `Zone ranges:` on.
    pub fn zone_ranges(&self) -> String {
        bootlog::zone_ranges(
            bootlog::ZoneLines::of(self.mm.profile().name()),
            &self.machine,
            &self.layout.ranges,
            &self.layout.movable_start,
        )
    }

    /// A line about the machine, the zone ranges, and a line for every zone with memory.
    pub fn summary(&self) -> String {
        let snapshot = self.snapshot();
        let mut text = format!("{}\n\n{}\n", self.title(), self.zone_ranges());
        text.push_str(&zone_table(&snapshot));
        text
    }

    /// The machine and the kernel in one line.
    pub fn title(&self) -> String {
        let (nodes, cpus) = (self.machine.nodes().len(), self.machine.cpus().len());
        format!(
            "{}: {}, {}, {} MiB of RAM; {}",
            self.machine.name(),
            counted(nodes, "node"),
            counted(cpus, "CPU"),
            self.machine.frames() * 4 / 1024,
            self.snapshot().profile,
        )
    }

    /// `/proc/buddyinfo`.
    pub fn buddyinfo(&self) -> String {
        proc::buddyinfo(&self.snapshot())
    }

    /// `/proc/pagetypeinfo`.
    pub fn pagetypeinfo(&self) -> String {
        proc::pagetypeinfo(&self.snapshot())
    }

    /// `/proc/zoneinfo`, without what nodes count and without who allocated on which node.
    pub fn zoneinfo(&self) -> String {
        proc::zoneinfo(&self.snapshot(), &proc::Counters::default())
    }

    /// `/proc/vmstat`, the counters of zones: those of nodes, and events, nobody counts during boot.
    pub fn vmstat(&self) -> String {
        proc::vmstat(&self.snapshot(), &proc::Counters::default())
    }

    /// The free areas as a kernel logs them when it runs out of memory (`show_mem`).
    pub fn free_areas(&self) -> String {
        proc::free_areas(&self.snapshot())
    }

    /// A picture of every zone with memory, one below the other.
    pub fn pictures(&self, style: &Style) -> String {
        let snapshot = self.snapshot();
        let zones = snapshot.zones.iter();
        let picture = ZonePicture::default();
        let drawn: Vec<_> = zones
            .filter_map(|state| pfnlab_view::zone(&snapshot, state.id, &picture, style))
            .collect();
        drawn.join("\n")
    }

    /// A line for every run of memory sections that are in the same zones.
    pub fn sections(&self) -> String {
        sections::table(&self.machine, &self.layout)
    }

    /// What the memory model built: its cost, where it lies, the word of every section, and where
    /// the fields of a descriptor's flags word are.
    pub fn memmap(&self) -> String {
        memmap::text(&self.machine, &self.mm)
    }

    /// The page descriptor of a frame, field by field, or why it has none.
    pub fn descriptor(&self, pfn: Pfn) -> String {
        descriptor::text(&self.mm, pfn)
    }

    /// The order in which zones are asked, by node.
    pub fn zonelists(&self) -> String {
        let snapshot = self.snapshot();
        snapshot.nodes.iter().map(zonelists_of).collect()
    }
}

/// The whole state of an allocator of zones.
pub(crate) fn snapshot_of(mm: &Mm) -> Snapshot {
    let inspect: &dyn Inspect = mm.inspect().unwrap_or(mm);
    inspect.snapshot()
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A zone in a few numbers; sizes are frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneSummary {
    /// The node.
    pub node: u16,
    /// The kind of zone, as Linux names it.
    pub zone: String,
    /// The first frame of its span.
    pub start: u64,
    /// Frames from its first to its last.
    pub spanned: u64,
    /// Frames that exist.
    pub present: u64,
    /// Frames given to the allocator.
    pub managed: u64,
    /// Free frames, those in per-CPU lists left out.
    pub free: u64,
    /// The watermarks `min`, `low`, `high`.
    pub watermarks: [u64; 3],
    /// Free blocks, by order.
    pub free_blocks: Vec<u64>,
}

/// Every zone with memory, by node and kind.
pub fn zones(snapshot: &Snapshot) -> Vec<ZoneSummary> {
    let populated = snapshot.zones.iter().filter(|zone| zone.present > 0);
    populated
        .map(|zone| {
            let orders = pfnlab_model::Order::ZERO.through(snapshot.global.top_order);
            let free_blocks: Vec<_> = orders.map(|order| zone.free_blocks(order)).collect();
            let marks = zone.watermarks;
            ZoneSummary {
                node: zone.id.node.0,
                zone: zone.id.kind.to_string(),
                start: zone.start.get(),
                spanned: zone.spanned,
                present: zone.present,
                managed: zone.managed,
                free: (0..).zip(&free_blocks).map(|(n, blocks)| blocks << n).sum(),
                watermarks: [marks.min, marks.low, marks.high],
                free_blocks,
            }
        })
        .collect()
}

fn zone_table(snapshot: &Snapshot) -> String {
    let mut text = format!(
        "{:<16}{:>12}{:>10}{:>10}{:>10}{:>10}{:>8}{:>8}{:>8}\n",
        "zone", "start", "spanned", "present", "managed", "free", "min", "low", "high"
    );
    let zones = zones(snapshot);
    // 2.6.37 does not count them.
    let counted = zones.iter().any(|zone| zone.managed > 0);
    for zone in zones {
        let [min, low, high] = zone.watermarks;
        let managed = if counted {
            zone.managed.to_string()
        } else {
            "-".to_owned()
        };
        let _ = writeln!(
            text,
            "{:<16}{:>12}{:>10}{:>10}{:>10}{:>10}{:>8}{:>8}{:>8}",
            format!("node {} {}", zone.node, zone.zone),
            format!("{:#x}", zone.start),
            zone.spanned,
            zone.present,
            managed,
            zone.free,
            min,
            low,
            high,
        );
    }
    text
}

/// The first line is the boot log's own.
fn zonelists_of(node: &NodeState) -> String {
    let mut text = format!("Fallback order for Node {}: ", node.node);
    let mut last = None;
    for zone in &node.zonelist {
        if last != Some(zone.node) {
            let _ = write!(text, "{} ", zone.node);
            last = Some(zone.node);
        }
    }
    let list = |zones: &[ZoneId]| {
        let names: Vec<_> = zones
            .iter()
            .map(|zone| format!("{}/{}", zone.node, zone.kind))
            .collect();
        names.join(" ")
    };
    let _ = write!(
        text,
        "\n  any node:  {}\n  this node: {}\n",
        list(&node.zonelist),
        list(&node.zonelist_this_node)
    );
    text
}
