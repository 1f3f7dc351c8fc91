//! The bugs.

macro_rules! bugs {
    ($($bug:ident = $says:literal;)*) => {
        /// How an allocator is broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            /// Not at all.
            None,
            $(#[doc = $says] $bug,)*
        }

        impl Bug {
            /// Every bug; [`Bug::None`] is none.
            pub const ALL: &'static [Bug] = &[$(Bug::$bug),*];

            /// What it does wrong, as a sentence.
            pub const fn says(self) -> &'static str {
                match self {
                    Bug::None => "Nothing is wrong.",
                    $(Bug::$bug => $says,)*
                }
            }
        }
    };
}

bugs! {
    // What is handed out.
    LendsTooMuch = "A client gets a block of one order more than it asked for.";
    LendsTooLittle = "A client that asks for two frames or more gets half of them.";
    LendsTwice = "From the sixth call on, a client gets what another one holds.";
    LendsToNobody = "From the sixth call on, a block is taken from its list and the request refused.";
    LendsBehindTheEnd = "From the sixth call on, a client gets frames behind the end of memory.";
    ReturnsTheOtherHalf = "After a split the upper half is handed out, and the lower half returned.";
    KeepsTheEndOfAnExactRun = "Of the block for an exact run the first frames go back, not the last.";
    RepeatsAPageInBulk = "The second frame of a bulk is the first one again.";
    ForgetsTheMask = "The mask of nodes is not looked at.";
    ForgetsThisNode = "A request for one node only may leave it.";
    ForgetsTheZoneLimit = "A request that cannot be moved is served from the movable zone.";
    // What is refused.
    RefusesTheTopOrder = "The largest block is said to be too large: `>=` for `>`.";
    RefusesWhatItLent = "From the sixth call on, a block of two frames is not taken back.";
    RefusesTooEarly = "A block more than two orders larger is not cut: nothing is said to be left.";
    // Splitting.
    LosesTheRemainder = "The upper half of a pair goes nowhere when it is cut.";
    KeepsWhatItCuts = "A block that is cut stays on its list.";
    SplitsInSilence = "A block of a client that becomes single frames is not told of.";
    // Merging.
    ForgetsToMerge = "What comes back is never merged.";
    MergesOnce = "What comes back is merged once and not again.";
    MergesLowerHalvesOnly = "An upper half that comes back does not look for its lower half.";
    WrongBuddyBit = "The buddy is always looked for to the right: `+` for `^`.";
    MergesAboveTheTop = "Merging goes on above the top order.";
    MergesAcrossZones = "The buddy may be on a list of another zone.";
    MergesAcrossAHole = "A buddy that is no memory counts as free.";
    MergesAcrossTypes = "Whole pageblocks merge even if one of them is isolated.";
    ForgetsAGuard = "What comes back does not merge with the guard behind it.";
    // Freeing.
    DropsWhatIsFreed = "From the 21st call on, what comes back goes nowhere.";
    FreesHalf = "Of two frames or more that come back, only the lower half is freed.";
    FreesTooMuch = "With a block that comes back its buddy is freed.";
    FreesOutsideTheMemory = "What comes back goes to the first zone, whose memory it is not.";
    FreesIntoAnotherZone = "What comes back goes to the first zone.";
    FreesToTheWrongType = "What is smaller than a pageblock goes to the list of another type.";
    // Lists.
    LinksTwice = "A block goes on its list twice.";
    KeepsWhatItCaches = "A frame that is cached goes on a free list, too.";
    UnlinksFromTheWrongList = "A block is said to leave the list of another type.";
    BeginsMisaligned = "A list names a frame at which no block of its order can start, from the start.";
    ListsMisaligned = "A pair is noted one frame late on its list.";
    TellsTheWrongEnd = "What goes to the tail is said to go to the head.";
    IsolatesByList = "Blocks of a pageblock that is not isolated lie on the isolated list.";
    // Per-CPU lists.
    CachesOnTheWrongList = "A frame is cached on a list for pairs.";
    CachesPairs = "Pairs are cached on the list for frames.";
    CachesIsolated = "Frames of an isolated pageblock are handed out and cached.";
    MiscountsTheCache = "The count of what is cached is twice too high.";
    TakesFromTheWrongEnd = "A frame is said to leave a per-CPU list at the head that leaves at the tail.";
    DrainsOneShort = "A drain leaves the last frame.";
    LosesTheLastOfADrain = "The last frame of a drain goes nowhere.";
    // Counters.
    MiscountsBlocks = "The count of free blocks of order 2 is one too high.";
    ForgetsToCount = "What comes back is not counted as free.";
    CountsMergesTwice = "A merged block is counted twice.";
    CountsInAnotherZone = "Free frames are counted in the last zone.";
    FoldsTwice = "A difference is folded, and kept.";
    FoldsOneTooLate = "A difference is folded when it is two above its threshold: `>` one too far.";
    NeverFolds = "A difference is not folded before it is a hundred.";
    CountsAreas = "Frames of contiguous areas are counted where there are none.";
    MiscountsAPartialBulk = "A bulk that gets less than it asked for counts what it did not get.";
    MiscountsHighAtomic = "Each change counts one high-atomic frame too many.";
    ReservesTwice = "A pageblock is counted as reserved whenever something comes back.";
    // What else is told.
    SpeaksOfAnotherZone = "An event names a zone that does not exist.";
    ForgetsADeadCpu = "A CPU ceases to run, and keeps what is on its lists and in its counters.";
    TunesInSilence = "A per-CPU list changes a number and does not tell.";
    FlagsInSilence = "A zone's flags change and nobody is told.";
    ManagesTooMuch = "A zone manages a frame more than it has.";
    HasTooFewOnTheNode = "A node has a frame less than its zones.";
    LowersAWatermark = "The high watermark falls below the low one.";
}

/// Where a bug shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In an allocator that can be looked into, on three zones.
    ThreeZones,
    /// In an allocator that can be looked into, on a machine with an odd border between two nodes.
    Border,
    /// In an allocator that shows nothing, on a plain machine.
    Closed,
}

impl Bug {
    /// Where it shows best.
    pub const fn home(self) -> Home {
        match self {
            Bug::MergesAcrossZones | Bug::MergesAcrossAHole | Bug::MergesAcrossTypes => {
                Home::Border
            }
            Bug::LendsTooLittle
            | Bug::LendsTwice
            | Bug::LendsBehindTheEnd
            | Bug::RefusesWhatItLent
            | Bug::RefusesTooEarly => Home::Closed,
            _ => Home::ThreeZones,
        }
    }
}
