//! One program of all tests: what takes long is to link it.

mod boot;
mod boot_facts;
mod checked;
mod cma;
mod compaction;
mod contig;
mod cpus;
mod descriptor;
mod early_nid;
mod early_node_map;
mod guards;
mod listed;
mod memblock;
mod memmap;
mod memory_model;
mod notices;
mod online_zone;
mod pageblock_bits;
mod pressure;
mod reclaim_hopes;
mod recorded_limits;
mod replay_script;
mod worked_limits;
mod worked_nodes;
mod zones;
