//! The nouns of physical memory, and one trait.
//!
//! Everything else in pfnlab speaks these words and nothing lies below them. The crate is
//! `no_std` with `alloc`; the `serde` feature gives machines and snapshots a saved form.
//!
//! - [`Pfn`], [`PfnRange`], [`Order`], [`Block`]: where a page frame is, and how big a run of them.
//! - [`NodeId`], [`CpuId`], [`ZoneKind`], [`ZoneId`], [`MigrateType`]: what it belongs to.
//! - [`Gfp`], [`Request`]: what somebody asks for.
//! - [`MachineSpec`] → [`Machine`]: what the memory looks like. Checked once, then trusted.
//! - [`Op`], [`Ticket`], [`Trace`]: what was asked, in order, as text a person can write.
//! - [`BootScript`]: what a booting kernel did with its boot allocator.
//! - [`ClientOp`]: what an allocator's clients are asked for: [`CacheSpec`], [`Address`].
//! - [`MemoryOp`]: memory is added, put on- and offline, asked for by its place, or compacted.
//! - [`Event`], [`Observer`]: what happened, fact by fact; [`SlabEvent`], [`LruEvent`],
//!   [`PageExtEvent`]: what an allocator's clients tell. [`MemoryEvent`]: memory came or went.
//!   [`CompactionEvent`]: what is in use was moved.
//! - [`Snapshot`]: the whole state, and [`Snapshot::apply`], which moves it by one event.
//!   [`generation_of`]: of which kernel it is.
//! - [`PageAllocator`], [`Inspect`]: the one trait, and a way to look inside. [`Tenants`]: who is
//!   told when memory comes and goes. [`Reclaim`]: who can be asked to give some up.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod pfn;
pub mod runs;

mod order;

mod block;

mod node;

mod migratetype;

mod gfp;
mod gfp_bits;
mod gfp_words;

mod request;

mod bytes;
mod machine;

mod cache;

mod client_op;
mod compaction;
mod memory_op;
mod op;
mod trace;
mod trace_text;

mod boot_script;

mod client_event;
mod event;
mod generation;
mod memory_event;
mod snapshot;
mod zone_stat;

mod allocator;
mod hotplug;
mod reclaim;

pub use allocator::{AllocError, Capability, CpuError, FreeError, Inspect, PageAllocator};
pub use block::{Block, BlockError};
pub use boot_script::{
    Affinity, BootOp, BootScript, BootStep, DumpRegion, FirmwareRange, LateFree, MemblockCall,
    MemblockDump, MemblockList, MemblockRequest,
};
pub use bytes::{ByteRange, BytesError, parse_size};
pub use cache::{Address, CacheFlags, CacheId, CacheSpec, KmallocKind, PAGE_BYTES};
pub use client_event::{
    LruBatch, LruEvent, LruList, PageExtClients, PageExtEvent, SlabEvent, SlabPlace,
};
pub use client_op::ClientOp;
pub use compaction::{CompactGoal, CompactResult, CompactionEvent, Scanner};
pub use event::{End, Event, Observer, PcpField, Refusal};
pub use generation::generation_of;
pub use gfp::{Gfp, GfpError};
pub use gfp_bits::GfpBits;
pub use hotplug::{MemoryError, MemoryNotice, MemoryStep, Tenants};
pub use machine::{
    Kernelcore, Machine, MachineError, MachineSpec, MemRange, NodeSpec, NodeTopology, OnlinePolicy,
    Place, probed_memory_block,
};
pub use memory_event::MemoryEvent;
pub use memory_op::{MemoryOp, OnlineTo};
pub use migratetype::MigrateType;
pub use node::{CpuId, NodeId, NodeMask, ZoneId, ZoneKind};
pub use op::{Expect, Op, Sysctl, Ticket};
pub use order::{Order, OrderError};
pub use pfn::{Pfn, PfnRange};
pub use reclaim::{Reclaim, Reclaimer, Shrink, Shrunk};
pub use request::Request;
pub use snapshot::{
    AreaState, CompactionState, CpuState, FreeListState, GlobalState, NodeState, OfflineState,
    PageblockState, PcpListState, PcpState, SNAPSHOT_FORMAT, Snapshot, Watermarks, ZoneFlags,
    ZoneState, ZonelistCacheState,
};
pub use trace::{Step, Trace, TraceStart};
pub use trace_text::{ParsedTrace, TraceError};
pub use zone_stat::ZoneStat;
