//! Lists and requests as text.

use pfnlab_mm::boot::memblock::{Memblock, MemblockPolicy, Region, RegionFlags, RegionList};
use pfnlab_model::{ByteRange, MemblockCall, MemblockList, MemblockRequest, NodeId};

/// Where the memory of the allocation tests begins; addresses in their texts count from here.
pub(crate) const BASE: u64 = 1 << 20;
/// How much there is.
pub(crate) const SIZE: u64 = 0x8000;

/// The nodes of the NUMA tests, from [`BASE`] on, each with its end.
pub(crate) const NODE_ENDS: [u64; 8] =
    [0x1000, 0x1800, 0x2000, 0x3800, 0x3c00, 0x5c00, 0x7400, SIZE];

pub(crate) fn empty() -> Memblock {
    let mut memblock = Memblock::new(MemblockPolicy::LINUX_6_12);
    memblock.may_grow = true;
    memblock
}

/// 32 KiB on no node.
pub(crate) fn plain() -> Memblock {
    let mut memblock = empty();
    memblock.add(ByteRange::sized(BASE, SIZE)).unwrap();
    memblock
}

/// 32 KiB on eight nodes.
pub(crate) fn numa() -> Memblock {
    let mut memblock = empty();
    let mut start = 0;
    for (node, end) in (0..).zip(NODE_ENDS) {
        let range = ByteRange {
            start: BASE + start,
            end: BASE + end,
        };
        memblock
            .add_node(Region {
                range,
                node: Some(NodeId(node)),
                flags: RegionFlags::NONE,
            })
            .unwrap();
        start = end;
    }
    memblock
}

pub(crate) fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap()
}

/// `START:SIZE`
pub(crate) fn sized(text: &str) -> ByteRange {
    let (start, size) = text.split_once(':').unwrap();
    ByteRange::sized(hex(start), hex(size))
}

/// `START..END … = TOTAL`
pub(crate) fn show(list: &RegionList) -> String {
    let ranges = list.regions().iter().map(|region| region.range);
    let ranges: Vec<_> = ranges
        .map(|r| format!("{:x}..{:x}", r.start, r.end))
        .collect();
    format!("{} = {:x}", ranges.join(" "), list.total_size())
}

/// `size=… [align=…] [from=…] [to=…] [node=…] [exact]`, the addresses counting from [`BASE`]; one
/// with `-` lies below.
fn request(text: &str) -> MemblockRequest {
    let mut request = MemblockRequest {
        size: 0,
        align: 64,
        from: 0,
        to: 0,
        node: None,
        call: MemblockCall::TryNid,
    };
    for word in text.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let address = || match value.strip_prefix('-') {
            Some(below) => BASE - hex(below),
            None => BASE + hex(value),
        };
        match key {
            "size" => request.size = hex(value),
            "align" => request.align = hex(value),
            "from" => request.from = address(),
            "to" => request.to = address(),
            "node" => request.node = Some(NodeId(value.parse().unwrap())),
            "exact" => request.call = MemblockCall::ExactNid,
            _ => panic!("{word}"),
        }
    }
    request
}

/// What is reserved after a request, in both directions: top down, bottom up. `none`: it is not
/// met, and nothing changes.
#[track_caller]
pub(crate) fn check(
    memory: &Memblock,
    reserved: &str,
    asked: &str,
    top_down: &str,
    bottom_up: &str,
) {
    for (up, expected) in [(false, top_down), (true, bottom_up)] {
        let mut memblock = memory.clone();
        memblock.bottom_up = up;
        for range in reserved.split_whitespace() {
            let range = sized(range);
            let range = ByteRange::sized(BASE + range.start, range.size());
            memblock.reserve(range).unwrap();
        }
        let before = memblock.clone();
        let request = request(asked);
        let found = memblock.allocate(&request);
        assert_eq!(found, before.locate(&request), "looking changes nothing");
        let text = match found {
            Err(_) => {
                assert_eq!(
                    memblock, before,
                    "a request that is not met changes nothing"
                );
                "none".to_owned()
            }
            Ok(start) => {
                let got = ByteRange::sized(start, request.size);
                assert!(!before.reserved().overlaps(got), "it was free");
                let regions = memblock.reserved().regions().iter();
                let ranges = regions.map(|r| (r.range.start - BASE, r.range.end - BASE));
                let ranges: Vec<_> = ranges.map(|(s, e)| format!("{s:x}..{e:x}")).collect();
                ranges.join(" ")
            }
        };
        let direction = if up { "bottom up" } else { "top down" };
        assert_eq!(text, expected, "{direction}");
    }
}

/// The same where both directions agree.
#[track_caller]
pub(crate) fn check_generic(memory: &Memblock, reserved: &str, asked: &str, expected: &str) {
    check(memory, reserved, asked, expected, expected);
}

pub(crate) const LISTS: [MemblockList; 2] = [MemblockList::Memory, MemblockList::Reserved];

pub(crate) fn list(memblock: &Memblock, list: MemblockList) -> &RegionList {
    match list {
        MemblockList::Memory => memblock.memory(),
        MemblockList::Reserved => memblock.reserved(),
    }
}
