//! Operations: the lines of a trace.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::{ClientOp, CpuId, MemoryOp, Pfn, Request, ZoneFlags, ZoneId, ZoneKind};

/// The name an operation gives to what it gets, so that a later one can say which block it means
/// without naming a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing that was asked. What came of it is elsewhere.
///
/// Printed in the trace's own form:
///
/// ```
/// use pfnlab_model::{Gfp, Op, Request, Ticket};
/// let op = Op::Alloc { ticket: Ticket(1), request: Request::new(Gfp::GFP_KERNEL) };
/// assert_eq!(op.to_string(), "a 1 order=0 gfp=GFP_KERNEL cpu=0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `a`: allocate a block (`__alloc_pages`).
    Alloc {
        /// What the block will be called.
        ticket: Ticket,
        /// What is asked.
        request: Request,
    },
    /// `f`: free what a ticket names (`__free_pages`). A ticket that names nothing: nothing happens.
    Free {
        /// What to free.
        ticket: Ticket,
        /// The CPU it runs on.
        cpu: CpuId,
        /// The page is cold in the cache (up to 4.14).
        cold: bool,
    },
    /// `split`: turn a block of order n into 2^n single frames (`split_page`).
    Split {
        /// What to split.
        ticket: Ticket,
        /// The first of the tickets of the frames, ascending.
        base: Ticket,
    },
    /// `bulk`: up to `count` single frames at once (`alloc_pages_bulk`).
    Bulk {
        /// The first of the tickets.
        base: Ticket,
        /// How many frames.
        count: u32,
        /// How, where and by whom; the order is 0.
        request: Request,
    },
    /// `exact`: exactly `frames` frames in a row, named as one (`alloc_pages_exact`).
    Exact {
        /// What they will be called.
        ticket: Ticket,
        /// How many frames.
        frames: u32,
        /// How, where and by whom; the order follows from `frames`.
        request: Request,
    },
    /// `drain`: empty the per-CPU lists of a CPU (`drain_local_pages`).
    Drain {
        /// Which CPU's.
        cpu: CpuId,
    },
    /// `vmstat`: the periodic fold of a CPU's statistics (`refresh_cpu_vm_stats`).
    Vmstat {
        /// Which CPU's.
        cpu: CpuId,
    },
    /// `cpu-offline`: a CPU goes; one that stays takes over what it had (`page_alloc_cpu_dead`).
    CpuOffline {
        /// Which.
        cpu: CpuId,
    },
    /// `cpu-online`: a CPU comes, or comes back (`page_alloc_cpu_online`).
    CpuOnline {
        /// Which.
        cpu: CpuId,
    },
    /// `sysctl`: write a tunable of `/proc/sys/vm`.
    Sysctl {
        /// Which.
        sysctl: Sysctl,
        /// What to write.
        value: u64,
    },
    /// `zone-flags`: poke a zone's flags, to stand in for the background reclaimer.
    ZoneFlags {
        /// Which zone.
        zone: ZoneId,
        /// Flags to set; first.
        set: ZoneFlags,
        /// Flags to clear; then.
        clear: ZoneFlags,
        /// What the watermark boost becomes, in frames; `None`: stays.
        boost: Option<u64>,
    },
    /// Something a client of the allocator is asked for: `kmalloc`, `lru-add` and so on.
    Client(ClientOp),
    /// Memory is added, put on- or offline, or asked for by its place.
    Memory(MemoryOp),
}

impl Op {
    /// The tickets this operation gives out, as first ticket and count; `split` gives out as many
    /// as the block has frames, which only running it tells.
    pub fn gives(&self) -> Option<(Ticket, u32)> {
        match *self {
            Op::Alloc { ticket, .. } | Op::Exact { ticket, .. } => Some((ticket, 1)),
            Op::Bulk { base, count, .. } => Some((base, count)),
            Op::Client(op) => op.gives().map(|ticket| (ticket, 1)),
            Op::Memory(op) => op.gives().map(|ticket| (ticket, 1)),
            _ => None,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Op::Alloc { ticket, request } => {
                write!(f, "a {ticket} order={} ", request.order)?;
                How(request).fmt(f)
            }
            Op::Free { ticket, cpu, cold } => {
                write!(f, "f {ticket} cpu={cpu}{}", if cold { " cold" } else { "" })
            }
            Op::Split { ticket, base } => write!(f, "split {ticket} base={base}"),
            Op::Bulk {
                base,
                count,
                request,
            } => {
                write!(f, "bulk {base} n={count} ")?;
                How(request).fmt(f)
            }
            Op::Exact {
                ticket,
                frames,
                request,
            } => {
                write!(f, "exact {ticket} pages={frames} ")?;
                How(request).fmt(f)
            }
            Op::Client(op) => op.fmt(f),
            Op::Memory(op) => op.fmt(f),
            Op::Drain { cpu } => write!(f, "drain cpu={cpu}"),
            Op::Vmstat { cpu } => write!(f, "vmstat cpu={cpu}"),
            Op::CpuOffline { cpu } => write!(f, "cpu-offline {cpu}"),
            Op::CpuOnline { cpu } => write!(f, "cpu-online {cpu}"),
            Op::Sysctl { sysctl, value } => write!(f, "sysctl {sysctl} {value}"),
            Op::ZoneFlags {
                zone,
                set,
                clear,
                boost,
            } => {
                let (node, kind) = (zone.node, zone.kind);
                let (set, clear) = (set.bits(), clear.bits());
                write!(
                    f,
                    "zone-flags node={node} zone={kind} set={set} clear={clear}"
                )?;
                boost.map_or(Ok(()), |boost| write!(f, " boost={boost}"))
            }
        }
    }
}

/// The part of a request that every allocating operation prints alike.
struct How(Request);

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request {
            gfp,
            cpu,
            node,
            nodes,
            order: _,
        } = self.0;
        write!(f, "gfp={gfp} cpu={cpu}")?;
        node.map_or(Ok(()), |node| write!(f, " node={node}"))?;
        nodes.map_or(Ok(()), |nodes| write!(f, " nodes={nodes}"))
    }
}

/// What a trace says should come of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// `=> fail`: the request is refused.
    Fail,
    /// `=> skip`: the ticket names nothing.
    Skip,
    /// `=> 0x1a2b0` or `=> 0x10,0x11`: these frames; for a block its first, for `bulk` all.
    Pfns(Vec<Pfn>),
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expect::Fail => f.write_str("fail"),
            Expect::Skip => f.write_str("skip"),
            Expect::Pfns(pfns) => pfns.iter().enumerate().try_for_each(|(position, pfn)| {
                write!(f, "{}{pfn}", if position == 0 { "" } else { "," })
            }),
        }
    }
}

macro_rules! sysctls {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A tunable of `/proc/sys/vm` that the allocator reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Sysctl {
            $($(#[$doc])* $variant,)*
        }

        impl Sysctl {
            /// Every tunable.
            pub const ALL: &'static [Sysctl] = &[$(Sysctl::$variant),*];

            /// Its name in `/proc/sys/vm`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Sysctl::$variant => $name,)*
                }
            }
        }
    };
}

sysctls! {
    /// KiB to keep free; the min watermarks share it.
    MinFreeKbytes = "min_free_kbytes";
    /// The distance between watermarks, in 1/10000 of a zone.
    WatermarkScaleFactor = "watermark_scale_factor";
    /// How far stealing may boost the watermarks, in 1/10000 of the high one.
    WatermarkBoostFactor = "watermark_boost_factor";
    /// The per-CPU lists may hold 1/this of a zone; 0: sized from the low watermark
    /// (since 6.1).
    PercpuPagelistHighFraction = "percpu_pagelist_high_fraction";
    /// The per-CPU lists may hold 1/this of a zone; 0: six batches (up to 5.0).
    PercpuPagelistFraction = "percpu_pagelist_fraction";
    /// 1/this of the memory above ZONE_DMA is withheld from those who could go there; 0: nothing.
    /// The kernel has one file for all zones, `lowmem_reserve_ratio`.
    LowmemReserveRatioDma = "lowmem_reserve_ratio.DMA";
    /// The same for ZONE_DMA32.
    LowmemReserveRatioDma32 = "lowmem_reserve_ratio.DMA32";
    /// The same for ZONE_NORMAL.
    LowmemReserveRatioNormal = "lowmem_reserve_ratio.Normal";
    /// The same for ZONE_HIGHMEM.
    LowmemReserveRatioHighMem = "lowmem_reserve_ratio.HighMem";
    /// The same for ZONE_MOVABLE.
    LowmemReserveRatioMovable = "lowmem_reserve_ratio.Movable";
    /// How eagerly memory is compacted ahead of need, in percent; 0: not at all (since 5.9).
    CompactionProactiveness = "compaction_proactiveness";
}

impl Sysctl {
    /// The zone whose `lowmem_reserve_ratio` this is.
    pub const fn reserve_ratio_of(self) -> Option<ZoneKind> {
        match self {
            Sysctl::LowmemReserveRatioDma => Some(ZoneKind::Dma),
            Sysctl::LowmemReserveRatioDma32 => Some(ZoneKind::Dma32),
            Sysctl::LowmemReserveRatioNormal => Some(ZoneKind::Normal),
            Sysctl::LowmemReserveRatioHighMem => Some(ZoneKind::HighMem),
            Sysctl::LowmemReserveRatioMovable => Some(ZoneKind::Movable),
            _ => None,
        }
    }
}

impl fmt::Display for Sysctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Sysctl {
    type Err = ();
    fn from_str(name: &str) -> Result<Sysctl, ()> {
        Sysctl::ALL
            .iter()
            .copied()
            .find(|sysctl| sysctl.name() == name)
            .ok_or(())
    }
}
