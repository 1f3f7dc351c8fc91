//! `/proc/kpageflags`.

use pfnlab_model::{Order, Pfn, PfnRange};

use crate::proc::PageFlags;

/// What `/proc/kpageflags` says of every frame.
///
/// ```
/// use pfnlab_linux::proc::{PageFlags, read};
/// use pfnlab_model::{Order, Pfn, PfnRange};
/// let words: [u64; 4] = [1 << 10, 0, 1 << 10, 1 << 5];
/// let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
/// let flags = read::kpageflags(&bytes)?;
/// let rooms = flags.rooms(PfnRange::sized(Pfn::new(0), 4), Order::MAX);
/// // Frames 0 and 1 can be one block; behind frame 2 somebody is.
/// assert_eq!((rooms[0].most.get(), rooms[1].most.get()), (1, 0));
/// assert!(flags.of(Pfn::new(3)).contains(PageFlags::LRU));
/// # Ok::<(), read::KpageflagsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kpageflags {
    words: Vec<PageFlags>,
    /// Every frame of a free block is marked, not only its first.
    throughout: bool,
}

/// It is no such file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are no whole number of words of 8 bytes")]
pub struct KpageflagsError(pub usize);

/// Where a free block begins, and how large it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its first frame.
    pub start: Pfn,
    /// The largest order for which it is aligned and nothing else lies in it. Frames that a kernel
    /// asked for itself have no flag either: what is behind a free block may look like its rest.
    pub most: Order,
}

/// Reads `/proc/kpageflags`: eight bytes a frame, little end first.
///
/// # Errors
/// When it is not a whole number of words.
pub fn kpageflags(bytes: &[u8]) -> Result<Kpageflags, KpageflagsError> {
    let (words, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(KpageflagsError(bytes.len()));
    }
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let words: Vec<PageFlags> = words.map(PageFlags).collect();
    let free = |word: &PageFlags| word.contains(PageFlags::BUDDY);
    // Two free buddies are one block: that both are marked, the rest of blocks is, too.
    let throughout = words.chunks_exact(2).any(|pair| pair.iter().all(free));
    Ok(Kpageflags { words, throughout })
}

impl Kpageflags {
    /// How many frames it tells of, from 0 on.
    pub fn frames(&self) -> u64 {
        self.words.len() as u64
    }

    /// The flags of a frame; above the end of the file there is no memory.
    pub fn of(&self, pfn: Pfn) -> PageFlags {
        let word = self.words.get(pfn.get() as usize);
        word.copied().unwrap_or(PageFlags::NOPAGE)
    }

    /// Where free blocks begin in a range, in the order of their frames, and how large each can be.
    pub fn rooms(&self, range: PfnRange, top: Order) -> Vec<Room> {
        let mut rooms = Vec::new();
        let mut at = range.start();
        while at < range.end() {
            if !self.of(at).contains(PageFlags::BUDDY) {
                at = at.offset(1);
                continue;
            }
            let most = self.largest(at, range, top);
            rooms.push(Room { start: at, most });
            at = at.offset(match self.throughout {
                true => most.frames(),
                false => 1,
            });
        }
        rooms
    }

    fn largest(&self, start: Pfn, range: PfnRange, top: Order) -> Order {
        let mut most = Order::ZERO;
        for order in Order::ZERO.through(top).skip(1) {
            let (half, end) = (order.frames() / 2, start.offset(order.frames()));
            let aligned = start.align_down(order) == start && end <= range.end();
            let upper = PfnRange::sized(start.offset(half), half);
            if !aligned || !self.goes_on(upper) {
                break;
            }
            most = order;
        }
        most
    }

    /// Whether a free block can go on through these frames.
    fn goes_on(&self, range: PfnRange) -> bool {
        let mut pfns = (range.start().get()..range.end().get()).map(Pfn::new);
        pfns.all(|pfn| match self.throughout {
            true => self.of(pfn).contains(PageFlags::BUDDY),
            false => self.of(pfn) == PageFlags::default(),
        })
    }
}
