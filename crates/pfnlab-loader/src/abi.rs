//! What `pfnlab.h` says, in Rust.

use std::ffi::c_void;

/// `PFNLAB_ABI`.
pub(crate) const ABI: u32 = 1;

/// `PFNLAB_OK`.
pub(crate) const OK: i64 = 0;
/// `PFNLAB_EXHAUSTED`.
pub(crate) const EXHAUSTED: i64 = -1;
/// `PFNLAB_TOO_LARGE`.
pub(crate) const TOO_LARGE: i64 = -2;
/// `PFNLAB_REFUSED`.
pub(crate) const REFUSED: i64 = -3;
/// `PFNLAB_NOT_LENT`.
pub(crate) const NOT_LENT: i64 = -4;

/// `struct pfnlab_memory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Memory {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) node: u32,
    pub(crate) zero: u32,
}

/// `struct pfnlab_machine`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Machine {
    pub(crate) memory: *const Memory,
    pub(crate) pieces: u64,
    pub(crate) cpus: u32,
    pub(crate) nodes: u32,
}

/// `struct pfnlab_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Request {
    pub(crate) order: u32,
    pub(crate) flags: u32,
    pub(crate) cpu: u32,
    pub(crate) zero: u32,
}

pub(crate) type Abi = unsafe extern "C" fn() -> u32;
pub(crate) type Create = unsafe extern "C" fn(*const Machine) -> *mut c_void;
pub(crate) type Alloc = unsafe extern "C" fn(*mut c_void, *const Request) -> i64;
pub(crate) type Free = unsafe extern "C" fn(*mut c_void, u64, u32, u32) -> i32;
pub(crate) type Split = unsafe extern "C" fn(*mut c_void, u64, u32) -> i32;
pub(crate) type Bulk = unsafe extern "C" fn(*mut c_void, *const Request, *mut u64, u64) -> i64;
pub(crate) type Exact = unsafe extern "C" fn(*mut c_void, *const Request, u32) -> i64;
pub(crate) type Drain = unsafe extern "C" fn(*mut c_void, u32);

#[cfg(test)]
mod tests {
    use pfnlab_model::{Gfp, Order};

    use super::*;
    use crate::HEADER;

    /// The number a line `#define NAME NUMBER` gives a name.
    fn defined(name: &str) -> i64 {
        let mut lines = HEADER.lines().filter_map(|line| {
            let (found, value) = line.strip_prefix("#define ")?.split_once(' ')?;
            (found == name).then(|| value.split("/*").next().unwrap_or(value).trim())
        });
        let value = lines.next().unwrap_or_else(|| panic!("{name} is missing"));
        let value = value.trim_matches(['(', ')', 'u']);
        match value.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).unwrap(),
            None => value.parse().unwrap(),
        }
    }

    #[test]
    fn the_header_says_the_same() {
        let numbers = [
            ("PFNLAB_ABI", i64::from(ABI)),
            ("PFNLAB_OK", OK),
            ("PFNLAB_EXHAUSTED", EXHAUSTED),
            ("PFNLAB_TOO_LARGE", TOO_LARGE),
            ("PFNLAB_REFUSED", REFUSED),
            ("PFNLAB_NOT_LENT", NOT_LENT),
            ("PFNLAB_MAX_ORDER", i64::from(Order::MAX.get())),
            ("PFNLAB_GFP_DMA", i64::from(Gfp::DMA.bits())),
            ("PFNLAB_GFP_HIGHMEM", i64::from(Gfp::HIGHMEM.bits())),
            ("PFNLAB_GFP_DMA32", i64::from(Gfp::DMA32.bits())),
            ("PFNLAB_GFP_MOVABLE", i64::from(Gfp::MOVABLE.bits())),
            ("PFNLAB_GFP_RECLAIMABLE", i64::from(Gfp::RECLAIMABLE.bits())),
            ("PFNLAB_GFP_HIGH", i64::from(Gfp::HIGH.bits())),
        ];
        for (name, ours) in numbers {
            assert_eq!(defined(name), ours, "{name}");
        }
    }
}
