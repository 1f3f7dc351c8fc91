//! Booting: a machine becomes zones and free lists.
//!
//! ```text
//!   Machine → layout (zone limits, movable start, spans: pure) → pageblocks → release → limits
//! ```
//!
//! - [`memblock`]: what memory exists and what of it is taken, before there are zones.
//! - [`firmware`], [`numa`]: where that comes from. [`early_nid`], [`node_states`]: what it says.
//!   [`early_node_map`]: how 2.6.37 kept it.
//! - [`replay_script`]: a recorded boot, done again.
//! - `layout`: which frames are in which zone. `first_types`: the type every pageblock begins with.
//! - [`Unavailable`]: holes that have descriptors. `estimate`: how much memory there seems to be.
//! - `release`: free memory is given to the buddy, in the order that decides which frame the very
//!   first request gets. [`Deferred`]: what of it is released late.

pub mod early_nid;
pub mod early_node_map;
pub mod firmware;
pub mod memblock;
pub mod node_states;
pub mod numa;
mod replay_script;

mod estimate;
mod first_types;
mod layout;
mod movable;
mod unavailable;
mod wait_table;
mod zone_limits;

mod contiguous;
mod deferred;
mod managed;
mod release;

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{Machine, NodeId, OnlinePolicy, Pfn, PfnRange, ZoneId};

use crate::frames::Frames;
use crate::gfp_zone::ZoneTable;
use crate::kswapd::Kswapd;
use crate::memmap::{MemMap, MemMapError, charged};
use crate::mm::{Cpu, Node, first_flags};
use crate::options::Options;
use crate::pcp::FREE_HIGH_BATCH;
use crate::tunables::Tunables;
use crate::zone::Zone;
use crate::zone_map::ZoneMap;
use crate::zonelist::{Topology, node_orders};
use crate::zonelist_build::zonelists;
use crate::zonelist_cache::ZonelistCache;
use crate::{Config, Mm, Profile};

use first_types::pageblocks;

pub use deferred::Deferred;
pub(crate) use deferred::{AtOnce, LateUnit};
pub(crate) use estimate::Estimate;
pub use estimate::PageTotals;
pub(crate) use first_types::FirstTypes;
pub(crate) use layout::MovableZonePick;
pub use layout::{Layout, ZoneLayout};
pub(crate) use managed::Managed;
pub(crate) use movable::{CoreBound, MovableEnd};
pub(crate) use release::{Chunks, ReleaseEnd};
pub use replay_script::{Checked, Replayed, replay_script};
pub use unavailable::{Unavailable, zeroed_descriptors};
pub use wait_table::WaitTables;
pub use zone_limits::Arm64Limits;
pub(crate) use zone_limits::ZoneEnds;

/// A machine this kernel cannot be booted on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootError {
    /// A zone would span more frames than it can.
    ZoneTooLarge {
        /// Which zone.
        zone: ZoneId,
        /// How many frames it would span.
        frames: u64,
    },
    /// The machine can have no memory map.
    MemMap(MemMapError),
    /// The records of its frames would take so many bytes, which this system does not promise us.
    NoRoom(u64),
    /// Nothing is left to allocate from: all memory is reserved.
    NothingFree,
}

impl From<MemMapError> for BootError {
    fn from(error: MemMapError) -> BootError {
        BootError::MemMap(error)
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::ZoneTooLarge { zone, frames } => {
                let most = Frames::LIMIT;
                write!(
                    f,
                    "{zone} would span {frames:#x} frames, more than {most:#x}"
                )
            }
            BootError::MemMap(error) => error.fmt(f),
            BootError::NoRoom(bytes) => write!(
                f,
                "the records of its frames would take {} MiB, and this system has no room for them",
                bytes >> 20
            ),
            BootError::NothingFree => f.write_str("all memory is reserved: nothing is free"),
        }
    }
}

impl core::error::Error for BootError {}

/// Frames that were given back after free memory was released: managed from then on, and in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// Their zone.
    pub zone: ZoneId,
    /// How many they are.
    pub frames: u64,
    /// Before the limits were computed from what is managed (`init_per_zone_wmark_min`).
    pub before_limits: bool,
}

/// What the description of a machine leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// What the kernel gave back of the memory it had reserved for itself.
    pub given_back: Vec<GivenBack>,
    /// What was reserved when zones were laid out, in whole frames: up to 3.8 zones take it from
    /// their present frames. `None`: all that is reserved in the end.
    pub early_reserved: Option<Vec<PfnRange>>,
    /// Reserved memory that is set aside for large contiguous areas (`cma=`), in whole frames. Its
    /// pageblocks are lent out as movable memory in between.
    pub contiguous: Vec<PfnRange>,
    /// By node: the one it was cut from by `numa=fake=`, whose CPUs it shares. Empty: none was.
    pub real_nodes: Vec<NodeId>,
    /// The memory map is taken from the machine's memory, by the boot allocator. Otherwise it is in
    /// what the description says is reserved, or costs nothing.
    pub charge_memmap: bool,
}

impl Mm {
    /// Boots a machine.
    ///
    /// # Errors
    /// When a zone is too large, there can be no memory map, or all memory is reserved.
    pub fn boot(
        machine: &Machine,
        profile: &'static Profile,
        config: &Config,
    ) -> Result<Mm, BootError> {
        Mm::boot_under(machine, profile, config, &Circumstances::default())
    }

    /// Boots a machine of which more is known than its description says.
    ///
    /// # Errors
    /// When a zone is too large, there can be no memory map, or all memory is reserved.
    pub fn boot_under(
        machine: &Machine,
        profile: &'static Profile,
        config: &Config,
        circumstances: &Circumstances,
    ) -> Result<Mm, BootError> {
        let mut mm = Mm::released(machine, profile, config, circumstances)?;
        let given_back = circumstances.given_back.iter();
        let (before, after): (Vec<GivenBack>, Vec<GivenBack>) =
            given_back.partition(|given| given.before_limits);
        mm.manage(&before);
        mm.init_limits();
        for &area in &circumstances.contiguous {
            mm.release_contiguous(area);
        }
        mm.raise_for_huge_pages();
        mm.init_cache_flags();
        mm.manage(&after);
        Ok(mm)
    }

    /// The state right after free memory was released (`mem_init`): no limits are known, and
    /// nothing was given back.
    ///
    /// # Errors
    /// When a zone is too large, or all memory is reserved.
    pub fn released(
        machine: &Machine,
        profile: &'static Profile,
        config: &Config,
        circumstances: &Circumstances,
    ) -> Result<Mm, BootError> {
        let layout = Layout::new(machine, profile, config);
        check_room(&layout, config)?;
        let (memmap, charged) = match circumstances.charge_memmap {
            true => {
                let (memmap, machine) = charged(machine, profile, config)?;
                (memmap, Some(machine))
            }
            false => {
                let frames = machine.section_frames();
                let memmap = MemMap::aside(machine.memory(), frames, profile, config)?;
                (memmap, None)
            }
        };
        let machine = charged.as_ref().unwrap_or(machine);
        let early_reserved = circumstances.early_reserved.as_deref();
        let early_reserved = early_reserved.unwrap_or(machine.reserved());
        let present = layout.counted_present(profile, config, early_reserved);
        let cpus: Vec<Cpu> = machine
            .cpus()
            .iter()
            .map(|&(_, node)| Cpu { node, online: true })
            .collect();
        let mut zones = Vec::new();
        for (place, present) in layout.zones.iter().zip(present) {
            let mut zone = Zone::new(place.id, place.span, profile, config, cpus.len());
            zone.present = present;
            zone.memory = place.memory.clone();
            zones.push(zone);
        }
        let kswapds = machine.nodes().iter().map(|node| {
            let populated = zones.iter().filter(|zone| zone.is_populated());
            let kinds = populated.filter(|zone| zone.id.node == node.id);
            Kswapd {
                node: node.id,
                highest: profile
                    .kswapd
                    .at_first(kinds.map(|zone| zone.id.kind).max()),
                ..Kswapd::default()
            }
        });
        let mut mm = Mm {
            profile,
            options: Options::of(machine),
            gfp_zones: ZoneTable::new(config),
            tunables: Tunables::defaults(profile, config.zones),
            zone_stats: profile.zone_stats.to_vec(),
            totalram: 0,
            totalreserve: 0,
            mobility_disabled: false,
            movable_zone: layout.movable_zone,
            lower_zone: profile.fragment.lower_zone(config),
            brief: profile.is_brief(config),
            first_flags: first_flags(config, profile),
            section_frames: machine.section_frames(),
            nodes: nodes(machine, profile, config, &zones),
            kswapds: kswapds.collect(),
            cpus,
            blocks: pageblocks(machine, &layout, profile, config),
            memmap: Arc::new(memmap),
            offline: Vec::new(),
            areas: Vec::new(),
            zones,
            zone_map: ZoneMap::new(config.pageblock_order, Pfn::default(), Vec::new()),
            config: config.clone(),
        };
        mm.map_zones();
        mm.mobility_disabled = machine.frames()
            < config.pageblock_order.frames() * profile.migratetypes(config).len() as u64;
        mm.release(machine, &Deferred::new(machine, &layout, profile, config));
        if mm.totalram == 0 {
            return Err(BootError::NothingFree);
        }
        for (node, &real) in mm.nodes.iter_mut().zip(&circumstances.real_nodes) {
            node.real = real;
        }
        mm.keep_guards();
        if machine.online_policy() == OnlinePolicy::AutoMovable {
            for zone in &mut mm.zones {
                zone.present_early = zone.present;
            }
        }
        Ok(mm)
    }

    /// CPUs with a large cache let freed blocks pile up a little before they are flushed
    /// (`zone_pcp_update_cacheinfo`).
    fn init_cache_flags(&mut self) {
        for zone in &mut self.zones {
            let large = self.config.cache_slice > 3 * u64::from(zone.pageset.batch);
            for pcp in zone
                .pcps
                .iter_mut()
                .filter(|_| large && zone.profile.pcp.has_range())
            {
                pcp.set(pfnlab_model::PcpField::Flags, FREE_HIGH_BATCH, &mut ());
            }
        }
    }
}

/// Zones are of a size that can be recorded, and there is room for their records.
fn check_room(layout: &Layout, config: &Config) -> Result<(), BootError> {
    for place in &layout.zones {
        let frames = place.span.frames();
        if frames > Frames::LIMIT {
            return Err(BootError::ZoneTooLarge {
                zone: place.id,
                frames,
            });
        }
    }
    let spans = layout.zones.iter().map(|zone| zone.span);
    let sizes = spans.map(|span| Frames::bytes(span, config.top_order));
    Frames::can_be_had(sizes).map_err(BootError::NoRoom)
}

fn nodes(machine: &Machine, profile: &Profile, config: &Config, zones: &[Zone]) -> Vec<Node> {
    let kinds = config.zones.len();
    let orders = fallback_order(machine, profile, config);
    let lists = zonelists(&orders, zones, kinds, profile);
    machine
        .nodes()
        .iter()
        .zip(lists)
        .map(|(topology, zonelists)| {
            let memory: Vec<PfnRange> = machine.memory_of(topology.id).collect();
            let start = memory.first().map_or(Pfn::default(), |range| range.start());
            let end = memory.last().map_or(start, |range| range.end());
            Node {
                start,
                spanned: end.since(start),
                present: memory.iter().map(|range| range.frames()).sum(),
                distance: topology.distance.clone(),
                real: topology.id,
                totalreserve: 0,
                cache: profile
                    .zonelist_cache
                    .is_there()
                    .then(|| ZonelistCache::new(zonelists[0].zones().len())),
                zonelists,
            }
        })
        .collect()
}

/// For every node, the order in which nodes are asked (`build_zonelists`).
///
/// Nodes with CPUs are asked later than others, but zonelists are built before any CPU is counted
/// on its node (`identify_cpu`), so that at boot none has any.
pub fn fallback_order(machine: &Machine, profile: &Profile, config: &Config) -> Vec<Vec<NodeId>> {
    let nodes = machine.nodes();
    let rows: Vec<&[u8]> = nodes.iter().map(|node| &node.distance[..]).collect();
    let memory: Vec<bool> = nodes
        .iter()
        .map(|node| machine.memory_of(node.id).next().is_some())
        .collect();
    let online = nodes.iter().zip(&memory);
    let online = online.filter(|(node, memory)| **memory || !node.cpus.is_empty());
    node_orders(&Topology {
        distance: &rows,
        cpus: &vec![false; nodes.len()],
        memory: &memory,
        max_nodes: config.max_nodes,
        online: online.count() as u64,
        local: profile.local,
        load: profile.load,
    })
}
