//! One program of all tests: what takes long is to link it.

mod boot;
mod boot_log;
mod clients_pages;
mod common;
mod comparison;
mod coverage;
mod events;
mod exhaust;
mod failure;
mod failure_reports;
mod hostile;
mod import;
mod lesson_size;
mod memory_hotplug;
mod memory_models;
mod player;
mod proc_text;
mod quiz;
mod replay;
mod sysctl;
mod tour;
mod trace;
mod vm_counters;
mod what_if;
