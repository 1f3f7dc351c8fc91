//! The lines that add memory, take it away, ask for a certain range of it, or make room in it.

use alloc::borrow::ToOwned;
use alloc::format;

use super::{Line, MOST_FRAMES, TraceError, Word};
use crate::{CompactGoal, MemoryOp, OnlineTo, Op, Order, Pfn, PfnRange, Ticket};

/// The verbs, as an error names them.
pub(super) const VERBS: &str = "mem-add, mem-remove, mem-online, mem-offline, contig-alloc, \
                                cma-alloc, cma-release, compact, kswapd, waiting";

impl<'a> Line<'a> {
    /// The operation `verb` begins, if it is about a range of memory.
    pub(super) fn memory(&mut self, verb: Word<'a>) -> Result<Option<Op>, TraceError> {
        let op = match verb.text {
            "mem-add" => {
                let range = self.leading_range()?;
                let fields = self.fields(&["node"])?;
                let node = fields.get("node").map(|word| self.node(word));
                MemoryOp::Add {
                    range,
                    node: node.transpose()?.unwrap_or_default(),
                }
            }
            "mem-remove" => {
                let range = self.leading_range()?;
                self.fields(&[])?;
                MemoryOp::Remove { range }
            }
            "mem-online" => {
                let range = self.leading_range()?;
                let names = OnlineTo::ALL.map(OnlineTo::name);
                let fields = self.fields(&[names[0], names[1], names[2], "cpu"])?;
                let said = OnlineTo::ALL.into_iter().filter_map(|to| {
                    let word = fields.get(to.name())?;
                    Some((to, word))
                });
                let mut to = OnlineTo::Default;
                for (number, (zone, word)) in said.enumerate() {
                    if number > 0 {
                        let message = "one of default, kernel and movable, not two";
                        return Err(self.error(word, message));
                    }
                    to = zone;
                }
                MemoryOp::Online {
                    range,
                    to,
                    cpu: fields.cpu(self)?,
                }
            }
            "mem-offline" => MemoryOp::Offline {
                range: self.leading_range()?,
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "contig-alloc" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["range", "cpu"])?;
                let word = fields.needed(self, verb, "range")?;
                MemoryOp::ContigAlloc {
                    ticket,
                    range: self.range(word, MOST_FRAMES)?,
                    cpu: fields.cpu(self)?,
                }
            }
            "cma-alloc" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["area", "pages", "align", "cpu"])?;
                let area = fields.get("area").map(|word| self.number(word, 0xffff));
                let word = fields.needed(self, verb, "pages")?;
                let frames = self.number(word, MOST_FRAMES)? as u32;
                if frames == 0 {
                    return Err(self.error(word, "cma-alloc asks for at least one page"));
                }
                let most = u64::from(Order::MAX.get());
                let align = fields.get("align").map(|word| self.number(word, most));
                let align = Order::new(align.transpose()?.unwrap_or(0) as u8);
                MemoryOp::CmaAlloc {
                    ticket,
                    area: area.transpose()?.unwrap_or(0) as u16,
                    frames,
                    align: align.map_err(|error| self.error(verb, &format!("{error}")))?,
                    cpu: fields.cpu(self)?,
                }
            }
            "cma-release" => {
                let ticket: Ticket = self.ticket()?;
                MemoryOp::CmaRelease {
                    ticket,
                    cpu: self.fields(&["cpu"])?.cpu(self)?,
                }
            }
            "compact" => self.compact(verb)?,
            "waiting" => {
                let word = self.expect_word("`on` or `off`")?;
                let on = match word.text {
                    "on" => true,
                    "off" => false,
                    _ => return Err(self.error(word, "requests wait: on or off")),
                };
                let swap = self.fields(&["swap"])?.get("swap").is_some();
                MemoryOp::Waiting { on, swap }
            }
            "kswapd" => {
                let fields = self.fields(&["node", "cpu"])?;
                let node = fields.get("node").map(|word| self.node(word));
                MemoryOp::Kswapd {
                    node: node.transpose()?.unwrap_or_default(),
                    cpu: fields.cpu(self)?,
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(Op::Memory(op)))
    }

    fn compact(&mut self, verb: Word<'a>) -> Result<MemoryOp, TraceError> {
        let fields = self.fields(&["node", "order", "all", "proactive", "cpu"])?;
        let node = fields.get("node").map(|word| self.node(word));
        let goals = ["order", "all", "proactive"].map(|name| fields.get(name));
        let mut said = goals.iter().flatten();
        if let (Some(_), Some(second)) = (said.next(), said.next()) {
            return Err(self.error(*second, "one of order=, all and proactive, not two"));
        }
        let goal = match goals {
            [Some(word), _, _] => {
                let order = self.number(word, u64::from(Order::MAX.get()))? as u8;
                let order = Order::new(order);
                CompactGoal::Order(order.map_err(|error| self.error(verb, &format!("{error}")))?)
            }
            [_, _, Some(_)] => CompactGoal::Proactive,
            _ => CompactGoal::All,
        };
        Ok(MemoryOp::Compact {
            node: node.transpose()?.unwrap_or_default(),
            goal,
            cpu: fields.cpu(self)?,
        })
    }

    fn leading_range(&mut self) -> Result<PfnRange, TraceError> {
        let word = self.expect_word("a range of frames, such as 0x38000..0x40000,")?;
        self.range(word, Pfn::LIMIT.get())
    }

    /// A range of at least one frame, and at most so many.
    fn range(&self, word: Word<'a>, most: u64) -> Result<PfnRange, TraceError> {
        let Some((start, end)) = word.text.split_once("..") else {
            let message = format!(
                "`{}` is no range: first frame, two dots, the frame behind the last, such as \
                 0x38000..0x40000",
                word.text
            );
            return Err(self.error(word, &message));
        };
        let behind = word.at + start.len() + 2;
        let start_word = Word {
            text: start,
            at: word.at,
        };
        let end_word = Word {
            text: end,
            at: behind,
        };
        let start = self.number(start_word, Pfn::LIMIT.get())?;
        let end = self.number(end_word, Pfn::LIMIT.get())?;
        let range = PfnRange::new(Pfn::new(start), Pfn::new(end));
        let range = range.filter(|range| !range.is_empty());
        let range = range.ok_or_else(|| {
            let message = "a range ends behind its first frame".to_owned();
            self.error(word, &message)
        })?;
        if range.frames() > most {
            let message = format!("{} frames are more than {most}", range.frames());
            return Err(self.error(word, &message));
        }
        Ok(range)
    }
}
