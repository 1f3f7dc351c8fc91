//! Who has pages that can be moved, of a machine that nobody drives.

use pfnlab_model::{Block, CpuId, Observer, Pfn, Reclaim, Tenants};

/// By frame: whether a page that can be moved is there. A page of a large machine costs a byte here,
/// where a ticket costs fifty.
#[derive(Clone, Debug)]
pub(super) struct Owners(Vec<bool>);

impl Owners {
    /// Those of these pages.
    pub(super) fn of<'a>(pages: impl Iterator<Item = &'a Pfn> + Clone) -> Owners {
        let end = pages.clone().max().map_or(0, |last| last.get() + 1);
        // Fits: frames that are laid out lie below 2^32.
        let mut owners = Owners(vec![false; end as usize]);
        for pfn in pages {
            owners.0[pfn.get() as usize] = true;
        }
        owners
    }

    fn set(&mut self, pfn: Pfn, is_there: bool) {
        // Fits: frames that are laid out lie below 2^32.
        let at = pfn.get() as usize;
        if at >= self.0.len() {
            self.0.resize(at + 1, false);
        }
        self.0[at] = is_there;
    }
}

impl Tenants for Owners {
    fn can_move(&self, block: Block) -> bool {
        let at = block.start().get() as usize;
        block.frames() == 1 && self.0.get(at).is_some_and(|is_there| *is_there)
    }

    fn moved(&mut self, from: Block, to: Block, _cpu: CpuId, _observer: &mut impl Observer) {
        self.set(from.start(), false);
        self.set(to.start(), true);
    }
}

impl Reclaim for Owners {}
