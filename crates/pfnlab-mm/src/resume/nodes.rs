//! Nodes: their zonelists, and what is noted of full zones.

use pfnlab_model::{NodeState, ZoneId};

use super::{ResumeError, inconsistent};
use crate::mm::Node;
use crate::zone_map::ZoneAt;
use crate::zonelist::{ZoneRef, Zonelist};
use crate::zonelist_cache::ZonelistCache;
use crate::{Config, Profile};

/// A node; what its zonelist names was checked with the topology.
///
/// # Errors
/// When what is noted of full zones does not go with it.
pub(super) fn resume(
    state: &NodeState,
    profile: &Profile,
    config: &Config,
) -> Result<Node, ResumeError> {
    let list = |ids: &[ZoneId]| {
        let entry = |id: &ZoneId| {
            let kind = config
                .zone_index(id.kind)
                .expect("checked with the topology");
            let zone = ZoneAt((id.node.index() * config.zones.len() + kind) as u16);
            ZoneRef {
                zone,
                id: *id,
                kind: kind as u8,
            }
        };
        Zonelist::new(ids.iter().map(entry).collect())
    };
    let zones = state.zonelist.len();
    let cache = match &state.zonelist_cache {
        Some(cache) if profile.zonelist_cache.is_there() => {
            let cache = ZonelistCache::resume(cache, zones);
            let beyond = "its zonelist has no such place";
            Some(cache.ok_or_else(|| inconsistent("nodes[].zonelist_cache", beyond))?)
        }
        None if !profile.zonelist_cache.is_there() => None,
        _ => {
            let why = "it is there exactly in generations that have one";
            return Err(inconsistent("nodes[].zonelist_cache", why));
        }
    };
    Ok(Node {
        start: state.start,
        spanned: state.spanned,
        present: state.present,
        distance: state.distance.clone(),
        real: state.node,
        totalreserve: state.totalreserve_pages,
        zonelists: [list(&state.zonelist), list(&state.zonelist_this_node)],
        cache,
    })
}
