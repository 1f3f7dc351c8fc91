//! Walks: which zones were asked, and which let the request in.

use pfnlab_model::{Event, Refusal, Request, ZoneId};

use super::Parser;
use crate::story::beat::Beat;
use crate::story::flags;
use crate::story::look::{self, FreeCounts, Level};

/// A walk on its way.
pub(super) struct Walk {
    pub(super) request: Option<Request>,
    /// Its internal flags; `None`: a bulk request looks for a zone, before any walk.
    pub(super) flags: Option<u32>,
    /// The zone that was asked first.
    pub(super) first: Option<ZoneId>,
    /// The zone that let it in.
    pub(super) let_in: Option<ZoneId>,
}

impl Parser<'_> {
    pub(super) fn refused(&mut self, zone: ZoneId, why: Refusal) -> Beat {
        if let Some(walk) = &mut self.walk {
            walk.let_in = None;
            walk.first.get_or_insert(zone);
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
            Refusal::FewLarge { order, free, mark } => Beat::FewLarge {
                zone,
                from: order,
                free,
                mark,
            },
            Refusal::KnownFull => Beat::KnownFull { zone },
            Refusal::NothingFound => Beat::Nothing {
                zone,
                unmixed: self
                    .walk
                    .as_ref()
                    .and_then(|walk| walk.flags)
                    .is_some_and(flags::unmixed),
                counts,
            },
        }
    }

    fn level(&self, zone: ZoneId) -> Option<Level> {
        let walk = self.walk.as_ref()?;
        let (snapshot, state) = look::zone_in(self.state(), zone)?;
        let highest = match walk.flags {
            Some(_) => look::highest_zone(walk.request.as_ref()?, Some(snapshot)),
            None => walk.first?.kind,
        };
        let level = Level::of(snapshot, state, walk.flags, highest);
        Some(Level {
            order: walk.request?.order,
            bulk: walk.flags.map_or(self.bulk, |_| 0),
            ..level
        })
    }

    /// That a zone let the request in is told by no event: it follows from how the walk goes on.
    pub(super) fn may_be_let_in(&mut self, zone: ZoneId) {
        let started = matches!(
            self.beats.last(),
            Some(
                Beat::Walk { .. }
                    | Beat::Low { .. }
                    | Beat::NoBlock { .. }
                    | Beat::FewLarge { .. }
                    | Beat::KnownFull { .. }
                    | Beat::FullToo
                    | Beat::NotedFull { .. }
                    | Beat::Forgotten { .. }
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
}
