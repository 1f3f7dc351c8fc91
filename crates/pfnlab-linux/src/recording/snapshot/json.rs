//! A recorded state as it is written. Every field of the format is named here. What no
//! [`Snapshot`](pfnlab_model::Snapshot) holds is [`Kept`] as it is written, or, with an underscore,
//! read over. Which of the optional fields must be there the kernel says.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// What no operation changes, and no `Snapshot` holds; null: it is not there.
pub(super) type Kept = serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) format: u32,
    pub(super) kernel: String,
    pub(super) global: Global,
    pub(super) cpus: Vec<Cpu>,
    pub(super) nodes: Vec<Node>,
    pub(super) zones: Vec<Zone>,
    pub(super) sections: Kept,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Global {
    pub(super) pageblock_order: u8,
    pub(super) nr_orders: u8,
    pub(super) max_nr_zones: u64,
    pub(super) pages_per_section: u64,
    pub(super) migrate_types: u64,
    pub(super) nr_node_ids: u32,
    pub(super) movable_zone: u64,
    pub(super) page_group_by_mobility_disabled: u8,
    pub(super) totalreserve_pages: u64,
    pub(super) min_free_kbytes: u64,
    pub(super) user_min_free_kbytes: Option<i64>,
    pub(super) watermark_scale_factor: Option<u64>,
    pub(super) watermark_boost_factor: Option<u64>,
    pub(super) percpu_pagelist_fraction: Option<u64>,
    /// The recorder of the pristine kernels cuts the name.
    #[serde(alias = "percpu_pagelist_high_fra")]
    pub(super) percpu_pagelist_high_fraction: Option<u64>,
    pub(super) totalram_pages: u64,
    pub(super) pcp_batch_scale_max: Option<u8>,
    pub(super) lowmem_reserve_ratio: Vec<i64>,
    pub(super) migratetype_numbers: Option<BTreeMap<String, u64>>,
    #[serde(rename = "NR_FREE_PAGES_index")]
    pub(super) nr_free_pages_index: Option<u64>,
    #[serde(rename = "HZ")]
    pub(super) hz: Option<u64>,
    pub(super) version_code: Kept,
    pub(super) migrate_pcptypes: Kept,
    pub(super) nr_pcp_lists: Kept,
    pub(super) nr_pageblock_bits: Kept,
    pub(super) nr_online_nodes: Kept,
    pub(super) nr_cpu_ids: Kept,
    #[serde(alias = "zone_reclaim_mode")]
    pub(super) node_reclaim_mode: Kept,
    #[serde(default)]
    pub(super) system_state: Kept,
    pub(super) leader_cpu: Kept,
    pub(super) gfp_allowed_mask: Kept,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cpu {
    pub(super) cpu: u16,
    pub(super) online: bool,
    pub(super) node: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) nid: i64,
    pub(super) start_pfn: u64,
    pub(super) present_pages: u64,
    pub(super) spanned_pages: u64,
    pub(super) kswapd_order: Option<u8>,
    pub(super) kswapd_max_order: Option<u8>,
    pub(super) kswapd_highest_zoneidx: Option<u64>,
    pub(super) kswapd_classzone_idx: Option<u64>,
    pub(super) classzone_idx: Option<u64>,
    pub(super) kswapd_failures: Option<u32>,
    pub(super) totalreserve_pages: Option<u64>,
    pub(super) zonelist_cache: Option<ZonelistCache>,
    pub(super) distance: Vec<u8>,
    pub(super) zonelist_fallback: Vec<(i64, u64)>,
    pub(super) zonelist_nofallback: Vec<(i64, u64)>,
    pub(super) states: Kept,
    pub(super) nr_zones: Kept,
    pub(super) kswapd_waiting: bool,
    #[serde(rename = "kcompactd_waiting", default)]
    _kcompactd_waiting: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZonelistCache {
    pub(super) zap_due: bool,
    pub(super) jiffies_since_zap: u64,
    pub(super) full: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) nid: i64,
    pub(super) zone: u64,
    pub(super) start_pfn: u64,
    pub(super) spanned: u64,
    pub(super) present: u64,
    pub(super) managed: Option<u64>,
    pub(super) wmark_min: u64,
    pub(super) wmark_low: u64,
    pub(super) wmark_high: u64,
    pub(super) wmark_promo: Option<u64>,
    pub(super) watermark_boost: Option<u64>,
    pub(super) nr_reserved_highatomic: Option<u64>,
    pub(super) nr_free_highatomic: Option<u64>,
    /// The least and the most at once.
    pub(super) pageset_high: Option<u32>,
    pub(super) pageset_high_min: Option<u32>,
    pub(super) pageset_high_max: Option<u32>,
    pub(super) pageset_batch: Option<u32>,
    pub(super) flags: u32,
    pub(super) pages_scanned: Option<u64>,
    /// 0 or 1.
    pub(super) all_unreclaimable: Option<u8>,
    pub(super) dirty_balance_reserve: Option<u64>,
    pub(super) percpu_drift_mark: u64,
    pub(super) nr_isolate_pageblock: Option<u64>,
    pub(super) lowmem_reserve: Vec<u64>,
    pub(super) vm_stat: Counters,
    pub(super) nr_free: Vec<u64>,
    pub(super) free_lists: Vec<FreeList>,
    pub(super) pcp: Vec<Pcp>,
    pub(super) pageblocks: Option<Pageblocks>,
    pub(super) name: Kept,
    #[serde(default)]
    pub(super) present_early: Kept,
    #[serde(default)]
    pub(super) initialized: Kept,
    #[serde(default)]
    pub(super) contiguous: Kept,
    #[serde(default)]
    pub(super) min_unmapped_pages: Kept,
    #[serde(default)]
    pub(super) min_slab_pages: Kept,
    #[serde(default)]
    pub(super) compact_cached_free_pfn: Kept,
    #[serde(default)]
    pub(super) compact_cached_migrate_pfn: Kept,
    #[serde(default)]
    pub(super) compact_cached_migrate_pfn_async: Kept,
    #[serde(default)]
    pub(super) compact_cached_migrate_pfn_sync: Kept,
    #[serde(default)]
    pub(super) compact_init_migrate_pfn: Kept,
    #[serde(default)]
    pub(super) compact_init_free_pfn: Kept,
    #[serde(default)]
    pub(super) compact_considered: Kept,
    #[serde(default)]
    pub(super) compact_defer_shift: Kept,
    #[serde(default)]
    pub(super) compact_order_failed: Kept,
    #[serde(default)]
    pub(super) compact_blockskip_flush: Kept,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FreeList {
    pub(super) order: u8,
    pub(super) mt: u64,
    pub(super) pfns: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pcp {
    pub(super) cpu: u16,
    pub(super) count: u32,
    pub(super) high: u32,
    pub(super) batch: u32,
    pub(super) high_min: Option<u32>,
    pub(super) high_max: Option<u32>,
    pub(super) flags: Option<u32>,
    pub(super) alloc_factor: Option<u32>,
    pub(super) free_factor: Option<u32>,
    pub(super) free_count: Option<u32>,
    pub(super) expire: u32,
    pub(super) stat_threshold: u8,
    pub(super) diff_nr_free_pages: i64,
    pub(super) vm_stat_diff: Vec<i8>,
    pub(super) lists: Vec<PcpList>,
    /// The same for all zones, and in [`Cpu`].
    pub(super) online: Kept,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PcpList {
    pub(super) index: u8,
    pub(super) order: u8,
    pub(super) pfns: Vec<u64>,
    pub(super) cached_mt: Option<Vec<u64>>,
    /// 6.12: follows from the index.
    #[serde(rename = "mt", default)]
    _mt: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pageblocks {
    pub(super) first_pfn: u64,
    pub(super) count: u64,
    pub(super) mt: String,
    pub(super) nr_lru_or_movable: Vec<(u32, u32)>,
    pub(super) skip: Kept,
}

/// Named counters, in the order they are written: it is that of `vm_stat_diff`.
pub(super) struct Counters(pub(super) Vec<(String, i64)>);

impl<'de> Deserialize<'de> for Counters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Counters, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Counters;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of counters")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Counters, A::Error> {
                let mut counters = Vec::new();
                while let Some(counter) = map.next_entry()? {
                    counters.push(counter);
                }
                Ok(Counters(counters))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
