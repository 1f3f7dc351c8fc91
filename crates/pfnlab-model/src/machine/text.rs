//! A machine description as the text of its file.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{MachineSpec, NodeSpec};
use crate::ByteRange;

/// The text of its file, in TOML; what is left out is as in [`MachineSpec::default`].
///
/// ```
/// use pfnlab_model::{MachineSpec, NodeSpec};
/// let node = NodeSpec { cpus: vec![0], ram: vec!["0..64K".parse()?], ..NodeSpec::default() };
/// let spec = MachineSpec { nodes: vec![node], ..MachineSpec::default() };
/// assert_eq!(spec.to_string(), "[[node]]\ncpus = [0]\nram = [\"0x0..0x10000\"]\n");
/// # Ok::<(), pfnlab_model::BytesError>(())
/// ```
impl fmt::Display for MachineSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MachineSpec {
            name,
            section_size,
            reserved,
            kernelcore,
            movablecore,
            movable_node,
            hotplug,
            mirrored,
            dma_bits,
            debug_guardpage_minorder,
            memory_block_size,
            online_policy,
            nodes,
        } = self;
        let named = (!name.is_empty()).then_some(name);
        let texts = [
            ("name", named),
            ("section-size", section_size.as_ref()),
            ("kernelcore", kernelcore.as_ref()),
            ("movablecore", movablecore.as_ref()),
            ("memory-block-size", memory_block_size.as_ref()),
            ("online-policy", online_policy.as_ref()),
        ];
        for (field, value) in texts {
            if let Some(value) = value {
                writeln!(f, "{field} = {value:?}")?;
            }
        }
        if *movable_node {
            writeln!(f, "movable-node = true")?;
        }
        if let Some(bits) = dma_bits {
            writeln!(f, "dma-bits = {bits}")?;
        }
        if let Some(order) = debug_guardpage_minorder {
            writeln!(f, "debug-guardpage-minorder = {order}")?;
        }
        let ranges = [
            ("reserved", reserved),
            ("hotplug", hotplug),
            ("mirrored", mirrored),
        ];
        for (field, ranges) in ranges {
            if !ranges.is_empty() {
                writeln!(f, "{field} = [{}]", quoted(ranges))?;
            }
        }
        nodes.iter().try_for_each(|node| write_node(node, f))
    }
}

fn write_node(node: &NodeSpec, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let NodeSpec {
        cpus,
        ram,
        distance,
    } = node;
    writeln!(f, "[[node]]\ncpus = {cpus:?}\nram = [{}]", quoted(ram))?;
    if distance.is_empty() {
        return Ok(());
    }
    writeln!(f, "distance = {distance:?}")
}

fn quoted(ranges: &[ByteRange]) -> String {
    let quoted: Vec<_> = ranges.iter().map(|range| format!("\"{range}\"")).collect();
    quoted.join(", ")
}
