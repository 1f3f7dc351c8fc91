//! `/proc/zoneinfo`, the part about zones.

use std::fmt::Write;

use pfnlab_model::{CpuState, Snapshot, ZoneStat, ZoneState};

/// After so many runs without progress kswapd gives a node up (`MAX_RECLAIM_RETRIES`).
const MAX_RECLAIM_RETRIES: u32 = 16;

/// Which lines the zone part of `/proc/zoneinfo` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ZoneinfoForm {
    /// 6.1: no `promo` line.
    WithoutPromo,
    /// 6.12.
    WithPromo,
}

impl ZoneinfoForm {
    /// The form of a profile. A profile we do not know is taken for a newer kernel.
    pub fn of(profile: &str) -> ZoneinfoForm {
        match profile {
            "linux-6.1.0" | "linux-6.1.y" => ZoneinfoForm::WithoutPromo,
            _ => ZoneinfoForm::WithPromo,
        }
    }
}

/// The zone part of `/proc/zoneinfo`: every zone of every online node, in the form of the
/// snapshot's profile.
///
/// Two things the kernel prints are no part of a snapshot, and left out: the `per-node stats` of
/// a node's first zone, and the `numa_` counters behind the zone's own. `cma` is 0.
pub fn zoneinfo(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let form = ZoneinfoForm::of(&snapshot.profile);
    for zone in &snapshot.zones {
        // Writing to a String cannot fail.
        let _ = zone_lines(&mut text, snapshot, form, zone);
    }
    text
}

fn zone_lines(
    text: &mut String,
    snapshot: &Snapshot,
    form: ZoneinfoForm,
    zone: &ZoneState,
) -> std::fmt::Result {
    let counters = || snapshot.global.zone_stats.iter().zip(&zone.vm_stat);
    // The folded count dips below 0 when differences are not folded yet; then 0 is printed.
    let printed = |count: i64| count.max(0);
    let free = counters().find(|(stat, _)| **stat == ZoneStat::FreePages);
    let free = free.map_or(0, |(_, &count)| count);

    writeln!(text, "Node {}, zone {:>8}", zone.id.node, zone.id.kind)?;
    writeln!(text, "  pages free     {}", printed(free))?;
    // The watermarks are those in force, boost included (`min_wmark_pages` and its like).
    let marks = &zone.watermarks;
    writeln!(text, "        boost    {}", zone.boost)?;
    writeln!(
        text,
        "        min      {}",
        marks.min.saturating_add(zone.boost)
    )?;
    writeln!(
        text,
        "        low      {}",
        marks.low.saturating_add(zone.boost)
    )?;
    writeln!(
        text,
        "        high     {}",
        marks.high.saturating_add(zone.boost)
    )?;
    if form == ZoneinfoForm::WithPromo {
        writeln!(
            text,
            "        promo    {}",
            marks.promo.saturating_add(zone.boost)
        )?;
    }
    writeln!(text, "        spanned  {}", zone.spanned)?;
    writeln!(text, "        present  {}", zone.present)?;
    writeln!(text, "        managed  {}", zone.managed)?;
    writeln!(text, "        cma      0")?;
    let reserve: Vec<_> = zone.lowmem_reserve.iter().map(u64::to_string).collect();
    writeln!(text, "        protection: ({})", reserve.join(", "))?;
    if zone.present == 0 {
        return Ok(());
    }

    for (stat, &count) in counters() {
        writeln!(text, "      {:<12} {}", stat.name(), printed(count))?;
    }
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
    let mut nodes = snapshot.nodes.iter();
    let node = nodes.find(|node| node.node == zone.id.node);
    let given_up = node.is_some_and(|node| node.kswapd_failures >= MAX_RECLAIM_RETRIES);
    writeln!(text, "  node_unreclaimable:  {}", u8::from(given_up))?;
    writeln!(text, "  start_pfn:           {}", zone.start.get())
}
