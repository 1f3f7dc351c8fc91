//! What is fed.

use std::path::Path;

use crate::{Reached, targets};

/// Something that is given bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// Inputs to begin with: files of this repository, packed or not.
    pub seeds: &'static [&'static str],
    /// More of them.
    pub made: fn() -> Vec<Vec<u8>>,
    /// The longest input.
    pub most: usize,
    /// Feeds it. It may write to the folder, which is its own.
    pub feed: fn(&[u8], &Path, &mut Reached),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "allocator",
        what: "operations on a machine, every rule asked after each",
        seeds: &[],
        made: targets::allocator::seeds,
        most: 1 << 10,
        feed: targets::allocator::feed,
    },
    Target {
        name: "trace",
        what: "traces as text",
        seeds: &[
            "examples/traces/memory-comes-and-goes.trace",
            "crates/pfnlab-cli/tests/cmd/explain.in/story.trace",
            "crates/pfnlab-cli/tests/cmd/errors.in/inline.trace",
            "crates/pfnlab-cli/tests/cmd/replay.in/hand.trace",
        ],
        made: Vec::new,
        most: 1 << 12,
        feed: targets::written::trace,
    },
    Target {
        name: "machine",
        what: "machines in TOML, and their boot",
        seeds: &[
            "examples/machines/2node.toml",
            "examples/machines/holes.toml",
            "examples/machines/interleaved.toml",
            "examples/machines/kernelcore.toml",
        ],
        made: Vec::new,
        most: 1 << 11,
        feed: targets::written::machine,
    },
    Target {
        name: "scenario",
        what: "scenarios in TOML",
        seeds: &[
            "examples/scenarios/checkerboard.toml",
            "examples/scenarios/reserves.toml",
            "examples/scenarios/memory-leaves.toml",
            "examples/scenarios/slab-fallback.toml",
            "examples/scenarios/stolen-blocks.toml",
        ],
        made: Vec::new,
        most: 1 << 12,
        feed: targets::written::scenario,
    },
    Target {
        name: "snapshot",
        what: "saved states in JSON, and the allocator that goes on from them",
        seeds: &[],
        made: targets::saved::seeds,
        most: 1 << 15,
        feed: targets::saved::snapshot,
    },
    Target {
        name: "recorded-state",
        what: "states recorded on running kernels",
        seeds: &[
            "crates/pfnlab/tests/recordings/2.6.37/m1/w21/before.json.gz",
            "crates/pfnlab/tests/recordings/6.12/m1/w01m/before.json.gz",
        ],
        made: Vec::new,
        most: 1 << 17,
        feed: targets::recorded::state,
    },
    Target {
        name: "recorded-ops",
        what: "operations recorded on running kernels",
        seeds: &["crates/pfnlab/tests/recordings/6.12/m1/w01m/ops.jsonl.gz"],
        made: Vec::new,
        most: 1 << 13,
        feed: targets::recorded::ops,
    },
    Target {
        name: "boot-log",
        what: "boot logs with memblock=debug",
        seeds: &[
            "crates/pfnlab-linux/tests/fixtures/boot/6.1-fake4.log.gz",
            "crates/pfnlab-linux/tests/fixtures/boot/6.12-2node.log.gz",
        ],
        made: Vec::new,
        most: 1 << 17,
        feed: targets::linux::boot_log,
    },
    Target {
        name: "proc",
        what: "/proc/buddyinfo, pagetypeinfo and zoneinfo",
        seeds: &[
            "crates/pfnlab-linux/tests/fixtures/6.12-2node/buddyinfo",
            "crates/pfnlab-linux/tests/fixtures/6.12-2node/pagetypeinfo",
            "crates/pfnlab-linux/tests/fixtures/6.12-2node/zoneinfo",
        ],
        made: Vec::new,
        most: 1 << 14,
        feed: targets::linux::proc,
    },
    Target {
        name: "counts",
        what: "/proc/zoneinfo and pagetypeinfo as a state",
        seeds: &[],
        made: targets::linux::counted,
        most: 1 << 13,
        feed: targets::linux::counts,
    },
    Target {
        name: "kpageflags",
        what: "/proc/kpageflags as a state",
        seeds: &[],
        made: targets::linux::page_flags,
        most: 1 << 15,
        feed: targets::linux::kpageflags,
    },
    Target {
        name: "kmem",
        what: "kmem traces of ftrace, trace-cmd and perf",
        seeds: &[
            "crates/pfnlab-linux/tests/fixtures/kmem/6.1.txt.gz",
            "crates/pfnlab-linux/tests/fixtures/kmem/6.12.txt.gz",
        ],
        made: Vec::new,
        most: 1 << 13,
        feed: targets::linux::kmem,
    },
    Target {
        name: "failure-report",
        what: "failed requests in a kernel's log, and their explanation",
        seeds: &["crates/pfnlab-cli/tests/cmd/explain-failure.in/dmesg.log"],
        made: Vec::new,
        most: 1 << 14,
        feed: targets::linux::failure_report,
    },
];

/// The target with this name.
pub fn by_name(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
