//! Which fields the snapshots of each kernel have, beside those that all have.

/// Groups of fields.
pub(super) type Fields = &'static [&'static [&'static str]];

/// The pristine kernels' recorder says more of what its numbers mean.
const PRISTINE: &[&str] = &["NR_FREE_PAGES_index", "migratetype_numbers"];
const UP_TO_3_8: &[&str] = &[
    "kswapd_max_order",
    "zonelist_cache",
    "pages_scanned",
    "all_unreclaimable",
];
const ONLY_3_8: &[&str] = &["classzone_idx", "dirty_balance_reserve"];
const UP_TO_5_0: &[&str] = &["percpu_pagelist_fraction"];
const UP_TO_6_1: &[&str] = &["cached_mt"];
const SINCE_3_8: &[&str] = &["managed"];
/// `totalreserve_pages` of a node; all kernels have the one of the machine.
const SINCE_4_14: &[&str] = &[
    "user_min_free_kbytes",
    "watermark_scale_factor",
    "kswapd_order",
    "kswapd_failures",
    "totalreserve_pages",
    "nr_reserved_highatomic",
];
const IN_4_14_AND_5_0: &[&str] = &["kswapd_classzone_idx"];
const SINCE_5_0: &[&str] = &["watermark_boost_factor", "watermark_boost"];
const SINCE_6_1: &[&str] = &[
    "percpu_pagelist_high_fraction",
    "kswapd_highest_zoneidx",
    "wmark_promo",
    "pageset_batch",
];
const ONLY_6_1: &[&str] = &["pageset_high", "free_factor"];
/// `flags` of a per-CPU list; all kernels have those of the zone.
const SINCE_6_12: &[&str] = &[
    "nr_free_highatomic",
    "pageset_high_min",
    "pageset_high_max",
    "high_min",
    "high_max",
    "flags",
    "alloc_factor",
    "free_count",
];
const WITH_ISOLATION: &[&str] = &["nr_isolate_pageblock"];
const WITH_BATCH_SCALE: &[&str] = &["pcp_batch_scale_max"];

pub(super) const FIELDS_2_6_37: Fields = &[PRISTINE, UP_TO_3_8, UP_TO_5_0, UP_TO_6_1];
pub(super) const FIELDS_3_8: Fields = &[
    PRISTINE, UP_TO_3_8, ONLY_3_8, UP_TO_5_0, UP_TO_6_1, SINCE_3_8,
];
pub(super) const FIELDS_4_14: Fields = &[
    PRISTINE,
    UP_TO_5_0,
    UP_TO_6_1,
    SINCE_3_8,
    SINCE_4_14,
    IN_4_14_AND_5_0,
];
pub(super) const FIELDS_5_0: Fields = &[
    PRISTINE,
    UP_TO_5_0,
    UP_TO_6_1,
    SINCE_3_8,
    SINCE_4_14,
    IN_4_14_AND_5_0,
    SINCE_5_0,
];
pub(super) const FIELDS_5_0_CMA: Fields = &[
    PRISTINE,
    UP_TO_5_0,
    UP_TO_6_1,
    SINCE_3_8,
    SINCE_4_14,
    IN_4_14_AND_5_0,
    SINCE_5_0,
    WITH_ISOLATION,
];
pub(super) const FIELDS_6_1_0: Fields = &[
    PRISTINE,
    UP_TO_6_1,
    SINCE_3_8,
    SINCE_4_14,
    SINCE_5_0,
    SINCE_6_1,
    ONLY_6_1,
    WITH_ISOLATION,
];
pub(super) const FIELDS_6_1: Fields = &[
    UP_TO_6_1,
    SINCE_3_8,
    SINCE_4_14,
    SINCE_5_0,
    SINCE_6_1,
    ONLY_6_1,
    WITH_ISOLATION,
    WITH_BATCH_SCALE,
];
pub(super) const FIELDS_6_12_0: Fields = &[
    PRISTINE,
    SINCE_3_8,
    SINCE_4_14,
    SINCE_5_0,
    SINCE_6_1,
    SINCE_6_12,
    WITH_ISOLATION,
    WITH_BATCH_SCALE,
];
pub(super) const FIELDS_6_12: Fields = &[
    SINCE_3_8,
    SINCE_4_14,
    SINCE_5_0,
    SINCE_6_1,
    SINCE_6_12,
    WITH_ISOLATION,
    WITH_BATCH_SCALE,
];
