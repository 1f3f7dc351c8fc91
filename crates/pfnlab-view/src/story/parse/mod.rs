//! Events become beats.
//!
//! - [`Parser`]: event by event; most are a beat of their own.
//! - [`walk`]: which zones were asked. [`blocks`]: what happened to a block, over several events.
//! - [`kinds`]: what belongs together.

mod blocks;
mod kinds;
mod walk;

use pfnlab_model::{End, Event, PcpField, Snapshot, ZoneFlags, ZoneId};

use super::beat::{Beat, Fallback};
use super::look::{self, PageblockLook, PcpLook};
use crate::generation::Generation;
use crate::names;

use blocks::Search;
use kinds::{is_draining, is_filling, is_taking, zone_of};
use walk::Walk;

/// The beats of one operation. `state` is the state before, and moves along. `bulk`: how many
/// frames a bulk request asks for.
pub(crate) fn parse(events: &[Event], state: Option<&mut Snapshot>, bulk: u64) -> Vec<Beat> {
    let mut parser = Parser {
        bulk,
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
    bulk: u64,
    events: &'a [Event],
    at: usize,
    state: Option<&'a mut Snapshot>,
    beats: Vec<Beat>,
    walk: Option<Walk>,
    search: Option<Search>,
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

    /// What the high mark of a zone's per-CPU lists was before this operation moved it.
    fn high_before(&self, of: ZoneId) -> Option<u32> {
        self.beats.iter().find_map(|beat| match *beat {
            Beat::Tuned {
                zone,
                field: PcpField::High,
                from,
                ..
            } if zone == of => from,
            _ => None,
        })
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
            Event::Unguarded { block, .. } if self.is_merged(block) => return self.merge(),
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
                        high: self.high_before(zone).unwrap_or(now.high),
                        ..now
                    });
                let flags = look::zone_in(self.state(), zone).map(|(_, state)| state.flags);
                self.push(Beat::Drain {
                    zone,
                    cpu,
                    frames,
                    before,
                    flags: flags.unwrap_or(ZoneFlags::NONE),
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
                    generation: Generation::of(self.state()),
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
                    flags: None,
                    first: None,
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
                    flags: Some(flags),
                    first: Some(preferred),
                    let_in: None,
                });
                Beat::Walk {
                    preferred,
                    flags,
                    generation: Generation::of(self.state()),
                }
            }
            Event::ZoneRefused { zone, why } => self.refused(zone, why),
            Event::NotClaimed { zone, block, from } => {
                self.begin_search(zone, None);
                let pageblock = look::zone_in(self.state(), zone)
                    .map(|(snapshot, state)| PageblockLook::of(snapshot, state, block));
                Beat::NotClaimed {
                    block,
                    from,
                    pageblock,
                }
            }
            Event::NofailWarned { order, .. } => Beat::NofailWarned { order },
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
                    zone,
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
            Event::FullZonesAsked => Beat::FullToo,
            Event::KswapdWoken { node } => Beat::Woken { node },
            Event::ZoneNotedFull { node, at } => Beat::NotedFull {
                node,
                zone: look::on_zonelist(self.state(), node, at),
            },
            Event::FullZonesForgotten { node } => Beat::Forgotten { node },
            Event::Lent { zone, block } => {
                self.walk = None;
                Beat::Lent { zone, block }
            }
            Event::Returned { zone, block } => Beat::Returned { zone, block },
            Event::LentSplit { block, .. } => Beat::LentSplit { block },
            Event::Refused(request) => Beat::Refused {
                gone: look::is_gone(self.state(), request.cpu).then_some(request.cpu),
            },
            Event::SysctlSet { sysctl, value } => Beat::Sysctl { sysctl, value },
            Event::WatermarksSet { zone, marks } => Beat::Watermarks { zone, marks },
            Event::Slab(_) | Event::Lru(_) | Event::PageExt(_) | Event::HeldBy { .. } => {
                Beat::Client(event)
            }
            Event::Memory(event) => Beat::Memory(event),
            Event::Compaction(event) => Beat::Compaction(event),
            other => Beat::Other(other),
        }
    }
}
