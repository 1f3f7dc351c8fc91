//! Requests, walks over the zones, and what their watermarks say.

use pfnlab_model::{MigrateType, NodeId, Op, Order, Request, ZoneFlags, ZoneId, ZoneKind};

use super::{IN_ZONE, OUTER, Teller, ZONES};
use crate::generation::Generation;
use crate::names::{self, counted};
use crate::story::flags;
use crate::story::look::{FreeCounts, Level};
use crate::style::Tone;
use crate::text::Line;

impl Teller<'_> {
    pub(super) fn asked(&mut self, request: &Request, mt: Option<MigrateType>, highest: ZoneKind) {
        let order = request.order;
        let what = match *self.op {
            Op::Bulk { count, .. } => counted(u64::from(count), "single frame"),
            Op::Exact { frames, .. } => {
                let frames = counted(u64::from(frames), "frame");
                format!("{frames} in a row (order {order})")
            }
            _ => format!("{} (order {order})", counted(order.frames(), "frame")),
        };
        let mut line = Line::from(format!("Asked for {what}, "));
        match mt {
            Some(mt) => line.append(names::of_type(mt)),
            None => line.push(Tone::Bad, "of two migratetypes at once"),
        }
        let cpu = names::cpu(request.cpu);
        self.say_at(
            OUTER,
            line.plain(format!(", by {cpu}, from zones up to {highest}.")),
        );
    }

    pub(super) fn walk(&mut self, preferred: ZoneId, flags: u32, generation: &Generation) {
        let mark = flags::mark(flags);
        let start = names::zone(preferred);
        let mut line = Line::new().then(Tone::Strong, "Walk");
        let single = match self.op {
            Op::Bulk { .. } => " for a single frame",
            _ => "",
        };
        line.push(
            Tone::Plain,
            format!("{single} from {start} on, down to the {mark} mark"),
        );
        for words in flags::words(flags, generation) {
            line.push(Tone::Plain, format!("; {words}"));
        }
        line.push(Tone::Faint, format!(" (alloc flags {flags:#x})"));
        self.say_at(OUTER, line.plain("."));
        self.indent = ZONES;
    }

    pub(super) fn let_in(&mut self, zone: ZoneId, level: Option<&Level>) {
        let mut line = Line::from(format!("{}: ", names::zone(zone))).then(Tone::Good, "let in");
        match level {
            Some(level) if level.ignored => {
                let Level { free, .. } = level;
                line.push(
                    Tone::Plain,
                    format!(", {free} free: no watermark holds for it"),
                );
            }
            Some(level) if level.free > level.needed() => {
                let Level { free, .. } = level;
                line.push(
                    Tone::Plain,
                    format!(", {free} free, more than {}", shown(level)),
                );
            }
            Some(level) => {
                let Level { free, .. } = level;
                line.push(
                    Tone::Plain,
                    format!(", {free} free. That is not more than {}", shown(level)),
                );
                let why = if level.boost > 0 {
                    ", but a reserve is open to it, or the boost does not hold for it"
                } else {
                    ", but a reserve is open to it"
                };
                line.push(Tone::Plain, why);
            }
            None => {}
        }
        // Those entitled to reserves leave it behind in the end.
        let nodes = match self.op {
            Op::Alloc { request, .. } | Op::Exact { request, .. } | Op::Bulk { request, .. } => {
                request.nodes
            }
            _ => None,
        };
        let outside = nodes.is_some_and(|nodes| !nodes.contains(zone.node));
        if outside {
            line.push(Tone::Plain, ". Its node mask does not hold any more");
        }
        self.say_at(ZONES, line.plain("."));
        self.indent = IN_ZONE;
    }

    pub(super) fn low(&mut self, zone: ZoneId, free: i64, mark: i64, level: Option<&Level>) {
        let Some(level) = level else {
            return self.passed_over(zone, &format!("{free} free, not more than {mark}."));
        };
        let uncounted = level.free.max(0) - free;
        let mut why = if uncounted > 0 {
            let all = level.free.max(0);
            match uncounted + 1 - level.order.frames() as i64 {
                ..=0 => format!("{all} free less {uncounted} that do not count, {free},"),
                kept if kept == uncounted => {
                    format!("{all} free less {kept} kept for high-order atomic requests, {free},")
                }
                kept => format!(
                    "{all} free less {uncounted} that do not count, {kept} of them kept for \
                     high-order atomic requests, {free},"
                ),
            }
        } else {
            format!("{free} free")
        };
        if level.needed() == mark {
            why.push_str(&format!(" is not more than {}.", shown(level)));
        } else {
            let marks = format!(
                " is not more than {mark}, what a reserve leaves of {}.",
                shown(level)
            );
            why.push_str(&marks);
        }
        self.passed_over(zone, &why);
    }

    pub(super) fn no_block(
        &mut self,
        zone: ZoneId,
        order: Option<Order>,
        counts: Option<&FreeCounts>,
    ) {
        let block = order.map_or("such a block".to_owned(), |order| {
            format!("a block of order {order}")
        });
        let why = format!(
            "enough is free, but not {block} that it may have.{}",
            largest(counts)
        );
        self.passed_over(zone, &why);
    }

    pub(super) fn nothing_found(
        &mut self,
        zone: ZoneId,
        unmixed: bool,
        counts: Option<&FreeCounts>,
    ) {
        let unless = if unmixed {
            " that would not mix types"
        } else {
            ""
        };
        let largest = largest(counts);
        let why = format!("its lists have nothing to give{unless}.{largest}");
        self.passed_over(zone, &why);
    }

    pub(super) fn few_large(&mut self, zone: ZoneId, from: Order, free: i64, mark: i64) {
        let halved = match from.get() {
            1 => "half the mark".to_owned(),
            times => format!("the mark halved {times} times"),
        };
        let why = format!(
            "enough is free, but of blocks of order {from} and above {free} would be left, not more \
             than {mark}, {halved}."
        );
        self.passed_over(zone, &why);
    }

    pub(super) fn known_full(&mut self, zone: ZoneId) {
        self.passed_over(zone, "it was found full lately.");
    }

    pub(super) fn noted_full(&mut self, node: NodeId, zone: Option<ZoneId>) {
        let which = zone.map_or("a zone".to_owned(), |zone| names::zone(zone).to_string());
        let words = format!("{which} is noted as full on the zonelist of node {node}.");
        self.say_at(IN_ZONE, words);
    }

    fn passed_over(&mut self, zone: ZoneId, why: &str) {
        let line = Line::from(format!("{}: ", names::zone(zone)));
        self.say_at(
            ZONES,
            line.then(Tone::Bad, "passed over")
                .plain(format!(", {why}")),
        );
    }

    pub(super) fn boost(&mut self, zone: ZoneId, frames: u64) {
        let zone = names::zone(zone);
        if frames == 0 {
            return self.say(format!("The watermark boost of {zone} ends."));
        }
        let line = Line::from(format!("The watermarks of {zone} are "));
        self.say(
            line.then(Tone::Mark, "boosted")
                .plain(format!(" by {frames} now.")),
        );
    }

    pub(super) fn flags(&mut self, zone: ZoneId, from: Option<ZoneFlags>, to: ZoneFlags) {
        let from = from.unwrap_or(ZoneFlags::NONE);
        for &(flag, set, cleared) in FLAGS {
            if from.contains(flag) != to.contains(flag) {
                let words = if to.contains(flag) { set } else { cleared };
                self.say(format!("{} {words}", names::zone(zone)));
            }
        }
    }
}

/// What it means that a flag is set, and that it is cleared.
const FLAGS: &[(ZoneFlags, &str, &str)] = &[
    (
        ZoneFlags::BELOW_HIGH,
        "is not above its high mark, which walks test first. That is noted: they skip the test now.",
        "is above its high mark again: walks test that first now.",
    ),
    (
        ZoneFlags::BOOSTED,
        "is flagged as boosted, so that kswapd is woken.",
        "is no longer flagged as boosted: kswapd is woken.",
    ),
    (
        ZoneFlags::RECLAIM_ACTIVE,
        "is being reclaimed by kswapd: per-CPU lists stay short.",
        "is no longer being reclaimed by kswapd.",
    ),
];

/// What must be exceeded, and how it comes about.
fn shown(level: &Level) -> String {
    let Level {
        mark: (name, mark),
        boost,
        withheld,
        bulk,
        ..
    } = *level;
    if boost == 0 && withheld == 0 && bulk == 0 {
        return format!("the {name} mark {mark}");
    }
    let mut text = format!("{} ({name} mark {mark}", level.needed());
    if boost > 0 {
        text.push_str(&format!(" + boost {boost}"));
    }
    if withheld > 0 {
        text.push_str(&format!(
            " + {withheld} withheld from requests that could go higher"
        ));
    }
    if bulk > 0 {
        text.push_str(&format!(" + {bulk} wanted"));
    }
    text.push(')');
    text
}

/// The largest block of every type.
fn largest(counts: Option<&FreeCounts>) -> String {
    let Some(counts) = counts else {
        return String::new();
    };
    let types = counts.types().into_iter();
    let each = types.filter_map(|mt| Some(format!("{mt} order {}", counts.largest(mt)?)));
    let each: Vec<_> = each.collect();
    match each.len() {
        0 => " Nothing at all is on them.".to_owned(),
        _ => format!(" The largest are {}.", each.join(", ")),
    }
}
