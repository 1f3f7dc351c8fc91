//! GFP masks: how a request may be served.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A set of `__GFP_*` flags, as names.
///
/// The bits are pfnlab's own (they follow Linux 6.12 where it has the flag). A raw mask of a
/// kernel means nothing without its version, so raw masks are translated where they are read.
/// A generation ignores the flags it does not know: `__GFP_ATOMIC` says nothing to 6.12.
///
/// ```
/// use pfnlab_model::Gfp;
/// let gfp: Gfp = "GFP_KERNEL|__GFP_MOVABLE|__GFP_COMP".parse().unwrap();
/// assert!(gfp.contains(Gfp::DIRECT_RECLAIM));
/// assert_eq!(gfp.to_string(), "GFP_KERNEL|__GFP_MOVABLE|__GFP_COMP");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Gfp(u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Gfp {
            $($(#[$doc])* pub const $name: Gfp = Gfp(1 << $bit);)*

            /// Every single flag with the name Linux prints, lowest bit first.
            pub const FLAGS: &'static [(&'static str, Gfp)] =
                &[$((concat!("__GFP_", stringify!($name)), Gfp::$name)),*];
        }
    };
}

flags! {
    /// From `ZONE_DMA`.
    DMA = 0;
    /// May come from `ZONE_HIGHMEM`.
    HIGHMEM = 1;
    /// From `ZONE_DMA32` or below.
    DMA32 = 2;
    /// The page can be moved; with `HIGHMEM` it may come from `ZONE_MOVABLE`.
    MOVABLE = 3;
    /// The page can be reclaimed.
    RECLAIMABLE = 4;
    /// High priority: may dip into the reserve below the min watermark.
    HIGH = 5;
    /// Reclaim may start I/O.
    IO = 6;
    /// Reclaim may call into file systems.
    FS = 7;
    /// The page is zeroed.
    ZERO = 8;
    /// The caller cannot wait (up to 6.1; a flag of its own there).
    ATOMIC = 9;
    /// The caller may reclaim, and so may sleep.
    DIRECT_RECLAIM = 10;
    /// The background reclaimer may be woken.
    KSWAPD_RECLAIM = 11;
    /// The page will be written to: spread dirty pages.
    WRITE = 12;
    /// No warning when it fails.
    NOWARN = 13;
    /// Try hard, but it may fail.
    RETRY_MAYFAIL = 14;
    /// It must not fail.
    NOFAIL = 15;
    /// Give up early.
    NORETRY = 16;
    /// May use every reserve.
    MEMALLOC = 17;
    /// The frames form a compound page.
    COMP = 18;
    /// May use no reserve, whatever else is said.
    NOMEMALLOC = 19;
    /// Stay in the nodes the cpuset allows.
    HARDWALL = 20;
    /// From the named node only.
    THISNODE = 21;
    /// Charged to a memory control group.
    ACCOUNT = 22;
    /// Memory tags are zeroed too.
    ZEROTAGS = 23;
    /// The page will stay cold in the CPU cache (up to 4.14).
    COLD = 24;
}

impl Gfp {
    /// No flag.
    pub const NONE: Gfp = Gfp(0);
    /// Both reclaim flags (`__GFP_RECLAIM`).
    pub const RECLAIM: Gfp = Gfp::DIRECT_RECLAIM.union(Gfp::KSWAPD_RECLAIM);

    /// `GFP_ATOMIC`, with the flag 6.1 and older look at.
    pub const GFP_ATOMIC: Gfp = Gfp::HIGH.union(Gfp::ATOMIC).union(Gfp::KSWAPD_RECLAIM);
    /// `GFP_NOWAIT`.
    pub const GFP_NOWAIT: Gfp = Gfp::KSWAPD_RECLAIM.union(Gfp::NOWARN);
    /// `GFP_NOIO`.
    pub const GFP_NOIO: Gfp = Gfp::RECLAIM;
    /// `GFP_NOFS`.
    pub const GFP_NOFS: Gfp = Gfp::RECLAIM.union(Gfp::IO);
    /// `GFP_KERNEL`.
    pub const GFP_KERNEL: Gfp = Gfp::RECLAIM.union(Gfp::IO).union(Gfp::FS);
    /// `GFP_KERNEL_ACCOUNT`.
    pub const GFP_KERNEL_ACCOUNT: Gfp = Gfp::GFP_KERNEL.union(Gfp::ACCOUNT);
    /// `GFP_USER`.
    pub const GFP_USER: Gfp = Gfp::GFP_KERNEL.union(Gfp::HARDWALL);
    /// `GFP_HIGHUSER`.
    pub const GFP_HIGHUSER: Gfp = Gfp::GFP_USER.union(Gfp::HIGHMEM);
    /// `GFP_HIGHUSER_MOVABLE`: memory of user processes.
    pub const GFP_HIGHUSER_MOVABLE: Gfp = Gfp::GFP_HIGHUSER.union(Gfp::MOVABLE);
    /// `GFP_TRANSHUGE_LIGHT`: a huge page if one is at hand.
    pub const GFP_TRANSHUGE_LIGHT: Gfp = Gfp::GFP_HIGHUSER_MOVABLE
        .union(Gfp::COMP)
        .union(Gfp::NOMEMALLOC)
        .union(Gfp::NOWARN)
        .without(Gfp::RECLAIM);
    /// `GFP_TRANSHUGE`: a huge page, worth some reclaim.
    pub const GFP_TRANSHUGE: Gfp = Gfp::GFP_TRANSHUGE_LIGHT.union(Gfp::DIRECT_RECLAIM);

    /// The composites by name, those with most flags first: the order in which a mask is taken
    /// apart for printing.
    pub const COMPOSITES: &'static [(&'static str, Gfp)] = &[
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
        ("GFP_NOWAIT", Gfp::GFP_NOWAIT),
    ];

    /// The set with these bits, in pfnlab's own numbering; `None` when one means nothing.
    pub const fn from_bits(bits: u32) -> Option<Gfp> {
        if bits < 1 << Gfp::FLAGS.len() {
            Some(Gfp(bits))
        } else {
            None
        }
    }

    /// The bits, in pfnlab's own numbering.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The flags of both.
    #[must_use]
    pub const fn union(self, other: Gfp) -> Gfp {
        Gfp(self.0 | other.0)
    }

    /// The flags that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Gfp) -> Gfp {
        Gfp(self.0 & !other.0)
    }

    /// Whether every flag of `other` is in the set.
    pub const fn contains(self, other: Gfp) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flag with this name, with or without the `__GFP_`.
    pub fn flag(name: &str) -> Option<Gfp> {
        let bare = name.strip_prefix("__GFP_").unwrap_or(name);
        Gfp::FLAGS
            .iter()
            .find(|(known, _)| &known["__GFP_".len()..] == bare)
            .map(|&(_, gfp)| gfp)
    }
}

impl core::ops::BitOr for Gfp {
    type Output = Gfp;
    fn bitor(self, other: Gfp) -> Gfp {
        self.union(other)
    }
}

impl fmt::Display for Gfp {
    /// As the kernel prints it: the largest composite that fits, then single flags. `0` for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = *self;
        let mut separator = "";
        for &(name, flags) in Gfp::COMPOSITES.iter().chain(Gfp::FLAGS) {
            if rest.contains(flags) {
                write!(f, "{separator}{name}")?;
                separator = "|";
                rest = rest.without(flags);
            }
        }
        if separator.is_empty() {
            f.write_str("0")
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Gfp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gfp:{self}")
    }
}

impl FromStr for Gfp {
    type Err = GfpError;

    /// Names joined by `|`: composites, `__GFP_*` flags, `__GFP_RECLAIM`, or `0` for none.
    fn from_str(text: &str) -> Result<Gfp, GfpError> {
        if text == "0" {
            return Ok(Gfp::NONE);
        }
        text.split('|').try_fold(Gfp::NONE, |gfp, name| {
            let flags = Gfp::COMPOSITES
                .iter()
                .chain(Gfp::FLAGS)
                .chain(&[("__GFP_RECLAIM", Gfp::RECLAIM)])
                .find(|(known, _)| *known == name)
                .map(|&(_, flags)| flags);
            flags
                .map(|flags| gfp | flags)
                .ok_or_else(|| GfpError(name.into()))
        })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Gfp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Gfp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Gfp, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A name that is no GFP flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GfpError(pub String);

impl fmt::Display for GfpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no GFP flag: use names such as GFP_KERNEL or __GFP_MOVABLE, joined by `|`",
            self.0
        )
    }
}

impl core::error::Error for GfpError {}
