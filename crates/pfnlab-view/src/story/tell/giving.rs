//! Blocks that come back: to the buddy lists, one by one or in a drain.

use pfnlab_model::{Block, CpuId, Op, Order, ZoneFlags};

use super::{SHOWN, Teller, end_name};
use crate::ladder;
use crate::names::{self, counted};
use crate::story::beat::{Beat, Buddy, Put};
use crate::story::look::{Neighbour, PcpLook};
use crate::style::Tone;
use crate::text::Line;

impl Teller<'_> {
    /// Which buddies were free, and where the block ended up.
    pub(super) fn put(&mut self, put: &Put) {
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
            self.say(format!("It goes back to the buddy lists, with {merges}."));
            let rungs = ladder::merge(
                put.came(),
                &Buddy::all(buddies),
                &Buddy::guards(buddies),
                *placed,
            );
            ladder::draw(&rungs, self.indent, self.page);
        }
        if let Some(words) = neighbour.map(|neighbour| neighbour_words(neighbour, *placed)) {
            self.say(words);
        }
        let mut line = Line::new().then(Tone::Strong, names::block(*placed));
        line.push(
            Tone::Plain,
            format!(" goes to the {} of the ", end_name(*end)),
        );
        line.append(names::of_type(*mt));
        line.push(Tone::Plain, format!(" list of order {}", placed.order()));
        if let (true, Some(parent)) = (likely, placed.parent()) {
            let uncle = parent.buddy();
            line.push(Tone::Plain, format!(", not to its head: {uncle} is free, so once the buddy comes back two merges follow"));
        }
        self.say(line.plain("."));
    }

    pub(super) fn drain(
        &mut self,
        cpu: CpuId,
        frames: u32,
        before: Option<&PcpLook>,
        flags: ZoneFlags,
        parts: &[Beat],
    ) {
        let zone = parts.iter().find_map(|part| match part {
            Beat::Put(put) => Some(format!(" of {}", names::zone(put.zone))),
            _ => None,
        });
        let mut line = Line::from(format!(
            "{}'s lists{} ",
            names::cpu(cpu),
            zone.unwrap_or_default()
        ));
        line.push(Tone::Strong, "drain");
        let given = counted(u64::from(frames), "frame");
        line.push(Tone::Plain, format!(" {given} to the buddy"));
        if let Some(PcpLook { count, high, batch }) = before {
            line.push(
                Tone::Plain,
                format!(" (of {count}; high mark {high}, batch {batch})"),
            );
        }
        let why = before
            .filter(|_| matches!(self.op, Op::Free { .. }))
            .and_then(|before| below_high(before, frames, flags, parts));
        line.push(Tone::Plain, why.unwrap_or_default());
        self.say(line.plain("."));
        self.inside(|teller| {
            if teller.full() {
                teller.all(parts);
            } else {
                teller.sum_of_drain(parts);
            }
        });
    }

    fn sum_of_drain(&mut self, parts: &[Beat]) {
        for (list, mut blocks) in by_list(parts) {
            blocks.sort();
            let count = counted(blocks.len() as u64, "block");
            let mut line = Line::from(format!("{count} from the tail of the "));
            line.append(list);
            self.say(line.plain(format!(" list: {}.", names::runs(&blocks, SHOWN))));
        }
        let buddies = parts.iter().filter_map(|part| match part {
            Beat::Put(put) => Some(&put.buddies),
            _ => None,
        });
        let buddies: Vec<Buddy> = buddies.flatten().copied().collect();
        let merges = counted(buddies.len() as u64, "merge");
        let guards = match Buddy::guards(&buddies).len() as u64 {
            0 => String::new(),
            some => format!(", {some} of them with guards that are given up"),
        };
        self.say(format!("{merges} on the way{guards}."));
        self.new_on_lists(parts);
        let retyped = parts
            .iter()
            .filter(|part| matches!(part, Beat::Retyped { .. }));
        retyped.for_each(|part| self.beat(part));
    }
}

/// Why lists are drained that are not above their high mark.
fn below_high(
    before: &PcpLook,
    frames: u32,
    flags: ZoneFlags,
    parts: &[Beat],
) -> Option<&'static str> {
    /// A crowd of frees gives back so many batches at most, as a shift.
    const MOST: u32 = 5;
    let PcpLook { count, high, batch } = *before;
    if count >= high {
        return None;
    }
    let first = parts.iter().find_map(|part| match part {
        Beat::PcpOff { block, .. } => Some(block.order().get()),
        _ => None,
    });
    let crowd = matches!(first, Some(1..=3)) && (frames >= count || frames >= batch << MOST);
    if crowd {
        Some(": frees of orders 1 to 3 came in a row")
    } else if flags.contains(ZoneFlags::RECLAIM_ACTIVE) {
        Some(": kswapd reclaims, so they are kept short")
    } else if flags.contains(ZoneFlags::BELOW_HIGH) {
        Some(": the zone is not above its own high mark, so they are kept short")
    } else {
        None
    }
}

/// The blocks that left per-CPU lists, list by list.
fn by_list(parts: &[Beat]) -> Vec<(Line, Vec<Block>)> {
    let mut lists: Vec<(Line, Vec<Block>)> = Vec::new();
    for part in parts {
        if let Beat::PcpOff { list, block } = part {
            match lists.last_mut() {
                Some((last, blocks)) if last == list => blocks.push(*block),
                _ => lists.push((list.clone(), vec![*block])),
            }
        }
    }
    lists
}

/// Why it was not merged (further).
fn neighbour_words(neighbour: Neighbour, block: Block) -> String {
    let buddy = names::block(block.buddy());
    let what = match neighbour {
        Neighbour::None => {
            return format!("Order {} is the largest: it has no buddy.", block.order());
        }
        Neighbour::Free(mt) => {
            return format!("Its buddy {buddy} is free, but {mt}: they do not merge.");
        }
        Neighbour::OtherZone(zone) => {
            let zone = names::zone(zone);
            return format!("Its buddy {buddy} is memory of {zone}: zones do not merge.");
        }
        Neighbour::Cut => "cut, and not all of it is free",
        Neighbour::PerCpu if block.order() == Order::ZERO => "on a per-CPU list",
        Neighbour::PerCpu => "on a per-CPU list, some of it at least",
        Neighbour::Lent if block.order() == Order::ZERO => "handed out",
        Neighbour::Lent => "handed out, some of it at least",
        Neighbour::InUse => "in use",
        Neighbour::Hole => "a hole, and no memory",
    };
    format!("Its buddy {buddy} is {what}: no merge.")
}
