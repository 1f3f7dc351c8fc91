//! The entry of a frame: who keeps something, and where in the entry it is.

use alloc::vec::Vec;

use super::policy::{Client, ClientKind, EntryRule, PageExtPolicy};

/// Who wants to keep something for every frame: what each client's `need` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(Vec<ClientKind>);

impl Needs {
    /// These. A client the generation does not have is passed over.
    pub fn of(clients: &[ClientKind]) -> Needs {
        Needs(clients.to_vec())
    }

    /// Whether a client wants to.
    pub fn has(&self, client: ClientKind) -> bool {
        self.0.contains(&client)
    }
}

/// What an entry is made of. Sizes and offsets are bytes.
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::page_ext::{ClientKind, Entry, Needs};
/// let policy = Generation::by_name("linux-6.12.y").unwrap().page_ext().unwrap();
/// let entry = Entry::new(policy, &Needs::of(&[ClientKind::PageOwner])).unwrap();
/// assert_eq!((entry.size(), entry.offset(ClientKind::PageOwner)), (72, Some(8)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    size: u32,
    flags: bool,
    offsets: Vec<(ClientKind, u32)>,
}

/// The shared word.
const FLAGS: u32 = 8;

impl Entry {
    /// The entry of a generation for those who want one (`invoke_need_callbacks`); `None`: nobody
    /// does, and no table is made.
    pub fn new(policy: &PageExtPolicy, needs: &Needs) -> Option<Entry> {
        let needing = || {
            policy
                .clients
                .iter()
                .filter(|client| needs.has(client.kind))
        };
        needing().next()?;
        let flags = match policy.entry {
            EntryRule::FlagsAlways => true,
            EntryRule::FlagsIfUsed => needing().any(|client| client.flags),
        };
        let mut size = if flags { FLAGS } else { 0 };
        let offsets = needing().map(|&Client { kind, bytes, .. }| {
            let offset = size;
            size += bytes;
            (kind, offset)
        });
        let offsets = offsets.collect();
        Some(Entry {
            size,
            flags,
            offsets,
        })
    }

    /// From one entry to the next.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Whether it has the shared word, at offset 0.
    pub fn has_flags(&self) -> bool {
        self.flags
    }

    /// Where a client's part is; `None`: it keeps nothing.
    pub fn offset(&self, client: ClientKind) -> Option<u32> {
        let found = self.offsets.iter().find(|&&(kind, _)| kind == client);
        found.map(|&(_, offset)| offset)
    }
}
