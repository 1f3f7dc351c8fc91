//! Events as ftrace prints them.

use std::fmt;

use super::{KmemEvent, KmemKernel, KmemPage, KmemRecord};

/// Shows a record as ftrace's line on a kernel, without the newline.
#[derive(Clone, Copy, Debug)]
pub struct FtraceLine<'a> {
    record: &'a KmemRecord<'a>,
    kernel: KmemKernel,
}

impl KmemRecord<'_> {
    /// The line that ftrace of `kernel` prints for it.
    pub fn ftrace(&self, kernel: KmemKernel) -> FtraceLine<'_> {
        FtraceLine {
            record: self,
            kernel,
        }
    }
}

impl fmt::Display for FtraceLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KmemRecord {
            comm,
            pid,
            tgid,
            cpu,
            context,
            time,
            ..
        } = self.record;
        let width = self.kernel.pid_width();
        write!(f, "{comm:>16}-{pid:<width$} ")?;
        match tgid {
            None => {}
            Some(None) => write!(f, "({}) ", "-".repeat(width))?,
            Some(Some(tgid)) => write!(f, "({tgid:>width$}) ")?,
        }
        write!(f, "[{:03}] ", cpu.unwrap_or(0))?;
        if let Some(context) = context {
            write!(f, "{context} ")?;
        }
        let (seconds, part) = (
            time.nanoseconds / 1_000_000_000,
            time.nanoseconds % 1_000_000_000,
        );
        match time.digits {
            0 => write!(f, "{:>12}: ", time.nanoseconds)?,
            9 => write!(f, "{seconds:>5}.{part:09}: ")?,
            _ => write!(f, "{seconds:>5}.{:06}: ", part / 1000)?,
        }
        self.payload(f)
    }
}

impl FtraceLine<'_> {
    fn payload(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = self.kernel.old_names();
        match self.record.event {
            KmemEvent::Alloc {
                page,
                order,
                migratetype,
                gfp,
            } => {
                let (page, gfp) = (self.page(page), self.kernel.gfp_text(gfp));
                write!(
                    f,
                    "mm_page_alloc: {page} order={order} migratetype={migratetype} gfp_flags={gfp}"
                )
            }
            KmemEvent::Free { page, order } => {
                let direct = if old { "_direct" } else { "" };
                write!(f, "mm_page_free{direct}: {} order={order}", self.page(page))
            }
            KmemEvent::FreeBatched { page, cold } => {
                let name = if old {
                    "mm_pagevec_free"
                } else {
                    "mm_page_free_batched"
                };
                write!(f, "{name}: {} order=0", self.page(page))?;
                match cold.filter(|_| self.kernel.says_cold()) {
                    Some(cold) => write!(f, " cold={}", u8::from(cold)),
                    None => Ok(()),
                }
            }
            KmemEvent::ZoneLocked {
                page,
                order,
                migratetype,
                percpu_refill,
            } => {
                let (page, refill) = (self.page(page), u8::from(percpu_refill));
                write!(
                    f,
                    "mm_page_alloc_zone_locked: {page} order={order} migratetype={migratetype} percpu_refill={refill}"
                )
            }
            KmemEvent::PcpuDrain {
                page,
                order,
                migratetype,
            } => {
                let page = self.page(page);
                write!(
                    f,
                    "mm_page_pcpu_drain: {page} order={order} migratetype={migratetype}"
                )
            }
            KmemEvent::Extfrag {
                page,
                alloc_order,
                fallback_order,
                pageblock_order,
                alloc_migratetype,
                fallback_migratetype,
                fragmenting,
                change_ownership,
            } => {
                write!(
                    f,
                    "mm_page_alloc_extfrag: {} alloc_order={alloc_order} ",
                    self.page(page)
                )?;
                write!(
                    f,
                    "fallback_order={fallback_order} pageblock_order={pageblock_order} "
                )?;
                write!(
                    f,
                    "alloc_migratetype={alloc_migratetype} fallback_migratetype={fallback_migratetype} "
                )?;
                let (fragmenting, change) = (u8::from(fragmenting), u8::from(change_ownership));
                write!(f, "fragmenting={fragmenting} change_ownership={change}")
            }
            KmemEvent::ContigRange {
                start,
                end,
                migratetype,
                nr_migrated,
                nr_reclaimed,
                nr_mapped,
            } => {
                write!(
                    f,
                    "mm_alloc_contig_migrate_range_info: start={start:#x} end={end:#x} "
                )?;
                write!(
                    f,
                    "migratetype={migratetype} nr_migrated={nr_migrated} nr_reclaimed={nr_reclaimed} nr_mapped={nr_mapped}"
                )
            }
        }
    }

    fn page(&self, page: KmemPage<'_>) -> String {
        let KmemPage { page, number } = page;
        if self.kernel.hex_frames() {
            format!("page={page} pfn={number:#x}")
        } else {
            format!("page={page} pfn={number}")
        }
    }
}
