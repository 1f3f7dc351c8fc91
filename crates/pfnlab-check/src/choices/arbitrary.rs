//! Bytes become choices: for fuzzers that know which bytes reached something new.

use arbitrary::{Arbitrary, Result, Unstructured};
use pfnlab_model::{CpuId, Gfp, NodeId, NodeMask, Order, Request, Sysctl, ZoneKind};

use super::{BASES, Choice, Choices, EXTRAS, NAMES};

/// Any bytes are choices. Common ones take few bytes, so that a byte changed is an operation
/// changed.
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use pfnlab_check::choices::{Choices, Scene};
/// let bytes: Vec<u8> = (0..=255).collect();
/// let choices = Choices::arbitrary_take_rest(Unstructured::new(&bytes))?;
/// let steps = choices.steps(&Scene::sized(2, 1));
/// assert!(steps.len() > 10, "{} steps", steps.len());
/// # Ok::<(), arbitrary::Error>(())
/// ```
impl<'a> Arbitrary<'a> for Choices {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Choices> {
        let mut choices = Vec::new();
        while !bytes.is_empty() {
            choices.push(Choice::arbitrary(bytes)?);
        }
        Ok(Choices(choices))
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (0, None)
    }
}

impl<'a> Arbitrary<'a> for Choice {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Choice> {
        let kind = bytes.int_in_range(0..=63_u8)?;
        let name = bytes.int_in_range(0..=NAMES - 1)?;
        let cpu = |bytes: &mut Unstructured<'a>| bytes.int_in_range(0..=7_u16);
        Ok(match kind {
            0..=35 => Choice::Block {
                name,
                request: request(bytes)?,
            },
            36..=39 => Choice::Bulk {
                name,
                count: bytes.int_in_range(1..=256)?,
                request: frames(bytes)?,
            },
            40..=42 => Choice::Exact {
                name,
                frames: bytes.int_in_range(1..=1024)?,
                request: frames(bytes)?,
            },
            43..=45 => Choice::Split { name },
            46..=51 => Choice::FreePage {
                name,
                page: bytes.int_in_range(0..=63)?,
                cpu: cpu(bytes)?,
            },
            52 => Choice::Drain { cpu: cpu(bytes)? },
            53 => Choice::Vmstat { cpu: cpu(bytes)? },
            54..=55 => Choice::Cpu {
                cpu: cpu(bytes)?,
                online: bytes.arbitrary()?,
            },
            56..=57 => Choice::Sysctl {
                sysctl: *bytes.choose(&[
                    Sysctl::MinFreeKbytes,
                    Sysctl::WatermarkScaleFactor,
                    Sysctl::WatermarkBoostFactor,
                    Sysctl::PercpuPagelistHighFraction,
                ])?,
                value: bytes.int_in_range(0..=0xffff)?,
            },
            58..=59 => Choice::ZoneFlags {
                node: bytes.int_in_range(0..=7)?,
                kind: *bytes.choose(&[
                    ZoneKind::Dma,
                    ZoneKind::Dma32,
                    ZoneKind::Normal,
                    ZoneKind::Movable,
                ])?,
                set: bytes.int_in_range(0..=7)?,
                clear: bytes.int_in_range(0..=7)?,
                boost: bytes.arbitrary::<Option<u16>>()?.map(u64::from),
            },
            60..=61 => Choice::Edge {
                name,
                edge: bytes.int_in_range(0..=15)?,
                before: bytes.int_in_range(0..=2047)?,
                frames: bytes.int_in_range(1..=2048)?,
                cpu: cpu(bytes)?,
            },
            _ => Choice::Section {
                section: bytes.int_in_range(0..=31)?,
                online: bytes.arbitrary()?,
                cpu: cpu(bytes)?,
            },
        })
    }
}

fn request(bytes: &mut Unstructured<'_>) -> Result<Request> {
    let order = bytes.int_in_range(0..=Order::MAX.get())?;
    Ok(Request {
        order: Order::new(order).unwrap_or(Order::ZERO),
        ..frames(bytes)?
    })
}

/// How, where and by whom: one byte says what kind, and only seldom there is more to it.
fn frames(bytes: &mut Unstructured<'_>) -> Result<Request> {
    let kind = bytes.int_in_range(0..=63_usize)?;
    let mut request = Request::new(BASES[kind % BASES.len()]);
    request.cpu = CpuId(bytes.int_in_range(0..=7)?);
    // The last byte values ask for something special.
    if kind >= 48 {
        let extra: Gfp = *bytes.choose(&EXTRAS)?;
        request.gfp = request.gfp.union(extra);
        let node: Option<u8> = bytes.arbitrary()?;
        request.node = node.map(|node| NodeId(u16::from(node)));
        let mask: Option<u8> = bytes.arbitrary()?;
        request.nodes = mask.map(|mask| NodeMask::from_bits(u64::from(mask)));
    }
    Ok(request)
}
