//! The names of GFP flags in traces, in the order in which a mask is taken apart.

use pfnlab_model::{Gfp, GfpBits};

/// The words of a mask.
pub(super) fn text(bits: GfpBits, raw: u32) -> String {
    if raw == 0 {
        return none(bits).to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut rest = raw;
    for (name, mask) in names(bits) {
        if rest & mask == mask {
            words.push(name.to_owned());
            rest &= !mask;
        }
    }
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    words.join("|")
}

/// The mask of words; the word that means nothing is the error.
pub(super) fn mask(bits: GfpBits, text: &str) -> Result<u32, &str> {
    if text == none(bits) {
        return Ok(0);
    }
    text.split('|').try_fold(0, |raw, word| {
        let hex = word.strip_prefix("0x");
        let value = match hex {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => value(bits, word),
        };
        value.map(|value| raw | value).ok_or(word)
    })
}

/// What is printed for no flag at all.
fn none(bits: GfpBits) -> &'static str {
    match bits {
        GfpBits::Linux2_6_37 | GfpBits::Linux3_8 => "GFP_NOWAIT",
        _ => "none",
    }
}

fn value(bits: GfpBits, word: &str) -> Option<u32> {
    let tagged = TAGGED.iter().filter(|(of, ..)| *of == bits);
    let tagged = tagged.map(|&(_, name, mask)| (name, mask));
    let mut all = names(bits).chain(tagged);
    all.find(|(name, _)| *name == word).map(|(_, mask)| mask)
}

/// Every name with its mask.
fn names(bits: GfpBits) -> Box<dyn Iterator<Item = (&'static str, u32)>> {
    match bits {
        GfpBits::Linux2_6_37 => Box::new(LINUX_2_6_37.iter().copied()),
        GfpBits::Linux3_8 => Box::new(LINUX_3_8.iter().copied()),
        _ => Box::new(SINCE_4_6.iter().filter_map(move |&(name, gfp)| {
            let gfp = match (name, bits) {
                // Warns of nothing since 6.7.
                ("GFP_NOWAIT", GfpBits::Linux6_12) => Gfp::GFP_NOWAIT,
                _ => gfp,
            };
            // A flag of another generation has no bit, and no name, here.
            let (raw, _) = bits.raw(gfp);
            (raw != 0).then_some((name, raw))
        })),
    }
}

/// Those since 4.6; masks follow from the generation's bits.
const SINCE_4_6: &[(&str, Gfp)] = &[
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

/// Names that only kernels with memory tags print (`CONFIG_KASAN_HW_TAGS`). Read, not written.
const TAGGED: &[(GfpBits, &str, u32)] = &[
    (GfpBits::Linux6_1, "__GFP_SKIP_ZERO", 0x100_0000),
    (GfpBits::Linux6_1, "__GFP_SKIP_KASAN_UNPOISON", 0x200_0000),
    (GfpBits::Linux6_1, "__GFP_SKIP_KASAN_POISON", 0x400_0000),
    (GfpBits::Linux6_12, "__GFP_SKIP_ZERO", 0x100_0000),
    (GfpBits::Linux6_12, "__GFP_SKIP_KASAN", 0x200_0000),
];

const LINUX_2_6_37: &[(&str, u32)] = &[
    ("GFP_HIGHUSER_MOVABLE", 0x2_00da),
    ("GFP_HIGHUSER", 0x2_00d2),
    ("GFP_USER", 0x2_00d0),
    ("GFP_TEMPORARY", 0x8_00d0),
    ("GFP_KERNEL", 0xd0),
    ("GFP_NOFS", 0x50),
    ("GFP_ATOMIC", 0x20),
    ("GFP_NOIO", 0x10),
    ("GFP_HIGH", 0x20),
    ("GFP_WAIT", 0x10),
    ("GFP_IO", 0x40),
    ("GFP_COLD", 0x100),
    ("GFP_NOWARN", 0x200),
    ("GFP_REPEAT", 0x400),
    ("GFP_NOFAIL", 0x800),
    ("GFP_NORETRY", 0x1000),
    ("GFP_COMP", 0x4000),
    ("GFP_ZERO", 0x8000),
    ("GFP_NOMEMALLOC", 0x1_0000),
    ("GFP_HARDWALL", 0x2_0000),
    ("GFP_THISNODE", 0x4_0000),
    ("GFP_RECLAIMABLE", 0x8_0000),
    ("GFP_MOVABLE", 0x8),
];

const LINUX_3_8: &[(&str, u32)] = &[
    ("GFP_TRANSHUGE", 0x43_52da),
    ("GFP_HIGHUSER_MOVABLE", 0x2_00da),
    ("GFP_HIGHUSER", 0x2_00d2),
    ("GFP_USER", 0x2_00d0),
    ("GFP_TEMPORARY", 0x8_00d0),
    ("GFP_KERNEL", 0xd0),
    ("GFP_NOFS", 0x50),
    ("GFP_ATOMIC", 0x20),
    ("GFP_NOIO", 0x10),
    ("GFP_HIGH", 0x20),
    ("GFP_WAIT", 0x10),
    ("GFP_IO", 0x40),
    ("GFP_COLD", 0x100),
    ("GFP_NOWARN", 0x200),
    ("GFP_REPEAT", 0x400),
    ("GFP_NOFAIL", 0x800),
    ("GFP_NORETRY", 0x1000),
    ("GFP_COMP", 0x4000),
    ("GFP_ZERO", 0x8000),
    ("GFP_NOMEMALLOC", 0x1_0000),
    ("GFP_MEMALLOC", 0x2000),
    ("GFP_HARDWALL", 0x2_0000),
    ("GFP_THISNODE", 0x4_0000),
    ("GFP_RECLAIMABLE", 0x8_0000),
    ("GFP_KMEMCG", 0x10_0000),
    ("GFP_MOVABLE", 0x8),
    ("GFP_NOTRACK", 0x20_0000),
    ("GFP_NO_KSWAPD", 0x40_0000),
    ("GFP_OTHER_NODE", 0x80_0000),
];
