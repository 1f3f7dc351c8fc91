//! Where two snapshots are not the same.

use std::fmt;

use pfnlab_model::{
    CpuState, FreeListState, GlobalState, NodeState, PageblockState, PcpListState, PcpState,
    Snapshot, Watermarks, ZoneId, ZoneStat, ZoneState, ZonelistCacheState,
};

/// Compares fields of a struct. Behind the semicolon: those that are compared elsewhere. A field
/// that is in neither part does not compile.
macro_rules! fields {
    ($out:expr, $at:expr, $Struct:ident, $expected:expr, $got:expr;
     $($field:ident),* $(; $($elsewhere:ident),*)?) => {
        let $Struct { $($field,)* $($($elsewhere: _,)*)? } = $expected;
        $(value($out, || format!("{}{}", $at, stringify!($field)), $field, &$got.$field);)*
    };
}

/// What is not compared between the end of a replay and the recorded state, each with its reason.
/// Everything else is, whether or not an operation can change it.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    (
        "zones[].lent",
        "a recording does not list the blocks that were handed out",
    ),
    (
        "zones[].memory",
        "a recording does not say which frames of its span a zone has",
    ),
    (
        "nodes[].kswapd_waiting",
        "since 4.14: whether it is woken depends on more than the allocator's own state",
    ),
    (
        "nodes[].kcompactd_waiting",
        "whether kcompactd sleeps is the scheduler's",
    ),
    (
        "zones[].pcp[].lists[].mt",
        "another field says the same: the list's number",
    ),
    (
        "zones[].pcp[].vm_numa_stat_diff",
        "a recording does not say how many requests a CPU has counted by node",
    ),
];

/// One place in which two snapshots are not the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Where, such as `zones[0.DMA32].pcp[1].lists[4].pfns[0]`.
    pub path: String,
    /// What was expected there.
    pub expected: String,
    /// What is there.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            path,
            expected,
            got,
        } = self;
        write!(f, "{path}: expected {expected}, got {got}")
    }
}

/// Every field in which `got` is not what was `expected`; of a list only the first place. Free
/// lists and per-CPU lists are compared in order. Only [`ZoneState::lent`] and
/// [`ZoneState::memory`] are left out: see [`NOT_COMPARED`].
///
/// ```no_run
/// let recording = pfnlab_linux::Recording::open("6.12/m1/w02")?;
/// for difference in pfnlab_linux::differences(&recording.before, &recording.after) {
///     println!("{difference}");
/// }
/// # Ok::<(), pfnlab_linux::RecordingError>(())
/// ```
pub fn differences(expected: &Snapshot, got: &Snapshot) -> Vec<Difference> {
    let mut all = Vec::new();
    let out = &mut all;
    fields!(out, "", Snapshot, expected, got; format, profile, offline; global, cpus, nodes, zones, areas, compaction);
    global_state(out, "global.", &expected.global, &got.global);
    let (cpus, nodes, zones) = (&expected.cpus, &expected.nodes, &expected.zones);
    each(out, "cpus", cpus, &got.cpus, |cpu| cpu.cpu, cpu_state);
    each(
        out,
        "nodes",
        nodes,
        &got.nodes,
        |node| node.node,
        node_state,
    );
    let stats = &expected.global.zone_stats;
    let zone_state = |out: Out<'_>, at: &str, expected: &ZoneState, got: &ZoneState| {
        zone_state(out, at, expected, got, stats);
    };
    each(
        out,
        "zones",
        zones,
        &got.zones,
        |zone| Dotted(zone.id),
        zone_state,
    );
    all
}

/// A zone in a path: `0.DMA32`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dotted(ZoneId);

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.node, self.0.kind)
    }
}

type Out<'a> = &'a mut Vec<Difference>;

#[rustfmt::skip] // One line for each group of fields.
fn global_state(out: Out<'_>, at: &str, expected: &GlobalState, got: &GlobalState) {
    fields!(out, at, GlobalState, expected, got;
        zone_kinds, zone_stats, migratetypes, top_order, pageblock_order, section_frames,
        possible_nodes, movable_zone, mobility_disabled, totalreserve_pages, totalram_pages,
        min_free_kbytes, user_min_free_kbytes, watermark_scale_factor, watermark_boost_factor,
        percpu_pagelist_high_fraction, percpu_pagelist_fraction, lowmem_reserve_ratio, pcp_batch_scale_max,
        compaction_proactiveness, guardpage_minorder, memory_block_frames, movable_node, auto_movable);
}

fn cpu_state(out: Out<'_>, at: &str, expected: &CpuState, got: &CpuState) {
    fields!(out, at, CpuState, expected, got; cpu, online, node);
}

#[rustfmt::skip] // One line for each group of fields.
fn node_state(out: Out<'_>, at: &str, expected: &NodeState, got: &NodeState) {
    fields!(out, at, NodeState, expected, got;
        node, start, spanned, present, totalreserve_pages,
        kswapd_order, kswapd_highest, kswapd_failures, kswapd_awake, distance, zonelist, zonelist_this_node;
        zonelist_cache);
    match (&expected.zonelist_cache, &got.zonelist_cache) {
        (Some(expected), Some(got)) => {
            zonelist_cache(out, &format!("{at}zonelist_cache."), expected, got);
        }
        (expected, got) => there(out, || format!("{at}zonelist_cache"), expected, got),
    }
}

fn zonelist_cache(out: Out<'_>, at: &str, expected: &ZonelistCacheState, got: &ZonelistCacheState) {
    fields!(out, at, ZonelistCacheState, expected, got; since_zap, zap_due; full);
    sequence(out, &format!("{at}full"), &expected.full, &got.full);
}

#[rustfmt::skip] // One line for each group of fields.
fn zone_state(out: Out<'_>, at: &str, expected: &ZoneState, got: &ZoneState, stats: &[ZoneStat]) {
    fields!(out, at, ZoneState, expected, got;
        id, start, spanned, present, present_early, managed, boost, highatomic_reserved, highatomic_free,
        pageset_high_min, pageset_high_max, pageset_batch, flags, pages_scanned, all_unreclaimable,
        dirty_balance_reserve, percpu_drift_mark,
        isolated_pageblocks, lowmem_reserve, guards;
        memory, watermarks, vm_stat, free_lists, pcp, pageblocks, lent);
    let path = &format!("{at}watermarks.");
    fields!(out, path, Watermarks, &expected.watermarks, got.watermarks; min, low, high, promo);
    counters(out, &format!("{at}vm_stat"), &expected.vm_stat, &got.vm_stat, stats);
    free_lists(out, at, &expected.free_lists, &got.free_lists);
    let pcp_state = |out: Out<'_>, at: &str, expected: &PcpState, got: &PcpState| {
        pcp_state(out, at, expected, got, stats);
    };
    each(out, &format!("{at}pcp"), &expected.pcp, &got.pcp, |pcp| pcp.cpu, pcp_state);
    match (&expected.pageblocks, &got.pageblocks) {
        (Some(expected), Some(got)) => pageblocks(out, &format!("{at}pageblocks."), expected, got),
        (expected, got) => there(out, || format!("{at}pageblocks"), expected, got),
    }
}

#[rustfmt::skip] // One line for each group of fields.
fn pcp_state(out: Out<'_>, at: &str, expected: &PcpState, got: &PcpState, stats: &[ZoneStat]) {
    fields!(out, at, PcpState, expected, got;
        cpu, count, high, batch, high_min, high_max, alloc_factor, free_factor, free_count,
        expire, stat_threshold;
        flags, vm_stat_diff, lists);
    let flags = |pcp: &PcpState| pcp.flags & !PcpState::NUMA_COUNTED;
    value(out, || format!("{at}flags"), &flags(expected), &flags(got));
    let path = &format!("{at}vm_stat_diff");
    counters(out, path, &expected.vm_stat_diff, &got.vm_stat_diff, stats);
    pcp_lists(out, at, &expected.lists, &got.lists);
}

/// A list that is not there holds nothing.
fn pcp_lists(out: Out<'_>, at: &str, expected: &[PcpListState], got: &[PcpListState]) {
    for (index, expected, got) in paired(expected, got, |list| list.index) {
        let at = format!("{at}lists[{index}]");
        if let (Some(expected), Some(got)) = (expected, got) {
            let at = format!("{at}.");
            fields!(out, at, PcpListState, expected, got; index, order; pfns, noted);
        }
        let pfns = expected.into_iter().flat_map(|list| &list.pfns);
        let got_pfns = got.into_iter().flat_map(|list| &list.pfns);
        sequence(out, &format!("{at}.pfns"), pfns, got_pfns);
        let noted = expected.into_iter().flat_map(|list| &list.noted);
        let got_noted = got.into_iter().flat_map(|list| &list.noted);
        sequence(out, &format!("{at}.noted"), noted, got_noted);
    }
}

fn pageblocks(out: Out<'_>, at: &str, expected: &PageblockState, got: &PageblockState) {
    fields!(out, at, PageblockState, expected, got; first; types, movable, listed);
    sequence(out, &format!("{at}types"), &expected.types, &got.types);
    sequence(
        out,
        &format!("{at}movable"),
        &expected.movable,
        &got.movable,
    );
    sequence(out, &format!("{at}listed"), &expected.listed, &got.listed);
}

/// A list that is not there holds nothing.
fn free_lists(out: Out<'_>, at: &str, expected: &[FreeListState], got: &[FreeListState]) {
    for ((order, mt), expected, got) in paired(expected, got, |list| (list.order, list.mt)) {
        let path = format!("{at}free_lists[{order} {mt}]");
        let expected = expected.into_iter().flat_map(|list| &list.pfns);
        let got = got.into_iter().flat_map(|list| &list.pfns);
        sequence(out, &path, expected, got);
    }
}

/// Counters by name.
fn counters<T: PartialEq + fmt::Debug>(
    out: Out<'_>,
    at: &str,
    expected: &[T],
    got: &[T],
    stats: &[ZoneStat],
) {
    if expected.len() != stats.len() || got.len() != stats.len() {
        return value(out, || at.to_owned(), &expected, &got);
    }
    for (stat, (expected, got)) in stats.iter().zip(expected.iter().zip(got)) {
        value(out, || format!("{at}[{}]", stat.symbol()), expected, got);
    }
}

/// Items found by key, in whatever order they are.
fn each<T, K: Ord + fmt::Display>(
    out: Out<'_>,
    at: &str,
    expected: &[T],
    got: &[T],
    key: impl Fn(&T) -> K,
    compare: impl Fn(Out<'_>, &str, &T, &T),
) {
    for (key, expected, got) in paired(expected, got, key) {
        match (expected, got) {
            (Some(expected), Some(got)) => compare(out, &format!("{at}[{key}]."), expected, got),
            (expected, got) => there(out, || format!("{at}[{key}]"), &expected, &got),
        }
    }
}

/// What has the same key on both sides, by key.
fn paired<'a, T, K: Ord>(
    expected: &'a [T],
    got: &'a [T],
    key: impl Fn(&T) -> K,
) -> Vec<(K, Option<&'a T>, Option<&'a T>)> {
    let mut keys: Vec<K> = expected.iter().chain(got).map(&key).collect();
    keys.sort_unstable();
    keys.dedup();
    let find = |items: &'a [T], wanted: &K| items.iter().find(|item| key(item) == *wanted);
    let pair = |wanted: K| {
        let (expected, got) = (find(expected, &wanted), find(got, &wanted));
        (wanted, expected, got)
    };
    keys.into_iter().map(pair).collect()
}

/// Whether something is there at all.
fn there<T>(out: Out<'_>, path: impl Fn() -> String, expected: &Option<T>, got: &Option<T>) {
    if expected.is_some() != got.is_some() {
        let say = |there| if there { "it is there" } else { "nothing" };
        out.push(Difference {
            path: path(),
            expected: say(expected.is_some()).to_owned(),
            got: say(got.is_some()).to_owned(),
        });
    }
}

/// The first place in which two lists are not the same, and how long they are.
fn sequence<'a, T: PartialEq + fmt::Debug + 'a>(
    out: Out<'_>,
    at: &str,
    expected: impl IntoIterator<Item = &'a T>,
    got: impl IntoIterator<Item = &'a T>,
) {
    let expected: Vec<&T> = expected.into_iter().collect();
    let got: Vec<&T> = got.into_iter().collect();
    let say = |list: &[&T], position: usize| match list.get(position) {
        Some(item) => format!("{item:?} (of {})", list.len()),
        None => format!("the end (of {})", list.len()),
    };
    let longest = expected.len().max(got.len());
    if let Some(position) = (0..longest).find(|&at| expected.get(at) != got.get(at)) {
        out.push(Difference {
            path: format!("{at}[{position}]"),
            expected: say(&expected, position),
            got: say(&got, position),
        });
    }
}

fn value<T: PartialEq + fmt::Debug>(
    out: Out<'_>,
    path: impl Fn() -> String,
    expected: &T,
    got: &T,
) {
    if expected != got {
        out.push(Difference {
            path: path(),
            expected: format!("{expected:?}"),
            got: format!("{got:?}"),
        });
    }
}
