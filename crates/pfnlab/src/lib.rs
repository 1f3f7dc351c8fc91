//! A deterministic laboratory for physical memory.
