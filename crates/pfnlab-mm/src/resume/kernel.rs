//! The kernel of a snapshot: its generation, and how it was built.

use pfnlab_model::{GlobalState, SNAPSHOT_FORMAT, Snapshot, ZoneStat};

use super::{ResumeError, inconsistent};
use crate::{Config, Profile};

/// The generation a snapshot of a known format names.
pub(super) fn profile_of(snapshot: &Snapshot) -> Result<&'static Profile, ResumeError> {
    if snapshot.format != SNAPSHOT_FORMAT {
        return Err(ResumeError::Format(snapshot.format));
    }
    let name = &snapshot.profile;
    Profile::by_name(name).ok_or_else(|| ResumeError::Profile(name.clone()))
}

/// The config a snapshot was taken under: its facts are in the snapshot, so any of the named
/// configs with these will do.
pub(super) fn config_of(snapshot: &Snapshot, profile: &Profile) -> Result<Config, ResumeError> {
    let global = &snapshot.global;
    let same = |config: &&&Config| {
        config.zones == global.zone_kinds && profile.migratetypes(config) == global.migratetypes
    };
    let base = Config::ALL
        .iter()
        .find(same)
        .ok_or(ResumeError::Config("zones and migratetypes"))?;
    config_as(snapshot, profile, base)
}

/// `base` with the orders and batches of a snapshot of such a kernel.
pub(super) fn config_as(
    snapshot: &Snapshot,
    profile: &Profile,
    base: &Config,
) -> Result<Config, ResumeError> {
    let global = &snapshot.global;
    if base.zones != global.zone_kinds || profile.migratetypes(base) != global.migratetypes {
        return Err(ResumeError::Config("zones and migratetypes"));
    }
    if global.pageblock_order > global.top_order || global.pcp_batch_scale_max > 16 {
        return Err(ResumeError::Config("pageblock order and batch scale"));
    }
    Ok(Config {
        top_order: global.top_order,
        pageblock_order: global.pageblock_order,
        pcp_batch_scale_max: global.pcp_batch_scale_max,
        ..base.clone()
    })
}

/// A snapshot may leave out counters of its generation, but has that of free frames.
pub(super) fn check_counters(global: &GlobalState, profile: &Profile) -> Result<(), ResumeError> {
    let mut known = profile.zone_stats.iter();
    let stats = &global.zone_stats;
    let in_order = stats.iter().all(|stat| known.any(|other| other == stat));
    if in_order && stats.contains(&ZoneStat::FreePages) {
        return Ok(());
    }
    Err(inconsistent(
        "global.zone_stats",
        "counters of the generation, in its order, that of free frames among them",
    ))
}
