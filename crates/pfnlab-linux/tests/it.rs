//! One program of all tests: what takes long is to link it.

mod bootlog;
mod bootlog_read;
mod common;
mod compare;
mod kmem;
mod older;
mod proc;
mod proc_read;
mod recording;
