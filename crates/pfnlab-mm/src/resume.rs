//! From a snapshot back to a running allocator.
//!
//! - [`error`]: what is wrong with a snapshot.
//! - [`kernel`]: which generation it is of, and how that was built.
//! - [`topology`]: nodes, CPUs and zones fit together.
//! - [`numbers`]: no number is so large that arithmetic fails later.
//! - [`places`]: every frame is in one place.
//! - [`pageblocks`]: their types, and what in them can be moved.
//! - [`zone`]: its memory, lists and counters.
//! - [`nodes`]: their zonelists, and what is noted of them.

mod error;
mod kernel;
mod nodes;
mod numbers;
mod pageblocks;
mod places;
mod topology;
mod zone;

use alloc::sync::Arc;
use alloc::vec::Vec;

use pfnlab_model::{MemRange, OfflineState, Pfn, Snapshot};

pub use self::error::ResumeError;
use self::error::inconsistent;
use crate::area::Area;
use crate::gfp_zone::ZoneTable;
use crate::kswapd::Kswapd;
use crate::memmap::MemMap;
use crate::mm::{Cpu, Node, first_flags};
use crate::options::Options;
use crate::tunables::Tunables;
use crate::zone::Zone;
use crate::zone_map::{ZoneMap, memory_map_of};
use crate::{Config, Mm, Profile};

impl Mm {
    /// An allocator in the state of `snapshot`.
    ///
    /// # Errors
    /// When the snapshot is of an unknown version or generation, or contradicts itself.
    pub fn resume(snapshot: &Snapshot) -> Result<Mm, ResumeError> {
        let profile = kernel::profile_of(snapshot)?;
        let config = kernel::config_of(snapshot, profile)?;
        Mm::resume_built(snapshot, profile, &config)
    }

    /// An allocator in the state of `snapshot`, of a kernel built like `config`. What a snapshot
    /// says of its kernel's build must be so there, too; orders and batches are the snapshot's.
    ///
    /// # Errors
    /// When the snapshot is of an unknown version or generation, of a kernel built otherwise, or
    /// contradicts itself.
    pub fn resume_as(snapshot: &Snapshot, config: &Config) -> Result<Mm, ResumeError> {
        let profile = kernel::profile_of(snapshot)?;
        let config = kernel::config_as(snapshot, profile, config)?;
        Mm::resume_built(snapshot, profile, &config)
    }

    fn resume_built(
        snapshot: &Snapshot,
        profile: &'static Profile,
        config: &Config,
    ) -> Result<Mm, ResumeError> {
        topology::check(snapshot, config)?;
        numbers::check(snapshot, profile.migratetypes(config))?;
        places::check(snapshot, config)?;
        kernel::check_counters(&snapshot.global, profile)?;
        let global = &snapshot.global;
        let mut blocks = pageblocks::resume(snapshot, config)?;
        let zones = snapshot.zones.iter();
        let zones: Vec<Zone> = zones
            .map(|state| zone::resume(state, snapshot, profile, config, &mut blocks))
            .collect::<Result<_, _>>()?;
        let cpus = snapshot.cpus.iter().map(|cpu| Cpu {
            node: cpu.node,
            online: cpu.online,
        });
        let kswapds = snapshot.nodes.iter().map(|node| Kswapd {
            node: node.node,
            order: node.kswapd_order,
            highest: node.kswapd_highest,
            failures: node.kswapd_failures,
            awake: node.kswapd_awake,
        });
        let nodes = snapshot.nodes.iter();
        let nodes = nodes.map(|node| nodes::resume(node, profile, config));
        let nodes: Vec<Node> = nodes.collect::<Result<_, _>>()?;
        let offline = snapshot.offline.iter();
        let offline: Vec<MemRange> = offline
            .map(|&OfflineState { range, node }| MemRange { range, node })
            .collect();
        let mut memory = memory_map_of(&zones);
        memory.extend(&offline);
        memory.sort_by_key(|memory| memory.range);
        let mut memmap = MemMap::aside(&memory, global.section_frames, profile, config)
            .map_err(ResumeError::MemMap)?;
        for section in &offline {
            memmap.set_online(section.range, false);
        }
        let areas = snapshot.areas.iter().map(|area| Area {
            range: area.range,
            taken: area.taken.clone(),
        });
        let mut mm = Mm {
            profile,
            options: Options::resumed(global),
            gfp_zones: ZoneTable::new(config),
            tunables: Tunables::resumed(global),
            zone_stats: global.zone_stats.clone(),
            totalram: global.totalram_pages,
            totalreserve: global.totalreserve_pages,
            mobility_disabled: global.mobility_disabled,
            movable_zone: global.movable_zone,
            lower_zone: profile.fragment.lower_zone(config),
            brief: profile.is_brief(config),
            first_flags: first_flags(config, profile),
            section_frames: global.section_frames,
            cpus: cpus.collect(),
            nodes,
            kswapds: kswapds.collect(),
            zones,
            blocks,
            memmap: Arc::new(memmap),
            offline,
            areas: areas.collect(),
            zone_map: ZoneMap::new(config.pageblock_order, Pfn::default(), Vec::new()),
            config: config.clone(),
        };
        crate::compaction::resume(&mut mm, snapshot)?;
        mm.map_zones();
        mm.keep_guards();
        mm.count_exactly();
        places::check_owners(&mm, snapshot)?;
        Ok(mm)
    }
}
