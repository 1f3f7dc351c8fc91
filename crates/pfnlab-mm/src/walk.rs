//! One walk over a zonelist (`get_page_from_freelist`).

use pfnlab_model::{
    AllocError, Block, Event, MigrateType, NodeMask, Observer, Order, Refusal, Request, ZoneFlags,
    ZoneId, ZoneKind,
};

use crate::Mm;
use crate::alloc_flags::{AllocFlags, Mark};
use crate::pageblock::Pageblocks;
use crate::rmqueue::Want;
use crate::watermark::Ask;
use crate::zone::Zone;

/// Which watermark a walk tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkPolicy {
    /// Only the one the request names (up to 6.1).
    MarkOnly,
    /// The high one, until a zone was seen below it (6.12).
    HighFirst,
}

/// A request on its way: what was asked, and what follows from it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) mt: MigrateType,
    /// The index of the highest zone it may come from.
    pub(crate) highest: usize,
    /// The node whose list is walked, and whether only its own zones are.
    pub(crate) list: (usize, bool),
    pub(crate) nodes: Option<NodeMask>,
    /// The position in the list of the first zone allowed.
    pub(crate) preferred: usize,
}

impl Mm {
    /// Asks the zones of the list in turn, from the preferred one on.
    ///
    /// # Errors
    /// When none can serve: for want of a block if any zone had memory enough, else of memory.
    pub(crate) fn walk(
        &mut self,
        asked: &Asked<'_>,
        mut flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        loop {
            match self.walk_once(asked, flags, observer) {
                Walk::Found(block) => return Ok(block),
                Walk::LeftTheNode => flags = flags.without(AllocFlags::NOFRAGMENT),
                Walk::Failed(_) if flags.any(AllocFlags::NOFRAGMENT) => {
                    flags = flags.without(AllocFlags::NOFRAGMENT);
                }
                Walk::Failed(error) => return Err(error),
            }
        }
    }

    #[inline]
    fn walk_once(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Walk {
        let Mm {
            nodes,
            zones,
            blocks,
            kswapds,
            ..
        } = self;
        let list = &nodes[asked.list.0].zonelists[usize::from(asked.list.1)];
        let Request {
            order, gfp, cpu, ..
        } = *asked.request;
        let ask = Ask {
            order,
            gfp,
            flags,
            highest: asked.highest,
        };
        let want = Want {
            order,
            mt: asked.mt,
            flags,
            cpu,
        };
        let preferred = list.0[asked.preferred].id;
        observer.event(Event::WalkStarted {
            preferred,
            alloc_flags: flags.bits(),
        });
        let mut failure = AllocError::Watermark(order);
        let mut next = Some(asked.preferred);
        while let Some(at) = next {
            let entry = list.0[at];
            if flags.any(AllocFlags::NOFRAGMENT) && entry.id.node != preferred.node {
                return Walk::LeftTheNode;
            }
            let zone = &mut zones[entry.zone.index()];
            let why = match zone.admit(ask, observer) {
                Ok(()) => {
                    let found = zone.take(want, blocks, observer);
                    if zone.clear_boosted(flags, observer) {
                        let ZoneId { node, kind } = entry.id;
                        kswapds[node.index()].ask(Order::ZERO, kind, observer);
                    }
                    match found {
                        Some(block) => {
                            zone.hand_out(block, want, blocks, observer);
                            return Walk::Found(block);
                        }
                        None => Refusal::NothingFound,
                    }
                }
                Err(why) => why,
            };
            observer.event(Event::ZoneRefused {
                zone: entry.id,
                why,
            });
            if !matches!(why, Refusal::BelowMark { .. }) {
                failure = AllocError::Exhausted(order);
            }
            next = list.next(at + 1, asked.highest, asked.nodes);
        }
        Walk::Failed(failure)
    }

    /// Avoid mixing types if the preferred zone has a lower one beside it to go to
    /// (`alloc_flags_nofragment`).
    #[inline]
    pub(crate) fn nofragment(&self, asked: &Asked<'_>) -> bool {
        let preferred = self.zone_ref(asked, asked.preferred).id;
        if preferred.kind != ZoneKind::Normal {
            return false;
        }
        let Some(dma32) = self.config.zone_index(ZoneKind::Dma32) else {
            return false;
        };
        self.nodes_online() == 1
            || self
                .zone_of_node(preferred.node.index(), dma32)
                .is_populated()
    }
}

/// How a walk ended.
enum Walk {
    Found(Block),
    /// The next zone is on another node, and types must not be mixed: start again without care.
    LeftTheNode,
    Failed(AllocError),
}

impl Zone {
    /// Whether the watermarks let a request in.
    ///
    /// # Errors
    /// Why they do not.
    #[inline]
    fn admit(&mut self, ask: Ask, observer: &mut impl Observer) -> Result<(), Refusal> {
        if self.profile.walk == WalkPolicy::HighFirst && !self.flags.contains(ZoneFlags::BELOW_HIGH)
        {
            if self.watermark_fast(self.mark(Mark::High), ask).is_ok() {
                return Ok(());
            }
            self.set_flags(self.flags.with(ZoneFlags::BELOW_HIGH), observer);
        }
        match self.watermark_fast(self.mark(ask.flags.mark()), ask) {
            Err(_) if ask.flags.any(AllocFlags::NO_WATERMARKS) => Ok(()),
            verdict => verdict,
        }
    }

    /// Lends what was taken, and keeps its pageblock for requests like this one if it may.
    #[inline]
    fn hand_out(
        &mut self,
        block: Block,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        self.lend(block, observer);
        if want.flags.any(AllocFlags::HIGHATOMIC) {
            self.reserve_highatomic(block, want.cpu, blocks, observer);
        }
    }
}
