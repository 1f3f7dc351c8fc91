//! Where two snapshots part.

use std::fmt::{self, Debug};

use pfnlab_model::{
    CompactionState, FreeListState, GlobalState, NodeState, PageblockState, PcpListState, PcpState,
    Snapshot, ZoneState,
};

/// The first field in which two snapshots differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The way to the field, such as `zones[Node 0, zone DMA].boost`.
    pub field: String,
    /// What the first snapshot says.
    pub left: String,
    /// What the second one says.
    pub right: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} against {}", self.field, self.left, self.right)
    }
}

/// The first field in which two snapshots differ, in the order of declaration; `None`: none does.
pub fn first_difference(left: &Snapshot, right: &Snapshot) -> Option<Difference> {
    if left == right {
        None
    } else {
        left.differ("", right)
    }
}

/// More of a value than this is not shown.
const SHOWN: usize = 200;

trait Differ: Debug + PartialEq + Sized {
    fn differ(&self, path: &str, other: &Self) -> Option<Difference> {
        (self != other).then(|| Difference {
            field: path.trim_start_matches('.').to_owned(),
            left: shorten(self),
            right: shorten(other),
        })
    }
}

fn shorten(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A leaf is shown as it is. The pattern of a struct names all its fields, so that a new one does
/// not compile until it is here.
macro_rules! differ {
    ($($leaf:ty),* ;) => { $(impl Differ for $leaf {})* };
    ($type:ident { $($field:ident $(: $kind:ident $($key:expr)?)?),* $(,)? }) => {
        impl Differ for $type {
            fn differ(&self, path: &str, other: &Self) -> Option<Difference> {
                let $type { $($field),* } = self;
                $(
                    let path_of = format!("{path}.{}", stringify!($field));
                    differ!(@ $field, &other.$field, path_of $(, $kind $($key)?)?);
                )*
                None
            }
        }
    };
    (@ $left:expr, $right:expr, $path:ident) => {
        if $left != $right {
            return Some(Difference {
                field: $path.trim_start_matches('.').to_owned(),
                left: shorten($left),
                right: shorten($right),
            });
        }
    };
    (@ $left:expr, $right:expr, $path:ident, inside) => {
        if $left != $right {
            return $left.differ(&$path, $right);
        }
    };
    (@ $left:expr, $right:expr, $path:ident, by $key:expr) => {
        if $left != $right {
            return differ_items($left, $right, &$path, $key);
        }
    };
}

/// Where two lists part: an item that differs, or one that only one of them has.
fn differ_items<T: Differ>(
    left: &[T],
    right: &[T],
    path: &str,
    key: impl Fn(&T) -> String,
) -> Option<Difference> {
    let pairs = left.iter().zip(right);
    let same_key = pairs.take_while(|(a, b)| key(a) == key(b));
    for (a, b) in same_key {
        if let Some(difference) = a.differ(&format!("{path}[{}]", key(a)), b) {
            return Some(difference);
        }
    }
    let keys = |items: &[T]| items.iter().map(&key).collect::<Vec<_>>().join(", ");
    (left != right).then(|| Difference {
        field: path.trim_start_matches('.').to_owned(),
        left: format!("[{}]", keys(left)),
        right: format!("[{}]", keys(right)),
    })
}

differ!(pfnlab_model::CpuState, PageblockState;);
differ!(Snapshot {
    format,
    profile,
    global: inside,
    cpus: by |cpu: &pfnlab_model::CpuState| cpu.cpu.to_string(),
    nodes: by |node: &NodeState| node.node.to_string(),
    zones: by |zone: &ZoneState| zone.id.to_string(),
    offline,
    areas,
    compaction: by |known: &CompactionState| known.zone.to_string(),
});
differ!(CompactionState {
    zone,
    migrate,
    free,
    considered,
    shift,
    least,
    forgetting_due,
    skipped,
});
differ!(GlobalState {
    zone_kinds,
    zone_stats,
    migratetypes,
    top_order,
    pageblock_order,
    section_frames,
    possible_nodes,
    movable_zone,
    mobility_disabled,
    totalreserve_pages,
    totalram_pages,
    min_free_kbytes,
    user_min_free_kbytes,
    watermark_scale_factor,
    watermark_boost_factor,
    percpu_pagelist_high_fraction,
    percpu_pagelist_fraction,
    lowmem_reserve_ratio,
    compaction_proactiveness,
    pcp_batch_scale_max,
    guardpage_minorder,
    memory_block_frames,
    movable_node,
    auto_movable,
});
differ!(NodeState {
    node,
    start,
    spanned,
    present,
    totalreserve_pages,
    kswapd_order,
    kswapd_highest,
    kswapd_failures,
    kswapd_awake,
    distance,
    zonelist,
    zonelist_this_node,
    zonelist_cache,
});
differ!(ZoneState {
    id,
    start,
    spanned,
    present,
    present_early,
    managed,
    memory,
    watermarks,
    boost,
    highatomic_reserved,
    highatomic_free,
    pageset_high_min,
    pageset_high_max,
    pageset_batch,
    flags,
    pages_scanned,
    all_unreclaimable,
    dirty_balance_reserve,
    percpu_drift_mark,
    isolated_pageblocks,
    lowmem_reserve,
    vm_stat,
    free_lists: by |list: &FreeListState| format!("order {} {}", list.order, list.mt),
    pcp: by |pcp: &PcpState| format!("CPU {}", pcp.cpu),
    pageblocks,
    lent,
    guards,
});
differ!(FreeListState { order, mt, pfns });
differ!(PcpState {
    cpu,
    count,
    high,
    batch,
    high_min,
    high_max,
    flags,
    alloc_factor,
    free_factor,
    free_count,
    expire,
    stat_threshold,
    vm_stat_diff,
    lists: by |list: &PcpListState| list.index.to_string(),
});
differ!(PcpListState {
    index,
    order,
    pfns,
    noted
});
