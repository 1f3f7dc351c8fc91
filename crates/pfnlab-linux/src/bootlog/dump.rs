//! The lists a kernel prints (`memblock_dump_all`).

use pfnlab_model::{ByteRange, DumpRegion, MemblockDump};

use super::BootLogProblem as Problem;
use super::line::Rest;

/// A dump that is being read.
#[derive(Debug)]
pub(super) struct DumpReader {
    /// The line it began in.
    pub(super) line: u32,
    pub(super) dump: MemblockDump,
    /// How many entries each list says it has.
    counts: [u64; 2],
}

impl DumpReader {
    /// The first line of a dump.
    pub(super) fn begins(text: &str, line: u32) -> Option<DumpReader> {
        (text == "MEMBLOCK configuration:").then(|| DumpReader {
            line,
            dump: MemblockDump::default(),
            counts: [0; 2],
        })
    }

    /// Takes one more line; whether it belonged to the dump.
    pub(super) fn take(&mut self, text: &str) -> Result<bool, Problem> {
        let mut rest = Rest(text);
        if rest.take_if("memory size =") {
            self.dump.memory_size = rest.number()?;
            // 2.6.37 does not say.
            if rest.take_if("reserved size =") {
                self.dump.reserved_size = rest.number()?;
            }
        } else if rest.take_if("memory.cnt  =") {
            self.counts[0] = rest.number()?;
        } else if rest.take_if("reserved.cnt  =") {
            self.counts[1] = rest.number()?;
        } else if rest.take_if("memory[") {
            self.dump.memory.push(entry(rest)?);
        } else if rest.take_if("reserved[") {
            self.dump.reserved.push(entry(rest)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The whole dump.
    pub(super) fn finish(self) -> Result<MemblockDump, Problem> {
        let lists = [
            ("memory", self.counts[0], &self.dump.memory),
            ("reserved", self.counts[1], &self.dump.reserved),
        ];
        for (list, said, entries) in lists {
            let shown = entries.len() as u64;
            if said != shown {
                return Err(Problem::Count { list, said, shown });
            }
        }
        Ok(self.dump)
    }
}

/// `0xN]  [0x…-0x…], 0x… bytes [on node N] [flags: 0x…]`; flags since 4.14.
fn entry(mut rest: Rest<'_>) -> Result<DumpRegion, Problem> {
    rest.number()?;
    rest.take("]")?;
    rest.take("[")?;
    let (start, last) = rest.bounds()?;
    rest.take("],")?;
    let bytes = rest.number()?;
    rest.take("bytes")?;
    // The dummy entry of an empty list ends at the last byte there is.
    let end = last.wrapping_add(1);
    if end.wrapping_sub(start) != bytes || end < start {
        return Err(Problem::Size { start, last, bytes });
    }
    let node = if rest.take_if("on node") {
        Some(rest.node()?)
    } else {
        None
    };
    let flags = match rest.take_if("flags:") {
        true => rest.number()?,
        false => 0,
    };
    Ok(DumpRegion {
        range: ByteRange { start, end },
        node,
        flags: u32::try_from(flags).map_err(|_| Problem::Number(format!("{flags:#x}")))?,
    })
}
