//! States and operations of the older and the pristine kernels, against the numbers in their files.

use std::collections::BTreeMap;
use std::fs;

use crate::common::{case, fixture, folder, read};
use pfnlab_linux::{Recording, differences, read_snapshot, read_unpacked};
use pfnlab_model::{
    MigrateType, NodeState, Op, PcpState, Pfn, Snapshot, ZoneKind, ZoneStat, ZoneState,
};
use serde_json::Value;

/// The states, and the profile of each.
const STATES: [(&str, &str); 9] = [
    ("2.6.37", "linux-2.6.37"),
    ("2.6.37-m7", "linux-2.6.37"),
    ("3.8", "linux-3.8"),
    ("3.8-m7", "linux-3.8"),
    ("4.14", "linux-4.14"),
    ("5.0", "linux-5.0"),
    ("5.0-cma", "linux-5.0"),
    ("6.1.0", "linux-6.1.0"),
    ("6.12.0", "linux-6.12.0"),
];

fn path(state: &str) -> String {
    fixture(&format!("older/{state}.json.gz"))
}

fn text(state: &str) -> String {
    let bytes = read_unpacked(fs::File::open(path(state)).unwrap());
    String::from_utf8(bytes.unwrap()).unwrap()
}

fn snapshot(state: &str) -> Snapshot {
    read_snapshot(path(state)).unwrap()
}

/// A file as it is, and what its numbers stand for by its own words.
struct Raw {
    json: Value,
    types: BTreeMap<u64, String>,
    kinds: BTreeMap<u64, String>,
}

impl Raw {
    fn new(state: &str) -> Raw {
        let json: Value = serde_json::from_str(&text(state)).unwrap();
        let types = json["global"]["migratetype_numbers"].as_object().unwrap();
        let types = types
            .iter()
            .map(|(name, number)| (number.as_u64().unwrap(), name.clone()));
        let kinds = items(&json["zones"]).iter().map(|zone| {
            let name = zone["name"].as_str().unwrap();
            (number(zone, "zone"), name.to_owned())
        });
        Raw {
            types: types.collect(),
            kinds: kinds.collect(),
            json,
        }
    }

    /// A type as it is called in the file.
    fn same_type(&self, raw: u64, mt: MigrateType) -> bool {
        self.types[&raw] == mt.name().to_lowercase()
    }

    fn same_kind(&self, raw: u64, kind: ZoneKind) -> bool {
        self.kinds[&raw] == kind.name()
    }
}

fn items(list: &Value) -> &Vec<Value> {
    list.as_array().unwrap()
}

/// A number, or 0 where there is none or it is below 0.
fn number(json: &Value, name: &str) -> u64 {
    json[name].as_u64().unwrap_or(0)
}

fn numbers(list: &Value) -> Vec<u64> {
    let numbers = items(list).iter();
    numbers.map(|number| number.as_u64().unwrap_or(0)).collect()
}

fn frames<'a>(pfns: impl IntoIterator<Item = &'a Pfn>) -> Vec<u64> {
    pfns.into_iter().map(|pfn| pfn.get()).collect()
}

#[test]
fn every_number_arrives() {
    for (state, profile) in STATES {
        let (raw, snapshot) = (Raw::new(state), snapshot(state));
        assert_eq!(snapshot.profile, profile);
        global(&raw, &snapshot);
        let nodes = items(&raw.json["nodes"]);
        assert_eq!(nodes.len(), snapshot.nodes.len(), "{state}");
        for (raw_node, node) in nodes.iter().zip(&snapshot.nodes) {
            check_node(&raw, raw_node, node);
        }
        let zones = items(&raw.json["zones"]);
        assert_eq!(zones.len(), snapshot.zones.len(), "{state}");
        for (raw_zone, zone) in zones.iter().zip(&snapshot.zones) {
            check_zone(&raw, raw_zone, zone, &snapshot.global.zone_stats);
        }
        assert_eq!(differences(&snapshot, &snapshot), []);
        let saved = serde_json::to_string(&snapshot).unwrap();
        assert!(serde_json::from_str::<Snapshot>(&saved).unwrap() == snapshot);
    }
}

fn global(raw: &Raw, snapshot: &Snapshot) {
    let (json, global) = (&raw.json["global"], &snapshot.global);
    for (name, value) in [
        ("pageblock_order", u64::from(global.pageblock_order.get())),
        ("pages_per_section", global.section_frames),
        ("nr_node_ids", global.possible_nodes.into()),
        ("totalreserve_pages", global.totalreserve_pages),
        ("totalram_pages", global.totalram_pages),
        ("min_free_kbytes", global.min_free_kbytes),
        (
            "user_min_free_kbytes",
            global.user_min_free_kbytes.unwrap_or(0),
        ),
        ("watermark_scale_factor", global.watermark_scale_factor),
        ("watermark_boost_factor", global.watermark_boost_factor),
        ("percpu_pagelist_fraction", global.percpu_pagelist_fraction),
        (
            "percpu_pagelist_high_fra",
            global.percpu_pagelist_high_fraction,
        ),
        ("pcp_batch_scale_max", global.pcp_batch_scale_max.into()),
    ] {
        assert_eq!(value, number(json, name), "{}: {name}", snapshot.profile);
    }
    let ratios = numbers(&json["lowmem_reserve_ratio"]);
    assert_eq!(global.lowmem_reserve_ratio, ratios);
    let types = global.migratetypes.iter().zip(0..);
    assert!(types.clone().all(|(&mt, at)| raw.same_type(at, mt)));
    assert_eq!(types.count(), raw.types.len());
    let kinds = global.zone_kinds.iter().zip(0..);
    assert!(kinds.clone().all(|(&kind, at)| raw.same_kind(at, kind)));
    assert_eq!(kinds.count(), raw.kinds.len());
    for (cpu, json) in snapshot.cpus.iter().zip(items(&raw.json["cpus"])) {
        assert_eq!(u64::from(cpu.cpu.0), number(json, "cpu"));
        assert_eq!(u64::from(cpu.node.0), number(json, "node"));
        assert_eq!(json["online"], cpu.online);
    }
}

fn check_node(raw: &Raw, json: &Value, node: &NodeState) {
    let order = number(json, "kswapd_order") + number(json, "kswapd_max_order");
    assert_eq!(u64::from(node.kswapd_order.get()), order);
    let names = [
        "classzone_idx",
        "kswapd_classzone_idx",
        "kswapd_highest_zoneidx",
    ];
    let highest = names.iter().find_map(|name| json[name].as_u64());
    let highest = highest.and_then(|index| raw.kinds.get(&index));
    assert_eq!(
        node.kswapd_highest.map(ZoneKind::name),
        highest.map(|name| &name[..])
    );
    for (name, value) in [
        ("nid", u64::from(node.node.0)),
        ("start_pfn", node.start.get()),
        ("spanned_pages", node.spanned),
        ("present_pages", node.present),
        ("totalreserve_pages", node.totalreserve_pages),
        ("kswapd_failures", node.kswapd_failures.into()),
    ] {
        assert_eq!(value, number(json, name), "{name}");
    }
    let up_to_3_8 = json.get("kswapd_max_order").is_some();
    assert_eq!(
        node.kswapd_awake,
        up_to_3_8 && json["kswapd_waiting"] == false
    );
    for (name, list) in [
        ("zonelist_fallback", &node.zonelist),
        ("zonelist_nofallback", &node.zonelist_this_node),
    ] {
        let raw_list = items(&json[name]);
        assert_eq!(raw_list.len(), list.len());
        for (pair, zone) in raw_list.iter().zip(list) {
            assert_eq!(pair[0], zone.node.0);
            assert!(raw.same_kind(pair[1].as_u64().unwrap(), zone.kind));
        }
    }
    match (&json["zonelist_cache"], &node.zonelist_cache) {
        (Value::Null, cache) => assert_eq!(*cache, None),
        (json, cache) => {
            let cache = cache.as_ref().unwrap();
            assert_eq!(cache.since_zap, number(json, "jiffies_since_zap"));
            assert_eq!(json["zap_due"], cache.zap_due);
            let full: Vec<u64> = cache.full.iter().map(|&at| at.into()).collect();
            assert_eq!(full, numbers(&json["full"]));
        }
    }
}

fn check_zone(raw: &Raw, json: &Value, zone: &ZoneState, stats: &[ZoneStat]) {
    assert_eq!(json["name"], zone.id.kind.name());
    for (name, value) in [
        ("nid", u64::from(zone.id.node.0)),
        ("start_pfn", zone.start.get()),
        ("spanned", zone.spanned),
        ("present", zone.present),
        ("managed", zone.managed),
        ("wmark_min", zone.watermarks.min),
        ("wmark_low", zone.watermarks.low),
        ("wmark_high", zone.watermarks.high),
        ("wmark_promo", zone.watermarks.promo),
        ("watermark_boost", zone.boost),
        ("nr_reserved_highatomic", zone.highatomic_reserved),
        ("nr_free_highatomic", zone.highatomic_free.unwrap_or(0)),
        ("pageset_batch", zone.pageset_batch.into()),
        ("flags", zone.flags.bits().into()),
        ("pages_scanned", zone.pages_scanned),
        ("all_unreclaimable", zone.all_unreclaimable.into()),
        ("dirty_balance_reserve", zone.dirty_balance_reserve),
        ("percpu_drift_mark", zone.percpu_drift_mark),
        ("nr_isolate_pageblock", zone.isolated_pageblocks),
    ] {
        assert_eq!(value, number(json, name), "{}: {name}", zone.id);
    }
    let high = number(json, "pageset_high");
    let (min, max) = (zone.pageset_high_min, zone.pageset_high_max);
    assert_eq!(u64::from(min), high + number(json, "pageset_high_min"));
    assert_eq!(u64::from(max), high + number(json, "pageset_high_max"));
    assert_eq!(zone.lowmem_reserve, numbers(&json["lowmem_reserve"]));
    for (stat, &value) in stats.iter().zip(&zone.vm_stat) {
        assert_eq!(json["vm_stat"][stat.name().to_uppercase()], value);
    }
    assert_eq!(stats.len(), json["vm_stat"].as_object().unwrap().len());
    let mut lists = items(&json["free_lists"]).clone();
    for list in &zone.free_lists {
        let at = lists.iter().position(|raw_list| {
            number(raw_list, "order") == u64::from(list.order.get())
                && raw.same_type(number(raw_list, "mt"), list.mt)
        });
        let raw_list = lists.remove(at.unwrap());
        assert_eq!(numbers(&raw_list["pfns"]), frames(&list.pfns));
    }
    assert_eq!(lists.len(), 0);
    assert_eq!(zone.pcp.len(), items(&json["pcp"]).len());
    for (pcp, json) in zone.pcp.iter().zip(items(&json["pcp"])) {
        check_pcp(raw, json, pcp);
    }
    let blocks = zone.pageblocks.as_ref().map(|blocks| &blocks.types);
    let types = json["pageblocks"]["mt"].as_str();
    assert_eq!(blocks.is_some(), types.is_some());
    for (mt, digit) in blocks
        .into_iter()
        .flatten()
        .zip(types.unwrap_or("").chars())
    {
        let digit = digit.to_digit(10).map(u64::from);
        assert_eq!(mt.is_some(), digit.is_some());
        assert!(mt.is_none_or(|mt| raw.same_type(digit.unwrap(), mt)));
    }
}

fn check_pcp(raw: &Raw, json: &Value, pcp: &PcpState) {
    for (name, value) in [
        ("cpu", pcp.cpu.0.into()),
        ("count", pcp.count),
        ("high", pcp.high),
        ("batch", pcp.batch),
        ("high_min", pcp.high_min),
        ("high_max", pcp.high_max),
        ("flags", pcp.flags & !PcpState::NUMA_COUNTED),
        ("alloc_factor", pcp.alloc_factor),
        ("free_factor", pcp.free_factor),
        ("free_count", pcp.free_count),
        ("expire", pcp.expire),
        ("stat_threshold", pcp.stat_threshold.into()),
    ] {
        assert_eq!(u64::from(value), number(json, name), "{name}");
    }
    // The only thing that is inferred.
    let counts = matches!(
        raw.json["kernel"].as_str(),
        Some("4.14" | "5.0" | "5.0-cma")
    );
    let counted = counts && json["diff_nr_free_pages"] != 0;
    assert_eq!(pcp.flags & PcpState::NUMA_COUNTED != 0, counted);
    let diffs = items(&json["vm_stat_diff"]).iter();
    assert!(diffs.eq(pcp.vm_stat_diff.iter()));
    let lists = items(&json["lists"]);
    assert_eq!(lists.len(), pcp.lists.len());
    for (json, list) in lists.iter().zip(&pcp.lists) {
        assert_eq!(u64::from(list.index), number(json, "index"));
        assert_eq!(u64::from(list.order.get()), number(json, "order"));
        assert_eq!(frames(&list.pfns), numbers(&json["pfns"]));
        let noted = json["cached_mt"].as_array();
        assert_eq!(noted.map_or(0, Vec::len), list.noted.len());
        for (number, &mt) in noted.into_iter().flatten().zip(&list.noted) {
            assert!(raw.same_type(number.as_u64().unwrap(), mt));
        }
    }
}

/// The comparison above would hold for states without any of this, too.
#[test]
fn the_states_hold_what_only_they_have() {
    let old = snapshot("2.6.37");
    assert_eq!(old.global.percpu_pagelist_fraction, 8);
    assert!(old.zones.iter().any(|zone| zone.all_unreclaimable));
    assert!(old.zones.iter().all(|zone| zone.managed == 0));
    assert_eq!(old.nodes[0].kswapd_highest, None);
    let reserve = |snapshot: &Snapshot| {
        let lists = snapshot.zones.iter().flat_map(|zone| &zone.free_lists);
        lists.filter(|list| list.mt == MigrateType::Reserve).count()
    };
    assert_eq!(reserve(&old), 3);
    assert_eq!(old.global.zone_stats.len(), 31);
    assert_eq!(old.global.lowmem_reserve_ratio, [256, 256, 32, 0]);

    // Four nodes, their caches as four walks left them.
    let nodes = snapshot("3.8-m7").nodes;
    let caches = nodes
        .iter()
        .map(|node| node.zonelist_cache.clone().unwrap());
    let full: Vec<_> = caches.map(|cache| cache.full).collect();
    assert_eq!(full, [vec![0, 1], vec![0], vec![0], vec![0, 1, 2]]);
    assert!(
        snapshot("3.8")
            .zones
            .iter()
            .any(|zone| zone.dirty_balance_reserve > 0)
    );
    assert_eq!(snapshot("4.14").global.user_min_free_kbytes, Some(40000));
    let cma = snapshot("5.0-cma").global.migratetypes;
    assert_eq!(cma[4..], [MigrateType::Cma, MigrateType::Isolate]);
    let pristine = snapshot("6.1.0").global;
    assert!(!pristine.zone_stats.contains(&ZoneStat::Zspages));
    assert!(!pristine.zone_kinds.contains(&ZoneKind::Device));
}

/// Lines as recordings have them, with what they say.
#[test]
fn every_kernel_has_its_own_operations() {
    for (state, ops, described) in [
        (
            "2.6.37",
            r#"{"i":0,"op":"alloc","cpu":0,"nid":-1,"gfp":["HIGH","ATOMIC","KSWAPD_RECLAIM","COLD"],"raw_gfp":800,"id":2,"order":3,"pfn":106952,"z":[0,1],"mt":0,"pcp":158,"free":120716,"zf":0}
{"i":1,"op":"alloc","cpu":2,"nid":1,"gfp":["KSWAPD_RECLAIM","THISNODE","MEMALLOC"],"raw_gfp":262656,"id":1706,"order":2,"nodemask":[1],"pfn":263712,"z":[1,1],"mt":3,"pcp":48,"free":-17,"zf":0}
{"i":2,"op":"free","cpu":0,"id":967,"cold":true,"pfn":86067,"z":[0,1],"mt":2,"pcp":66,"free":866,"zf":0}
"#,
            "\
1: a 2 order=3 gfp=GFP_ATOMIC|__GFP_NOWARN|__GFP_COLD cpu=0 => Ok 0x1a1c8; Node 0, zone DMA32: Unmovable pcp 158 free 120716 flags 0 boost 0
2: a 1706 order=2 gfp=GFP_NOWAIT|__GFP_MEMALLOC|__GFP_THISNODE cpu=2 node=1 nodes=1 => Ok 0x40620; Node 1, zone DMA32: Reserve pcp 48 free -17 flags 0 boost 0
3: f 967 cpu=0 cold => Ok 0x15033; Node 0, zone DMA32: Movable pcp 66 free 866 flags 0 boost 0",
        ),
        (
            "3.8",
            r#"{"i":0,"op":"alloc","cpu":0,"nid":-1,"gfp":["KSWAPD_RECLAIM","MOVABLE","HIGHMEM","MEMALLOC"],"raw_gfp":8714,"id":0,"order":10,"pfn":120832,"z":[0,1],"mt":1,"pcp":175,"free":119552,"zf":0}
{"i":1,"op":"alloc","cpu":0,"nid":-1,"gfp":[],"raw_gfp":4194816,"id":1,"order":0,"pfn":null,"st":"fail"}
"#,
            "\
1: a 0 order=10 gfp=GFP_NOWAIT|__GFP_HIGHMEM|__GFP_MOVABLE|__GFP_MEMALLOC cpu=0 => Ok 0x1d800; Node 0, zone DMA32: Reclaimable pcp 175 free 119552 flags 0 boost 0
2: a 1 order=0 gfp=__GFP_NOWARN cpu=0 => Fail",
        ),
        (
            "4.14",
            r#"{"i":0,"op":"alloc","cpu":0,"nid":-1,"gfp":["HIGH","ATOMIC","KSWAPD_RECLAIM"],"raw_gfp":17302048,"id":2102,"order":3,"pfn":6512,"z":[0,1],"mt":3,"pcp":26,"free":216,"zf":0}
{"i":1,"op":"free","cpu":0,"id":967,"cold":true,"pfn":99379,"z":[0,1],"mt":1,"pcp":51,"free":2656,"zf":0}
"#,
            "\
1: a 2102 order=3 gfp=GFP_ATOMIC|__GFP_NOWARN cpu=0 => Ok 0x1970; Node 0, zone DMA32: HighAtomic pcp 26 free 216 flags 0 boost 0
2: f 967 cpu=0 cold => Ok 0x18433; Node 0, zone DMA32: Movable pcp 51 free 2656 flags 0 boost 0",
        ),
        (
            "5.0-cma",
            r#"{"i":0,"op":"alloc","cpu":0,"nid":-1,"gfp":["KSWAPD_RECLAIM","MOVABLE","HIGHMEM","MEMALLOC"],"raw_gfp":4203018,"id":88,"order":10,"pfn":129024,"z":[0,1],"mt":4,"pcp":185,"free":27957,"zf":0}
{"i":1,"op":"zset","cpu":0,"nid":0,"zone":1,"set":2,"clear":0,"set_boost":null,"z":[0,1],"pcp":352,"free":504608,"zf":2}
"#,
            "\
1: a 88 order=10 gfp=GFP_NOWAIT|__GFP_HIGHMEM|__GFP_MOVABLE|__GFP_MEMALLOC cpu=0 => Ok 0x1f800; Node 0, zone DMA32: CMA pcp 185 free 27957 flags 0 boost 0
2: zone-flags node=0 zone=DMA32 set=2 clear=0 => Ok; Node 0, zone DMA32: - pcp 352 free 504608 flags 2 boost 0",
        ),
    ] {
        let name = format!("older-{state}");
        assert_eq!(read(&name, &path(state), ops), described);
        let recording = Recording::open(case(&name, &path(state), ops)).unwrap();
        let mut ops_read = recording.ops.iter();
        let cold = ops_read.any(|op| matches!(op.op, Op::Free { cold: true, .. }));
        assert_eq!(cold, ops.contains("\"cold\":true"));
    }
}

#[test]
fn what_another_kernel_says_is_an_error() {
    let free = r#"{"i":0,"op":"free","cpu":0,"id":1,"cold":true,"pfn":5,"z":[0,0],"mt":1,"pcp":0,"free":0,"zf":0}"#;
    let flags =
        r#"{"i":0,"op":"free","cpu":0,"id":1,"pfn":5,"z":[0,0],"mt":1,"pcp":0,"free":0,"zf":1}"#;
    let wakes = r#"{"i":0,"op":"alloc","cpu":0,"id":1,"order":0,"nid":-1,"gfp":[],"raw_gfp":512}"#;
    for (state, line, error) in [
        ("5.0", free, "field `cold` is not known here"),
        ("4.14", flags, "0x1 are no zone flags of this kernel"),
        (
            "3.8",
            wakes,
            "the names stand for mask 0x400200, but 0x200 was passed",
        ),
        (
            "2.6.37",
            &wakes.replace("512", "514"),
            "the names stand for mask 0x200, but 0x202 was passed",
        ),
    ] {
        let found = read("older-errors", &path(state), &format!("{line}\n"));
        assert_eq!(found, format!("ops.jsonl.gz:1: {error}"), "{state}");
    }
}

#[test]
fn a_state_of_another_kernel_is_an_error() {
    let copy = folder("older-states").join("state.json");
    for (state, from, to, error) in [
        (
            "2.6.37",
            r#""present":"#,
            r#""managed":7,"present":"#,
            "zones[0]: managed is no field of this kernel",
        ),
        (
            "3.8",
            r#""managed":"#,
            r#""present_early":"#,
            "zones[0]: managed is missing",
        ),
        (
            "3.8",
            r#""reserve":3"#,
            r#""reserve":2"#,
            "global: `reserve = 2` is no migratetype of this kernel",
        ),
        (
            "3.8",
            r#""NR_DIRTIED""#,
            r#""NR_WRITTEN""#,
            "zones[0].vm_stat: NR_WRITTEN stands where this kernel has NR_DIRTIED",
        ),
        (
            "4.14",
            r#""NR_FREE_PAGES_index":0"#,
            r#""NR_FREE_PAGES_index":1"#,
            "global: NR_FREE_PAGES_index is 1, but 0 are there",
        ),
        (
            "2.6.37",
            r#""full":["#,
            r#""full":[9,"#,
            "nodes[0]: full zone 9 is out of range",
        ),
        (
            "6.1.0",
            r#""pageset_high":"#,
            r#""pageset_high_min":"#,
            "zones[0]: pageset_high is missing",
        ),
        (
            "6.12.0",
            r#""kernel":"6.12.0""#,
            r#""kernel":"6.1.0""#,
            "zones[0].pcp[0]: cached_mt is missing",
        ),
    ] {
        let whole = text(state);
        assert!(whole.contains(from), "{state}: {from}");
        fs::write(&copy, whole.replacen(from, to, 1)).unwrap();
        let found = read_snapshot(&copy).unwrap_err().to_string();
        assert_eq!(found, format!("{}: {error}", copy.display()), "{state}");
    }
}
