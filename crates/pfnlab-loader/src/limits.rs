//! What a child may use.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

/// What a child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long one call may take.
    pub call: Duration,
    /// How much memory it may have, in MiB, beyond what the program itself takes.
    pub memory_mib: u64,
}

impl Default for Limits {
    /// Half a second for a call, 256 MiB.
    fn default() -> Limits {
        Limits {
            call: Duration::from_millis(500),
            memory_mib: 256,
        }
    }
}

/// Seconds of processor time after which a child ends whose parent is gone.
const ORPHAN_SECONDS: u64 = 600;

/// Limits this process, the child. Where the system has no such limit it has none.
pub(crate) fn apply(memory_mib: u64) {
    let limit = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        // Not to be had: a limit that is lower already will do.
        let _ = setrlimit(resource, limit);
    };
    limit(Resource::As, (memory_mib << 20).saturating_add(own()));
    limit(Resource::Cpu, ORPHAN_SECONDS);
    // Neither a core file for each crash of a student, nor a disk full of messages.
    limit(Resource::Core, 0);
    limit(Resource::Fsize, 8 << 20);
}

/// Bytes of address space this process takes already.
fn own() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    // Fits: it is a few kilobytes.
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}
