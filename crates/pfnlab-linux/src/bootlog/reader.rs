//! A boot log becomes a script.

use std::fs::File;
use std::path::Path;

use pfnlab_model::{BootOp, BootScript, BootStep, ByteRange, LateFree, NodeId};

use super::cpus::CpuReader;
use super::dump::DumpReader;
use super::line::{Message, Rest};
use super::memblock_line::{self, MemblockLine, RangeOp, is_answer};
use super::{BootLogError, BootLogProblem as Problem, facts};
use crate::read_unpacked;

/// Reads the log of one boot: a console's, `dmesg`'s or `journalctl`'s.
///
/// Lines it does not know say nothing. A log without `memblock=debug` gives a script without
/// steps; a log that lost its beginning gives what is left.
///
/// ```
/// let script = pfnlab_linux::bootlog::read("\
/// [    0.000000] Linux version 6.12.0 (gcc) #1 SMP
/// [    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007ffdffff] usable
/// ").unwrap();
/// assert_eq!(script.release(), "6.12.0");
/// assert_eq!(script.firmware[0].range.size(), 0x7fee0000);
/// ```
///
/// # Errors
/// When a line is not what its beginning promises, or a second boot begins.
pub fn read(log: &str) -> Result<BootScript, BootLogError> {
    let mut reader = Reader::default();
    let mut number = 0;
    for line in log.lines() {
        number += 1;
        reader
            .line(number, Message::of(line))
            .map_err(|problem| BootLogError::Line {
                line: number,
                problem,
            })?;
    }
    let problem = |problem| BootLogError::Line {
        line: number,
        problem,
    };
    reader.end_dump().map_err(problem)?;
    reader.script.cpus = reader.cpus.finish();
    Ok(reader.script)
}

/// The same from a file, packed with gzip or not. What is no UTF-8 is in lines that do not matter.
///
/// # Errors
/// When the file cannot be read or unpacked, or [`read`] fails.
pub fn read_file(path: impl AsRef<Path>) -> Result<BootScript, BootLogError> {
    let path = path.as_ref();
    let unreadable = |error| BootLogError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let bytes = File::open(path)
        .and_then(read_unpacked)
        .map_err(unreadable)?;
    read(&String::from_utf8_lossy(&bytes))
}

/// What a kernel said, by line from 1, without what a console, `dmesg` or `journalctl` puts in
/// front.
///
/// ```
/// let mut messages = pfnlab_linux::bootlog::messages("[    0.115690]   Normal   empty\n");
/// assert_eq!(messages.next(), Some((1, "  Normal   empty")));
/// ```
pub fn messages(log: &str) -> impl Iterator<Item = (u32, &str)> {
    let texts = log.lines().map(|line| Message::of(line).text);
    (1..).zip(texts)
}

#[derive(Default)]
struct Reader {
    script: BootScript,
    /// The kernel stamps its lines, so those without a stamp are somebody else's.
    stamped: bool,
    cpus: CpuReader,
    dump: Option<DumpReader>,
    /// The last step is a request, and its answer may come.
    asked: bool,
    /// The last step is an answer nobody asked for: it may be the descriptor of a node.
    unasked: bool,
    /// The node being set up, up to 3.8.
    set_up: Option<NodeId>,
}

impl Reader {
    fn line(&mut self, line: u32, message: Message<'_>) -> Result<(), Problem> {
        if let Some(banner) = message.text.strip_prefix("Linux version ") {
            return self.banner(banner, message.stamped);
        }
        if self.stamped && !message.stamped {
            return Ok(());
        }
        let text = message.text;
        if let Some(dump) = &mut self.dump {
            if dump.take(text)? {
                return Ok(());
            }
            self.end_dump()?;
        }
        if let Some(dump) = DumpReader::begins(text, line) {
            self.dump = Some(dump);
        } else if let Some(parsed) = memblock_line::parse(text.trim_start()) {
            let (what, by) = parsed?;
            self.memblock(line, &what, by);
        } else if let Some(rest) = text.strip_prefix("NODE_DATA(") {
            self.node_data(Rest(rest))?;
        } else if let Some(rest) = text.strip_prefix("  NODE_DATA [") {
            self.old_node_data(Rest(rest))?;
        } else {
            if let Some(rest) = text.strip_prefix("Initmem setup node ") {
                self.set_up = Rest(rest).node().ok();
            }
            facts::take(&mut self.script, text, line)?;
            self.cpus.take(text)?;
        }
        Ok(())
    }

    fn banner(&mut self, banner: &str, stamped: bool) -> Result<(), Problem> {
        if self.script.banner.is_empty() {
            self.script.banner = banner.to_owned();
            self.stamped = stamped;
            Ok(())
        } else if self.stamped && !stamped {
            Ok(())
        } else {
            Err(Problem::SecondBoot)
        }
    }

    fn memblock(&mut self, line: u32, what: &MemblockLine, by: String) {
        let asked = std::mem::take(&mut self.asked);
        self.unasked = false;
        let op = match *what {
            MemblockLine::Range(RangeOp::Reserve, range) if is_answer(&by) => {
                if asked && self.answer(range) {
                    return;
                }
                self.unasked = true;
                BootOp::Reserve(range)
            }
            MemblockLine::Range(RangeOp::Reserve, range) => BootOp::Reserve(range),
            MemblockLine::Range(RangeOp::Add, range) => BootOp::Add(range),
            MemblockLine::Range(RangeOp::Remove, range) => BootOp::Remove(range),
            MemblockLine::Range(RangeOp::Free, range) => BootOp::Free(range),
            MemblockLine::Range(RangeOp::FreeLate, range) => {
                self.script.freed_late.push(LateFree {
                    line,
                    what: by,
                    bytes: range.size(),
                });
                return;
            }
            MemblockLine::Request(request) => {
                self.asked = true;
                BootOp::Allocate {
                    request,
                    granted: None,
                }
            }
            MemblockLine::Doubled { list, entries, at } => BootOp::Doubled { list, entries, at },
        };
        self.script.steps.push(BootStep { line, by, op });
    }

    /// Whether the last step is a request, which now has its answer.
    fn answer(&mut self, range: ByteRange) -> bool {
        match self.script.steps.last_mut().map(|step| &mut step.op) {
            Some(BootOp::Allocate { granted, .. }) => {
                *granted = Some(range);
                true
            }
            _ => false,
        }
    }

    /// `0) allocated [mem 0x…-0x…]`: says what the reservation before it was for.
    fn node_data(&mut self, mut rest: Rest<'_>) -> Result<(), Problem> {
        let node = rest.node()?;
        rest.take(")")?;
        if !rest.take_if("allocated") {
            return Ok(());
        }
        let said = rest.mem()?;
        self.place_node_data(node, said);
        Ok(())
    }

    /// `mem 0x…-0x…]` (3.8) or `… - …]` (2.6.37): of the node that is being set up.
    fn old_node_data(&mut self, mut rest: Rest<'_>) -> Result<(), Problem> {
        let said = if rest.take_if("mem") {
            rest.range()?
        } else {
            let last = rest.bare_range()?;
            ByteRange {
                end: last.end.saturating_add(1),
                ..last
            }
        };
        if let Some(node) = self.set_up {
            self.place_node_data(node, said);
        }
        Ok(())
    }

    fn place_node_data(&mut self, node: NodeId, said: ByteRange) {
        if !std::mem::take(&mut self.unasked) {
            return;
        }
        match self.script.steps.last_mut().map(|step| &mut step.op) {
            Some(op @ BootOp::Reserve(_)) if *op == BootOp::Reserve(said) => {
                *op = BootOp::NodeData {
                    node,
                    granted: said,
                };
            }
            _ => {}
        }
    }

    fn end_dump(&mut self) -> Result<(), Problem> {
        let Some(reader) = self.dump.take() else {
            return Ok(());
        };
        let line = reader.line;
        let op = BootOp::Dump(reader.finish()?);
        let by = "memblock_dump_all".to_owned();
        self.asked = false;
        self.unasked = false;
        self.script.steps.push(BootStep { line, by, op });
        Ok(())
    }
}
