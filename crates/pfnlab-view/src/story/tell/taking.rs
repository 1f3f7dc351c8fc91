//! Blocks that leave the free lists: found, cut, robbed, or fetched many at once.

use pfnlab_model::{Block, CpuId, MigrateType, Order};

use super::{SHOWN, Teller};
use crate::generation::Generation;
use crate::ladder;
use crate::names::{self, counted};
use crate::story::beat::{Beat, Buddy, Fallback, Take};
use crate::story::look::{FreeCounts, PageblockLook};
use crate::style::Tone;
use crate::text::Line;

/// Fallbacks of one refill that are told before the rest is only counted.
const FALLBACKS: usize = 2;
/// Below the pageblock's order divided by this a block is small.
const HALF: u8 = 2;

impl Teller<'_> {
    /// Which lists were looked at, which gave a block, and how it was cut.
    pub(super) fn take(&mut self, take: &Take) {
        self.say(looked_at(take));
        self.cut(take);
    }

    fn cut(&mut self, take: &Take) {
        if take.rest.is_empty() {
            return;
        }
        let (rest, guards) = (Buddy::all(&take.rest), Buddy::guards(&take.rest));
        let rungs = ladder::split(take.found, &rest, &guards, take.taken);
        ladder::draw(&rungs, self.indent, self.page);
        // Guards are the smallest.
        self.listed(&rest[..rest.len() - guards.len()], &take.rest);
        self.kept_back(&guards);
    }

    /// Which lists got the upper halves that are free.
    fn listed(&mut self, rest: &[Block], buddies: &[Buddy]) {
        let (Some(first), Some(last)) = (rest.last(), rest.first()) else {
            return;
        };
        let mut types: Vec<_> = buddies.iter().filter_map(|upper| upper.list).collect();
        types.dedup();
        let plural = if rest.len() == 1 {
            ("half goes", "")
        } else {
            ("halves go", "s")
        };
        let mut line = Line::from(format!("The upper {} to the head of the ", plural.0));
        line.append(names::listed(
            types.into_iter().map(names::of_type).collect(),
        ));
        let orders = orders(first.order(), last.order());
        self.say(line.plain(format!(" list{} of {orders}.", plural.1)));
    }

    fn kept_back(&mut self, guards: &[Block]) {
        let names = guards.iter().map(|&guard| Line::from(names::block(guard)));
        let what = match guards.len() {
            0 => return,
            1 => " is kept back, on no list and not counted as free: a guard behind what is left.",
            _ => " are kept back, on no list and not counted as free: guards behind what is left.",
        };
        self.say(names::listed(names.collect()).plain(what));
    }

    pub(super) fn fallback(&mut self, fallback: &Fallback) {
        let Fallback {
            block,
            order,
            wanted,
            from,
            counts,
            parts,
            ..
        } = fallback;
        let mut line = Line::new().then(Tone::Mark, "Fallback").plain(": ");
        if let Some(counts) = counts {
            let own = counts
                .of_type(*wanted)
                .into_iter()
                .any(|(found, _)| *order <= found);
            if !own {
                line.push(Tone::Plain, "no ");
                line.append(names::of_type(*wanted));
                line.push(
                    Tone::Plain,
                    format!(" block of order {order} or above is free. "),
                );
            }
            let others = counts.types().into_iter();
            let others = others.filter(|mt| mt != wanted && mt.is_ordinary());
            let others: Vec<_> = others.filter_map(|mt| shelf(counts, mt, *order)).collect();
            line.push(Tone::Plain, "Others have blocks that large: ");
            line.append(names::listed(others));
            line.push(Tone::Plain, ". ");
        }
        let claims = parts.iter().rposition(is_not_claimed);
        let (tried, parts) = parts.split_at(claims.map_or(0, |last| last + 1));
        if !tried.is_empty() {
            self.say(line);
            line = Line::new();
            self.inside(|teller| teller.all(tried));
        }
        line.push(Tone::Strong, block.to_string());
        line.push(Tone::Plain, " is chosen, on the ");
        line.append(names::of_type(*from));
        self.say(line.plain(" list."));
        // Of one that was looked at all is said.
        let known =
            |part: &Beat| matches!(part, Beat::NotClaimed { block: tried, .. } if tried == block);
        if !tried.iter().any(known) {
            self.claim(fallback);
        }
        if !fallback.claimed && fallback.generation.claims_first {
            let mut line = Line::from("The block is stolen alone: what is cut off stays ");
            line.append(names::of_type(*from));
            self.say(line.plain("."));
        }
        self.inside(|teller| {
            for part in parts {
                match part {
                    // Whose list it was on is said.
                    Beat::Take(take) if take.list == *from => teller.cut(take),
                    part => teller.beat(part),
                }
            }
        });
    }

    /// Whether the pageblock changed hands, and why.
    fn claim(&mut self, fallback: &Fallback) {
        let Fallback {
            block,
            claimed,
            pageblock,
            ..
        } = fallback;
        let mut line = match pageblock {
            None => Line::from("Its pageblock is "),
            Some(look) if look.block.order() <= block.order() => {
                Line::from("That is a whole pageblock or more. It is ")
            }
            Some(look) => Line::from(format!("{} It is ", free_of(look))),
        };
        if *claimed {
            line.push(Tone::Strong, "claimed");
            if let Some(look) = pageblock
                && look.free < look.block.frames() / 2
            {
                let why = ": with those of like kind it is half of them";
                line.push(Tone::Plain, why);
            }
        } else {
            line.push(Tone::Strong, "not claimed");
            let why = pageblock.as_ref().map(|look| why_not(fallback, look));
            line.push(Tone::Plain, why.unwrap_or_default());
        }
        self.say(line.plain("."));
    }

    /// A pageblock that might have been claimed.
    pub(super) fn not_claimed(
        &mut self,
        block: Block,
        from: MigrateType,
        pageblock: Option<&PageblockLook>,
    ) {
        let mut line = Line::from(format!("{block}, the largest left on the "));
        line.append(names::of_type(from));
        line.push(Tone::Plain, " lists, is looked at.");
        if let Some(look) = pageblock {
            line.push(Tone::Plain, format!(" {}", free_of(look)));
        }
        line.push(Tone::Plain, " It is ");
        line.push(Tone::Strong, "not claimed");
        let why = pageblock.map_or("", |look| too_little(look, true, true));
        self.say(line.plain(format!("{why}.")));
    }

    pub(super) fn refill(&mut self, cpu: CpuId, list: &Line, blocks: u32, parts: &[Beat]) {
        let mut line = Line::from(format!("{}'s ", names::cpu(cpu)));
        line.append(list.clone());
        line.push(Tone::Plain, " list is empty: ");
        line.push(Tone::Strong, "refill");
        let got = match blocks {
            0 => ", but the buddy has nothing to give".to_owned(),
            blocks => format!(" with {}", counted(u64::from(blocks), "block")),
        };
        self.say(line.plain(format!("{got}.")));
        self.inside(|teller| {
            if teller.full() || blocks <= 1 {
                teller.each_of_refill(parts);
            } else {
                teller.sum_of_refill(parts);
            }
        });
    }

    fn each_of_refill(&mut self, parts: &[Beat]) {
        for part in parts {
            match part {
                Beat::PcpPut { block, .. } if self.full() => {
                    let block = names::block(*block);
                    self.say(format!("{block} goes to the tail of the per-CPU list."));
                }
                Beat::PcpPut { .. } => {}
                part => self.beat(part),
            }
        }
    }

    fn sum_of_refill(&mut self, parts: &[Beat]) {
        let blocks = parts.iter().filter_map(|part| match part {
            Beat::PcpPut { block, .. } => Some(*block),
            _ => None,
        });
        let blocks: Vec<_> = blocks.collect();
        self.say(format!("They are {}.", names::runs(&blocks, SHOWN)));
        let takes = takes_of(parts);
        let guards = takes.iter().flat_map(|take| Buddy::guards(&take.rest));
        let guards: u64 = guards.map(Block::frames).sum();
        let origins = origins_of(&takes);
        let mut from: Vec<_> = origins
            .iter()
            .take(SHOWN)
            .map(|take| origin(take))
            .collect();
        if origins.len() > SHOWN {
            let more = (origins.len() - SHOWN) as u64;
            from.push(Line::from(counted(more, "more block")));
        }
        let mut line = Line::from("They come from ");
        line.append(names::listed(from));
        self.say(line.plain("."));
        let mut fallbacks = parts
            .iter()
            .filter(|part| matches!(part, Beat::Fallback(_)));
        // One stands for all: the first that was cut.
        let cut = takes.iter().find(|take| !take.rest.is_empty());
        if let (Some(take), None) = (cut.or(takes.first()), fallbacks.clone().next()) {
            self.take(take);
        }
        fallbacks
            .by_ref()
            .take(FALLBACKS)
            .for_each(|part| self.beat(part));
        match fallbacks.count() as u64 {
            0 => {}
            more => self.say(format!("{} like that.", counted(more, "more fallback"))),
        }
        if guards > 0 {
            let frames = counted(guards, "frame");
            self.say(format!(
                "{frames} in all are kept back as guards behind them."
            ));
        }
        self.new_on_lists(parts);
    }
}

fn is_not_claimed(part: &Beat) -> bool {
    matches!(part, Beat::NotClaimed { .. })
}

fn free_of(look: &PageblockLook) -> String {
    let (block, free, all) = (look.block, look.free, look.block.frames());
    format!("Of its pageblock {block} {free} of {all} frames are free.")
}

/// Why the pageblock of what was robbed did not change hands.
fn why_not(fallback: &Fallback, look: &PageblockLook) -> String {
    let Fallback {
        block,
        wanted,
        generation,
        parts,
        ..
    } = fallback;
    let least = look.block.order().get() / HALF;
    if look.block.order() <= block.order() {
        return String::new();
    }
    if block.order().get() < least && !claims_small(*wanted, generation) {
        return format!(": {wanted} requests claim from blocks of order {least} on only");
    }
    if generation.claims_first && !parts.iter().any(is_not_claimed) {
        return ": once a refill has stolen, it goes on stealing".to_owned();
    }
    too_little(look, generation.claims_whole, generation.counts_alike).to_owned()
}

/// Why a pageblock is not worth claiming. `all`: it must lie in the zone from its first frame on;
/// `alike`: frames of like kind speak for it, too.
fn too_little(look: &PageblockLook, all: bool, alike: bool) -> &'static str {
    if look.mt == Some(MigrateType::HighAtomic) {
        ": it is kept for high-order atomic requests"
    } else if !look.ends_inside || (all && !look.begins_inside) {
        ": it is not all in this zone"
    } else if alike {
        ": that takes half of the frames, free or of like kind"
    } else {
        ": that takes half of the frames"
    }
}

/// Whether a request may claim the pageblock of a block of less than half its order.
fn claims_small(wanted: MigrateType, generation: &Generation) -> bool {
    match wanted {
        MigrateType::Movable => false,
        MigrateType::Unmovable => generation.counts_alike,
        _ => true,
    }
}

/// Which lists were looked at, and which gave a block.
fn looked_at(take: &Take) -> Line {
    let Take {
        list,
        found,
        taken,
        counts,
        ..
    } = take;
    let (wanted, order) = (taken.order(), found.order());
    let mut line = names::of_type(*list);
    match counts {
        None => line.push(Tone::Plain, format!(" list of order {order}: the head ")),
        Some(counts) => {
            line.push(Tone::Plain, " lists: ");
            if let Some(below) = order.down()
                && wanted < order
                && wanted
                    .through(below)
                    .all(|order| counts.get(order, *list) == 0)
            {
                let verb = if wanted == below { "is" } else { "are" };
                line.push(
                    Tone::Plain,
                    format!("{} {verb} empty, ", orders(wanted, below)),
                );
            }
            let blocks = counted(counts.get(order, *list), "block");
            line.push(
                Tone::Plain,
                format!("order {order} has {blocks}. The head, "),
            );
        }
    }
    line.push(Tone::Strong, found.to_string());
    line.push(Tone::Plain, ", is taken");
    if wanted < order {
        line.push(Tone::Plain, format!(" and cut down to order {wanted}"));
    }
    line.plain(".")
}

/// `order 3`, `orders 3 and 4`, `orders 3 to 7`.
fn orders(first: Order, last: Order) -> String {
    match last.get() - first.get() {
        0 => format!("order {first}"),
        1 => format!("orders {first} and {last}"),
        _ => format!("orders {first} to {last}"),
    }
}

/// `Movable (1 of order 2, 3 of order 5)`: what there is from an order on.
fn shelf(counts: &FreeCounts, mt: MigrateType, least: Order) -> Option<Line> {
    let orders = counts.of_type(mt).into_iter();
    let orders = orders.filter(|&(order, _)| least <= order);
    let orders: Vec<_> = orders
        .map(|(order, blocks)| format!("{blocks} of order {order}"))
        .collect();
    let line = names::of_type(mt).plain(format!(" ({})", orders.join(", ")));
    (!orders.is_empty()).then_some(line)
}

fn origin(take: &Take) -> Line {
    Line::from(format!("{} (", take.found))
        .then(Tone::Type(take.list), take.list.name())
        .plain(")")
}

/// Every take among `parts`, those of fallbacks too.
fn takes_of(parts: &[Beat]) -> Vec<&Take> {
    let takes = parts.iter().flat_map(|part| match part {
        Beat::Take(take) => vec![take],
        Beat::Fallback(fallback) => takes_of(&fallback.parts),
        _ => Vec::new(),
    });
    takes.collect()
}

/// The takes whose block was not cut off an earlier one.
fn origins_of<'a>(takes: &[&'a Take]) -> Vec<&'a Take> {
    let mut origins: Vec<&Take> = Vec::new();
    for take in takes {
        let known = |block: Block| block.range().covers(take.found.range());
        if !origins.iter().any(|origin| known(origin.found)) {
            origins.push(take);
        }
    }
    origins
}
