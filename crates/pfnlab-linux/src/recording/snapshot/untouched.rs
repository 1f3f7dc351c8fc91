//! What no operation changes and no [`Snapshot`](pfnlab_model::Snapshot) holds.

use std::collections::BTreeMap;

use pfnlab_model::NodeId;
use serde_json::Value;

use super::json::{Global, Kept, Node, Pcp, State, Zone};
use crate::Difference;

/// The fields of a recorded state that no operation changes and no snapshot holds: bits of the
/// compaction scanners, memory sections, how the kernel was built. After a run they must be what
/// they were before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untouched(BTreeMap<String, Value>);

impl Untouched {
    /// Every field in which `after` says something else.
    pub fn differences(&self, after: &Untouched) -> Vec<Difference> {
        let mut paths: Vec<&String> = self.0.keys().chain(after.0.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        let said = |side: &Untouched, path: &String| side.0.get(path).map(Value::to_string);
        let differ = |path: &&String| said(self, path) != said(after, path);
        let nothing = || "nothing".to_owned();
        let difference = |path: &String| Difference {
            path: path.clone(),
            expected: said(after, path).unwrap_or_else(nothing),
            got: said(self, path).unwrap_or_else(nothing),
        };
        paths.into_iter().filter(differ).map(difference).collect()
    }

    /// The memory sections, each as the recording writes it; none where it does not say.
    pub fn sections(&self) -> Vec<String> {
        let sections = self.0.get("sections").and_then(Value::as_array);
        sections.map_or_else(Vec::new, |all| all.iter().map(Value::to_string).collect())
    }

    /// The numbers of the memory sections.
    pub(crate) fn section_numbers(&self) -> Vec<u64> {
        let sections = self.0.get("sections").and_then(Value::as_array);
        let number = |section: &Value| section.get("nr")?.as_u64();
        sections.map_or_else(Vec::new, |all| all.iter().filter_map(number).collect())
    }

    /// The states a node is in, by the kernel's names (`node_states`).
    pub fn node_states(&self, node: NodeId) -> Vec<&str> {
        let states = self.0.get(&format!("nodes[{node}].states"));
        let states = states.and_then(Value::as_array).into_iter().flatten();
        states.filter_map(Value::as_str).collect()
    }

    /// Takes them out of a state.
    pub(super) fn of(state: &mut State) -> Untouched {
        let mut kept = Untouched::default();
        kept.take("", [("sections", &mut state.sections)]);
        kept.global(&mut state.global);
        for node in &mut state.nodes {
            kept.node(node);
        }
        for zone in &mut state.zones {
            kept.zone(zone);
        }
        kept
    }

    fn take<const N: usize>(&mut self, at: &str, fields: [(&str, &mut Kept); N]) {
        for (name, value) in fields {
            if !value.is_null() {
                self.0.insert(format!("{at}{name}"), value.take());
            }
        }
    }

    fn global(&mut self, global: &mut Global) {
        let fields = [
            ("version_code", &mut global.version_code),
            ("migrate_pcptypes", &mut global.migrate_pcptypes),
            ("nr_pcp_lists", &mut global.nr_pcp_lists),
            ("nr_pageblock_bits", &mut global.nr_pageblock_bits),
            ("nr_online_nodes", &mut global.nr_online_nodes),
            ("nr_cpu_ids", &mut global.nr_cpu_ids),
            ("node_reclaim_mode", &mut global.node_reclaim_mode),
            ("system_state", &mut global.system_state),
            ("leader_cpu", &mut global.leader_cpu),
            ("gfp_allowed_mask", &mut global.gfp_allowed_mask),
        ];
        self.take("global.", fields);
        if let Some(hz) = global.hz {
            self.0.insert("global.HZ".to_owned(), hz.into());
        }
    }

    fn node(&mut self, node: &mut Node) {
        let fields = [
            ("states", &mut node.states),
            ("nr_zones", &mut node.nr_zones),
        ];
        self.take(&format!("nodes[{}].", node.nid), fields);
    }

    fn zone(&mut self, zone: &mut Zone) {
        let at = format!("zones[{}.{}].", zone.nid, zone.zone);
        let fields = [
            ("name", &mut zone.name),
            ("present_early", &mut zone.present_early),
            ("initialized", &mut zone.initialized),
            ("contiguous", &mut zone.contiguous),
            ("min_unmapped_pages", &mut zone.min_unmapped_pages),
            ("min_slab_pages", &mut zone.min_slab_pages),
            ("compact_cached_free_pfn", &mut zone.compact_cached_free_pfn),
            (
                "compact_cached_migrate_pfn",
                &mut zone.compact_cached_migrate_pfn,
            ),
            (
                "compact_cached_migrate_pfn_async",
                &mut zone.compact_cached_migrate_pfn_async,
            ),
            (
                "compact_cached_migrate_pfn_sync",
                &mut zone.compact_cached_migrate_pfn_sync,
            ),
            (
                "compact_init_migrate_pfn",
                &mut zone.compact_init_migrate_pfn,
            ),
            ("compact_init_free_pfn", &mut zone.compact_init_free_pfn),
            ("compact_considered", &mut zone.compact_considered),
            ("compact_defer_shift", &mut zone.compact_defer_shift),
            ("compact_order_failed", &mut zone.compact_order_failed),
            ("compact_blockskip_flush", &mut zone.compact_blockskip_flush),
        ];
        self.take(&at, fields);
        if let Some(pageblocks) = &mut zone.pageblocks {
            let fields = [("skip", &mut pageblocks.skip)];
            self.take(&format!("{at}pageblocks."), fields);
        }
        for pcp in &mut zone.pcp {
            let Pcp { cpu, online, .. } = pcp;
            self.take(&format!("{at}pcp[{cpu}]."), [("online", online)]);
        }
    }
}
