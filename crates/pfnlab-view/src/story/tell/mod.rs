//! Beats become text.
//!
//! - [`Teller`]: one sentence for every beat.
//! - [`asking`]: requests, walks, watermarks. [`taking`]: blocks that leave the free lists.
//!   [`giving`]: blocks that come back; [`returning`]: a great many of them. [`changes`]: what many
//!   blocks did to the lists.
//! - [`clients`]: what the allocator's clients do. [`memory`]: how memory comes and goes.
//!   [`compaction`]: how it is moved together.
//! - [`counters`]: numbers that only a full story tells. [`outcome`]: how it ended.

mod asking;
mod changes;
mod clients;
mod compaction;
mod counters;
mod giving;
mod memory;
mod outcome;
mod returning;
mod taking;

use pfnlab_model::{Block, CpuId, End, MigrateType, Op, ZoneId};

use super::Detail;
use super::beat::Beat;
use super::look::PcpLook;
use crate::names::{self, counted};
use crate::style::Tone;
use crate::text::{Line, Page};

use returning::many_returned;

/// Runs of frames that are named before the rest is only counted.
const SHOWN: usize = 4;

/// How much further in the parts of something are told.
const STEP: usize = 2;
/// Where requests, walks and the outcome stand.
const OUTER: usize = STEP;
/// Where the zones of a walk stand.
const ZONES: usize = 2 * STEP;
/// Where what happens in a zone stands.
const IN_ZONE: usize = 3 * STEP;

/// Tells the beats of an operation.
pub(super) fn tell(beats: &[Beat], op: &Op, detail: Detail, page: &mut Page) {
    let mut teller = Teller {
        op,
        detail,
        indent: OUTER,
        page,
    };
    if beats.is_empty() {
        return teller.say(nothing(op));
    }
    if memory::in_steps(op) && !teller.full() {
        teller.memory_steps(beats);
        return teller.outcome(beats);
    }
    let mut rest = beats;
    while let Some(beat) = rest.first() {
        let many = many_returned(rest).filter(|_| !teller.full());
        let (told, further) = rest.split_at(many.unwrap_or(1));
        match many {
            Some(_) => teller.many_back(told),
            None => teller.beat(beat),
        }
        rest = further;
    }
    teller.outcome(beats);
}

fn nothing(op: &Op) -> String {
    match op {
        Op::Free { ticket, .. } | Op::Split { ticket, .. } => {
            format!("Nothing happens: ticket {ticket} names nothing this could be done to.")
        }
        _ => "Nothing happens.".to_owned(),
    }
}

struct Teller<'a> {
    op: &'a Op,
    detail: Detail,
    indent: usize,
    page: &'a mut Page,
}

impl Teller<'_> {
    fn say(&mut self, text: impl Into<Line>) {
        self.page.paragraph(self.indent, text);
    }

    fn say_at(&mut self, indent: usize, text: impl Into<Line>) {
        self.indent = indent;
        self.say(text);
    }

    fn full(&self) -> bool {
        self.detail == Detail::Full
    }

    /// How many runs of frames are named.
    fn shown(&self) -> usize {
        if self.full() { usize::MAX } else { SHOWN }
    }

    /// Tells one step further in.
    fn inside(&mut self, tell: impl FnOnce(&mut Self)) {
        self.indent += STEP;
        tell(self);
        self.indent -= STEP;
    }

    fn all(&mut self, beats: &[Beat]) {
        beats.iter().for_each(|beat| self.beat(beat));
    }

    fn beat(&mut self, beat: &Beat) {
        match beat {
            Beat::Asked {
                request,
                mt,
                highest,
            } => self.asked(request, *mt, *highest),
            Beat::Walk {
                preferred,
                flags,
                generation,
            } => {
                self.walk(*preferred, *flags, generation);
            }
            Beat::LetIn { zone, level } => self.let_in(*zone, level.as_ref()),
            Beat::Low {
                zone,
                free,
                mark,
                level,
            } => self.low(*zone, *free, *mark, level.as_ref()),
            Beat::NoBlock {
                zone,
                order,
                counts,
            } => self.no_block(*zone, *order, counts.as_ref()),
            Beat::Nothing {
                zone,
                unmixed,
                counts,
            } => self.nothing_found(*zone, *unmixed, counts.as_ref()),
            Beat::FewLarge {
                zone,
                from,
                free,
                mark,
            } => self.few_large(*zone, *from, *free, *mark),
            Beat::KnownFull { zone } => self.known_full(*zone),
            Beat::FullToo => self.say_at(
                ZONES,
                "No zone served. Now all are asked, those found full lately too.",
            ),
            Beat::NotedFull { node, zone } => self.noted_full(*node, *zone),
            Beat::Forgotten { node } => self.say_at(
                IN_ZONE,
                format!("What node {node} has noted of full zones is too old. It is forgotten."),
            ),
            Beat::Kswapd {
                node,
                order,
                highest,
            } => {
                let zones =
                    highest.map_or(String::new(), |kind| format!(", in zones up to {kind}"));
                let words = format!("kswapd of node {node} is asked for order {order}{zones}.");
                self.say_at(OUTER, words);
            }
            Beat::Woken { node } => self.say_at(OUTER, format!("kswapd of node {node} is woken.")),
            Beat::Flags { zone, from, to } => self.flags(*zone, *from, *to),
            Beat::Boost { zone, to, .. } => self.boost(*zone, *to),

            Beat::Take(take) => self.take(take),
            Beat::Fallback(fallback) => self.fallback(fallback),
            Beat::Moved {
                from,
                to,
                end,
                blocks,
                ..
            } => self.moved(*from, *to, *end, blocks),
            Beat::NotClaimed {
                block,
                from,
                pageblock,
            } => self.not_claimed(*block, *from, pageblock.as_ref()),
            Beat::NofailWarned { order } => self.say(format!(
                "A kernel warns: order {order} is above 1, and __GFP_NOFAIL forbids to refuse it."
            )),
            Beat::Retyped { block, from, to } => self.retyped(*block, *from, *to),
            Beat::HighAtomic { zone, frames } => self.say(format!(
                "{} keeps {} for high-order atomic requests now.",
                names::zone(*zone),
                counted(*frames, "frame")
            )),
            Beat::PcpTake {
                cpu,
                list,
                blocks,
                left,
                ..
            } => {
                self.pcp_take(*cpu, list, blocks, *left);
            }
            Beat::Refill {
                cpu,
                list,
                blocks,
                parts,
                ..
            } => {
                self.refill(*cpu, list, *blocks, parts);
            }

            Beat::Returned { zone, block } => self.returned(*zone, *block),
            Beat::PcpPut {
                cpu,
                list,
                end,
                after,
                ..
            } => {
                self.pcp_put(*cpu, list, *end, after.as_ref());
            }
            Beat::PcpOff { list, block } => {
                let mut line =
                    Line::from(format!("{} leaves the tail of the ", names::block(*block)));
                line.append(list.clone());
                self.say(line.plain(" list."));
            }
            Beat::Put(put) => self.put(put),
            Beat::Drain {
                cpu,
                frames,
                before,
                flags,
                parts,
                ..
            } => {
                self.drain(*cpu, *frames, before.as_ref(), *flags, parts);
            }
            Beat::LentSplit { block } => self.say(format!(
                "{block} is {} now, each handed out on its own.",
                counted(block.frames(), "single frame")
            )),

            Beat::Sysctl { sysctl, value } => self.say(format!("{sysctl} is {value} now.")),
            Beat::Watermarks { zone, marks } => self.say(format!(
                "{}: the marks are min {}, low {}, high {} now.",
                names::zone(*zone),
                marks.min,
                marks.low,
                marks.high
            )),
            Beat::Tuned { .. } | Beat::Stat { .. } | Beat::Diff { .. } | Beat::Other(_) => {
                self.counter(beat);
            }
            Beat::Client(event) => self.client(*event),
            Beat::Compaction(event) => self.compaction(*event),
            Beat::Memory(event) => self.memory_steps(&[Beat::Memory(*event)]),
            Beat::Lent { .. } | Beat::Refused { .. } => {}
        }
    }

    fn moved(&mut self, from: MigrateType, to: MigrateType, end: End, blocks: &[Block]) {
        let verb = if blocks.len() == 1 { "moves" } else { "move" };
        let count = counted(blocks.len() as u64, "free block");
        let mut line = Line::from(format!("{count} {verb} from the "));
        line.append(names::of_type(from));
        line.push(Tone::Plain, " to the ");
        line.append(names::of_type(to));
        let runs = names::runs(blocks, self.shown());
        self.say(line.plain(format!(" lists, to the {}: {runs}.", end_name(end))));
    }

    fn retyped(&mut self, block: Block, from: Option<MigrateType>, to: MigrateType) {
        let mut line = Line::from(format!("Pageblock {block} "));
        if let Some(from) = from {
            line.push(Tone::Plain, "was ");
            line.append(names::of_type(from));
            line.push(Tone::Plain, " and ");
        }
        line.push(Tone::Plain, "is ");
        line.append(names::of_type(to));
        self.say(line.plain(" now."));
    }

    fn pcp_take(&mut self, cpu: CpuId, list: &Line, blocks: &[Block], left: Option<u64>) {
        let mut line = Line::from(format!("{}'s ", names::cpu(cpu)));
        line.append(list.clone());
        let what = match blocks.len() {
            1 => " list gives its head, ".to_owned(),
            count => format!(" list gives its first {count}, "),
        };
        line.push(Tone::Plain, what);
        line.push(Tone::Strong, names::runs(blocks, self.shown()));
        match left {
            Some(0) => line.push(Tone::Plain, ", and is empty now"),
            Some(left) => line.push(Tone::Plain, format!(", and has {left} left")),
            None => {}
        }
        self.say(line.plain("."));
    }

    fn pcp_put(&mut self, cpu: CpuId, list: &Line, end: End, after: Option<&PcpLook>) {
        let keeps = format!(
            "{} keeps it, at the {} of its ",
            names::cpu(cpu),
            end_name(end)
        );
        let mut line = Line::from(keeps);
        line.append(list.clone());
        line.push(Tone::Plain, " list.");
        if let Some(PcpLook { count, high, .. }) = after {
            let frames = counted(u64::from(*count), "frame");
            let held = format!(" Its lists of this zone hold {frames} now (high mark {high}).");
            line.push(Tone::Plain, held);
        }
        self.say(line);
    }

    fn returned(&mut self, zone: ZoneId, block: Block) {
        let line = Line::new().then(Tone::Strong, names::block(block));
        let line = line.plain(format!(
            " comes back: {} (order {}) of {}.",
            counted(block.frames(), "frame"),
            block.order(),
            names::zone(zone)
        ));
        self.say_at(OUTER, line);
    }
}

fn end_name(end: End) -> &'static str {
    match end {
        End::Head => "head",
        End::Tail => "tail",
    }
}
