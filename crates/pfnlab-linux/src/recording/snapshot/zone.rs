//! A recorded zone becomes a [`ZoneState`].

use std::collections::VecDeque;

use pfnlab_model::{
    FreeListState, Order, PageblockState, PcpListState, PcpState, Watermarks, ZoneStat, ZoneState,
};

use super::super::SnapshotProblem;
use super::convert::{Build, Placed, at};
use super::json;
use super::number::{block_starts, cpu_id, equal, once, pfn};

type Result<T, E = SnapshotProblem> = std::result::Result<T, E>;

impl Build {
    pub(super) fn zone(&self, zone: json::Zone, place: &str) -> Result<ZoneState, Placed> {
        self.counters(&zone.vm_stat)
            .map_err(at(&format!("{place}.vm_stat")))?;
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
        let kernel = self.kernel;
        let high = kernel.field("pageset_high", zone.pageset_high);
        let high = high.map_err(&place)?;
        let high_min = kernel.field("pageset_high_min", zone.pageset_high_min);
        let high_max = kernel.field("pageset_high_max", zone.pageset_high_max);
        let own = |name, value: Option<u64>| kernel.field_or_default(name, value).map_err(&place);
        let unreclaimable = own("all_unreclaimable", zone.all_unreclaimable.map(u64::from))?;
        let batch = kernel.field_or_default("pageset_batch", zone.pageset_batch);
        let free_highatomic = kernel.field("nr_free_highatomic", zone.nr_free_highatomic);
        let flags = kernel.zone_flags(zone.flags);
        let flags = flags.ok_or(SnapshotProblem::ZoneFlags(zone.flags));
        Ok(ZoneState {
            id: self.zone_id(zone.nid, zone.zone).map_err(&place)?,
            start: pfn(zone.start_pfn).map_err(&place)?,
            spanned: zone.spanned,
            present: zone.present,
            managed: own("managed", zone.managed)?,
            present_early: 0,
            memory: Vec::new(),
            watermarks: Watermarks {
                min: zone.wmark_min,
                low: zone.wmark_low,
                high: zone.wmark_high,
                promo: own("wmark_promo", zone.wmark_promo)?,
            },
            boost: own("watermark_boost", zone.watermark_boost)?,
            highatomic_reserved: own("nr_reserved_highatomic", zone.nr_reserved_highatomic)?,
            highatomic_free: free_highatomic.map_err(&place)?,
            pageset_high_min: high.or(high_min.map_err(&place)?).unwrap_or_default(),
            pageset_high_max: high.or(high_max.map_err(&place)?).unwrap_or_default(),
            pageset_batch: batch.map_err(&place)?,
            flags: flags.map_err(&place)?,
            pages_scanned: own("pages_scanned", zone.pages_scanned)?,
            all_unreclaimable: unreclaimable != 0,
            dirty_balance_reserve: own("dirty_balance_reserve", zone.dirty_balance_reserve)?,
            percpu_drift_mark: zone.percpu_drift_mark,
            isolated_pageblocks: own("nr_isolate_pageblock", zone.nr_isolate_pageblock)?,
            lowmem_reserve: zone.lowmem_reserve,
            vm_stat: zone.vm_stat.0.into_iter().map(|(_, value)| value).collect(),
            free_lists,
            pcp,
            pageblocks,
            lent: Vec::new(),
            guards: Vec::new(),
        })
    }

    /// A zone has the counters of the kernel, in the order of the kernel.
    fn counters(&self, found: &json::Counters) -> Result<()> {
        let known = self.kernel.counters;
        let name = |position: usize| Some((self.kernel.counter_name)(*known.get(position)?));
        let found = |position: usize| Some(found.0.get(position)?.0.as_str());
        let same = |position: usize| match (found(position), name(position)) {
            (Some(found), Some(known)) => found.eq_ignore_ascii_case(known),
            (found, known) => found == known,
        };
        match (0..=known.len()).find(|&position| !same(position)) {
            None => Ok(()),
            Some(position) => Err(SnapshotProblem::Counter {
                found: found(position).unwrap_or("nothing").to_owned(),
                known: name(position).unwrap_or("nothing").to_ascii_uppercase(),
            }),
        }
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
        equal(
            "the number of differences",
            diffs,
            self.kernel.counters.len() as u64,
        )?;
        let free_pages = self.kernel.counters.iter().zip(&pcp.vm_stat_diff);
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
        let own = |name, value| self.kernel.field_or_default(name, value);
        // How many requests a CPU has counted is not recorded. Where it changed the count of free
        // frames since the last fold, there were some.
        let counted = self.kernel.counts_by_node && pcp.diff_nr_free_pages != 0;
        let numa = if counted { PcpState::NUMA_COUNTED } else { 0 };
        Ok(PcpState {
            cpu: cpu_id(pcp.cpu)?,
            count: pcp.count,
            high: pcp.high,
            batch: pcp.batch,
            high_min: own("high_min", pcp.high_min)?,
            high_max: own("high_max", pcp.high_max)?,
            flags: own("flags", pcp.flags)? | numa,
            alloc_factor: own("alloc_factor", pcp.alloc_factor)?,
            free_factor: own("free_factor", pcp.free_factor)?,
            free_count: own("free_count", pcp.free_count)?,
            expire: pcp.expire,
            stat_threshold: pcp.stat_threshold,
            vm_stat_diff: pcp.vm_stat_diff,
            lists,
        })
    }

    fn pcp_list(&self, list: json::PcpList) -> Result<PcpListState> {
        let order = Order::new(list.order)?;
        let noted = match self.kernel.field("cached_mt", list.cached_mt)? {
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
            listed: Vec::new(),
        })
    }
}
