//! What a frame is used for, and how that looks: a colour, and a pattern for whoever sees no colours.
//!
//! Free is light, used is dark. The colours are those of Okabe and Ito, which differ for colour-blind
//! people, too; each migratetype has its own hatching besides. Pictures and pages share this file.

use pfnlab_model::MigrateType;

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// In a free block of this migratetype.
    Free(MigrateType),
    /// Cached per CPU.
    PerCpu,
    /// Handed out.
    Lent,
    /// In use since before, or reserved.
    Taken,
    /// Part of it is used.
    Mixed,
    /// No memory, or another zone's.
    Hole,
}

impl Use {
    /// What can be seen in a picture, in the order of its legend.
    pub(crate) fn all() -> impl Iterator<Item = Use> {
        let free = MigrateType::ALL.into_iter().map(Use::Free);
        free.chain([Use::PerCpu, Use::Lent, Use::Taken, Use::Mixed, Use::Hole])
    }

    /// Its class in the style sheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Use::Free(MigrateType::Unmovable) => "unmovable",
            Use::Free(MigrateType::Movable) => "movable",
            Use::Free(MigrateType::Reclaimable) => "reclaimable",
            Use::Free(MigrateType::HighAtomic) => "highatomic",
            Use::Free(MigrateType::Cma) => "cma",
            Use::Free(MigrateType::Isolate) => "isolate",
            Use::Free(MigrateType::Reserve) => "reserve",
            Use::PerCpu => "percpu",
            Use::Lent => "lent",
            Use::Taken => "inuse",
            Use::Mixed => "mixed",
            Use::Hole => "hole",
        }
    }

    /// What a legend calls it.
    pub(crate) fn words(self) -> String {
        match self {
            Use::Free(mt) => format!("free, {mt}"),
            Use::PerCpu => "cached per CPU".to_owned(),
            Use::Lent => "handed out".to_owned(),
            Use::Taken => "in use or reserved".to_owned(),
            Use::Mixed => "partly used".to_owned(),
            Use::Hole => "no memory".to_owned(),
        }
    }

    /// The colour of the ground, that of the ink, and the ink's lines on a tile of 8 × 8.
    fn tile(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Use::Free(MigrateType::Unmovable) => ("#fbe0cf", "#b0440a", "M0 8L8 0"),
            Use::Free(MigrateType::Movable) => ("#d3f0e5", "#007353", ""),
            Use::Free(MigrateType::Reclaimable) => ("#fbeac4", "#8a5c00", "M0 4H8"),
            Use::Free(MigrateType::HighAtomic) => ("#f5dcea", "#97437a", "M0 4H8M4 0V8"),
            Use::Free(MigrateType::Cma) => ("#d8edfb", "#0b6aa5", "M4 0V8"),
            Use::Free(MigrateType::Isolate) => ("#ececec", "#5c5c5c", "M0 0L8 8"),
            Use::Free(MigrateType::Reserve) => ("#e7ddf3", "#6a3d9a", "M0 0L8 8M0 8L8 0"),
            Use::PerCpu => ("#fbf6b8", "#756900", "M3 4H5M4 3V5"),
            Use::Lent => ("#2f5597", "#16305c", ""),
            Use::Taken => ("#9a9a9a", "#6e6e6e", ""),
            Use::Mixed => ("#b9c7dd", "#2f5597", "M0 2H8M0 6H8"),
            Use::Hole => ("#ffffff", "#777777", "M0 0H8M0 4H8M2 0V4M6 4V8"),
        }
    }
}

/// The patterns, for a `<defs>`.
pub(crate) fn patterns() -> String {
    let pattern = |what: Use| {
        let (ground, ink, lines) = what.tile();
        let name = what.class();
        format!(
            "<pattern id=\"p-{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">\
             <rect width=\"8\" height=\"8\" fill=\"{ground}\"/>\
             <path d=\"{lines}\" stroke=\"{ink}\" stroke-opacity=\".55\" fill=\"none\"/></pattern>\n"
        )
    };
    Use::all().map(pattern).collect()
}

/// The rules of the style sheet that say how each use looks.
pub(crate) fn rules() -> String {
    let rule = |what: Use| {
        let name = what.class();
        let ink = what.tile().1;
        format!(".{name}{{fill:url(#p-{name});stroke:{ink};stroke-width:1}}\n")
    };
    Use::all().map(rule).collect()
}

/// The classes and what they mean, for a page.
pub(crate) fn table() -> Vec<(&'static str, String)> {
    Use::all()
        .map(|what| (what.class(), what.words()))
        .collect()
}
