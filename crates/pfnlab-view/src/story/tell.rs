//! Beats become text.

use std::collections::BTreeMap;

use pfnlab_model::{Block, End, MigrateType, Op, Order, PcpField, ZoneFlags};

use super::Detail;
use super::beat::{Beat, Fallback, Put, Take};
use super::flags;
use super::look::{FreeCounts, Level, Neighbour, PcpLook};
use super::parse::is_bookkeeping;
use crate::ladder;
use crate::names::{self, counted};
use crate::style::Tone;
use crate::text::{Line, Page};

/// Runs of frames that are named before the rest is only counted.
const SHOWN: usize = 4;
/// Fallbacks of one refill that are told before the rest is only counted.
const FALLBACKS: usize = 2;

const STEP: usize = 2;

/// Tells the beats of an operation.
pub(super) fn tell(beats: &[Beat], op: &Op, detail: Detail, page: &mut Page) {
    let mut teller = Teller {
        detail,
        indent: STEP,
        page,
    };
    if beats.is_empty() {
        let why = match op {
            Op::Free { ticket, .. } | Op::Split { ticket, .. } => {
                format!("Nothing happens: there is nothing that ticket {ticket} could do this to.")
            }
            _ => "Nothing happens.".to_owned(),
        };
        return teller.say(why);
    }
    let counters = matches!(op, Op::Vmstat { .. });
    for beat in beats {
        if counters
            && matches!(
                beat,
                Beat::Stat { .. } | Beat::Diff { .. } | Beat::Tuned { .. }
            )
        {
            teller.bookkeeping(beat);
        } else {
            teller.beat(beat);
        }
    }
    teller.outcome(beats, op);
}

struct Teller<'a> {
    detail: Detail,
    indent: usize,
    page: &'a mut Page,
}

impl Teller<'_> {
    fn say(&mut self, text: impl Into<Line>) {
        self.page.paragraph(self.indent, text);
    }

    fn full(&self) -> bool {
        self.detail == Detail::Full
    }

    /// Tells `parts` one step further in.
    fn inside(&mut self, tell: impl FnOnce(&mut Self)) {
        self.indent += STEP;
        tell(self);
        self.indent -= STEP;
    }

    fn beat(&mut self, beat: &Beat) {
        match beat {
            Beat::Asked {
                request,
                mt,
                highest,
            } => {
                self.indent = STEP;
                let frames = counted(request.order.frames(), "frame");
                let mut line =
                    Line::from(format!("Asked for {frames} (order {}), ", request.order));
                match mt {
                    Some(mt) => line.append(names::of_type(*mt)),
                    None => line.push(Tone::Bad, "of two migratetypes at once"),
                }
                line.push(Tone::Plain, format!(", by {}", names::cpu(request.cpu)));
                line.push(Tone::Plain, format!("; zones up to {highest} will do."));
                self.say(line);
            }
            Beat::Walk {
                preferred,
                flags,
                profile,
            } => {
                self.indent = STEP;
                let mark = flags::mark(*flags);
                let words = flags::words(*flags, profile.as_deref());
                let mut line = Line::new()
                    .then(Tone::Strong, "Walk")
                    .plain(format!(
                        " over the zones, from {} on, ",
                        names::zone(*preferred)
                    ))
                    .plain(format!("down to the {mark} mark"));
                if !words.is_empty() {
                    line.push(Tone::Plain, format!("; {}", words.join("; ")));
                }
                line.push(Tone::Faint, format!(" (alloc flags {flags:#x})"));
                self.say(line.plain("."));
                self.indent = 2 * STEP;
            }
            Beat::LetIn { zone, level } => {
                self.indent = 2 * STEP;
                let line = Line::from(format!("{}: ", names::zone(*zone)))
                    .then(Tone::Good, "let in")
                    .plain(level.as_ref().map_or(".".to_owned(), above));
                self.say(line);
                self.indent = 3 * STEP;
            }
            Beat::Low {
                zone,
                free,
                mark,
                level,
            } => {
                self.refused(*zone, low(*free, *mark, level.as_ref()));
            }
            Beat::NoBlock {
                zone,
                order,
                counts,
            } => {
                self.refused(*zone, no_block(*order, counts.as_ref()));
            }
            Beat::Nothing { zone, counts } => {
                let mut text = "let in, but the lists had nothing to give.".to_owned();
                if let Some(counts) = counts {
                    text.push_str(&format!(" Free blocks here: {}.", inventory(counts)));
                }
                self.refused(*zone, text);
            }
            Beat::Take(take) => self.take(take),
            Beat::Moved {
                from,
                to,
                end,
                blocks,
                ..
            } => {
                let what = if blocks.len() == 1 {
                    "free block moves"
                } else {
                    "free blocks move"
                };
                let line = Line::from(format!("{} {what} from the ", blocks.len()));
                let line = between(line, *from, *to);
                self.say(line.plain(format!(
                    " lists, to the {}: {}.",
                    end_name(*end),
                    names::runs(blocks, self.shown())
                )));
            }
            Beat::Fallback(fallback) => self.fallback(fallback),
            Beat::Retyped { block, from, to } => {
                let mut line = Line::from(format!("Pageblock {block} "));
                if let Some(from) = from {
                    line.push(Tone::Plain, "was ");
                    line.append(names::of_type(*from));
                    line.push(Tone::Plain, " and ");
                }
                line.push(Tone::Plain, "is ");
                line.append(names::of_type(*to));
                self.say(line.plain(" now."));
            }
            Beat::Boost { zone, from, to } => {
                let from = from.map_or(String::new(), |from| format!("from {from} "));
                let line = Line::from(format!("The watermarks of {} are ", names::zone(*zone)))
                    .then(Tone::Mark, "boosted")
                    .plain(format!(" {from}to {to} frames."));
                let line = if *to == 0 {
                    Line::from(format!("The boost of {} ends.", names::zone(*zone)))
                } else {
                    line
                };
                self.say(line);
            }
            Beat::Flags { zone, from, to } => {
                flag_words(*from, *to).into_iter().for_each(|words| {
                    self.say(format!("{}: {words}", names::zone(*zone)));
                });
            }
            Beat::Put(put) => self.put(put),
            Beat::PcpTake {
                cpu,
                list,
                blocks,
                left,
                ..
            } => {
                let mut line = Line::from(format!("{}'s ", names::cpu(*cpu)));
                line.append(list.clone());
                let what = if blocks.len() == 1 {
                    "its head"
                } else {
                    "one head after the other"
                };
                line.push(Tone::Plain, format!(" list gives {what}: "));
                line.push(Tone::Strong, names::runs(blocks, self.shown()));
                if let Some(left) = left {
                    line.push(Tone::Plain, format!(". {left} left"));
                }
                self.say(line.plain("."));
            }
            Beat::PcpPut {
                cpu,
                list,
                end,
                after,
                ..
            } => {
                let mut line = Line::from(format!(
                    "{} keeps it, at the {} of its ",
                    names::cpu(*cpu),
                    end_name(*end)
                ));
                line.append(list.clone());
                line.push(Tone::Plain, " list.");
                if let Some(PcpLook { count, high, .. }) = after {
                    let frames = counted(u64::from(*count), "frame");
                    line.push(
                        Tone::Plain,
                        format!(" Its lists here hold {frames} now (high mark {high})."),
                    );
                }
                self.say(line);
            }
            Beat::PcpOff { list, block } => {
                let line = Line::from(format!("{} leaves the tail of the ", names::block(*block)));
                let mut line = line;
                line.append(list.clone());
                self.say(line.plain(" list."));
            }
            Beat::Refill {
                cpu,
                list,
                blocks,
                parts,
                ..
            } => {
                let mut line = Line::from(format!("{}'s ", names::cpu(*cpu)));
                line.append(list.clone());
                line.push(Tone::Plain, " list is empty: ");
                line.push(Tone::Strong, "refill");
                let got = if *blocks == 0 {
                    "no block".to_owned()
                } else {
                    counted(u64::from(*blocks), "block")
                };
                self.say(line.plain(format!(" with {got}.")));
                self.inside(|teller| teller.refill(parts));
            }
            Beat::Drain {
                cpu,
                frames,
                before,
                parts,
                ..
            } => self.drain(*cpu, *frames, before.as_ref(), parts),
            Beat::HighAtomic { zone, frames } => {
                self.say(format!(
                    "{} keeps {} for high-order atomic requests now.",
                    names::zone(*zone),
                    counted(*frames, "frame")
                ));
            }
            Beat::Kswapd {
                node,
                order,
                highest,
            } => {
                self.indent = STEP;
                self.say(format!(
                    "kswapd of node {node} is asked for order {order}, in zones up to {highest}."
                ));
            }
            Beat::Returned { zone, block } => {
                self.indent = STEP;
                self.say(
                    Line::new()
                        .then(Tone::Strong, names::block(*block))
                        .plain(format!(
                            " comes back: {} (order {}) of {}.",
                            counted(block.frames(), "frame"),
                            block.order(),
                            names::zone(*zone)
                        )),
                );
            }
            Beat::LentSplit { block } => {
                self.say(format!(
                    "{block} is {} now, each handed out on its own.",
                    counted(block.frames(), "single frame")
                ));
            }
            Beat::Sysctl { sysctl, value } => self.say(format!("{sysctl} is {value} now.")),
            Beat::Watermarks { zone, marks } => self.say(format!(
                "{}: the marks are min {}, low {}, high {} now.",
                names::zone(*zone),
                marks.min,
                marks.low,
                marks.high
            )),
            Beat::Tuned { .. } | Beat::Stat { .. } | Beat::Diff { .. } | Beat::Other(_) => {
                if self.full() {
                    self.bookkeeping(beat);
                }
            }
            Beat::Lent { .. } | Beat::Refused => {}
        }
    }

    fn shown(&self) -> usize {
        if self.full() { usize::MAX } else { SHOWN }
    }

    fn refused(&mut self, zone: pfnlab_model::ZoneId, why: String) {
        self.indent = 2 * STEP;
        let line = Line::from(format!("{}: ", names::zone(zone)));
        self.say(
            line.then(Tone::Bad, "passed over")
                .plain(format!(", {why}")),
        );
    }

    fn bookkeeping(&mut self, beat: &Beat) {
        let faint = |text: String| Line::new().then(Tone::Faint, text);
        match beat {
            Beat::Tuned {
                cpu,
                field,
                from,
                to,
            } => {
                let from = from.map_or(String::new(), |from| format!("{from} to "));
                self.say(faint(format!(
                    "{}'s lists: {} {from}{to}.",
                    names::cpu(*cpu),
                    field_name(*field)
                )));
            }
            Beat::Stat { zone, stat, value } => {
                self.say(faint(format!(
                    "{}: {} is {value} now.",
                    names::zone(*zone),
                    stat.name()
                )));
            }
            Beat::Diff {
                zone,
                cpu,
                stat,
                from,
                to,
            } => {
                let from = from.map_or(String::new(), |from| format!("{from} to "));
                self.say(faint(format!(
                    "{}: what {} has not folded of {}: {from}{to}.",
                    names::zone(*zone),
                    names::cpu(*cpu),
                    stat.name()
                )));
            }
            Beat::Other(event) => self.say(faint(format!("{event:?}"))),
            _ => {}
        }
    }

    // ---- taking ----------------------------------------------------------------------------

    fn take(&mut self, take: &Take) {
        self.say(take_words(take));
        self.cuts(take);
    }

    /// What was cut off, as a ladder.
    fn cuts(&mut self, take: &Take) {
        if take.rest.is_empty() {
            return;
        }
        let rest: Vec<_> = take.rest.iter().map(|&(block, _)| block).collect();
        self.inside(|teller| {
            ladder::draw(
                &ladder::split(take.found, &rest, take.taken),
                teller.indent,
                teller.page,
            );
        });
        let mut types: Vec<MigrateType> = take.rest.iter().map(|&(_, mt)| mt).collect();
        types.dedup();
        let types = names::listed(types.into_iter().map(names::of_type).collect());
        let what = if rest.len() == 1 {
            "The upper half goes"
        } else {
            "The upper halves go"
        };
        let mut line = Line::from(format!("{what} to the head of the "));
        line.append(types);
        let list = match ladder::orders(&rest) {
            Some((first, last)) if first < last => format!(" lists of orders {first} to {last}."),
            Some((order, _)) => format!(" list of order {order}."),
            None => ".".to_owned(),
        };
        self.say(line.plain(list));
    }

    fn fallback(&mut self, fallback: &Fallback) {
        let Fallback {
            block,
            order,
            wanted,
            from,
            claimed,
            counts,
            pageblock,
            parts,
        } = fallback;
        let mut line = Line::new().then(Tone::Mark, "Fallback").plain(": ");
        let none = counts.as_ref().is_none_or(|counts| {
            !order
                .through(Order::MAX)
                .any(|order| counts.get(order, *wanted) > 0)
        });
        if none {
            line.push(Tone::Plain, "no ");
            line.append(names::of_type(*wanted));
            line.push(
                Tone::Plain,
                format!(" block of order {order} or above is free. "),
            );
        }
        if let Some(counts) = counts {
            let others = counts.types().into_iter().filter(|mt| mt != wanted);
            let others: Vec<_> = others.map(|mt| shelf(counts, mt)).collect();
            line.push(Tone::Plain, "Free are ");
            line.append(names::listed(others));
            line.push(Tone::Plain, ". ");
        }
        line.push(Tone::Strong, block.to_string());
        line.push(Tone::Plain, " is chosen from the ");
        line.append(names::of_type(*from));
        line.push(Tone::Plain, " list.");
        self.say(line);
        if let Some(look) = pageblock {
            let mut line = Line::from(format!(
                "{} of the {} frames of pageblock {} are free: ",
                look.free,
                look.block.frames(),
                look.block
            ));
            if *claimed {
                line.push(Tone::Strong, "claimed");
                line.push(Tone::Plain, ", it belongs to ");
                line.append(names::of_type(*wanted));
                line.push(Tone::Plain, " from now on.");
            } else {
                line.push(Tone::Strong, "not claimed");
                line.push(Tone::Plain, ", it keeps its type. (It takes half of them, free or of like kind, and a request that may claim so small a block.)");
            }
            self.say(line);
        } else {
            let verdict = if *claimed {
                "Its pageblock is claimed."
            } else {
                "Its pageblock keeps its type."
            };
            self.say(verdict);
        }
        self.inside(|teller| parts.iter().for_each(|part| teller.beat(part)));
    }

    fn refill(&mut self, parts: &[Beat]) {
        if self.full() {
            return parts.iter().for_each(|part| self.part_of_refill(part));
        }
        let takes = takes_of(parts);
        let blocks: Vec<_> = parts
            .iter()
            .filter_map(|part| match part {
                Beat::PcpPut { block, .. } => Some(*block),
                _ => None,
            })
            .collect();
        let Some(first) = takes.first() else {
            return self.say("The buddy has nothing to give.");
        };
        // A refill of one block is told as what it is.
        if let [_] = takes[..] {
            return parts.iter().for_each(|part| self.part_of_refill(part));
        }
        self.say(format!("They are {}.", names::runs(&blocks, SHOWN)));
        let origins = origins_of(&takes);
        let found: Vec<Line> = origins
            .iter()
            .take(SHOWN)
            .map(|take| {
                Line::from(take.found.to_string())
                    .plain(" (")
                    .then(Tone::Type(take.list), take.list.name())
                    .plain(")")
            })
            .collect();
        let more = origins.len().saturating_sub(SHOWN);
        let mut line = Line::from("They come from ");
        let mut found = found;
        if more > 0 {
            found.push(Line::from(format!("{more} more")));
        }
        line.append(names::listed(found));
        self.say(line.plain("."));
        if !parts.iter().any(|part| matches!(part, Beat::Fallback(_))) {
            self.say(take_words(first));
            self.cuts(first);
        }
        let fallbacks = parts
            .iter()
            .filter(|part| matches!(part, Beat::Fallback(_)));
        let count = fallbacks.clone().count();
        fallbacks.take(FALLBACKS).for_each(|part| self.beat(part));
        if count > FALLBACKS {
            self.say(format!(
                "{} follow.",
                counted((count - FALLBACKS) as u64, "more fallback")
            ));
        }
        self.left_over(parts);
    }

    fn part_of_refill(&mut self, part: &Beat) {
        match part {
            Beat::PcpPut { block, .. } => {
                if self.full() {
                    self.say(format!(
                        "{} goes to the tail of the per-CPU list.",
                        names::block(*block)
                    ));
                }
            }
            part => self.beat(part),
        }
    }

    /// What many takes and puts have made of the free lists.
    fn left_over(&mut self, parts: &[Beat]) {
        let changes = changes_of(parts);
        for (sign, words) in [(1, "New on the free lists"), (-1, "Gone from them")] {
            let mut lists: BTreeMap<(Order, MigrateType), Vec<Block>> = BTreeMap::new();
            for (&(block, mt), _) in changes.iter().filter(|&(_, &net)| net == sign) {
                lists.entry((block.order(), mt)).or_default().push(block);
            }
            if lists.is_empty() {
                continue;
            }
            let items = lists.iter().rev().map(|((order, mt), blocks)| {
                Line::from(format!("order {order} "))
                    .then(Tone::Type(*mt), mt.name())
                    .plain(format!(" {}", names::runs(blocks, SHOWN)))
            });
            let mut line = Line::from(format!("{words}: "));
            for (at, item) in items.enumerate() {
                if at > 0 {
                    line.push(Tone::Plain, "; ");
                }
                line.append(item);
            }
            self.say(line.plain("."));
        }
    }

    // ---- giving back -----------------------------------------------------------------------

    fn drain(
        &mut self,
        cpu: pfnlab_model::CpuId,
        frames: u32,
        before: Option<&PcpLook>,
        parts: &[Beat],
    ) {
        let given = counted(u64::from(frames), "frame");
        let mut line = Line::from(format!("{}'s lists ", names::cpu(cpu)));
        line.push(Tone::Strong, "drain");
        line.push(Tone::Plain, format!(": {given} go back to the buddy"));
        if let Some(PcpLook { count, high, batch }) = before {
            line.push(
                Tone::Plain,
                format!(" (they held {count}; high mark {high}, batch {batch})"),
            );
        }
        self.say(line.plain("."));
        self.inside(|teller| {
            if teller.full() {
                return parts.iter().for_each(|part| teller.beat(part));
            }
            let mut lists: Vec<(Line, Vec<Block>)> = Vec::new();
            for part in parts {
                if let Beat::PcpOff { list, block } = part {
                    match lists.last_mut() {
                        Some((last, blocks)) if last == list => blocks.push(*block),
                        _ => lists.push((list.clone(), vec![*block])),
                    }
                }
            }
            for (list, mut blocks) in lists {
                let count = counted(blocks.len() as u64, "block");
                blocks.sort();
                let line = Line::from(format!("{count} from the tail of the "));
                let mut line = line;
                line.append(list);
                teller.say(line.plain(format!(" list: {}.", names::runs(&blocks, SHOWN))));
            }
            let puts = parts.iter().filter_map(|part| match part {
                Beat::Put(put) => Some(put.buddies.len() as u64),
                _ => None,
            });
            let merges = puts.sum();
            teller.say(format!("{} on the way.", counted(merges, "merge")));
            teller.left_over(parts);
            let retyped = parts
                .iter()
                .filter(|part| matches!(part, Beat::Retyped { .. }));
            retyped.for_each(|part| teller.beat(part));
        });
    }

    fn put(&mut self, put: &Put) {
        let Put {
            buddies,
            placed,
            mt,
            end,
            likely,
            neighbour,
            ..
        } = put;
        if !buddies.is_empty() {
            let merges = counted(buddies.len() as u64, "merge");
            let buddies: Vec<_> = buddies.iter().map(|&(buddy, _)| buddy).collect();
            self.say(format!("Back to the buddy: {merges}."));
            self.inside(|teller| {
                ladder::draw(
                    &ladder::merge(put.came(), &buddies, *placed),
                    teller.indent,
                    teller.page,
                );
            });
        }
        let mut line = Line::new();
        if let Some(words) = neighbour.and_then(|neighbour| neighbour_words(neighbour, *placed)) {
            line.push(Tone::Plain, format!("{words} "));
        }
        line.push(Tone::Strong, placed.to_string());
        line.push(
            Tone::Plain,
            format!(" goes to the {} of the ", end_name(*end)),
        );
        line.append(names::of_type(*mt));
        line.push(Tone::Plain, format!(" list of order {}", placed.order()));
        if *likely && let Some(parent) = placed.parent() {
            let uncle = parent.buddy();
            line.push(
                Tone::Plain,
                format!(
                    ", because {uncle} is free: once its own buddy is free too, two merges follow"
                ),
            );
        }
        self.say(line.plain("."));
    }

    // ---- the end ---------------------------------------------------------------------------

    fn outcome(&mut self, beats: &[Beat], op: &Op) {
        self.indent = STEP;
        let mut lent = Vec::new();
        for beat in beats {
            match beat {
                Beat::PcpTake { blocks, .. } => {
                    // All but the last of several are told by the take alone.
                    lent.extend(&blocks[..blocks.len() - 1]);
                }
                Beat::Lent { block, .. } => lent.push(*block),
                _ => {}
            }
        }
        let zone = beats.iter().rev().find_map(|beat| match beat {
            Beat::Lent { zone, .. } => Some(*zone),
            _ => None,
        });
        let arrow = self.page.style().pick("→ ", "=> ");
        let refused = beats.iter().any(|beat| matches!(beat, Beat::Refused));
        let line = match (zone, op) {
            (Some(zone), Op::Exact { frames, .. }) if !lent.is_empty() => {
                let start = lent[0].start();
                Line::new()
                    .then(Tone::Good, format!("{arrow}{start}"))
                    .plain(format!(
                        " is the first of {} handed out, from {}.",
                        counted(u64::from(*frames), "frame"),
                        names::zone(zone)
                    ))
            }
            (Some(zone), _) => {
                let frames: u64 = lent.iter().map(|block| block.frames()).sum();
                Line::new()
                    .then(
                        Tone::Good,
                        format!("{arrow}{}", names::runs(&lent, self.shown())),
                    )
                    .plain(format!(
                        " {} handed out: {} of {}.",
                        if lent.len() == 1 { "is" } else { "are" },
                        counted(frames, "frame"),
                        names::zone(zone)
                    ))
            }
            (None, _) if refused => Line::new()
                .then(Tone::Bad, format!("{arrow}refused"))
                .plain(": no zone could serve it."),
            _ => return,
        };
        self.say(line);
    }
}

/// `Movable to the Unmovable`.
fn between(mut line: Line, from: MigrateType, to: MigrateType) -> Line {
    line.append(names::of_type(from));
    line.push(Tone::Plain, " to the ");
    line.append(names::of_type(to));
    line
}

fn end_name(end: End) -> &'static str {
    match end {
        End::Head => "head",
        End::Tail => "tail",
    }
}

/// Which lists were looked at, and which gave a block.
fn take_words(take: &Take) -> Line {
    let Take {
        list,
        found,
        taken,
        counts,
        rest,
        ..
    } = take;
    let mut line = names::of_type(*list);
    let (wanted, order) = (taken.order(), found.order());
    let Some(counts) = counts else {
        line.push(
            Tone::Plain,
            format!(" list of order {order} gives {found}."),
        );
        return line;
    };
    line.push(Tone::Plain, " lists: ");
    if wanted < order {
        let last = order.down().unwrap_or(order);
        line.push(Tone::Plain, empty_orders(counts, *list, wanted, last));
    }
    let blocks = counted(counts.get(order, *list), "block");
    line.push(
        Tone::Plain,
        format!("order {order} has {blocks}, the head "),
    );
    line.push(Tone::Strong, found.to_string());
    line.push(Tone::Plain, " is taken");
    if !rest.is_empty() {
        line.push(Tone::Plain, format!(" and cut down to order {wanted}"));
    }
    line.plain(".")
}

/// `orders 0 to 3 are empty, `; where one is not, how many blocks it has.
fn empty_orders(counts: &FreeCounts, mt: MigrateType, first: Order, last: Order) -> String {
    let filled: Vec<_> = first
        .through(last)
        .filter(|&order| counts.get(order, mt) > 0)
        .map(|order| format!("order {order} has {}", counts.get(order, mt)))
        .collect();
    match filled.len() {
        0 if first == last => format!("order {first} is empty, "),
        0 => format!("orders {first} to {last} are empty, "),
        _ => format!("{}, ", filled.join(", ")),
    }
}

/// `Movable of order 2 (1 block) and 5 (3)`.
fn shelf(counts: &FreeCounts, mt: MigrateType) -> Line {
    let orders = counts.of_type(mt);
    let orders: Vec<_> = orders
        .into_iter()
        .map(|(order, blocks)| format!("{blocks} of order {order}"))
        .collect();
    let mut line = names::of_type(mt);
    line.push(Tone::Plain, format!(" ({})", orders.join(", ")));
    line
}

/// Every list that holds something.
fn inventory(counts: &FreeCounts) -> String {
    let types: Vec<_> = counts
        .types()
        .into_iter()
        .map(|mt| {
            let orders = counts.of_type(mt).into_iter();
            let orders: Vec<_> = orders
                .map(|(order, blocks)| format!("{blocks} of order {order}"))
                .collect();
            format!("{mt} {}", orders.join(", "))
        })
        .collect();
    if types.is_empty() {
        "none".to_owned()
    } else {
        types.join("; ")
    }
}

/// Why a zone lets a request in.
fn above(level: &Level) -> String {
    let Level {
        free,
        mark: (name, mark),
        boost,
        withheld,
    } = *level;
    let parts = parts_of(name, mark, boost, withheld);
    if free > level.needed() {
        format!(". {free} free, more than {} ({parts}).", level.needed())
    } else {
        format!(
            ". {free} free is not more than {} ({parts}), but a reserve is open to it.",
            level.needed()
        )
    }
}

/// Why a zone does not.
fn low(free: i64, mark: i64, level: Option<&Level>) -> String {
    let mut text = format!("{free} free, which must be more than {mark}");
    if let Some(level) = level {
        let parts = parts_of(level.mark.0, level.mark.1, level.boost, level.withheld);
        if level.needed() == mark {
            text.push_str(&format!(" ({parts})"));
        } else {
            text.push_str(&format!(" ({parts}, less the reserve that is open to it)"));
        }
        if level.free.max(0) != free {
            text.push_str(&format!(
                ". Of {} that are free, {} do not count for it",
                level.free,
                level.free - free
            ));
        }
    }
    text.push('.');
    text
}

fn parts_of(name: &str, mark: u64, boost: u64, withheld: u64) -> String {
    let mut text = format!("{name} mark {mark}");
    if boost > 0 {
        text.push_str(&format!(" + boost {boost}"));
    }
    if withheld > 0 {
        text.push_str(&format!(
            " + {withheld} withheld from requests that could go higher"
        ));
    }
    text
}

fn no_block(order: Option<Order>, counts: Option<&FreeCounts>) -> String {
    let wanted = order.map_or("that order".to_owned(), |order| format!("order {order}"));
    let mut text = format!("enough is free, but no block of {wanted} or above that it may have.");
    if let Some(counts) = counts {
        text.push_str(&format!(" Free blocks here: {}.", inventory(counts)));
    }
    text
}

fn neighbour_words(neighbour: Neighbour, block: Block) -> Option<String> {
    let buddy = block.buddy();
    let what = match neighbour {
        Neighbour::None => return Some(format!("Order {} is the largest.", block.order())),
        Neighbour::Free(mt) => format!("free, but {mt}"),
        Neighbour::Cut => "cut up, not all of it free".to_owned(),
        Neighbour::PerCpu => "on a per-CPU list".to_owned(),
        Neighbour::Lent => "handed out".to_owned(),
        Neighbour::InUse => "in use".to_owned(),
    };
    let part = if block.order() > Order::ZERO
        && matches!(neighbour, Neighbour::PerCpu | Neighbour::Lent)
    {
        ", at least in part"
    } else {
        ""
    };
    Some(format!("The buddy {buddy} is {what}{part}: no merge."))
}

fn flag_words(from: Option<ZoneFlags>, to: ZoneFlags) -> Vec<&'static str> {
    const FLAGS: &[(ZoneFlags, &str, &str)] = &[
        (
            ZoneFlags::BELOW_HIGH,
            "not above its high mark. That is noted; until it is cleared, the high mark is not tried first.",
            "above its high mark again. That is noted.",
        ),
        (
            ZoneFlags::BOOSTED,
            "flagged as boosted, so that the next request wakes kswapd.",
            "no longer flagged as boosted; kswapd is to be woken.",
        ),
        (
            ZoneFlags::RECLAIM_ACTIVE,
            "kswapd is at work.",
            "kswapd has finished.",
        ),
    ];
    let from = from.unwrap_or(ZoneFlags::NONE);
    let changed = FLAGS
        .iter()
        .filter(|(flag, _, _)| from.contains(*flag) != to.contains(*flag));
    changed
        .map(|&(flag, set, cleared)| if to.contains(flag) { set } else { cleared })
        .collect()
}

fn field_name(field: PcpField) -> &'static str {
    match field {
        PcpField::High => "high mark",
        PcpField::HighMin => "least high mark",
        PcpField::HighMax => "largest high mark",
        PcpField::Batch => "batch",
        PcpField::Flags => "flags",
        PcpField::AllocFactor => "doublings of a refill",
        PcpField::FreeFactor => "doublings of a drain",
        PcpField::FreeCount => "frames freed lately",
        PcpField::Expire => "folds until a remote zone's lists are drained",
    }
}

/// Every take among `parts`, those of fallbacks too.
fn takes_of(parts: &[Beat]) -> Vec<&Take> {
    parts
        .iter()
        .flat_map(|part| match part {
            Beat::Take(take) => vec![take],
            Beat::Fallback(fallback) => takes_of(&fallback.parts),
            _ => Vec::new(),
        })
        .collect()
}

/// The takes whose block was not cut off an earlier one.
fn origins_of<'a>(takes: &[&'a Take]) -> Vec<&'a Take> {
    let mut origins: Vec<&Take> = Vec::new();
    for take in takes {
        let inside = |origin: &&Take| origin.found.range().covers(take.found.range());
        if !origins.iter().any(inside) {
            origins.push(take);
        }
    }
    origins
}

/// How the free lists differ after `parts`: +1, a block more, -1, one less.
fn changes_of(parts: &[Beat]) -> BTreeMap<(Block, MigrateType), i32> {
    let mut changes: BTreeMap<(Block, MigrateType), i32> = BTreeMap::new();
    for part in parts.iter().filter(|part| !is_bookkeeping(part)) {
        match part {
            Beat::Take(take) => {
                *changes.entry((take.found, take.list)).or_default() -= 1;
                for &rest in &take.rest {
                    *changes.entry(rest).or_default() += 1;
                }
            }
            Beat::Put(put) => {
                *changes.entry((put.placed, put.mt)).or_default() += 1;
                for &(buddy, mt) in &put.buddies {
                    *changes.entry((buddy, mt)).or_default() -= 1;
                }
            }
            Beat::Moved {
                from, to, blocks, ..
            } => {
                for &block in blocks {
                    *changes.entry((block, *from)).or_default() -= 1;
                    *changes.entry((block, *to)).or_default() += 1;
                }
            }
            Beat::Fallback(fallback) => {
                for (key, net) in changes_of(&fallback.parts) {
                    *changes.entry(key).or_default() += net;
                }
            }
            _ => {}
        }
    }
    changes
}
