//! The canonical bytes of a snapshot: what a fingerprint is taken over.
//!
//! Every number is 8 bytes, little-endian; negative ones as two's complement. A sequence is its
//! length, then its items. A name is the length of its bytes, then they. Something that may be
//! missing is 0, or 1 and then it. Zones, types and counters go by the kernel's names, so that a
//! new variant elsewhere moves nothing.

use pfnlab_model::{
    AreaState, Block, CompactionState, CpuState, FreeListState, GlobalState, MigrateType,
    NodeState, OfflineState, PageblockState, PcpListState, PcpState, Pfn, PfnRange, Snapshot,
    Watermarks, ZoneId, ZoneKind, ZoneStat, ZoneState, ZonelistCacheState,
};

/// The canonical bytes of a snapshot. Two snapshots are equal when these are.
pub fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Bytes(Vec::new());
    snapshot.put(&mut bytes);
    bytes.0
}

struct Bytes(Vec<u8>);

/// Something with canonical bytes.
trait Put {
    fn put(&self, bytes: &mut Bytes);
}

macro_rules! put_numbers {
    ($($type:ty),*) => {
        $(impl Put for $type {
            fn put(&self, bytes: &mut Bytes) {
                bytes.0.extend(i128::from(*self).to_le_bytes().first_chunk::<8>().expect("16 bytes"));
            }
        })*
    };
}

put_numbers!(bool, u8, u16, u32, u64, i8, i64);

impl Put for str {
    fn put(&self, bytes: &mut Bytes) {
        (self.len() as u64).put(bytes);
        bytes.0.extend(self.as_bytes());
    }
}

impl<T: Put> Put for Option<T> {
    fn put(&self, bytes: &mut Bytes) {
        self.is_some().put(bytes);
        if let Some(item) = self {
            item.put(bytes);
        }
    }
}

impl<A: Put, B: Put> Put for (A, B) {
    fn put(&self, bytes: &mut Bytes) {
        self.0.put(bytes);
        self.1.put(bytes);
    }
}

impl Bytes {
    fn sequence<'a, T: Put + 'a>(&mut self, items: impl ExactSizeIterator<Item = &'a T>) {
        (items.len() as u64).put(self);
        items.for_each(|item| item.put(self));
    }
}

impl Put for Pfn {
    fn put(&self, bytes: &mut Bytes) {
        self.get().put(bytes);
    }
}

impl Put for PfnRange {
    fn put(&self, bytes: &mut Bytes) {
        self.start().put(bytes);
        self.end().put(bytes);
    }
}

impl Put for Block {
    fn put(&self, bytes: &mut Bytes) {
        self.start().put(bytes);
        self.order().get().put(bytes);
    }
}

impl Put for ZoneKind {
    fn put(&self, bytes: &mut Bytes) {
        self.name().put(bytes);
    }
}

impl Put for ZoneId {
    fn put(&self, bytes: &mut Bytes) {
        self.node.0.put(bytes);
        self.kind.put(bytes);
    }
}

impl Put for MigrateType {
    fn put(&self, bytes: &mut Bytes) {
        self.name().put(bytes);
    }
}

impl Put for ZoneStat {
    fn put(&self, bytes: &mut Bytes) {
        self.symbol().put(bytes);
    }
}

/// Every field, in the order of its declaration. The pattern names them all, so that a new one
/// does not compile until it is here.
macro_rules! put_struct {
    ($type:ident { $($field:ident $(: $how:ident)?),* $(,)? }) => {
        impl Put for $type {
            fn put(&self, bytes: &mut Bytes) {
                let $type { $($field),* } = self;
                $(put_struct!(@ bytes $field $($how)?);)*
            }
        }
    };
    (@ $bytes:ident $field:ident) => { $field.put($bytes) };
    (@ $bytes:ident $field:ident list) => { $bytes.sequence($field.iter()) };
    (@ $bytes:ident $field:ident order) => { $field.get().put($bytes) };
    (@ $bytes:ident $field:ident id) => { $field.0.put($bytes) };
    (@ $bytes:ident $field:ident bits) => { $field.bits().put($bytes) };
    (@ $bytes:ident $field:ident name) => { $field.as_str().put($bytes) };
    // Nothing where it is not: generations without it keep their fingerprints.
    (@ $bytes:ident $field:ident if_any) => {
        if !$field.is_empty() { $bytes.sequence($field.iter()) }
    };
    (@ $bytes:ident $field:ident if_not_0) => { if *$field != 0 { $field.put($bytes) } };
    (@ $bytes:ident $field:ident order_if_any) => {
        if $field.get() != 0 { $field.get().put($bytes) }
    };
    (@ $bytes:ident $field:ident if_some) => { if $field.is_some() { $field.put($bytes) } };
    (@ $bytes:ident $field:ident if_so) => { if *$field { $field.put($bytes) } };
}

put_struct!(Snapshot {
    format,
    profile: name,
    global,
    cpus: list,
    nodes: list,
    zones: list,
    offline: if_any,
    areas: if_any,
    compaction: if_any,
});
put_struct!(CompactionState {
    zone,
    migrate: list,
    free,
    considered,
    shift,
    least,
    forgetting_due,
    skipped: list,
});
put_struct!(OfflineState { range, node: id });
put_struct!(AreaState { range, taken: list });
put_struct!(GlobalState {
    zone_kinds: list,
    zone_stats: list,
    migratetypes: list,
    top_order: order,
    pageblock_order: order,
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
    lowmem_reserve_ratio: list,
    compaction_proactiveness: if_some,
    pcp_batch_scale_max,
    guardpage_minorder: order_if_any,
    memory_block_frames: if_not_0,
    movable_node: if_so,
    auto_movable: if_so,
});
put_struct!(CpuState {
    cpu: id,
    online,
    node: id
});
put_struct!(NodeState {
    node: id,
    start,
    spanned,
    present,
    totalreserve_pages,
    kswapd_order: order,
    kswapd_highest,
    kswapd_failures,
    kswapd_awake: if_so,
    distance: list,
    zonelist: list,
    zonelist_this_node: list,
    zonelist_cache,
});
put_struct!(ZonelistCacheState {
    since_zap,
    zap_due,
    full: list
});
put_struct!(ZoneState {
    id,
    start,
    spanned,
    present,
    present_early: if_not_0,
    managed,
    memory: list,
    watermarks,
    boost,
    highatomic_reserved,
    highatomic_free,
    pageset_high_min,
    pageset_high_max,
    pageset_batch,
    flags: bits,
    pages_scanned,
    all_unreclaimable,
    dirty_balance_reserve,
    percpu_drift_mark,
    isolated_pageblocks,
    lowmem_reserve: list,
    vm_stat: list,
    free_lists: list,
    pcp: list,
    pageblocks,
    lent: list,
    guards: if_any,
});
put_struct!(Watermarks {
    min,
    low,
    high,
    promo
});
put_struct!(FreeListState {
    order: order,
    mt,
    pfns: list
});
put_struct!(PcpState {
    cpu: id,
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
    vm_stat_diff: list,
    lists: list,
});
put_struct!(PcpListState {
    index,
    order: order,
    pfns: list,
    noted: list
});
put_struct!(PageblockState {
    first,
    types: list,
    movable: list,
    listed: if_any
});
