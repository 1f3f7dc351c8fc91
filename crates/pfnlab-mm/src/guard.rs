//! Guard pages (`debug_guardpage_minorder`): small upper halves of a block that is split are kept
//! back, so that whoever writes past the end of what was handed out is caught.
//!
//! ```text
//!   split of order 3, guards below order 2:   [lent][guard][ guard ][   free list   ]
//!                                              2^0    2^0     2^1        2^2
//! ```
//!
//! A guard is on no list and no free memory. It is free again, and merges, when the block below it
//! comes back.

use pfnlab_model::{Block, CpuId, End, Event, MigrateType, Observer, Order};

use crate::Mm;
use crate::frames::State;
use crate::profile::{Policy, Told, told};
use crate::rmqueue::Want;
use crate::zone::Zone;

/// Where it is marked that a page is a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GuardMark {
    /// Nowhere: there are none (2.6.37).
    Unknown,
    /// In a word of the descriptor (3.8).
    DebugFlags,
    /// In what extends the descriptor, which is there on a kernel that keeps guards (4.14, 5.0).
    PageExt,
    /// In the type of the page (since 5.2).
    PageType,
}

impl Policy for GuardMark {
    const DECIDES: &'static str = "where it is marked that a page is a guard";

    fn told(self) -> Told {
        match self {
            GuardMark::Unknown => told("nowhere: there are none", "debug_guardpage_minorder (3.3)"),
            GuardMark::DebugFlags => told("in a word of the descriptor", "page.debug_flags"),
            GuardMark::PageExt => told(
                "in what extends the descriptor",
                "PAGE_EXT_DEBUG_GUARD, set_page_guard",
            ),
            GuardMark::PageType => told("in the type of the page", "~PG_guard, set_page_guard"),
        }
    }
}

impl GuardMark {
    /// Below which order halves are kept back, if the command line says below `order`.
    pub(crate) fn below(self, order: Order) -> Order {
        match self {
            GuardMark::Unknown => Order::ZERO,
            GuardMark::DebugFlags | GuardMark::PageExt | GuardMark::PageType => order,
        }
    }
}

impl Mm {
    /// From now on, small upper halves are kept back, if the kernel was told so.
    pub(crate) fn keep_guards(&mut self) {
        let below = self
            .profile
            .guard_mark
            .below(self.options.guardpage_minorder);
        for zone in &mut self.zones {
            zone.buddy.guard_below(below);
        }
    }
}

impl Zone {
    /// Takes the smallest sufficient block where small halves are kept back.
    #[cold]
    pub(crate) fn smallest_guarded(
        &mut self,
        want: Want,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let block = self.buddy.pop_smallest(want.order, want.mt, observer)?;
        let (block, kept) = self.expand(block, want.order, want.mt, want.cpu, observer);
        if self.profile.grouping.per_block() {
            self.account(want.mt, -(block.frames() as i64) - kept, want.cpu, observer);
        }
        Some(block)
    }

    /// Takes a block, which is on no list, apart until its lowest part has `order`; upper halves go
    /// to the head of the list of `mt`, but for those that are kept back (`expand`). What is left,
    /// and how many frames that were kept back are to be counted with it: none where each was
    /// counted already.
    pub(crate) fn expand(
        &mut self,
        mut block: Block,
        order: Order,
        mt: MigrateType,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> (Block, i64) {
        if !self.buddy.keeps_guards() {
            return (self.buddy.expand(block, order, mt, observer), 0);
        }
        let mut kept = 0;
        while order < block.order()
            && let Some((lower, upper)) = block.split()
        {
            let zone = self.id;
            observer.event(Event::Split { zone, block });
            if self.buddy.guards(upper.order()) {
                self.buddy.frames.set(upper, State::Guard);
                observer.event(Event::Guarded { zone, block: upper });
                let frames = upper.frames() as i64;
                match self.profile.grouping.per_block() {
                    true => kept += frames,
                    false => self.account(mt, -frames, cpu, observer),
                }
            } else {
                self.buddy.link(upper, mt, End::Head, observer);
            }
            block = lower;
        }
        (block, kept)
    }

    /// The buddy of a block that comes back as `mt` is no guard any more; `false`: it was none.
    #[cold]
    pub(crate) fn unguard_buddy(
        &mut self,
        block: Block,
        mt: MigrateType,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> bool {
        let buddy = block.buddy();
        if self.buddy.frames.state(buddy) != State::Guard {
            return false;
        }
        self.buddy.frames.set(buddy, State::None);
        let zone = self.id;
        observer.event(Event::Unguarded { zone, block: buddy });
        self.account(mt, buddy.frames() as i64, cpu, observer);
        true
    }
}
