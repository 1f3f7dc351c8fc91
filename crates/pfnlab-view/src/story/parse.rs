//! Events become beats.

use pfnlab_model::{Block, End, Event, MigrateType, Refusal, Request, Snapshot, ZoneId};

use super::beat::{Beat, Fallback, Put, Take};
use super::look::{self, FreeCounts, Level, Neighbour, PageblockLook, PcpLook};
use crate::names;

/// The beats of one operation. `state` is the state before, and moves along.
pub(crate) fn parse(events: &[Event], state: Option<&mut Snapshot>) -> Vec<Beat> {
    let mut parser = Parser {
        events,
        at: 0,
        state,
        beats: Vec::new(),
        walk: None,
        search: None,
    };
    while let Some(event) = parser.peek() {
        parser.event(event);
    }
    parser.beats
}

struct Parser<'a> {
    events: &'a [Event],
    at: usize,
    state: Option<&'a mut Snapshot>,
    beats: Vec<Beat>,
    walk: Option<Walk>,
    search: Option<Search>,
}

/// A walk on its way.
struct Walk {
    request: Option<Request>,
    flags: u32,
    let_in: Option<ZoneId>,
}

/// What lay on the lists when a search for a block began.
#[derive(Default)]
struct Search {
    counts: Option<FreeCounts>,
    pageblock: Option<PageblockLook>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Event> {
        self.events.get(self.at).copied()
    }

    fn ahead(&self) -> impl Iterator<Item = Event> {
        self.events[self.at + 1..].iter().copied()
    }

    /// Moves the state by the event, and on to the next.
    fn step(&mut self) {
        if let Some(state) = &mut self.state {
            state.apply(self.events[self.at]);
        }
        self.at += 1;
    }

    fn state(&self) -> Option<&Snapshot> {
        self.state.as_deref()
    }

    fn push(&mut self, beat: Beat) {
        if !is_taking(&beat) {
            self.search = None;
        }
        self.beats.push(beat);
    }

    /// Beats at the end of which all are of one kind.
    fn split_off(&mut self, kind: impl Fn(&Beat) -> bool) -> Vec<Beat> {
        let start = self
            .beats
            .iter()
            .rposition(|beat| !kind(beat))
            .map_or(0, |at| at + 1);
        self.beats.split_off(start)
    }

    fn event(&mut self, event: Event) {
        // A pageblock's change of type names no zone; what follows it does.
        let place = match event {
            Event::Retyped { .. } => self.ahead().find_map(zone_of),
            event => zone_of(event),
        };
        if let Some(zone) = place {
            self.may_be_let_in(zone);
        }
        match event {
            Event::Unlinked { zone, block, mt } => return self.unlinked(zone, block, mt),
            Event::Linked { .. } => return self.put(Vec::new()),
            Event::PcpUnlinked { end: End::Head, .. } => return self.pcp_take(),
            Event::PcpUnlinked { list, block, .. } => {
                let list = names::pcp_list(list, self.state());
                self.push(Beat::PcpOff { list, block });
            }
            Event::PcpLinked {
                zone,
                cpu,
                list,
                block,
                end,
                ..
            } => {
                self.step();
                let after = look::zone_in(self.state(), zone)
                    .and_then(|(_, state)| PcpLook::of(state, cpu));
                let list = names::pcp_list(list, self.state());
                return self.push(Beat::PcpPut {
                    zone,
                    cpu,
                    list,
                    block,
                    end,
                    after,
                });
            }
            Event::PcpRefilled {
                zone,
                cpu,
                list,
                blocks,
            } => {
                let parts = self.split_off(is_filling);
                let list = names::pcp_list(list, self.state());
                self.push(Beat::Refill {
                    zone,
                    cpu,
                    list,
                    blocks,
                    parts,
                });
            }
            Event::PcpDrained { zone, cpu, frames } => {
                let parts = self.split_off(is_draining);
                let before = look::zone_in(self.state(), zone)
                    .and_then(|(_, state)| PcpLook::of(state, cpu))
                    .map(|now| PcpLook {
                        count: now.count + frames,
                        ..now
                    });
                self.push(Beat::Drain {
                    zone,
                    cpu,
                    frames,
                    before,
                    parts,
                });
            }
            Event::FellBack {
                block,
                order,
                wanted,
                from,
                claimed,
                ..
            } => {
                let parts = self.split_off(is_taking);
                let Search { counts, pageblock } = self.search.take().unwrap_or_default();
                self.push(Beat::Fallback(Fallback {
                    block,
                    order,
                    wanted,
                    from,
                    claimed,
                    counts,
                    pageblock,
                    parts,
                }));
            }
            _ => {
                let beat = self.simple(event);
                self.push(beat);
            }
        }
        self.step();
    }

    /// The beat of an event that stands alone.
    fn simple(&mut self, event: Event) -> Beat {
        match event {
            Event::Asked(request) => {
                self.walk = Some(Walk {
                    request: Some(request),
                    flags: 0,
                    let_in: None,
                });
                Beat::Asked {
                    request,
                    mt: look::wanted_type(request.gfp, self.state()),
                    highest: look::highest_zone(&request, self.state()),
                }
            }
            Event::WalkStarted {
                preferred,
                alloc_flags: flags,
            } => {
                let request = self.walk.as_ref().and_then(|walk| walk.request);
                self.walk = Some(Walk {
                    request,
                    flags,
                    let_in: None,
                });
                let profile = self.state().map(|state| state.profile.clone());
                Beat::Walk {
                    preferred,
                    flags,
                    profile,
                }
            }
            Event::ZoneRefused { zone, why } => self.refused(zone, why),
            Event::Retyped { block, mt } => {
                let zones = self.state().map_or(&[][..], |state| &state.zones);
                let from = zones
                    .iter()
                    .find_map(|zone| look::pageblock_type(self.state()?, zone, block));
                Beat::Retyped {
                    block,
                    from,
                    to: mt,
                }
            }
            Event::BoostSet { zone, frames } => {
                self.begin_search(zone, None);
                let from = look::zone_in(self.state(), zone).map(|(_, state)| state.boost);
                Beat::Boost {
                    zone,
                    from,
                    to: frames,
                }
            }
            Event::FlagsSet { zone, flags } => {
                let from = look::zone_in(self.state(), zone).map(|(_, state)| state.flags);
                Beat::Flags {
                    zone,
                    from,
                    to: flags,
                }
            }
            Event::PcpTuned {
                zone,
                cpu,
                field,
                value,
            } => {
                let from = look::zone_in(self.state(), zone)
                    .and_then(|(_, state)| look::pcp_field(state, cpu, field));
                Beat::Tuned {
                    cpu,
                    field,
                    from,
                    to: value,
                }
            }
            Event::StatSet { zone, stat, value } => Beat::Stat { zone, stat, value },
            Event::DiffSet {
                zone,
                cpu,
                stat,
                value,
            } => {
                let from = look::zone_in(self.state(), zone)
                    .and_then(|(snapshot, state)| look::difference(snapshot, state, cpu, stat));
                Beat::Diff {
                    zone,
                    cpu,
                    stat,
                    from,
                    to: value,
                }
            }
            Event::HighAtomicReserved { zone, frames } => Beat::HighAtomic { zone, frames },
            Event::KswapdAsked {
                node,
                order,
                highest,
            } => Beat::Kswapd {
                node,
                order,
                highest,
            },
            Event::Lent { zone, block } => {
                self.walk = None;
                Beat::Lent { zone, block }
            }
            Event::Returned { zone, block } => Beat::Returned { zone, block },
            Event::LentSplit { block, .. } => Beat::LentSplit { block },
            Event::Refused(_) => Beat::Refused,
            Event::SysctlSet { sysctl, value } => Beat::Sysctl { sysctl, value },
            Event::WatermarksSet { zone, marks } => Beat::Watermarks { zone, marks },
            other => Beat::Other(other),
        }
    }

    fn refused(&mut self, zone: ZoneId, why: Refusal) -> Beat {
        if let Some(walk) = &mut self.walk {
            walk.let_in = None;
        }
        let order = self
            .walk
            .as_ref()
            .and_then(|walk| Some(walk.request?.order));
        let counts = look::zone_in(self.state(), zone).map(|(_, state)| FreeCounts::of(state));
        match why {
            Refusal::BelowMark { free, mark } => Beat::Low {
                zone,
                free,
                mark,
                level: self.level(zone),
            },
            Refusal::NoLargeBlock => Beat::NoBlock {
                zone,
                order,
                counts,
            },
            Refusal::NothingFound => Beat::Nothing { zone, counts },
        }
    }

    fn level(&self, zone: ZoneId) -> Option<Level> {
        let walk = self.walk.as_ref()?;
        let (snapshot, state) = look::zone_in(self.state(), zone)?;
        let highest = look::highest_zone(walk.request.as_ref()?, Some(snapshot));
        Some(Level::of(snapshot, state, walk.flags, highest))
    }

    /// That a zone let the request in is told by no event: it follows from how the walk goes on.
    fn may_be_let_in(&mut self, zone: ZoneId) {
        let started = matches!(
            self.beats.last(),
            Some(
                Beat::Walk { .. }
                    | Beat::Low { .. }
                    | Beat::NoBlock { .. }
                    | Beat::Nothing { .. }
                    | Beat::Flags { .. }
            )
        );
        let known = self.walk.as_ref().is_none_or(|walk| walk.let_in.is_some());
        let walking = self
            .beats
            .iter()
            .any(|beat| matches!(beat, Beat::Walk { .. }));
        if !started || known || !walking || self.falls_below_high() {
            return;
        }
        let ends = std::iter::once(self.events[self.at])
            .chain(self.ahead())
            .find(|event| {
                matches!(
                    event,
                    Event::Lent { .. }
                        | Event::ZoneRefused { .. }
                        | Event::WalkStarted { .. }
                        | Event::Refused(_)
                )
            });
        let served = match ends {
            Some(Event::Lent { zone: by, .. }) => by == zone,
            Some(Event::ZoneRefused {
                zone: by,
                why: Refusal::NothingFound,
            }) => by == zone,
            _ => false,
        };
        if served {
            let level = self.level(zone);
            if let Some(walk) = &mut self.walk {
                walk.let_in = Some(zone);
            }
            self.push(Beat::LetIn { zone, level });
        }
    }

    /// Whether the next event only notes that a zone failed the test of its high mark.
    fn falls_below_high(&self) -> bool {
        match self.peek() {
            Some(Event::FlagsSet { zone, flags }) => {
                let from = look::zone_in(self.state(), zone).map(|(_, state)| state.flags);
                look::fell_below_high(from, flags)
            }
            _ => false,
        }
    }

    fn begin_search(&mut self, zone: ZoneId, found: Option<Block>) {
        let mut search = self.search.take().unwrap_or_default();
        if let Some((snapshot, state)) = look::zone_in(self.state(), zone) {
            if search.counts.is_none() {
                search.counts = Some(FreeCounts::of(state));
            }
            if search.pageblock.is_none() {
                search.pageblock = found.map(|block| PageblockLook::of(snapshot, state, block));
            }
        }
        self.search = Some(search);
    }

    /// A block left a free list: to be merged, to join another list, or to be used.
    fn unlinked(&mut self, zone: ZoneId, block: Block, mt: MigrateType) {
        let next = self
            .ahead()
            .find(|event| !is_count(*event) && !matches!(event, Event::Retyped { .. }));
        match next {
            Some(Event::Merged { block: parent, .. }) if Some(parent) == block.parent() => {
                self.merge();
            }
            Some(Event::Linked {
                block: same,
                mt: to,
                end,
                ..
            }) if same == block => {
                self.begin_search(zone, Some(block));
                self.step();
                while let Some(event) = self.peek()
                    && !matches!(event, Event::Linked { .. })
                {
                    let beat = self.simple(event);
                    self.push(beat);
                    self.step();
                }
                self.step();
                self.moved(Beat::Moved {
                    zone,
                    from: mt,
                    to,
                    end,
                    blocks: vec![block],
                });
            }
            _ => self.take(zone, block, mt),
        }
    }

    /// Blocks that move the same way are told together.
    fn moved(&mut self, beat: Beat) {
        let at = self.beats.iter().rposition(|beat| !is_bookkeeping(beat));
        if let Some(Beat::Moved {
            zone,
            from,
            to,
            end,
            blocks,
        }) = at.map(|at| &mut self.beats[at])
            && let Beat::Moved {
                zone: z,
                from: f,
                to: t,
                end: e,
                blocks: more,
            } = &beat
            && (*zone, *from, *to, *end) == (*z, *f, *t, *e)
        {
            return blocks.extend(more);
        }
        self.push(beat);
    }

    /// A block is taken off a list and cut.
    fn take(&mut self, zone: ZoneId, found: Block, list: MigrateType) {
        self.begin_search(zone, Some(found));
        let counts = look::zone_in(self.state(), zone).map(|(_, state)| FreeCounts::of(state));
        self.step();
        let mut take = Take {
            zone,
            list,
            found,
            rest: Vec::new(),
            taken: found,
            counts,
        };
        let mut others = Vec::new();
        while let Some(event) = self.peek() {
            match event {
                Event::Split { block, .. } if block == take.taken => {
                    take.taken = block.split().map_or(block, |(lower, _)| lower);
                }
                Event::Linked { block, mt, .. } if block == take.taken.buddy() => {
                    take.rest.push((block, mt));
                }
                Event::Retyped { block, .. }
                    if take.rest.is_empty() && found.range().covers(block.range()) =>
                {
                    others.push(self.simple(event));
                }
                event if is_count(event) => others.push(self.simple(event)),
                _ => break,
            }
            self.step();
        }
        let (before, after) = others
            .into_iter()
            .partition(|beat| matches!(beat, Beat::Retyped { .. }));
        let before: Vec<Beat> = before;
        let after: Vec<Beat> = after;
        before.into_iter().for_each(|beat| self.push(beat));
        self.push(Beat::Take(take));
        after.into_iter().for_each(|beat| self.push(beat));
    }

    /// Buddy after buddy is taken off its list.
    fn merge(&mut self) {
        let mut buddies = Vec::new();
        while let Some(event) = self.peek() {
            match event {
                Event::Unlinked { block, mt, .. } => buddies.push((block, mt)),
                Event::Merged { .. } => {}
                Event::Retyped { .. } => {
                    let beat = self.simple(event);
                    self.push(beat);
                }
                event if is_count(event) => {
                    let beat = self.simple(event);
                    self.push(beat);
                }
                Event::Linked { .. } => return self.put(buddies),
                _ => return,
            }
            self.step();
        }
    }

    /// The block is put on its list.
    fn put(&mut self, buddies: Vec<(Block, MigrateType)>) {
        let Some(Event::Linked {
            zone,
            block: placed,
            mt,
            end,
        }) = self.peek()
        else {
            return;
        };
        // In a drain, one of very many: where each buddy is would take long to find out.
        let single = !matches!(
            self.beats.iter().rfind(|beat| !is_bookkeeping(beat)),
            Some(Beat::PcpOff { .. })
        );
        let neighbour = look::zone_in(self.state(), zone)
            .filter(|_| single)
            .map(|(snapshot, state)| Neighbour::of(snapshot, state, placed));
        let likely = look::zone_in(self.state(), zone)
            .filter(|_| single && end == End::Tail)
            .is_some_and(|(_, state)| Neighbour::parent_has_free_buddy(state, placed));
        self.push(Beat::Put(Put {
            zone,
            buddies,
            placed,
            mt,
            end,
            likely,
            neighbour,
        }));
        self.step();
    }

    /// A block left the head of a per-CPU list. Several in a row are told together.
    fn pcp_take(&mut self) {
        let Some(Event::PcpUnlinked {
            zone,
            cpu,
            list: index,
            block,
            ..
        }) = self.peek()
        else {
            return;
        };
        self.step();
        let lent = matches!(self.peek(), Some(Event::Lent { block: lent, .. }) if lent == block);
        let state = look::zone_in(self.state(), zone).map(|(_, state)| state);
        let left = state.map(|state| look::pcp_length(state, cpu, index));
        let name = names::pcp_list(index, self.state());
        let again = self.beats.len().checked_sub(2);
        if lent
            && let Some(again) = again
            && matches!(self.beats[again + 1], Beat::Lent { .. })
            && let Beat::PcpTake {
                zone: z,
                cpu: c,
                list,
                blocks,
                left: l,
            } = &mut self.beats[again]
            && (*z, *c) == (zone, cpu)
            && *list == name
        {
            blocks.push(block);
            *l = left;
            // The block before is told by the take.
            self.beats.pop();
        } else {
            self.push(Beat::PcpTake {
                zone,
                cpu,
                list: name,
                blocks: vec![block],
                left,
            });
        }
    }
}

/// The zone whose lists an event speaks of.
fn zone_of(event: Event) -> Option<ZoneId> {
    match event {
        Event::Unlinked { zone, .. }
        | Event::Linked { zone, .. }
        | Event::PcpLinked { zone, .. }
        | Event::PcpUnlinked { zone, .. }
        | Event::PcpTuned { zone, .. }
        | Event::BoostSet { zone, .. }
        | Event::PcpRefilled { zone, .. }
        | Event::FlagsSet { zone, .. }
        | Event::ZoneRefused {
            zone,
            why: Refusal::NothingFound,
        } => Some(zone),
        _ => None,
    }
}

fn is_count(event: Event) -> bool {
    matches!(
        event,
        Event::StatSet { .. } | Event::DiffSet { .. } | Event::HighAtomicFree { .. }
    )
}

/// Counters and the like.
pub(super) fn is_bookkeeping(beat: &Beat) -> bool {
    matches!(
        beat,
        Beat::Stat { .. }
            | Beat::Diff { .. }
            | Beat::Tuned { .. }
            | Beat::Other(Event::HighAtomicFree { .. })
    )
}

/// What belongs to finding one block.
fn is_taking(beat: &Beat) -> bool {
    is_bookkeeping(beat)
        || matches!(
            beat,
            Beat::Take(_)
                | Beat::Moved { .. }
                | Beat::Retyped { .. }
                | Beat::Boost { .. }
                | Beat::Flags { .. }
        )
}

/// What belongs to a refill.
fn is_filling(beat: &Beat) -> bool {
    is_taking(beat)
        || matches!(
            beat,
            Beat::Fallback(_) | Beat::PcpPut { end: End::Tail, .. }
        )
}

/// What belongs to a drain.
fn is_draining(beat: &Beat) -> bool {
    matches!(
        beat,
        Beat::PcpOff { .. } | Beat::Put(_) | Beat::Retyped { .. }
    ) || (is_bookkeeping(beat) && !matches!(beat, Beat::Tuned { .. }))
}
