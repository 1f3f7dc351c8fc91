//! A recorded zone becomes a [`ZoneState`].

use std::collections::VecDeque;

use pfnlab_model::{
    FreeListState, Order, PageblockState, PcpListState, PcpState, Watermarks, ZoneFlags, ZoneStat,
    ZoneState,
};

use super::super::SnapshotProblem;
use super::convert::{Build, Placed, at};
use super::json;
use super::number::{block_starts, cpu_id, equal, once, pfn};

type Result<T, E = SnapshotProblem> = std::result::Result<T, E>;

impl Build {
    pub(super) fn zone(&self, zone: json::Zone, place: &str) -> Result<ZoneState, Placed> {
        let counters = zone.vm_stat.0.iter();
        if !counters
            .map(|(name, _)| name.as_str())
            .eq(self.stats.iter().map(|stat| stat.symbol()))
        {
            return Err((place.to_owned(), SnapshotProblem::ZoneStats));
        }
        let mut pcp = Vec::new();
        for (position, state) in zone.pcp.into_iter().enumerate() {
            let place = format!("{place}.pcp[{position}]");
            pcp.push(self.pcp(state).map_err(at(&place))?);
        }
        pcp.sort_by_key(|pcp| pcp.cpu);
        once(&pcp, "a CPU", |pcp| pcp.cpu).map_err(at(place))?;
        let place = at(place);
        let free_lists = self.free_lists(zone.free_lists, &zone.nr_free);
        let free_lists = free_lists.map_err(&place)?;
        let pageblocks = zone.pageblocks.map(|blocks| self.pageblocks(blocks));
        let pageblocks = pageblocks.transpose().map_err(&place)?;
        let (high_min, high_max) = match zone.pageset_high {
            Some(high) => (Some(high), Some(high)),
            None => (zone.pageset_high_min, zone.pageset_high_max),
        };
        let needed = |high: Option<u32>| {
            high.ok_or(SnapshotProblem::Missing {
                name: "pageset_high",
            })
        };
        Ok(ZoneState {
            id: self.zone_id(zone.nid, zone.zone).map_err(&place)?,
            start: pfn(zone.start_pfn).map_err(&place)?,
            spanned: zone.spanned,
            present: zone.present,
            managed: zone.managed,
            memory: Vec::new(),
            watermarks: Watermarks {
                min: zone.wmark_min,
                low: zone.wmark_low,
                high: zone.wmark_high,
                promo: zone.wmark_promo,
            },
            boost: zone.watermark_boost,
            highatomic_reserved: zone.nr_reserved_highatomic,
            highatomic_free: zone.nr_free_highatomic,
            pageset_high_min: needed(high_min).map_err(&place)?,
            pageset_high_max: needed(high_max).map_err(&place)?,
            pageset_batch: zone.pageset_batch,
            flags: ZoneFlags::from_bits(zone.flags),
            percpu_drift_mark: zone.percpu_drift_mark,
            isolated_pageblocks: zone.nr_isolate_pageblock,
            lowmem_reserve: zone.lowmem_reserve,
            vm_stat: zone.vm_stat.0.into_iter().map(|(_, value)| value).collect(),
            free_lists,
            pcp,
            pageblocks,
            lent: Vec::new(),
        })
    }

    fn free_lists(
        &self,
        lists: Vec<json::FreeList>,
        nr_free: &[u64],
    ) -> Result<Vec<FreeListState>> {
        let mut blocks = vec![0; nr_free.len()];
        let mut states = Vec::new();
        for list in lists {
            let order = Order::new(list.order)?;
            if let Some(blocks) = blocks.get_mut(order.index()) {
                *blocks += list.pfns.len() as u64;
            }
            states.push(FreeListState {
                order,
                mt: self.migratetype(list.mt)?,
                pfns: block_starts(&list.pfns, order)?,
            });
        }
        for (&said, &held) in nr_free.iter().zip(&blocks) {
            equal("nr_free", said, held)?;
        }
        states.sort_by_key(|list| (list.order, list.mt));
        once(&states, "a free list", |list| (list.order, list.mt))?;
        Ok(states)
    }

    fn pcp(&self, pcp: json::Pcp) -> Result<PcpState> {
        let diffs = pcp.vm_stat_diff.len() as u64;
        equal("the number of differences", diffs, self.stats.len() as u64)?;
        let free_pages = self.stats.iter().zip(&pcp.vm_stat_diff);
        for (_, &diff) in free_pages.filter(|(stat, _)| **stat == ZoneStat::FreePages) {
            if pcp.diff_nr_free_pages != i64::from(diff) {
                return Err(SnapshotProblem::Count {
                    name: "diff_nr_free_pages",
                    said: pcp.diff_nr_free_pages,
                    held: i64::from(diff),
                });
            }
        }
        let lists = pcp.lists.into_iter().map(|list| self.pcp_list(list));
        let mut lists = lists.collect::<Result<Vec<_>>>()?;
        lists.sort_by_key(|list| list.index);
        once(&lists, "a per-CPU list", |list| list.index)?;
        let held = lists
            .iter()
            .map(|list| list.pfns.len() as u64 * list.order.frames())
            .sum();
        equal("count", pcp.count.into(), held)?;
        Ok(PcpState {
            cpu: cpu_id(pcp.cpu)?,
            count: pcp.count,
            high: pcp.high,
            batch: pcp.batch,
            high_min: pcp.high_min,
            high_max: pcp.high_max,
            flags: pcp.flags,
            alloc_factor: pcp.alloc_factor,
            free_factor: pcp.free_factor,
            free_count: pcp.free_count,
            expire: pcp.expire,
            stat_threshold: pcp.stat_threshold,
            vm_stat_diff: pcp.vm_stat_diff,
            lists,
        })
    }

    fn pcp_list(&self, list: json::PcpList) -> Result<PcpListState> {
        let order = Order::new(list.order)?;
        let noted = match list.cached_mt {
            None => VecDeque::new(),
            Some(noted) => {
                equal("cached_mt", noted.len() as u64, list.pfns.len() as u64)?;
                let noted = noted.into_iter().map(|number| self.migratetype(number));
                noted.collect::<Result<_>>()?
            }
        };
        Ok(PcpListState {
            index: list.index,
            order,
            pfns: block_starts(&list.pfns, order)?,
            noted,
        })
    }

    fn pageblocks(&self, blocks: json::Pageblocks) -> Result<PageblockState> {
        let types = blocks.mt.chars().map(|letter| match letter {
            'x' => Ok(None),
            _ => letter
                .to_digit(10)
                .and_then(|number| self.kernel.migratetype(number.into()))
                .map(Some)
                .ok_or_else(|| SnapshotProblem::MigrateType(letter.into())),
        });
        let types = types.collect::<Result<Vec<_>>>()?;
        equal("count", blocks.count, types.len() as u64)?;
        for &(block, _) in &blocks.nr_lru_or_movable {
            if u64::from(block) >= blocks.count {
                return Err(SnapshotProblem::Range {
                    name: "pageblock",
                    value: block.into(),
                });
            }
        }
        Ok(PageblockState {
            first: pfn(blocks.first_pfn)?,
            types,
            movable: blocks.nr_lru_or_movable,
        })
    }
}
