//! Raw GFP masks in the words of their generation.

use core::fmt;

use crate::{Gfp, GfpBits, GfpError};

impl GfpBits {
    /// A raw mask in the words its kernel prints (`show_gfp_flags`): the first name of the
    /// generation's table that fits, then of what is left the next; the rest as a number.
    ///
    /// ```
    /// use pfnlab_model::GfpBits;
    /// let words = GfpBits::Linux6_12.words(0x2c20).to_string();
    /// assert_eq!(words, "GFP_ATOMIC|__GFP_NOWARN|__GFP_DIRECT_RECLAIM");
    /// assert_eq!(GfpBits::Linux6_12.from_words(&words), Ok(0x2c20));
    /// ```
    pub fn words(self, raw: u32) -> impl fmt::Display {
        Words { bits: self, raw }
    }

    /// The raw mask that these words of the generation mean, joined by `|`; numbers may stand among
    /// them. Names of memory tags are read, too, though only kernels built with them print any
    /// (`CONFIG_KASAN_HW_TAGS`).
    ///
    /// # Errors
    /// [`GfpError`] with the first that is neither a name in the generation's table nor a number
    /// such as `0x400`.
    pub fn from_words(self, words: &str) -> Result<u32, GfpError> {
        if words == self.none() {
            return Ok(0);
        }
        words.split('|').try_fold(0, |raw, word| {
            let tagged = TAGGED.iter().filter(|(of, ..)| *of == self);
            let tagged = tagged.map(|&(_, name, bits)| (name, bits));
            let mut known = self.names().chain(tagged);
            let bits = match word.strip_prefix("0x") {
                Some(number) => u32::from_str_radix(number, 16).ok(),
                None => known.find(|(name, _)| *name == word).map(|(_, bits)| bits),
            };
            bits.map(|bits| raw | bits)
                .ok_or_else(|| GfpError(word.into()))
        })
    }

    /// What an empty mask is called.
    fn none(self) -> &'static str {
        match self {
            GfpBits::Linux2_6_37 | GfpBits::Linux3_8 => "GFP_NOWAIT",
            _ => "none",
        }
    }

    /// The names a mask is taken apart by, in their order, and the bits of each.
    fn names(self) -> impl Iterator<Item = (&'static str, u32)> {
        let of_3_8 =
            move |&(_, since_3_8, _): &(_, bool, _)| !since_3_8 || self == GfpBits::Linux3_8;
        let is_old = matches!(self, GfpBits::Linux2_6_37 | GfpBits::Linux3_8);
        let (old, new) = if is_old {
            (OLD, &[][..])
        } else {
            (&[][..], NEW)
        };
        let old = old.iter().filter(move |name| of_3_8(name));
        let old = old.map(|&(name, _, bits)| (name, bits));
        let new = new.iter().filter_map(move |&(name, gfp)| {
            let (bits, known) = self.raw(self.meant(name, gfp));
            // A flag that is gone has no name; GFP_ATOMIC without it still is one.
            (known == gfp || name.starts_with("GFP_")).then_some((name, bits))
        });
        old.chain(new)
    }

    /// What is meant by a name, where that changed.
    fn meant(self, name: &str, gfp: Gfp) -> Gfp {
        match (name, self) {
            ("GFP_NOWAIT", GfpBits::Linux6_12) => Gfp::GFP_NOWAIT,
            _ => gfp,
        }
    }
}

struct Words {
    bits: GfpBits,
    raw: u32,
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.raw == 0 {
            return f.write_str(self.bits.none());
        }
        let mut rest = self.raw;
        let mut separator = "";
        for (name, bits) in self.bits.names() {
            if rest & bits == bits {
                write!(f, "{separator}{name}")?;
                separator = "|";
                rest &= !bits;
            }
        }
        match rest {
            0 => Ok(()),
            rest => write!(f, "{separator}{rest:#x}"),
        }
    }
}

/// The table of 2.6.37 and 3.8: a name, whether only 3.8 has it, and its bits.
const OLD: &[(&str, bool, u32)] = &[
    ("GFP_TRANSHUGE", true, 0x43_52da),
    ("GFP_HIGHUSER_MOVABLE", false, 0x2_00da),
    ("GFP_HIGHUSER", false, 0x2_00d2),
    ("GFP_USER", false, 0x2_00d0),
    ("GFP_TEMPORARY", false, 0x8_00d0),
    ("GFP_KERNEL", false, 0xd0),
    ("GFP_NOFS", false, 0x50),
    ("GFP_ATOMIC", false, 0x20),
    ("GFP_NOIO", false, 0x10),
    ("GFP_HIGH", false, 0x20),
    ("GFP_WAIT", false, 0x10),
    ("GFP_IO", false, 0x40),
    ("GFP_COLD", false, 0x100),
    ("GFP_NOWARN", false, 0x200),
    ("GFP_REPEAT", false, 0x400),
    ("GFP_NOFAIL", false, 0x800),
    ("GFP_NORETRY", false, 0x1000),
    ("GFP_COMP", false, 0x4000),
    ("GFP_ZERO", false, 0x8000),
    ("GFP_NOMEMALLOC", false, 0x1_0000),
    ("GFP_MEMALLOC", true, 0x2000),
    ("GFP_HARDWALL", false, 0x2_0000),
    ("GFP_THISNODE", false, 0x4_0000),
    ("GFP_RECLAIMABLE", false, 0x8_0000),
    ("GFP_KMEMCG", true, 0x10_0000),
    ("GFP_MOVABLE", false, 0x8),
    ("GFP_NOTRACK", true, 0x20_0000),
    ("GFP_NO_KSWAPD", true, 0x40_0000),
    ("GFP_OTHER_NODE", true, 0x80_0000),
];

/// The table since 4.14. A name is left out where the generation has not got the flag.
const NEW: &[(&str, Gfp)] = &[
    ("GFP_TRANSHUGE", Gfp::GFP_TRANSHUGE),
    ("GFP_TRANSHUGE_LIGHT", Gfp::GFP_TRANSHUGE_LIGHT),
    ("GFP_HIGHUSER_MOVABLE", Gfp::GFP_HIGHUSER_MOVABLE),
    ("GFP_HIGHUSER", Gfp::GFP_HIGHUSER),
    ("GFP_USER", Gfp::GFP_USER),
    ("GFP_KERNEL_ACCOUNT", Gfp::GFP_KERNEL_ACCOUNT),
    ("GFP_KERNEL", Gfp::GFP_KERNEL),
    ("GFP_NOFS", Gfp::GFP_NOFS),
    ("GFP_ATOMIC", Gfp::GFP_ATOMIC),
    ("GFP_NOIO", Gfp::GFP_NOIO),
    ("GFP_NOWAIT", Gfp::KSWAPD_RECLAIM),
    ("GFP_DMA", Gfp::DMA),
    ("__GFP_HIGHMEM", Gfp::HIGHMEM),
    ("GFP_DMA32", Gfp::DMA32),
    ("__GFP_HIGH", Gfp::HIGH),
    ("__GFP_ATOMIC", Gfp::ATOMIC),
    ("__GFP_IO", Gfp::IO),
    ("__GFP_FS", Gfp::FS),
    ("__GFP_COLD", Gfp::COLD),
    ("__GFP_NOWARN", Gfp::NOWARN),
    ("__GFP_RETRY_MAYFAIL", Gfp::RETRY_MAYFAIL),
    ("__GFP_NOFAIL", Gfp::NOFAIL),
    ("__GFP_NORETRY", Gfp::NORETRY),
    ("__GFP_COMP", Gfp::COMP),
    ("__GFP_ZERO", Gfp::ZERO),
    ("__GFP_NOMEMALLOC", Gfp::NOMEMALLOC),
    ("__GFP_MEMALLOC", Gfp::MEMALLOC),
    ("__GFP_HARDWALL", Gfp::HARDWALL),
    ("__GFP_THISNODE", Gfp::THISNODE),
    ("__GFP_RECLAIMABLE", Gfp::RECLAIMABLE),
    ("__GFP_MOVABLE", Gfp::MOVABLE),
    ("__GFP_ACCOUNT", Gfp::ACCOUNT),
    ("__GFP_WRITE", Gfp::WRITE),
    ("__GFP_RECLAIM", Gfp::RECLAIM),
    ("__GFP_DIRECT_RECLAIM", Gfp::DIRECT_RECLAIM),
    ("__GFP_KSWAPD_RECLAIM", Gfp::KSWAPD_RECLAIM),
    ("__GFP_ZEROTAGS", Gfp::ZEROTAGS),
];

/// Names that only kernels with memory tags print: read, not written.
const TAGGED: &[(GfpBits, &str, u32)] = &[
    (GfpBits::Linux6_1, "__GFP_SKIP_ZERO", 0x100_0000),
    (GfpBits::Linux6_1, "__GFP_SKIP_KASAN_UNPOISON", 0x200_0000),
    (GfpBits::Linux6_1, "__GFP_SKIP_KASAN_POISON", 0x400_0000),
    (GfpBits::Linux6_12, "__GFP_SKIP_ZERO", 0x100_0000),
    (GfpBits::Linux6_12, "__GFP_SKIP_KASAN", 0x200_0000),
];

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use GfpBits::{Linux2_6_37, Linux3_8, Linux4_14, Linux5_0, Linux6_1, Linux6_12};

    const ALL: [GfpBits; 6] = [
        Linux2_6_37,
        Linux3_8,
        Linux4_14,
        Linux5_0,
        Linux6_1,
        Linux6_12,
    ];

    /// The composites, where a generation has them.
    #[test]
    fn composites_have_the_numbers_of_their_generation() {
        let same = |name: &str, old: u32, new: [u32; 4]| {
            let [four, five, six, newest] = new;
            check(name, [old, old, four, five, six, newest].map(Some));
        };
        same("GFP_KERNEL", 0xd0, [0x140_00c0, 0x60_00c0, 0xcc0, 0xcc0]);
        same("GFP_ATOMIC", 0x20, [0x108_0020, 0x48_0020, 0xa20, 0x820]);
        same("GFP_NOWAIT", 0, [0x100_0000, 0x40_0000, 0x800, 0x2800]);
        same("GFP_NOIO", 0x10, [0x140_0000, 0x60_0000, 0xc00, 0xc00]);
        same("GFP_NOFS", 0x50, [0x140_0040, 0x60_0040, 0xc40, 0xc40]);
        let new = [0x142_00c0, 0x62_00c0, 0x10_0cc0, 0x10_0cc0];
        same("GFP_USER", 0x2_00d0, new);
        let new = [0x142_00c2, 0x62_00c2, 0x10_0cc2, 0x10_0cc2];
        same("GFP_HIGHUSER", 0x2_00d2, new);
        let new = [0x142_00ca, 0x62_00ca, 0x10_0cca, 0x10_0cca];
        same("GFP_HIGHUSER_MOVABLE", 0x2_00da, new);

        let since_4_14 = |name: &str, new: [u32; 4]| {
            let [four, five, six, newest] = new.map(Some);
            check(name, [None, None, four, five, six, newest]);
        };
        let new = [0x150_00c0, 0x70_00c0, 0x40_0cc0, 0x40_0cc0];
        since_4_14("GFP_KERNEL_ACCOUNT", new);
        let new = [0x3_42ca, 0x3_42ca, 0x1c_20ca, 0x1c_20ca];
        since_4_14("GFP_TRANSHUGE_LIGHT", new);
        let old = Some(0x8_00d0);
        check("GFP_TEMPORARY", [old, old, None, None, None, None]);
        let new = [0x43_52da, 0x43_42ca, 0x23_42ca, 0x1c_24ca, 0x1c_24ca].map(Some);
        let [three, four, five, six, newest] = new;
        check("GFP_TRANSHUGE", [None, three, four, five, six, newest]);
    }

    #[track_caller]
    fn check(name: &str, expected: [Option<u32>; 6]) {
        let got = ALL.map(|bits| bits.from_words(name).ok());
        assert_eq!(got, expected, "{name}");
    }

    #[test]
    fn masks_are_taken_apart_from_the_largest_name_on() {
        let check = |bits: GfpBits, raw: u32, words: &str| {
            assert_eq!(bits.words(raw).to_string(), words, "{bits:?}");
            assert_eq!(bits.from_words(words), Ok(raw), "{bits:?}");
        };
        check(Linux6_12, 0x14_0cca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP");
        let words = "GFP_ATOMIC|__GFP_NOWARN|__GFP_DIRECT_RECLAIM";
        check(Linux6_12, 0x2c20, words);
        // Bit 9 was a flag of its own up to 6.1; then it is nothing.
        check(Linux6_1, 0xa20, "GFP_ATOMIC");
        check(Linux6_1, 0x820, "GFP_NOWAIT|__GFP_HIGH");
        check(Linux6_12, 0x200, "0x200");
        // The first try for a slab of order 1.
        let words = "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC";
        check(Linux6_12, 0xd_20c0, words);
        // Names without underscores; some flags have none.
        check(Linux2_6_37, 0x2_00da, "GFP_HIGHUSER_MOVABLE");
        check(Linux2_6_37, 0x4030, "GFP_ATOMIC|GFP_NOIO|GFP_COMP");
        check(Linux2_6_37, 0x8081, "GFP_ZERO|0x81");
        check(Linux2_6_37, 0x40_0000, "0x400000");
        check(Linux3_8, 0x40_0000, "GFP_NO_KSWAPD");
        for old in [Linux2_6_37, Linux3_8] {
            check(old, 0, "GFP_NOWAIT");
        }
        for new in [Linux4_14, Linux5_0, Linux6_1, Linux6_12] {
            check(new, 0, "none");
        }
    }

    /// Any three bits, in words and back.
    #[test]
    fn words_say_the_whole_mask() {
        for bits in ALL {
            for (one, two) in (0..28).flat_map(|one| (0..28).map(move |two| (one, two))) {
                let raw = 1 << one | 1 << two | 0x40;
                let words = bits.words(raw).to_string();
                assert_eq!(bits.from_words(&words), Ok(raw), "{bits:?}: {words}");
            }
        }
    }

    #[test]
    fn a_word_of_another_generation_is_refused() {
        let unknown = |word: &str| Err(GfpError(word.into()));
        assert_eq!(Linux6_12.from_words("GFP_WAIT"), unknown("GFP_WAIT"));
        let word = "__GFP_ATOMIC";
        assert_eq!(
            Linux6_12.from_words("GFP_KERNEL|__GFP_ATOMIC"),
            unknown(word)
        );
        assert_eq!(Linux2_6_37.from_words("0x"), unknown("0x"));
    }
}
