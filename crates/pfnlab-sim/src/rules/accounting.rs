//! Rules about counters.

use std::collections::BTreeMap;

use pfnlab_model::{CpuId, MigrateType, ZoneStat};

use super::{Check, Rule, ensure};

pub(super) const PCP_02: Rule = Rule {
    id: "PCP-02",
    title: "a count of frames",
    says: "A per-CPU list's count is the number of frames on it, 2^n for a block of order n.",
    source: "struct per_cpu_pages, count",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            zone.pcp.iter().try_for_each(|pcp| {
                let count = view.inspect.pcp_count(zone.id, pcp.cpu);
                let listed = view.ledger.pcp_frames(zone.id, pcp.cpu);
                ensure(u64::from(count) == listed, || {
                    format!(
                        "{}, CPU {}: counted {count}, listed {listed}",
                        zone.id, pcp.cpu
                    )
                })
            })
        })
    }),
};

pub(super) const CPU_01: Rule = Rule {
    id: "CPU-01",
    title: "a CPU that is gone has nothing",
    says: "A CPU that does not run has no frame on its lists and no difference to a counter.",
    source: "page_alloc_cpu_dead, drain_pages, cpu_vm_stats_fold",
    profiles: &[],
    check: Check::Inside(|view| {
        let gone = view.ledger.base().cpus.iter().filter(|cpu| !cpu.online);
        let gone: Vec<CpuId> = gone.map(|cpu| cpu.cpu).collect();
        let lists = view
            .zones()
            .flat_map(|zone| zone.pcp.iter().map(move |pcp| (zone.id, pcp)));
        let mut lists = lists.filter(|(_, pcp)| gone.contains(&pcp.cpu));
        lists.try_for_each(|(zone, pcp)| {
            let frames = view.ledger.pcp_frames(zone, pcp.cpu);
            let folded = pcp.vm_stat_diff.iter().all(|&diff| diff == 0);
            ensure(frames == 0 && folded, || {
                let diffs = &pcp.vm_stat_diff;
                format!(
                    "{zone}, CPU {}: {frames} frames, differences {diffs:?}",
                    pcp.cpu
                )
            })
        })
    }),
};

pub(super) const FREE_01: Rule = Rule {
    id: "FREE-01",
    title: "free frames are counted",
    says: "The folded count of free frames and the differences of all CPUs add up to the frames \
           on the free lists, isolated ones excepted.",
    source: "NR_FREE_PAGES, vm_stat_diff",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            let Some((folded, differences)) = view.ledger.stat(zone.id, ZoneStat::FreePages) else {
                return Ok(());
            };
            let types = MigrateType::ALL
                .into_iter()
                .filter(|&mt| mt != MigrateType::Isolate);
            let listed: u64 = types.map(|mt| view.ledger.free_frames(zone.id, mt)).sum();
            ensure(
                i128::from(folded) + i128::from(differences) == i128::from(listed),
                || {
                    let id = zone.id;
                    format!("{id}: folded {folded}, differences {differences}, listed {listed}")
                },
            )?;
            let seen = view.inspect.free_pages(zone.id);
            ensure(seen == folded, || {
                format!("{}: events folded {folded}, the zone says {seen}", zone.id)
            })
        })
    }),
};

pub(super) const FREE_02: Rule = Rule {
    id: "FREE-02",
    title: "free frames of contiguous areas are counted",
    says: "The same for frames on the lists of contiguous memory areas.",
    source: "NR_FREE_CMA_PAGES",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            let Some((folded, differences)) = view.ledger.stat(zone.id, ZoneStat::FreeCma) else {
                return Ok(());
            };
            let listed = view.ledger.free_frames(zone.id, MigrateType::Cma);
            ensure(
                i128::from(folded) + i128::from(differences) == i128::from(listed),
                || {
                    let id = zone.id;
                    format!("{id}: folded {folded}, differences {differences}, listed {listed}")
                },
            )
        })
    }),
};

pub(super) const HIGHATOMIC_01: Rule = Rule {
    id: "HIGHATOMIC-01",
    title: "free high-atomic frames are counted",
    says: "Where it is kept, the count of free frames in high-atomic pageblocks is the number on \
           their lists.",
    source: "nr_free_highatomic",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            let listed = view.ledger.free_frames(zone.id, MigrateType::HighAtomic);
            ensure(
                zone.highatomic_free.is_none_or(|count| count == listed),
                || {
                    format!(
                        "{}: counted {:?}, listed {listed}",
                        zone.id, zone.highatomic_free
                    )
                },
            )
        })
    }),
};

/// The generations that keep the two in step. In 4.14 and 5.0 a block of several pageblocks that is taken
/// whole becomes of another type by its first pageblock's, and one behind it may have been reserved.
const RESERVES_IN_STEP: &[&str] = &["linux-6.1.0", "linux-6.1.y", "linux-6.12.0", "linux-6.12.y"];

pub(super) const HIGHATOMIC_02: Rule = Rule {
    id: "HIGHATOMIC-02",
    title: "high-atomic pageblocks are counted",
    says: "The frames reserved for high-order atomic requests are those of the pageblocks of that \
           type.",
    source: "nr_reserved_highatomic",
    profiles: RESERVES_IN_STEP,
    check: Check::Inside(|view| {
        let Some(snapshot) = view.snapshot else {
            return Ok(());
        };
        let size = snapshot.global.pageblock_order.frames();
        let mut blocks = BTreeMap::new();
        for zone in snapshot
            .zones
            .iter()
            .filter_map(|zone| zone.pageblocks.as_ref())
        {
            // Two zones that meet inside a pageblock both list it.
            let starts = (zone.first.get()..).step_by(usize::try_from(size).unwrap_or(1));
            blocks.extend(starts.zip(&zone.types));
        }
        let kept = blocks
            .values()
            .filter(|mt| ***mt == Some(MigrateType::HighAtomic));
        let kept = kept.count() as u64 * size;
        let reserved: u64 = snapshot
            .zones
            .iter()
            .map(|zone| zone.highatomic_reserved)
            .sum();
        ensure(kept == reserved, || {
            format!("{reserved} reserved, pageblocks hold {kept}")
        })
    }),
};

pub(super) const DIFF_01: Rule = Rule {
    id: "DIFF-01",
    title: "a difference stays below its threshold",
    says: "A CPU's difference to a counter is at most the largest threshold there was, up or down.",
    source: "stat_threshold, mod_zone_page_state",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            zone.pcp.iter().try_for_each(|pcp| {
                // A threshold sinks when a CPU goes, and a difference that was small enough stays.
                let threshold = view.ledger.widest_threshold(zone.id);
                let mut diffs = pcp.vm_stat_diff.iter();
                let found = diffs.find(|diff| diff.unsigned_abs() > threshold);
                found.map_or(Ok(()), |diff| {
                    let (id, cpu) = (zone.id, pcp.cpu);
                    Err(format!(
                        "{id}, CPU {cpu}: difference {diff}, threshold {threshold}"
                    ))
                })
            })
        })
    }),
};

/// The generations in which `present` is a count of frames. Before, what the zone's own tables
/// probably take is left out of it, and what is managed is counted by other means or not at all.
const FRAMES_ONLY: &[&str] = &[
    "linux-4.14",
    "linux-5.0",
    "linux-6.1.0",
    "linux-6.1.y",
    "linux-6.12.0",
    "linux-6.12.y",
];

pub(super) const SIZE_01: Rule = Rule {
    id: "SIZE-01",
    title: "managed, present, spanned",
    says: "A zone manages no more frames than are present, and spans no less.",
    source: "struct zone, managed_pages, present_pages, spanned_pages",
    profiles: FRAMES_ONLY,
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            let (managed, present, spanned) = (zone.managed, zone.present, zone.spanned);
            ensure(managed <= present && present <= spanned, || {
                format!(
                    "{}: managed {managed}, present {present}, spanned {spanned}",
                    zone.id
                )
            })
        })
    }),
};

pub(super) const SIZE_02: Rule = Rule {
    id: "SIZE-02",
    title: "zones add up to nodes",
    says: "The frames present in the zones of a node are those present on the node.",
    source: "struct pglist_data, node_present_pages",
    profiles: FRAMES_ONLY,
    check: Check::Inside(|view| {
        let base = view.ledger.base();
        base.nodes.iter().try_for_each(|node| {
            let zones = base.zones.iter().filter(|zone| zone.id.node == node.node);
            let sum: u64 = zones.map(|zone| zone.present).sum();
            ensure(sum == node.present, || {
                format!(
                    "node {}: present {}, in its zones {sum}",
                    node.node, node.present
                )
            })
        })
    }),
};

pub(super) const MARK_01: Rule = Rule {
    id: "MARK-01",
    title: "watermarks ascend",
    says: "min <= low <= high <= promo; before 6.1 there is no promo, and it is 0.",
    source: "__setup_per_zone_wmarks",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            let marks = zone.watermarks;
            let ascending = [marks.min, marks.low, marks.high].is_sorted();
            let ascending = ascending && (marks.promo == 0 || marks.high <= marks.promo);
            ensure(ascending, || format!("{}: {marks:?}", zone.id))
        })
    }),
};
