//! The kinds of questions: each looks for something to ask, and at what came of it.

use std::collections::BTreeSet;

use pfnlab_model::{Block, Event, Op, Pfn, Refusal, Request, Snapshot, ZoneId};
use pfnlab_view::chains;

use super::context;
use super::draw_lots::Lots;
use super::{Question, QuestionKind};

/// Choices of a question, if there are as many.
const CHOICES: usize = 4;

/// Every question there is to ask.
pub(super) fn all(before: &Snapshot, op: &Op, events: &[Event], lots: &mut Lots) -> Vec<Question> {
    let mut all = Vec::new();
    match op {
        Op::Alloc { request, .. } => {
            all.extend(which(before, request, events, lots));
            all.extend(refused(before, request, events));
        }
        Op::Free { .. } => {
            all.extend(merge(events, lots));
            all.extend(how_far(before, events));
            all.extend(buddy(events, lots));
        }
        _ => {}
    }
    let about = |question: &&mut Question| question.kind != QuestionKind::Buddy;
    for question in all.iter_mut().filter(about) {
        question.context = match &question.context[..] {
            "" => op.to_string(),
            context => format!("{op}\n{context}"),
        };
    }
    all
}

/// Which block a request gets: from the head of a list that has some, of the type that asked.
fn which(
    before: &Snapshot,
    request: &Request,
    events: &[Event],
    lots: &mut Lots,
) -> Option<Question> {
    // What came about by a detour cannot be told from the state alone.
    let detour = |event: &Event| {
        matches!(
            event,
            Event::FellBack { .. }
                | Event::PcpRefilled { .. }
                | Event::PcpDrained { .. }
                | Event::ZoneRefused { .. }
        )
    };
    if events.iter().any(detour) {
        return None;
    }
    let lent = events.iter().find_map(|event| match *event {
        Event::Lent { zone, block } => Some((zone, block)),
        _ => None,
    });
    let (zone, block) = lent?;
    let taken = events.iter().find_map(|event| match *event {
        Event::Unlinked { block, mt, .. } => Some((block, Some(mt))),
        Event::PcpUnlinked { block, .. } => Some((block, None)),
        _ => None,
    });
    let (found, mt) = taken?;
    let context = context::lists(before, zone, request, mt);
    let order = request.order;
    let prompt = format!("Which block does this request of order {order} get?");
    let mut others: BTreeSet<Block> = BTreeSet::new();
    let state = before.zone(zone)?;
    for list in &state.free_lists {
        let ends = [list.pfns.front(), list.pfns.back()];
        let places = ends.into_iter().flatten();
        // What a request gets of a block is its lower end; that it is the upper is a mistake to offer.
        others.extend(places.flat_map(|&pfn| {
            let whole = Block::containing(pfn, list.order);
            let last = Pfn::new(whole.range().end().get() - 1);
            [
                Block::containing(pfn, order),
                Block::containing(last, order),
            ]
        }));
    }
    let why = match mt {
        None => format!("{found} is at the head of the per-CPU list: no other list is asked."),
        Some(mt) if found == block => {
            format!("{found} is at the head of the {mt} list of order {order}.")
        }
        Some(mt) => format!(
            "{found} is at the head of the smallest {mt} list that has blocks of order {order} or \
             above. It is cut in halves; the lower part is handed out."
        ),
    };
    let asked = Asked {
        kind: QuestionKind::Which,
        context,
        prompt,
        why,
    };
    asked.among(block, others, lots)
}

/// Which two blocks merge first.
fn merge(events: &[Event], lots: &mut Lots) -> Option<Question> {
    let chain = chains(events).into_iter().find(|chain| !chain.split)?;
    let (came, buddy) = (chain.first, *chain.buddies.first()?);
    let others = neighbours(came).into_iter().filter(|&other| other != came);
    let why = format!(
        "The buddy of {came} is {buddy}: bit {} of the PFN flipped. It is free, and of the same order.",
        came.order()
    );
    let prompt =
        format!("{came} comes back to the free lists. Which block does it merge with first?");
    let asked = Asked {
        kind: QuestionKind::Merge,
        context: String::new(),
        prompt,
        why,
    };
    asked.among(buddy, others.collect(), lots)
}

/// How far a block that comes back merges.
fn how_far(before: &Snapshot, events: &[Event]) -> Option<Question> {
    // In a drain others came back before, and the state before does not tell.
    let drained = |event: &Event| matches!(event, Event::PcpDrained { .. });
    if events.iter().any(drained) {
        return None;
    }
    let (zone, came, buddies, made) = came_back(events)?;
    let (from, to) = (came.order().get(), made.order().get());
    let choices: Vec<_> = (from..=to.max(from + 2).min(10)).collect();
    let why = match buddies[..] {
        [] if choices.len() == 1 => return None,
        [] => format!(
            "{came} merges with nothing: its buddy is {}, bit {from} of the PFN flipped, and that is not free \
             as a whole. A free block on its other side does not count.",
            came.buddy()
        ),
        _ => format!(
            "{came} merges with {}, one order after the other, and becomes {made}. There it ends: the next \
             buddy is not free as a whole, or there is no larger order.",
            listed(&buddies)
        ),
    };
    Some(Question {
        kind: QuestionKind::HowFar,
        context: context::around(before, zone, came),
        prompt: format!(
            "{came} comes back to the free lists. Of what order is the block that goes to a list in the end?"
        ),
        answer: choices.iter().position(|&order| order == to)?,
        choices: choices
            .iter()
            .map(|order| format!("order {order}"))
            .collect(),
        why,
    })
}

/// The block that came back to the free lists, what it merged with, and what became of it.
fn came_back(events: &[Event]) -> Option<(ZoneId, Block, Vec<Block>, Block)> {
    if let Some(chain) = chains(events).into_iter().find(|chain| !chain.split) {
        return Some((chain.zone, chain.first, chain.buddies, chain.last));
    }
    let returned = events.iter().find_map(|event| match *event {
        Event::Returned { block, .. } => Some(block),
        _ => None,
    })?;
    events.iter().find_map(|event| match *event {
        Event::Linked { zone, block, .. } if block == returned => {
            Some((zone, block, Vec::new(), block))
        }
        _ => None,
    })
}

/// Whether two blocks are buddies: asked of those that merged, and of neighbours that are none.
fn buddy(events: &[Event], lots: &mut Lots) -> Option<Question> {
    let chain = chains(events).into_iter().find(|chain| !chain.split)?;
    let (came, buddy) = (chain.first, *chain.buddies.first()?);
    let mut asked = neighbours(came);
    asked.retain(|&other| other != buddy && other != came);
    asked.push(buddy);
    let asked = asked[lots.below(asked.len() as u64) as usize];
    let (order, right) = (came.order(), asked == buddy);
    Some(Question {
        kind: QuestionKind::Buddy,
        context: String::new(),
        prompt: format!(
            "Is {} the buddy of {} at order {order}?",
            asked.start(),
            came.start()
        ),
        choices: ["yes", "no"].map(str::to_owned).to_vec(),
        answer: usize::from(!right),
        why: format!(
            "The buddy of {} at order {order} is {}: bit {order} flipped. To be adjacent is not enough.",
            came.start(),
            buddy.start()
        ),
    })
}

/// Why a request is refused: by its last zone.
fn refused(before: &Snapshot, request: &Request, events: &[Event]) -> Option<Question> {
    events
        .iter()
        .find(|event| matches!(event, Event::Refused(_)))?;
    let refusals: Vec<(ZoneId, Refusal)> = events
        .iter()
        .filter_map(|event| match *event {
            Event::ZoneRefused { zone, why } => Some((zone, why)),
            _ => None,
        })
        .collect();
    let &(zone, why) = refusals.last()?;
    let same = |other: &Refusal| std::mem::discriminant(other) == std::mem::discriminant(&why);
    if !refusals.iter().all(|(_, other)| same(other)) {
        return None;
    }
    let choices = [
        "Too little is free: it would fall to the watermark or below.",
        "Enough is free, but no block is large enough.",
        "The lists of its migratetype are empty, and it may not take from others.",
    ];
    let (answer, why) = match why {
        Refusal::BelowMark { free, mark } => (
            0,
            format!("{free} frames are free as the test counts them, and {mark} must be exceeded."),
        ),
        Refusal::NoLargeBlock => (
            1,
            format!(
                "No list of order {} or above has a block to give: much free memory is not the same as large blocks.",
                request.order
            ),
        ),
        Refusal::FewLarge { .. } | Refusal::NothingFound | Refusal::KnownFull => return None,
    };
    Some(Question {
        kind: QuestionKind::Refused,
        context: context::counts(before, zone),
        prompt: format!(
            "This request of order {} is refused. Why does node {} {} not serve it?",
            request.order, zone.node, zone.kind
        ),
        choices: choices.map(str::to_owned).to_vec(),
        answer,
        why,
    })
}

/// Blocks beside this one and blocks a bit away, buddies or not.
fn neighbours(block: Block) -> Vec<Block> {
    let frames = block.frames();
    let start = block.start().get();
    let up = [1, 2, 3].map(|times| Some(start + times * frames));
    let down = [1, 2, 3].map(|times| start.checked_sub(times * frames));
    let starts = up.into_iter().chain(down).flatten();
    starts
        .map(|start| Block::containing(Pfn::new(start), block.order()))
        .collect()
}

/// A question whose answer is a block.
struct Asked {
    kind: QuestionKind,
    context: String,
    prompt: String,
    why: String,
}

impl Asked {
    /// With one right block among others.
    fn among(self, right: Block, mut others: BTreeSet<Block>, lots: &mut Lots) -> Option<Question> {
        others.remove(&right);
        let mut others: Vec<_> = others.into_iter().collect();
        if others.is_empty() {
            return None;
        }
        lots.shuffle(&mut others);
        others.truncate(CHOICES - 1);
        let mut blocks = others;
        blocks.push(right);
        lots.shuffle(&mut blocks);
        Some(Question {
            kind: self.kind,
            context: self.context,
            prompt: self.prompt,
            answer: blocks.iter().position(|&block| block == right)?,
            choices: blocks.iter().map(ToString::to_string).collect(),
            why: self.why,
        })
    }
}

fn listed(blocks: &[Block]) -> String {
    let names: Vec<_> = blocks.iter().map(ToString::to_string).collect();
    names.join(", ")
}
