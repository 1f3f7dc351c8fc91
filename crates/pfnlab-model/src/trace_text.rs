//! The text form of a trace: one operation a line, made to be written by hand.

mod client;
mod hotplug;
mod memory;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::{
    CpuId, Expect, Gfp, NodeId, NodeMask, Op, Order, Pfn, Request, Step, Sysctl, Ticket, Trace,
    TraceStart, ZoneFlags, ZoneId, ZoneKind,
};

const FIRST_LINE: &str = "#pfnlab-trace 1";
/// The most frames one `bulk` or `exact` may ask for.
const MOST_FRAMES: u64 = 1 << 20;

/// A trace, and on which line of the text each step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedTrace {
    /// The trace.
    pub trace: Trace,
    /// The line of each step, from 1.
    pub lines: Vec<u32>,
}

/// Text that is no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The line, from 1.
    pub line: u32,
    /// The first character at fault, from 1, counted in bytes.
    pub column: u32,
    /// How many bytes are at fault; at least 1.
    pub length: u32,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl core::error::Error for TraceError {}

impl Trace {
    /// Reads a trace.
    ///
    /// # Errors
    /// At the first line that is not as it should be.
    pub fn parse(text: &str) -> Result<ParsedTrace, TraceError> {
        let mut lines = (1..).zip(text.lines());
        match lines.next() {
            Some((_, first)) if first.trim_end() == FIRST_LINE => {}
            first => {
                let length = first.map_or(1, |(_, line)| line.len().max(1));
                let message = format!("a trace begins with the line `{FIRST_LINE}`");
                return Err(TraceError {
                    line: 1,
                    column: 1,
                    length: length as u32,
                    message,
                });
            }
        }
        let mut start = None;
        let mut profile = None;
        let mut config = None;
        let mut steps = Vec::new();
        let mut step_lines = Vec::new();
        while let Some((number, text)) = lines.next() {
            let mut line = Line::new(number, text);
            let Some(verb) = line.next_word() else {
                continue;
            };
            let header = matches!(
                verb.text,
                "machine" | "machine-begin" | "start" | "profile" | "config"
            );
            if header && !steps.is_empty() {
                return Err(line.error(verb, "the header comes before the first operation"));
            }
            match verb.text {
                "machine" | "start" | "machine-begin" if start.is_some() => {
                    return Err(line.error(verb, "the machine is already given"));
                }
                "machine" => start = Some(TraceStart::Machine(line.word("a name")?.to_owned())),
                "start" => start = Some(line.snapshot()?),
                "machine-begin" => {
                    let mut inline = String::new();
                    loop {
                        match lines.next() {
                            Some((_, text)) if text.trim() == "machine-end" => break,
                            Some((_, text)) => {
                                // Of several, the end of a line takes one: none comes back.
                                inline.push_str(text.trim_end_matches('\r'));
                                inline.push('\n');
                            }
                            None => return Err(line.error(verb, "no `machine-end` follows")),
                        }
                    }
                    start = Some(TraceStart::Inline(inline));
                }
                "profile" => {
                    profile = Some(line.word("a profile, such as linux-6.12.y")?.to_owned());
                }
                "config" => config = Some(line.word("a config, such as x86_64")?.to_owned()),
                extension if extension.starts_with("x-") => continue,
                _ => {
                    steps.push(line.step(verb)?);
                    step_lines.push(number);
                }
            }
            line.finish()?;
        }
        let start = start.ok_or_else(|| TraceError {
            line: 1,
            column: 1,
            length: FIRST_LINE.len() as u32,
            message: "no line says what it runs on: add `machine NAME`, `start FILE`, or \
                      `machine-begin` … `machine-end`"
                .to_owned(),
        })?;
        let trace = Trace {
            start,
            profile,
            config,
            steps,
        };
        Ok(ParsedTrace {
            trace,
            lines: step_lines,
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        match &self.start {
            TraceStart::Machine(name) => writeln!(f, "machine {name}")?,
            TraceStart::Snapshot(file) => writeln!(f, "start {file}")?,
            TraceStart::Held { file, first } => writeln!(f, "start {file} held={first}")?,
            TraceStart::Inline(toml) => {
                let end = if toml.is_empty() || toml.ends_with('\n') {
                    ""
                } else {
                    "\n"
                };
                writeln!(f, "machine-begin\n{toml}{end}machine-end")?;
            }
        }
        if let Some(profile) = &self.profile {
            writeln!(f, "profile {profile}")?;
        }
        if let Some(config) = &self.config {
            writeln!(f, "config {config}")?;
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expect {
            Some(expect) => write!(f, "{} => {expect}", self.op),
            None => self.op.fmt(f),
        }
    }
}

/// A word of a line and where it starts, in bytes from 0.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    at: usize,
}

/// One line, read word by word.
struct Line<'a> {
    number: u32,
    text: &'a str,
    at: usize,
}

impl<'a> Line<'a> {
    fn new(number: u32, text: &'a str) -> Line<'a> {
        let text = text.split_once(';').map_or(text, |(before, _)| before);
        Line {
            number,
            text,
            at: 0,
        }
    }

    fn next_word(&mut self) -> Option<Word<'a>> {
        let rest = &self.text[self.at..];
        let at = self.at + (rest.len() - rest.trim_start().len());
        let rest = rest.trim_start();
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at = at + length;
        (length > 0).then(|| Word {
            text: &rest[..length],
            at,
        })
    }

    fn word(&mut self, what: &str) -> Result<&'a str, TraceError> {
        Ok(self.expect_word(what)?.text)
    }

    fn expect_word(&mut self, what: &str) -> Result<Word<'a>, TraceError> {
        self.next_word().ok_or_else(|| {
            let end = Word {
                text: " ",
                at: self.text.trim_end().len(),
            };
            self.error(end, &format!("{what} is missing here"))
        })
    }

    /// What follows `start`: a file, and perhaps the tickets of what is handed out in it.
    fn snapshot(&mut self) -> Result<TraceStart, TraceError> {
        let file = self.word("a file")?.to_owned();
        let Some(word) = self.next_word() else {
            return Ok(TraceStart::Snapshot(file));
        };
        let first = word.text.strip_prefix("held=").map(str::parse);
        match first {
            Some(Ok(first)) if first <= u64::from(u32::MAX) => Ok(TraceStart::Held {
                file,
                first: Ticket(first),
            }),
            _ => Err(self.error(word, "the first ticket should be here, as held=1")),
        }
    }

    fn finish(&mut self) -> Result<(), TraceError> {
        match self.next_word() {
            None => Ok(()),
            Some(word) => {
                let message = format!("`{}` is one word too many", word.text);
                Err(self.error(word, &message))
            }
        }
    }

    fn error(&self, word: Word<'_>, message: &str) -> TraceError {
        TraceError {
            line: self.number,
            column: word.at as u32 + 1,
            length: word.text.len().max(1) as u32,
            message: message.to_owned(),
        }
    }

    fn number(&self, word: Word<'_>, most: u64) -> Result<u64, TraceError> {
        let digits = word.text;
        let number = match digits.strip_prefix("0x") {
            Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
            None if !digits.starts_with('+') => digits.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number <= most => Ok(number),
            Some(_) => Err(self.error(word, &format!("{digits} is above the largest, {most}"))),
            None => Err(self.error(word, &format!("`{digits}` is no number: decimal or 0x"))),
        }
    }

    fn ticket(&mut self) -> Result<Ticket, TraceError> {
        let word = self.expect_word("a ticket, such as 1,")?;
        self.number(word, u64::from(u32::MAX)).map(Ticket)
    }

    /// The operation `verb` begins, and its expectation.
    fn step(&mut self, verb: Word<'a>) -> Result<Step, TraceError> {
        let op = match verb.text {
            "a" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["order", "gfp", "cpu", "node", "nodes"])?;
                Op::Alloc {
                    ticket,
                    request: fields.request(self)?,
                }
            }
            "f" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["cpu", "cold"])?;
                Op::Free {
                    ticket,
                    cpu: fields.cpu(self)?,
                    cold: fields.get("cold").is_some(),
                }
            }
            "split" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["base"])?;
                let base = fields.needed(self, verb, "base")?;
                Op::Split {
                    ticket,
                    base: Ticket(self.number(base, u64::from(u32::MAX))?),
                }
            }
            "bulk" => {
                let base = self.ticket()?;
                let fields = self.fields(&["n", "gfp", "cpu", "node", "nodes"])?;
                let count = self.number(fields.needed(self, verb, "n")?, MOST_FRAMES)? as u32;
                Op::Bulk {
                    base,
                    count,
                    request: fields.request(self)?,
                }
            }
            "exact" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["pages", "gfp", "cpu", "node", "nodes"])?;
                let frames = fields.needed(self, verb, "pages")?;
                let count = self.number(frames, Order::MAX.frames())? as u32;
                if count == 0 {
                    return Err(self.error(frames, "exact asks for at least one page"));
                }
                Op::Exact {
                    ticket,
                    frames: count,
                    request: fields.request(self)?,
                }
            }
            "drain" => Op::Drain {
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "vmstat" => Op::Vmstat {
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "sysctl" => {
                let name = self.expect_word("the name of a sysctl")?;
                let Ok(sysctl) = Sysctl::from_str(name.text) else {
                    let known: Vec<_> = Sysctl::ALL.iter().map(|known| known.name()).collect();
                    let message =
                        format!("no sysctl `{}`: there are {}", name.text, known.join(", "));
                    return Err(self.error(name, &message));
                };
                let value = self.expect_word("a value")?;
                Op::Sysctl {
                    sysctl,
                    value: self.number(value, u64::from(u32::MAX))?,
                }
            }
            "zone-flags" => {
                let fields = self.fields(&["node", "zone", "set", "clear", "boost"])?;
                let node = self.node(fields.needed(self, verb, "node")?)?;
                let zone = fields.needed(self, verb, "zone")?;
                let Some(kind) = ZoneKind::from_name(zone.text) else {
                    let message = format!("`{}` is no zone: such as DMA32 or Normal", zone.text);
                    return Err(self.error(zone, &message));
                };
                let flags = |name| match fields.get(name) {
                    Some(word) => self
                        .number(word, 7)
                        .map(|bits| ZoneFlags::from_bits(bits as u32)),
                    None => Ok(ZoneFlags::NONE),
                };
                Op::ZoneFlags {
                    zone: ZoneId { node, kind },
                    set: flags("set")?,
                    clear: flags("clear")?,
                    boost: fields
                        .get("boost")
                        .map(|word| self.number(word, Pfn::LIMIT.get()))
                        .transpose()?,
                }
            }
            unknown => match self.other(verb)? {
                Some(op) => op,
                None => {
                    let message = format!(
                        "`{unknown}` is no operation: a, f, split, bulk, exact, drain, vmstat, \
                         sysctl, zone-flags, {}, {}, or one of your own that begins with x-",
                        [hotplug::VERBS, memory::VERBS].join(", "),
                        client::VERBS
                    );
                    return Err(self.error(verb, &message));
                }
            },
        };
        Ok(Step {
            op,
            expect: self.expectation()?,
        })
    }

    /// The operation `verb` begins, if it is one of the other files'.
    fn other(&mut self, verb: Word<'a>) -> Result<Option<Op>, TraceError> {
        if let Some(op) = self.memory(verb)? {
            return Ok(Some(op));
        }
        match self.hotplug(verb)? {
            Some(op) => Ok(Some(op)),
            None => self.client(verb),
        }
    }

    /// The `name=value` words and bare words up to `=>` or the end.
    fn fields(&mut self, known: &[&str]) -> Result<Fields<'a>, TraceError> {
        let mut fields = Fields(Vec::new());
        loop {
            let before = self.at;
            let Some(word) = self.next_word() else {
                return Ok(fields);
            };
            if word.text == "=>" {
                self.at = before;
                return Ok(fields);
            }
            let (name, value) = match word.text.split_once('=') {
                Some((name, value)) => (
                    name,
                    Word {
                        text: value,
                        at: word.at + name.len() + 1,
                    },
                ),
                None => (
                    word.text,
                    Word {
                        text: "",
                        at: word.at,
                    },
                ),
            };
            if !known.contains(&name) {
                let message = format!("no `{name}` here: there are {}", known.join(", "));
                return Err(self.error(word, &message));
            }
            if fields.get(name).is_some() {
                return Err(self.error(word, &format!("`{name}` is given twice")));
            }
            fields.0.push((name, value));
        }
    }

    fn expectation(&mut self) -> Result<Option<Expect>, TraceError> {
        let before = self.at;
        match self.next_word() {
            Some(arrow) if arrow.text == "=>" => {}
            _ => {
                self.at = before;
                return Ok(None);
            }
        }
        let word = self.expect_word("what should come of it: a PFN, fail, or skip,")?;
        Ok(Some(match word.text {
            "fail" => Expect::Fail,
            "skip" => Expect::Skip,
            _ => Expect::Pfns(self.list(word, |line, item| {
                line.number(item, Pfn::LIMIT.get() - 1).map(Pfn::new)
            })?),
        }))
    }

    fn node(&self, word: Word<'_>) -> Result<NodeId, TraceError> {
        self.number(word, u64::from(NodeId::LIMIT - 1))
            .map(|node| NodeId(node as u16))
    }

    fn list<T>(
        &self,
        word: Word<'a>,
        item: impl Fn(&Line<'a>, Word<'a>) -> Result<T, TraceError>,
    ) -> Result<Vec<T>, TraceError> {
        let mut at = word.at;
        word.text
            .split(',')
            .map(|text| {
                let parsed = item(self, Word { text, at });
                at += text.len() + 1;
                parsed
            })
            .collect()
    }
}

/// The `name=value` words of one line.
struct Fields<'a>(Vec<(&'a str, Word<'a>)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<Word<'a>> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, value)| value)
    }

    fn needed(&self, line: &Line<'a>, verb: Word<'a>, name: &str) -> Result<Word<'a>, TraceError> {
        self.get(name)
            .ok_or_else(|| line.error(verb, &format!("`{}` needs `{name}=`", verb.text)))
    }

    fn cpu(&self, line: &Line<'a>) -> Result<CpuId, TraceError> {
        match self.get("cpu") {
            None => Ok(CpuId(0)),
            Some(word) => line
                .number(word, u64::from(CpuId::LIMIT - 1))
                .map(|cpu| CpuId(cpu as u16)),
        }
    }

    fn request(&self, line: &Line<'a>) -> Result<Request, TraceError> {
        let order = match self.get("order") {
            None => Order::ZERO,
            Some(word) => {
                let number = line.number(word, u64::MAX)?;
                u8::try_from(number)
                    .map_err(|_| crate::OrderError(number))
                    .and_then(Order::new)
                    .map_err(|error| line.error(word, &error.to_string()))?
            }
        };
        let gfp = match self.get("gfp") {
            None => Gfp::GFP_KERNEL,
            Some(word) => word
                .text
                .parse()
                .map_err(|error: crate::GfpError| line.error(word, &error.to_string()))?,
        };
        let node = self.get("node").map(|word| line.node(word)).transpose()?;
        let nodes = match self.get("nodes") {
            None => None,
            Some(word) => {
                let nodes = line.list(word, |line, item| line.node(item))?;
                Some(nodes.into_iter().collect::<NodeMask>())
            }
        };
        Ok(Request {
            order,
            gfp,
            cpu: self.cpu(line)?,
            node,
            nodes,
        })
    }
}
