//! `/proc/kpageflags`.

use pfnlab_model::{MigrateType, Pfn, PfnRange, Snapshot, ZoneState};

/// What a frame is, as `/proc/kpageflags` says it: a bit each. Bits not named here are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageFlags(pub u64);

impl PageFlags {
    /// On an LRU list: it can be reclaimed, and so moved (`KPF_LRU`).
    pub const LRU: PageFlags = PageFlags(1 << 5);
    /// The first frame of a free block; the others have no flag (`KPF_BUDDY`).
    pub const BUDDY: PageFlags = PageFlags(1 << 10);
    /// There is no memory (`KPF_NOPAGE`).
    pub const NOPAGE: PageFlags = PageFlags(1 << 20);

    /// Whether it has all of these.
    pub const fn contains(self, flags: PageFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// `/proc/kpageflags`: eight bytes for every frame from 0 to the end of memory, little end first.
///
/// Free blocks are told to the frame, and where no memory is. Of frames in use a snapshot knows only
/// how many of a pageblock can be moved: so many of them are on LRU lists, the lowest first. All
/// other frames have no flag, as those have that a kernel asked for itself.
///
/// ```text
/// 0x0000000000100000  no memory
/// 0x0000000000000400  a free block begins
/// 0x0000000000000020  on an LRU list
/// 0x0000000000000000  within a free block, or in use
/// ```
pub fn kpageflags(snapshot: &Snapshot) -> Vec<u8> {
    let populated = || snapshot.zones.iter().filter(|zone| zone.present > 0);
    let end = |zone: &ZoneState| zone.start.get() + zone.spanned;
    let frames = populated().map(end).max().unwrap_or(0);
    let mut words = vec![PageFlags::NOPAGE; frames as usize];
    for zone in populated() {
        let whole = [PfnRange::sized(zone.start, zone.spanned)];
        let memory = match zone.memory.is_empty() {
            true => &whole[..],
            false => &zone.memory,
        };
        for range in memory {
            slice(&mut words, *range).fill(PageFlags::default());
        }
        on_lists(snapshot, zone, &mut words);
        for list in &zone.free_lists {
            for pfn in &list.pfns {
                words[pfn.get() as usize] = PageFlags::BUDDY;
            }
        }
    }
    words.iter().flat_map(|word| word.0.to_le_bytes()).collect()
}

/// Marks what can be moved: frames that nothing else is known of, and blocks handed out in movable
/// pageblocks.
fn on_lists(snapshot: &Snapshot, zone: &ZoneState, words: &mut [PageFlags]) {
    let Some(blocks) = &zone.pageblocks else {
        return;
    };
    let order = snapshot.global.pageblock_order;
    let span = PfnRange::sized(zone.start, zone.spanned);
    // Frames of which something else is known.
    let mut known = vec![false; zone.spanned as usize];
    let mut know = |range: PfnRange| {
        let from = range.start().since(zone.start) as usize;
        known[from..from + range.frames() as usize].fill(true);
    };
    for list in &zone.free_lists {
        let block = |pfn: &Pfn| PfnRange::sized(*pfn, list.order.frames());
        list.pfns.iter().map(block).for_each(&mut know);
    }
    for list in zone.pcp.iter().flat_map(|pcp| &pcp.lists) {
        let block = |pfn: &Pfn| PfnRange::sized(*pfn, list.order.frames());
        list.pfns.iter().map(block).for_each(&mut know);
    }
    for lent in &zone.lent {
        know(lent.range());
        let at = (lent.start().since(blocks.first) >> order.get()) as usize;
        if blocks.types.get(at) == Some(&Some(MigrateType::Movable)) {
            slice(words, lent.range()).fill(PageFlags::LRU);
        }
    }
    for &(at, frames) in &blocks.movable {
        let start = blocks.first.offset(u64::from(at) << order.get());
        let range = PfnRange::sized(start, order.frames()).intersection(span);
        let pfns = (range.start().get()..range.end().get()).map(Pfn::new);
        let unknown = pfns.filter(|pfn| {
            let word = words[pfn.get() as usize];
            !known[pfn.since(zone.start) as usize] && !word.contains(PageFlags::NOPAGE)
        });
        let these: Vec<Pfn> = unknown.take(frames as usize).collect();
        for pfn in these {
            words[pfn.get() as usize] = PageFlags::LRU;
        }
    }
}

fn slice(words: &mut [PageFlags], range: PfnRange) -> &mut [PageFlags] {
    &mut words[range.start().get() as usize..range.end().get() as usize]
}
