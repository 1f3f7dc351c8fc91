//! `/proc/zoneinfo`, and the totals beside it.

use pfnlab_model::{Inspect, PageAllocator, PcpState, Snapshot, Sysctl, ZoneKind, ZoneState};

use super::{Facts, FactsFile};
use crate::boot::log::BootedLog;

const ZONEINFO: &str = "/proc/zoneinfo";
const RATIO: &str = "/proc/sys/vm/lowmem_reserve_ratio";
const MIN_FREE: &str = "/proc/sys/vm/min_free_kbytes";

pub(super) fn facts(facts: &mut Facts, log: &BootedLog, file: &FactsFile) {
    let snapshot = log.booted().mm.snapshot();
    let text = file.section(ZONEINFO).unwrap_or("");
    for zone in zones(text) {
        let known = snapshot.zones.iter().find(|ours| {
            ours.id.node.0.to_string() == zone.node && ours.id.kind.name() == zone.name
        });
        match known {
            Some(ours) => compare(facts, log, &zone, ours, file.is_before(RATIO, ZONEINFO)),
            None => facts.add(
                format!("node {} zone {}", zone.node, zone.name),
                "there",
                "",
            ),
        }
    }
    if !log.knows_reservations() {
        return;
    }
    if let Some(kernel) = file.section(MIN_FREE) {
        facts.add(
            "min_free_kbytes",
            kernel.trim(),
            snapshot.global.min_free_kbytes,
        );
    }
    let total = |text: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?;
        Some(line.trim().strip_suffix(" kB")?.to_owned())
    };
    if let Some(kernel) = file.section("/proc/meminfo").and_then(total) {
        facts.add(
            "MemTotal in KiB",
            kernel,
            snapshot.global.totalram_pages * 4,
        );
    }
    memmap(facts, log, file);
}

/// Pages for page descriptors: those of every section with memory, holes included (6.10 on).
fn memmap(facts: &mut Facts, log: &BootedLog, file: &FactsFile) {
    let vmstat = file.section("/proc/vmstat").unwrap_or("");
    let said = vmstat
        .lines()
        .find_map(|line| line.strip_prefix("nr_memmap_boot_pages "));
    if let Some(kernel) = said {
        let section = log.machine().section_frames();
        let sections = super::memory_blocks::present(log.machine(), section);
        facts.add(
            "pages of descriptors",
            kernel,
            sections.len() as u64 * section * 64 / 4096,
        );
    }
}

/// What is printed of a zone.
struct Printed<'a> {
    node: &'a str,
    name: &'a str,
    /// `name value` or `name: value`, trimmed.
    lines: Vec<&'a str>,
}

impl Printed<'_> {
    /// The value behind a name, the first time.
    fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let rest = self
            .lines
            .iter()
            .filter_map(move |line| line.strip_prefix(name));
        rest.filter(|rest| rest.starts_with([' ', ':']))
            .map(|rest| rest.trim_start_matches(':').trim())
    }
}

/// The zones of the text.
fn zones(text: &str) -> Vec<Printed<'_>> {
    let mut zones: Vec<Printed<'_>> = Vec::new();
    for line in text.lines() {
        let heading = line
            .strip_prefix("Node ")
            .and_then(|rest| rest.split_once(", zone "));
        if let Some((node, name)) = heading {
            zones.push(Printed {
                node,
                name: name.trim(),
                lines: Vec::new(),
            });
        } else if let Some(zone) = zones.last_mut() {
            zone.lines.push(line.trim());
        }
    }
    zones
}

fn compare(
    facts: &mut Facts,
    log: &BootedLog,
    zone: &Printed<'_>,
    ours: &ZoneState,
    ratio_read_before: bool,
) {
    let at = format!("node {} zone {}", zone.node, zone.name);
    let mut add = |what: &str, ours: u64| {
        if let Some(kernel) = zone.get(what) {
            facts.add(format!("{at} {what}"), kernel, ours);
        }
    };
    add("start_pfn", ours.start.get());
    add("spanned", ours.spanned);
    add("present", ours.present);
    if !log.knows_reservations() {
        return;
    }
    add("managed", ours.managed);
    let marks = ours.watermarks;
    add("min", marks.min);
    add("low", marks.low);
    add("high", marks.high);
    add("promo", marks.promo);
    if let Some(kernel) = zone.get("protection") {
        let reserve = if ratio_read_before {
            recomputed(log, ours)
        } else {
            ours.lowmem_reserve.clone()
        };
        let reserve: Vec<String> = reserve.iter().map(ToString::to_string).collect();
        facts.add(
            format!("{at} protection"),
            kernel,
            format!("({})", reserve.join(", ")),
        );
    }
    let lists = |name| zone.all(name).map(str::to_owned).collect::<Vec<_>>();
    // Up to 5.0 only the CPUs know.
    let by_cpu = |zone: u32, own: fn(&PcpState) -> u32| -> Vec<String> {
        let own = ours
            .pcp
            .iter()
            .map(|pcp| if zone == 0 { own(pcp) } else { zone });
        own.map(|value| value.to_string()).collect()
    };
    let batch = by_cpu(ours.pageset_batch, |pcp| pcp.batch);
    facts.list(&format!("{at} batch of CPU"), &lists("batch"), &batch);
    if !log.profile().tunes_pcp() {
        // The first `high` is the watermark.
        let kernel = lists("high");
        let high = by_cpu(ours.pageset_high_min, |pcp| pcp.high);
        facts.list(
            &format!("{at} high of CPU"),
            kernel.get(1..).unwrap_or(&[]),
            &high,
        );
    }
    let kernel = lists("vm stats threshold");
    let threshold: Vec<String> = ours
        .pcp
        .iter()
        .map(|pcp| pcp.stat_threshold.to_string())
        .collect();
    facts.list(
        &format!("{at} threshold of CPU"),
        &kernel,
        &threshold[..kernel.len().min(threshold.len())],
    );
}

/// Reading the ratios computes what is withheld anew, from what is managed by then
/// (`lowmem_reserve_ratio_sysctl_handler`).
fn recomputed(log: &BootedLog, zone: &ZoneState) -> Vec<u64> {
    let Ok(mut mm) = pfnlab_mm::Mm::resume(&log.booted().mm.snapshot()) else {
        return Vec::new();
    };
    let same = |snapshot: &Snapshot| snapshot.global.lowmem_reserve_ratio[0];
    let ratio = same(&mm.snapshot());
    let dma = Sysctl::ALL.iter().copied();
    let dma = dma.filter(|sysctl| sysctl.reserve_ratio_of() == Some(ZoneKind::Dma));
    for sysctl in dma {
        let _ = mm.sysctl(sysctl, ratio, &mut ());
    }
    let snapshot = mm.snapshot();
    let found = snapshot.zones.into_iter().find(|found| found.id == zone.id);
    found.map_or(Vec::new(), |zone| zone.lowmem_reserve)
}
