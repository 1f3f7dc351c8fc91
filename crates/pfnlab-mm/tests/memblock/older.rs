//! What older kernels did otherwise (1.7, 1.11).

use pfnlab_mm::boot::memblock::{Memblock, MemblockPolicy, RegionFlags};
use pfnlab_model::{ByteRange, MemblockCall, MemblockRequest};

const FIRST: u64 = 1 << 20;
const SIZE: u64 = 0x8000;

fn memblock(policy: MemblockPolicy) -> Memblock {
    let mut memblock = Memblock::new(policy);
    memblock.may_grow = true;
    memblock.add(ByteRange::sized(FIRST, SIZE)).unwrap();
    memblock
}

fn request(size: u64, align: u64, from: u64) -> MemblockRequest {
    MemblockRequest {
        size,
        align,
        from,
        to: 0,
        node: None,
        call: MemblockCall::TryNid,
    }
}

#[test]
fn up_to_3_8_a_multiple_of_the_alignment_is_taken() {
    for (policy, taken) in [
        (MemblockPolicy::LINUX_2_6_37, 0x140),
        (MemblockPolicy::LINUX_3_8, 0x140),
        (MemblockPolicy::LINUX_4_14, 0x108),
        (MemblockPolicy::LINUX_6_12, 0x108),
    ] {
        let mut memblock = memblock(policy);
        let start = memblock.allocate(&request(0x108, 0x40, 0)).unwrap();
        assert_eq!(start, FIRST + SIZE - 0x140);
        assert_eq!(memblock.reserved().total_size(), taken);
    }
}

#[test]
fn bottom_up_began_above_the_kernel() {
    let end = FIRST + SIZE;
    for (policy, kernel_end, expected) in [
        // There was no such direction.
        (MemblockPolicy::LINUX_3_8, FIRST + 0x1000, end - 0x100),
        (MemblockPolicy::LINUX_4_14, FIRST + 0x1000, FIRST + 0x1000),
        // No room above: top down.
        (MemblockPolicy::LINUX_4_14, end - 0x80, end - 0x100),
        (MemblockPolicy::LINUX_6_1, FIRST + 0x1000, FIRST),
    ] {
        let mut memblock = memblock(policy);
        memblock.bottom_up = true;
        memblock.kernel_end = kernel_end;
        assert_eq!(memblock.locate(&request(0x100, 0x100, 0)), Ok(expected));
    }
}

/// Mirrored memory below the lowest address asked for: 5.0 gives up the address, 6.1 the mirror.
#[test]
fn the_lowest_address_was_given_up_before_the_mirror() {
    let half = SIZE / 2;
    for (policy, expected) in [
        (MemblockPolicy::LINUX_4_14, FIRST + half - 0x100),
        (MemblockPolicy::LINUX_6_1, FIRST + SIZE - 0x100),
    ] {
        let mut memblock = memblock(policy);
        memblock.mirrored_kernelcore = true;
        let low = ByteRange::sized(FIRST, half);
        memblock.mark(low, RegionFlags::MIRROR).unwrap();
        let found = memblock.locate(&request(0x100, 0x100, FIRST + half));
        assert_eq!(found, Ok(expected));
    }
}

#[test]
fn memory_was_marked_as_mirrored_unasked() {
    for (policy, marked) in [
        (MemblockPolicy::LINUX_4_14, true),
        (MemblockPolicy::LINUX_6_1, false),
    ] {
        let mut memblock = memblock(policy);
        let all = ByteRange::sized(FIRST, SIZE);
        memblock.mark(all, RegionFlags::MIRROR).unwrap();
        let flags = memblock.memory().regions()[0].flags;
        assert_eq!(flags.contains(RegionFlags::MIRROR), marked);
    }
}
