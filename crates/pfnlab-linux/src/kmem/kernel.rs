//! What the numbers and names in a trace mean: facts about the kernel it was made on.

use pfnlab_model::{Gfp, GfpBits, MigrateType, generation_of};

/// A kernel, as far as its traces show. A trace does not say which it was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KmemKernel {
    /// The bits of its flags, and with them their names.
    pub gfp: GfpBits,
    /// Whether it was built with contiguous memory areas (`CONFIG_CMA`), which have a migratetype
    /// of their own.
    pub cma: bool,
}

/// The bits of each profile's flags.
const BITS: [(&str, GfpBits); 8] = [
    ("linux-2.6.37", GfpBits::Linux2_6_37),
    ("linux-3.8", GfpBits::Linux3_8),
    ("linux-4.14", GfpBits::Linux4_14),
    ("linux-5.0", GfpBits::Linux5_0),
    ("linux-6.1.0", GfpBits::Linux6_1),
    ("linux-6.1.y", GfpBits::Linux6_1),
    ("linux-6.12.0", GfpBits::Linux6_12),
    ("linux-6.12.y", GfpBits::Linux6_12),
];

impl KmemKernel {
    /// The kernel of a profile, without contiguous memory areas.
    pub fn of(profile: &str) -> Option<KmemKernel> {
        let generation = generation_of(profile);
        let known = BITS.iter().find(|(name, _)| *name == generation);
        let &(_, gfp) = known?;
        Some(KmemKernel { gfp, cma: false })
    }

    /// The migratetype with this number (`enum migratetype`).
    pub fn migratetype(self, number: u8) -> Option<MigrateType> {
        use MigrateType::{Cma, HighAtomic, Isolate, Movable, Reclaimable, Reserve, Unmovable};
        let old = matches!(self.gfp, GfpBits::Linux2_6_37 | GfpBits::Linux3_8);
        let types = match (old, self.cma) {
            (true, false) => [Unmovable, Reclaimable, Movable, Reserve, Isolate].as_slice(),
            (true, true) => &[Unmovable, Reclaimable, Movable, Reserve, Cma, Isolate],
            (false, false) => &[Unmovable, Movable, Reclaimable, HighAtomic, Isolate],
            (false, true) => &[Unmovable, Movable, Reclaimable, HighAtomic, Cma, Isolate],
        };
        types.get(usize::from(number)).copied()
    }

    /// The flags of a raw mask, and the bits that are none we know.
    pub fn flags(self, raw: u32) -> (Gfp, u32) {
        let known = Gfp::FLAGS
            .iter()
            .filter_map(|&(_, flag)| Some((self.gfp.bit(flag)?, flag)));
        let set = known.filter(|(bit, _)| raw & bit != 0);
        set.fold((Gfp::NONE, raw), |(gfp, rest), (bit, flag)| {
            (gfp | flag, rest & !bit)
        })
    }

    /// A raw mask in words, as the kernel's trace prints it (`__print_flags`): names as long as one
    /// fits, in the kernel's order, then the rest in hex.
    ///
    /// ```
    /// # use pfnlab_linux::kmem::KmemKernel;
    /// let kernel = KmemKernel::of("linux-6.12.y").unwrap();
    /// let words = "GFP_ATOMIC|__GFP_NOWARN|__GFP_DIRECT_RECLAIM";
    /// assert_eq!(kernel.gfp_text(0x2c20), words);
    /// assert_eq!(kernel.gfp_mask(words), Some(0x2c20));
    /// ```
    pub fn gfp_text(self, raw: u32) -> String {
        self.gfp.words(raw).to_string()
    }

    /// The raw mask of such words, or of a number; `None` when a word is no flag's.
    pub fn gfp_mask(self, text: &str) -> Option<u32> {
        self.gfp.from_words(text).ok()
    }

    /// Whether frame numbers are printed in hex: since 5.13.
    pub(super) fn hex_frames(self) -> bool {
        matches!(self.gfp, GfpBits::Linux6_1 | GfpBits::Linux6_12)
    }

    /// Whether events of freeing say how warm the page is.
    pub(super) fn says_cold(self) -> bool {
        matches!(
            self.gfp,
            GfpBits::Linux2_6_37 | GfpBits::Linux3_8 | GfpBits::Linux4_14
        )
    }

    /// Whether the events of freeing have the names they had before 3.3.
    pub(super) fn old_names(self) -> bool {
        self.gfp == GfpBits::Linux2_6_37
    }

    /// How wide ftrace prints a task's number, and its group's.
    pub(super) fn pid_width(self) -> usize {
        if self.hex_frames() { 7 } else { 5 }
    }
}
