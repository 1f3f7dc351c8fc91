//! One program of all tests: what takes long is to link it.

mod clients;
mod common;
mod compaction;
mod driver;
mod fingerprint;
mod ledger;
mod log;
mod phases;
mod rules;
mod shrink;
mod workload;
