//! The table of switches, made from the profiles themselves.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::Profile;
use super::switch::{Policy, Switch};

impl Profile {
    /// Every switch, in the order of the profile's fields, those of the boot allocator last. All
    /// generations have the same ones.
    ///
    /// ```
    /// use pfnlab_mm::Profile;
    /// let switches = Profile::NEWEST.switches();
    /// let fallback = switches.iter().find(|switch| switch.name == "fallback").unwrap();
    /// assert!(fallback.origin.contains("__rmqueue_claim"));
    /// ```
    pub fn switches(&self) -> Vec<Switch> {
        // No `..`: a field that is not told here does not compile.
        let Profile {
            name: _,
            about: _,
            news: _,
            numbering,
            zone_stats,
            size_base,
            isolated,
            fallback,
            kept,
            cma,
            isolation,
            contig,
            compaction,
            hotplug,
            fragment,
            moved_to,
            merge,
            grouping,
            pcp,
            numa,
            cpu_hotplug,
            decay,
            drain_type,
            guard_mark,
            walk,
            zonelist_order,
            zonelist_cache,
            reserve_index,
            slowpath,
            retry,
            kswapd,
            reserve_walk,
            flag_bits,
            reserves,
            highatomic,
            highatomic_share,
            exact_count,
            large_block,
            short_cut,
            boost,
            boost_exemption,
            boost_flag,
            bulk,
            surplus,
            min_free_cap,
            mark_distance,
            huge_zones,
            boosted_marks,
            promo,
            total_reserve,
            scale_limit,
            fraction_zero,
            ratio_zero,
            movable_min,
            empty_zones,
            local,
            load,
            memblock,
            estimate,
            late_unit,
            sections,
            descriptor,
            zone_ends,
            movable_zone_pick,
            movable_end,
            core_bound,
            first_types,
            chunks,
            release_end,
            managed,
            at_once,
            arm64_zones,
            wait_tables,
            node_reclaim,
        } = self;
        let counters: Vec<_> = zone_stats.iter().map(|stat| stat.name()).collect();
        let told = vec![
            numbering.switch("numbering"),
            Switch {
                name: "zone_stats",
                decides: "the counters of a zone, in the kernel's order",
                does: format!("{}: {}", counters.len(), counters.join(" ")).into(),
                origin: "~enum zone_stat_item",
            },
            size_base.switch("size_base"),
            isolated.switch("isolated"),
            fallback.switch("fallback"),
            kept.switch("kept"),
            cma.switch("cma"),
            isolation.switch("isolation"),
            contig.switch("contig"),
            compaction.switch("compaction"),
            hotplug.switch("hotplug"),
            fragment.switch("fragment"),
            moved_to.switch("moved_to"),
            merge.switch("merge"),
            grouping.switch("grouping"),
            pcp.switch("pcp"),
            numa.switch("numa"),
            cpu_hotplug.switch("cpu_hotplug"),
            decay.switch("decay"),
            drain_type.switch("drain_type"),
            guard_mark.switch("guard_mark"),
            walk.switch("walk"),
            zonelist_order.switch("zonelist_order"),
            zonelist_cache.switch("zonelist_cache"),
            reserve_index.switch("reserve_index"),
            slowpath.switch("slowpath"),
            retry.switch("retry"),
            kswapd.switch("kswapd"),
            reserve_walk.switch("reserve_walk"),
            flag_bits.switch("flag_bits"),
            reserves.switch("reserves"),
            highatomic.switch("highatomic"),
            highatomic_share.switch("highatomic_share"),
            exact_count.switch("exact_count"),
            large_block.switch("large_block"),
            short_cut.switch("short_cut"),
            boost.switch("boost"),
            boost_exemption.switch("boost_exemption"),
            boost_flag.switch("boost_flag"),
            bulk.switch("bulk"),
            surplus.switch("surplus"),
            min_free_cap.switch("min_free_cap"),
            mark_distance.switch("mark_distance"),
            huge_zones.switch("huge_zones"),
            boosted_marks.switch("boosted_marks"),
            promo.switch("promo"),
            total_reserve.switch("total_reserve"),
            scale_limit.switch("scale_limit"),
            fraction_zero.switch("fraction_zero"),
            ratio_zero.switch("ratio_zero"),
            movable_min.switch("movable_min"),
            empty_zones.switch("empty_zones"),
            local.switch("local"),
            load.switch("load"),
            estimate.switch("estimate"),
            late_unit.switch("late_unit"),
            sections.switch("sections"),
            descriptor.switch("descriptor"),
            zone_ends.switch("zone_ends"),
            movable_zone_pick.switch("movable_zone_pick"),
            movable_end.switch("movable_end"),
            core_bound.switch("core_bound"),
            first_types.switch("first_types"),
            chunks.switch("chunks"),
            release_end.switch("release_end"),
            managed.switch("managed"),
            at_once.switch("at_once"),
            arm64_zones.switch("arm64_zones"),
            wait_tables.switch("wait_tables"),
            node_reclaim.switch("node_reclaim"),
        ];
        told.into_iter().chain(memblock.switches()).collect()
    }

    /// The switches that are set otherwise in `other`, each as it is here and there.
    pub fn differences(&self, other: &Profile) -> Vec<[Switch; 2]> {
        let pairs = self.switches().into_iter().zip(other.switches());
        pairs
            .filter(|(here, there)| here != there)
            .map(|(here, there)| [here, there])
            .collect()
    }
}
