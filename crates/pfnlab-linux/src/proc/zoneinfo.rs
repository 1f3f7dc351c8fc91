//! `/proc/zoneinfo`.

use std::fmt::Write;

use pfnlab_model::{CpuState, NodeId, Snapshot, ZoneStat, ZoneState};

use super::vmstat::{Owner, items};
use super::{Counters, populated, printed};
use crate::form::form_of;

/// After so many runs without progress kswapd gives a node up (`MAX_RECLAIM_RETRIES`).
const MAX_RECLAIM_RETRIES: u32 = 16;

/// Which lines the zone part of `/proc/zoneinfo` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ZoneinfoForm {
    /// 2.6.37: only zones with memory; what was scanned and no `managed`; counters, not indented
    /// as far, before `protection`.
    Scanned,
    /// 3.8: the same with `managed`.
    ScannedManaged,
    /// 4.14: every zone; nothing about boosts and contiguous areas, and a ratio that is always 0.
    WithRatio,
    /// 5.0: without that.
    WithoutBoost,
    /// 6.1: no `promo` line.
    WithoutPromo,
    /// 6.12.
    WithPromo,
}

use ZoneinfoForm::{Scanned, ScannedManaged, WithPromo, WithRatio, WithoutBoost, WithoutPromo};

/// The forms before the newest.
const FORMS: &[(&str, ZoneinfoForm)] = &[
    ("linux-2.6.37", Scanned),
    ("linux-3.8", ScannedManaged),
    ("linux-4.14", WithRatio),
    ("linux-5.0", WithoutBoost),
    ("linux-6.1.0", WithoutPromo),
    ("linux-6.1.y", WithoutPromo),
];

impl ZoneinfoForm {
    /// The form of a profile. A profile we do not know is taken for a newer kernel.
    pub fn of(profile: &str) -> ZoneinfoForm {
        form_of(profile, FORMS, WithPromo)
    }

    /// Whether it is one of the two oldest.
    fn is_old(self) -> bool {
        matches!(self, Scanned | ScannedManaged)
    }
}

/// `/proc/zoneinfo`: every zone of every online node, up to 3.8 every one with memory, in the form of
/// the snapshot's profile.
///
/// Since 4.14 the kernel prints two things that are no part of a snapshot: the `per-node stats` with
/// a node's first zone that has memory, and the `numa_` counters behind a zone's own. They are shown
/// as far as `counters` tells them. `cma` is 0.
pub fn zoneinfo(snapshot: &Snapshot, counters: &Counters) -> String {
    let mut text = String::new();
    let form = ZoneinfoForm::of(&snapshot.profile);
    for zone in &snapshot.zones {
        if zone.present > 0 || !form.is_old() {
            // Writing to a String cannot fail.
            let _ = zone_lines(&mut text, snapshot, counters, form, zone);
        }
    }
    text
}

fn zone_lines(
    text: &mut String,
    snapshot: &Snapshot,
    told: &Counters,
    form: ZoneinfoForm,
    zone: &ZoneState,
) -> std::fmt::Result {
    let counters = || snapshot.global.zone_stats.iter().zip(&zone.vm_stat);
    let free = counters().find(|(stat, _)| **stat == ZoneStat::FreePages);
    let free = free.map_or(0, |(_, &count)| count);

    writeln!(text, "Node {}, zone {:>8}", zone.id.node, zone.id.kind)?;
    if is_first_of_node(snapshot, zone) {
        node_lines(text, snapshot, told, zone.id.node)?;
    }
    writeln!(text, "  pages free     {}", printed(free))?;
    for (name, number) in sizes(zone, form) {
        writeln!(text, "        {name:<9}{number}")?;
    }
    if form.is_old() {
        for (stat, &count) in counters() {
            writeln!(text, "    {:<12} {}", stat.name(), printed(count))?;
        }
    }
    let reserve: Vec<_> = zone.lowmem_reserve.iter().map(u64::to_string).collect();
    writeln!(text, "        protection: ({})", reserve.join(", "))?;
    if zone.present == 0 {
        return Ok(());
    }
    if !form.is_old() {
        for (stat, &count) in counters() {
            writeln!(text, "      {:<12} {}", stat.name(), printed(count))?;
        }
        for (name, count) in named(snapshot, Owner::Zone, |name| told.of_zone(zone.id, name)) {
            writeln!(text, "      {name:<12} {count}")?;
        }
    }
    pagesets(text, snapshot, zone)?;
    let start = zone.start.get();
    if form.is_old() {
        let given_up = u8::from(zone.all_unreclaimable);
        writeln!(text, "  all_unreclaimable: {given_up}")?;
        writeln!(text, "  start_pfn:         {start}")?;
        return writeln!(text, "  inactive_ratio:    {}", inactive_ratio(zone));
    }
    let mut nodes = snapshot.nodes.iter();
    let node = nodes.find(|node| node.node == zone.id.node);
    let given_up = node.is_some_and(|node| node.kswapd_failures >= MAX_RECLAIM_RETRIES);
    writeln!(text, "  node_unreclaimable:  {}", u8::from(given_up))?;
    writeln!(text, "  start_pfn:           {start}")?;
    if form == WithRatio {
        writeln!(text, "  node_inactive_ratio: 0")?;
    }
    Ok(())
}

/// Whether no zone before it on its node has memory, and it has (`is_zone_first_populated`).
fn is_first_of_node(snapshot: &Snapshot, zone: &ZoneState) -> bool {
    let mut of_node = populated(snapshot).filter(|other| other.id.node == zone.id.node);
    of_node.next().is_some_and(|first| first.id == zone.id)
}

/// What the node counts, as far as it is told.
fn node_lines(
    text: &mut String,
    snapshot: &Snapshot,
    told: &Counters,
    node: NodeId,
) -> std::fmt::Result {
    let mut counters = named(snapshot, Owner::Node, |name| told.of_node(node, name)).peekable();
    if counters.peek().is_some() {
        writeln!(text, "  per-node stats")?;
    }
    for (name, count) in counters {
        writeln!(text, "      {name:<12} {count}")?;
    }
    Ok(())
}

/// The counters of an owner that are told, in the order of the generation.
fn named(
    snapshot: &Snapshot,
    of: Owner,
    told: impl Fn(&str) -> Option<u64>,
) -> impl Iterator<Item = (&'static str, u64)> {
    let items = items(&snapshot.profile).filter(move |(owner, _)| *owner == of);
    items.filter_map(move |(_, name)| Some((name, told(name)?)))
}

/// The lines from the watermarks to what is managed. The watermarks are those in force, boost
/// included (`min_wmark_pages` and its like).
fn sizes(zone: &ZoneState, form: ZoneinfoForm) -> Vec<(&'static str, u64)> {
    let marks = &zone.watermarks;
    let mark = |mark: u64| mark.saturating_add(zone.boost);
    let since = |first: ZoneinfoForm| form >= first;
    let lines = [
        (since(WithoutPromo), "boost", zone.boost),
        (true, "min", mark(marks.min)),
        (true, "low", mark(marks.low)),
        (true, "high", mark(marks.high)),
        (since(WithPromo), "promo", mark(marks.promo)),
        (form.is_old(), "scanned", zone.pages_scanned),
        (true, "spanned", zone.spanned),
        (true, "present", zone.present),
        (since(ScannedManaged), "managed", zone.managed),
        (since(WithoutPromo), "cma", 0),
    ];
    let printed = lines.into_iter().filter(|(has, ..)| *has);
    printed.map(|(_, name, number)| (name, number)).collect()
}

fn pagesets(text: &mut String, snapshot: &Snapshot, zone: &ZoneState) -> std::fmt::Result {
    writeln!(text, "  pagesets")?;
    let online = |cpu: &&CpuState| cpu.online;
    for cpu in snapshot.cpus.iter().filter(online) {
        let Some(pcp) = zone.pcp.iter().find(|pcp| pcp.cpu == cpu.cpu) else {
            continue;
        };
        writeln!(text, "    cpu: {}", pcp.cpu)?;
        writeln!(text, "              count: {}", pcp.count)?;
        writeln!(text, "              high:  {}", pcp.high)?;
        writeln!(text, "              batch: {}", pcp.batch)?;
        writeln!(text, "  vm stats threshold: {}", pcp.stat_threshold)?;
    }
    Ok(())
}

/// How many times as many active anonymous pages there may be as inactive ones: the root of ten
/// times the zone's whole GiB, 1 in a zone of less than one.
fn inactive_ratio(zone: &ZoneState) -> u64 {
    match zone.present >> 18 {
        0 => 1,
        gib => (10 * gib).isqrt(),
    }
}
