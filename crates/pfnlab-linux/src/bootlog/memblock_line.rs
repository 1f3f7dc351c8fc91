//! The lines of `memblock=debug`.

use pfnlab_model::{ByteRange, MemblockCall, MemblockList, MemblockRequest};

use super::BootLogProblem as Problem;
use super::line::Rest;

/// One such line.
#[derive(Clone, Debug)]
pub(super) enum MemblockLine {
    /// Memory was added, removed, reserved or freed.
    Range(RangeOp, ByteRange),
    /// Something is asked for; whether it was found is said in the next line.
    Request(MemblockRequest),
    /// A list became longer.
    Doubled {
        list: MemblockList,
        entries: u64,
        at: ByteRange,
    },
}

/// What is done to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeOp {
    Add,
    Remove,
    Reserve,
    Free,
    /// Freed when the boot allocator was gone.
    FreeLate,
}

/// What the second number of a range means.
#[derive(Clone, Copy)]
enum Bytes {
    /// The last byte, or, with the digits of 3.8, the one behind it.
    OfItsTime,
    /// The last byte.
    ToTheLast,
}

/// The functions that print a range.
const RANGE_OPS: &[(&str, RangeOp)] = &[
    ("memblock_add:", RangeOp::Add),
    ("memblock_remove:", RangeOp::Remove),
    ("memblock_reserve:", RangeOp::Reserve),
    ("memblock_phys_free:", RangeOp::Free),
    ("memblock_free:", RangeOp::Free),
    ("memblock_free_late:", RangeOp::FreeLate),
    // Up to 4.14, and in 2.6.37.
    ("__memblock_free_early:", RangeOp::Free),
    ("__memblock_free_late:", RangeOp::FreeLate),
    ("memblock_x86_reserve_range:", RangeOp::Reserve),
    ("memblock_x86_free_range:", RangeOp::Free),
];

/// The functions that print a request. The raw ones differ in not clearing what they give.
const CALLS: &[(&str, MemblockCall)] = &[
    ("memblock_phys_alloc_range:", MemblockCall::PhysRange),
    ("memblock_alloc_try_nid:", MemblockCall::TryNid),
    ("memblock_alloc_try_nid_raw:", MemblockCall::TryNid),
    ("memblock_alloc_exact_nid_raw:", MemblockCall::ExactNid),
    // Up to 5.0.
    ("memblock_alloc_try_nid_nopanic:", MemblockCall::TryNid),
    ("memblock_virt_alloc_try_nid:", MemblockCall::TryNid),
    ("memblock_virt_alloc_try_nid_nopanic:", MemblockCall::TryNid),
    ("memblock_virt_alloc_try_nid_raw:", MemblockCall::TryNid),
];

/// Whether a reservation was made by the boot allocator itself, to answer a request.
pub(super) fn is_answer(by: &str) -> bool {
    by == "NODE_DATA" || by.starts_with("memblock_") && !by.starts_with("memblock_double_array")
}

/// Reads a line, and who is behind it; `None`: it is about something else.
pub(super) fn parse(text: &str) -> Option<Result<(MemblockLine, String), Problem>> {
    if let Some(rest) = text.strip_prefix("memblock: ") {
        let grown = [MemblockList::Memory, MemblockList::Reserved]
            .into_iter()
            .find_map(|list| Some((list, rest.strip_prefix(list.name())?)));
        let (list, rest) = grown?;
        let rest = rest.strip_prefix(" is doubled to ")?;
        return Some(doubled(list, Rest(rest)));
    }
    let (function, rest) = text.split_at(text.find(':')? + 1);
    let rest = Rest(rest);
    if let Some(&(name, op)) = RANGE_OPS.iter().find(|(name, _)| *name == function) {
        // Only 4.14 has these, and prints 14 digits like 3.8, but the last byte like its own time.
        let bytes = match name.starts_with("__") {
            true => Bytes::ToTheLast,
            false => Bytes::OfItsTime,
        };
        return Some(range(op, bytes, rest));
    }
    let &(_, call) = CALLS.iter().find(|(name, _)| *name == function)?;
    Some(request(call, rest))
}

/// `[0x…-0x…] [nid=N] [flags …] function+0x…/0x…`
fn range(op: RangeOp, bytes: Bytes, mut rest: Rest<'_>) -> Result<(MemblockLine, String), Problem> {
    rest.take("[")?;
    let range = match bytes {
        Bytes::OfItsTime => rest.range_of_its_time()?,
        Bytes::ToTheLast => rest.range()?,
    };
    rest.take("]")?;
    Ok((MemblockLine::Range(op, range), by(rest)))
}

/// `N bytes align=0x… nid=N from=0x… max_addr=0x… function+0x…/0x…`
fn request(call: MemblockCall, mut rest: Rest<'_>) -> Result<(MemblockLine, String), Problem> {
    let size = rest.number()?;
    rest.take("bytes align=")?;
    let align = rest.number()?;
    let node = if rest.take_if("nid=") {
        if rest.take_if("-1") {
            None
        } else {
            Some(rest.node()?)
        }
    } else {
        None
    };
    rest.take("from=")?;
    let from = rest.number()?;
    rest.take("max_addr=")?;
    let request = MemblockRequest {
        size,
        align,
        from,
        to: rest.number()?,
        node,
        call,
    };
    Ok((MemblockLine::Request(request), by(rest)))
}

/// `N at [0x…-0x…]`
fn doubled(list: MemblockList, mut rest: Rest<'_>) -> Result<(MemblockLine, String), Problem> {
    let entries = rest.number()?;
    rest.take("at [")?;
    let at = rest.range()?;
    rest.take("]")?;
    Ok((MemblockLine::Doubled { list, entries, at }, String::new()))
}

/// Who asked: the last word.
fn by(rest: Rest<'_>) -> String {
    rest.0.split_whitespace().last().unwrap_or("").to_owned()
}
