//! One program of all tests: what takes long is to link it.

mod compaction;
mod cpus;
mod generations;
mod kinds;
mod memory;
mod peers;
mod relations;
mod state_machine;
mod suites;
