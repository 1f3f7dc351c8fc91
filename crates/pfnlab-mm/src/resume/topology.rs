//! Nodes, CPUs and zones of a snapshot: whether they fit together.

use pfnlab_model::{Snapshot, ZoneId};

use super::{ResumeError, inconsistent};
use crate::Config;

/// Everything is numbered without gaps, and what is named is there.
pub(super) fn check(snapshot: &Snapshot, config: &Config) -> Result<(), ResumeError> {
    let kinds = config.zones.len();
    if snapshot.nodes.is_empty() || snapshot.cpus.is_empty() {
        return Err(inconsistent(
            "nodes and cpus",
            "there must be at least one of each",
        ));
    }
    if snapshot.global.lowmem_reserve_ratio.len() != kinds {
        return Err(inconsistent(
            "global.lowmem_reserve_ratio",
            "one for every kind of zone",
        ));
    }
    for (at, node) in snapshot.nodes.iter().enumerate() {
        if node.node.index() != at {
            return Err(inconsistent("nodes", "numbered from 0 without gaps"));
        }
        for id in node.zonelist.iter().chain(&node.zonelist_this_node) {
            if id.node.index() >= snapshot.nodes.len() || config.zone_index(id.kind).is_none() {
                return Err(inconsistent(id, "on a zonelist, but there is no such zone"));
            }
            if snapshot.zone(*id).is_none_or(|zone| zone.spanned == 0) {
                return Err(inconsistent(id, "on a zonelist, but it has no memory"));
            }
        }
    }
    for (at, cpu) in snapshot.cpus.iter().enumerate() {
        if cpu.cpu.index() != at || cpu.node.index() >= snapshot.nodes.len() {
            return Err(inconsistent(
                "cpus",
                "numbered from 0 without gaps, each on a node",
            ));
        }
    }
    let expected = snapshot.nodes.iter().flat_map(|node| {
        config.zones.iter().map(|&kind| ZoneId {
            node: node.node,
            kind,
        })
    });
    if !snapshot.zones.iter().map(|zone| zone.id).eq(expected) {
        return Err(inconsistent("zones", "every kind on every node, in order"));
    }
    Ok(())
}
