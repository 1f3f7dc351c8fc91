//! What happened to a block, told over several events: taken and cut, moved, merged and put back.

use pfnlab_model::{Block, End, Event, MigrateType, ZoneId};

use super::Parser;
use super::kinds::{is_bookkeeping, is_count};
use crate::names;
use crate::story::beat::{Beat, Buddy, Put, Take};
use crate::story::look::{self, FreeCounts, Neighbour, PageblockLook};

/// What lay on the lists when a search for a block began.
#[derive(Default)]
pub(super) struct Search {
    pub(super) counts: Option<FreeCounts>,
    pub(super) pageblock: Option<PageblockLook>,
}

impl Parser<'_> {
    pub(super) fn begin_search(&mut self, zone: ZoneId, found: Option<Block>) {
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
    pub(super) fn unlinked(&mut self, zone: ZoneId, block: Block, mt: MigrateType) {
        if self.is_merged(block) {
            return self.merge();
        }
        match self.next_of_block() {
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

    /// Whether a block that leaves where it was is merged with its buddy.
    pub(super) fn is_merged(&self, block: Block) -> bool {
        match self.next_of_block() {
            Some(Event::Merged { block: parent, .. }) => Some(parent) == block.parent(),
            _ => false,
        }
    }

    /// What becomes of a block once it is counted and its pageblock has its type.
    fn next_of_block(&self) -> Option<Event> {
        self.ahead()
            .find(|event| !is_count(*event) && !matches!(event, Event::Retyped { .. }))
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
                    let list = Some(mt);
                    take.rest.push(Buddy { block, list });
                }
                Event::Retyped { block, .. }
                    if take.rest.is_empty() && found.range().covers(block.range()) =>
                {
                    others.push(self.simple(event));
                }
                Event::Guarded { block, .. } if block == take.taken.buddy() => {
                    take.rest.push(Buddy { block, list: None });
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

    /// Buddy after buddy is taken off its list, or is a guard no more.
    pub(super) fn merge(&mut self) {
        let mut buddies = Vec::new();
        while let Some(event) = self.peek() {
            match event {
                Event::Unlinked { block, mt, .. } => buddies.push(Buddy {
                    block,
                    list: Some(mt),
                }),
                Event::Unguarded { block, .. } => buddies.push(Buddy { block, list: None }),
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
    pub(super) fn put(&mut self, buddies: Vec<Buddy>) {
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
    pub(super) fn pcp_take(&mut self) {
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
