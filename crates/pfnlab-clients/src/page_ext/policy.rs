//! What differs between generations: who keeps something for every frame, and how much.

use crate::page_owner::OwnerPolicy;

/// How one generation extends page descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageExtPolicy {
    /// Everybody who may keep something, in order.
    pub(crate) clients: &'static [Client],
    /// What an entry has beside what clients keep.
    pub(crate) entry: EntryRule,
    /// The bits of the shared word, from 0 on.
    pub(crate) flags: &'static [Flag],
    /// Whether a table is made for an absent section of memory that comes online.
    pub(crate) presence: PresenceCheck,
    /// What is given back when a table cannot be made for memory that comes online.
    pub(crate) rollback: Rollback,
    /// How page_owner keeps records.
    pub(crate) owner: OwnerPolicy,
}

/// Somebody who may keep something for every frame (`struct page_ext_operations`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Who.
    pub kind: ClientKind,
    /// How much, in bytes, beside the shared word.
    pub bytes: u32,
    /// It uses the shared word.
    pub flags: bool,
    /// It has something to do when the tables are there (`init`).
    pub init: bool,
}

/// Who may keep something for every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientKind {
    /// Guard pages (`debug_guardpage_minorder`).
    GuardPage,
    /// Who allocated a page (`page_owner=on`).
    PageOwner,
    /// Which pages are idle; only on 32-bit machines, others have page flags for it.
    PageIdle,
    /// Which line of code allocated a page.
    AllocTag,
    /// How often a page is mapped, and how (`page_table_check=on`).
    PageTableCheck,
}

/// What an entry has beside what clients keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRule {
    /// Up to 5.0: a word of flags, always.
    FlagsAlways,
    /// From 6.1: a word of flags, if somebody who keeps something uses it.
    FlagsIfUsed,
}

/// A bit of the shared word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Left from a client that is no more.
    DebugPoison,
    /// The frame begins a guard.
    DebugGuard,
    /// Who allocated the page is known.
    Owner,
    /// The page is allocated.
    OwnerAllocated,
    /// Referenced since it became idle.
    Young,
    /// Not referenced since somebody asked.
    Idle,
}

/// Whether a table is made for an absent section of memory that comes online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceCheck {
    /// Up to 5.0: absent sections are passed over.
    SkipAbsent,
    /// From 6.1: all are taken to be there.
    All,
}

/// What is given back when a table cannot be made for memory that comes online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// Up to 5.0: the tables of the whole range.
    WholeRange,
    /// From 6.1: those of the sections before the one that failed.
    UpToFailed,
}

const fn client(kind: ClientKind, bytes: u32, flags: bool, init: bool) -> Client {
    Client {
        kind,
        bytes,
        flags,
        init,
    }
}

/// What page_owner keeps: order, mask, reason, handle of the stack.
const OWNER_4_14: u32 = 16;
/// Order and reason shrank to two bytes each.
const OWNER_5_0: u32 = 12;
/// Another stack, two times, the name of the process and its numbers besides.
const OWNER_6_1: u32 = 56;
/// The numbers of the process that freed it besides.
const OWNER_6_12: u32 = 64;

impl PageExtPolicy {
    pub(crate) const LINUX_4_14: PageExtPolicy = PageExtPolicy {
        clients: &[
            client(ClientKind::GuardPage, 0, true, true),
            client(ClientKind::PageOwner, OWNER_4_14, true, true),
            client(ClientKind::PageIdle, 0, true, false),
        ],
        entry: EntryRule::FlagsAlways,
        flags: &[
            Flag::DebugPoison,
            Flag::DebugGuard,
            Flag::Owner,
            Flag::Young,
            Flag::Idle,
        ],
        presence: PresenceCheck::SkipAbsent,
        rollback: Rollback::WholeRange,
        owner: OwnerPolicy::LINUX_4_14,
    };

    pub(crate) const LINUX_5_0: PageExtPolicy = PageExtPolicy {
        clients: &[
            client(ClientKind::GuardPage, 0, true, true),
            client(ClientKind::PageOwner, OWNER_5_0, true, true),
            client(ClientKind::PageIdle, 0, true, false),
        ],
        flags: &[Flag::DebugGuard, Flag::Owner, Flag::Young, Flag::Idle],
        owner: OwnerPolicy::LINUX_5_0,
        ..PageExtPolicy::LINUX_4_14
    };

    pub(crate) const LINUX_6_1: PageExtPolicy = PageExtPolicy {
        clients: &[
            client(ClientKind::PageOwner, OWNER_6_1, true, true),
            client(ClientKind::PageIdle, 0, true, false),
            client(ClientKind::PageTableCheck, 8, false, true),
        ],
        entry: EntryRule::FlagsIfUsed,
        flags: &[Flag::Owner, Flag::OwnerAllocated, Flag::Young, Flag::Idle],
        presence: PresenceCheck::All,
        rollback: Rollback::UpToFailed,
        owner: OwnerPolicy::LINUX_6_1,
    };

    pub(crate) const LINUX_6_12: PageExtPolicy = PageExtPolicy {
        clients: &[
            client(ClientKind::PageOwner, OWNER_6_12, true, true),
            client(ClientKind::PageIdle, 0, true, false),
            client(ClientKind::AllocTag, 8, false, true),
            client(ClientKind::PageTableCheck, 8, false, true),
        ],
        owner: OwnerPolicy::LINUX_6_12,
        ..PageExtPolicy::LINUX_6_1
    };

    /// Everybody who may keep something, in order.
    pub const fn clients(&self) -> &'static [Client] {
        self.clients
    }

    /// The position of a bit in the shared word; `None`: the generation does not have it.
    pub fn bit(&self, flag: Flag) -> Option<u32> {
        let position = self.flags.iter().position(|&known| known == flag)?;
        Some(position as u32)
    }
}
