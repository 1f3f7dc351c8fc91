//! One program of all tests: what takes long is to link it.

mod common;
mod pictures;
mod reasons;
mod recordings;
mod story;
