//! Every phase there is, as plain data.

use pfnlab_model::{CpuId, NodeId};

use crate::phase::{
    Ask, Bursts, Checkerboard, Churn, Compaction, Cpus, Drift, Edge, Fill, Handoff, Idle, Memory,
    MixedMobility, MixedOrders, Objects, PageCache, Percent, Phase, Release, Requests, Sawtooth,
    Site, Waiting,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        /// Every phase there is, with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "kebab-case")
        )]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Kind {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Kind {
            /// The names of all.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// What it is called, such as `mixed-orders`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Kind::$kind(_) => $name,)*
                }
            }

            /// The phase itself.
            pub fn at(&self, site: &Site) -> Box<dyn Phase> {
                match self {
                    $(Kind::$kind(kind) => Box::new(kind.at(site)),)*
                }
            }
        }
    };
}

kinds! {
    /// Memory comes and goes, and its amount stays.
    Churn = "churn";
    /// Memory fills, empties, and fills again.
    Sawtooth = "sawtooth";
    /// Much at once, and then nearly all of it goes.
    Bursts = "bursts";
    /// Most blocks live shortly, a few live long, and the level wanders.
    Drift = "drift";
    /// Blocks and runs of every size.
    MixedOrders = "mixed-orders";
    /// Blocks of every migratetype.
    MixedMobility = "mixed-mobility";
    /// One CPU allocates, another frees.
    Handoff = "handoff";
    /// Until there is no more.
    Fill = "fill";
    /// At the point where requests begin to be refused.
    Edge = "edge";
    /// Every other block stays.
    Checkerboard = "checkerboard";
    /// Objects of caches come and go.
    Objects = "objects";
    /// So many requests, whatever comes of them.
    Requests = "requests";
    /// A part of what is held is freed.
    Release = "release";
    /// CPUs go and come back.
    Cpus = "cpus";
    /// Memory goes and comes back, or is taken by its place.
    Memory = "memory";
    /// Pages that are put on a list, from which they can be given up.
    PageCache = "page-cache";
    /// Requests wait from now on, and background reclaimers have their turn.
    Waiting = "waiting";
    /// What is in use is moved together.
    Compaction = "compaction";
    /// Nothing is asked, and the housekeeping catches up.
    Idle = "idle";
}

impl Kind {
    /// What it asks for, if it says so in one piece.
    pub fn ask(&self) -> Option<&Ask> {
        match self {
            Kind::Churn(churn) => Some(&churn.ask),
            Kind::Sawtooth(sawtooth) => Some(&sawtooth.ask),
            Kind::Bursts(bursts) => Some(&bursts.ask),
            Kind::Drift(drift) => Some(&drift.ask),
            Kind::Handoff(handoff) => Some(&handoff.ask),
            Kind::Fill(fill) => Some(&fill.ask),
            Kind::Edge(edge) => Some(&edge.ask),
            Kind::Checkerboard(checkerboard) => Some(&checkerboard.ask),
            Kind::Requests(requests) => Some(&requests.ask),
            Kind::PageCache(pages) => Some(&pages.ask),
            Kind::MixedOrders(_)
            | Kind::MixedMobility(_)
            | Kind::Objects(_)
            | Kind::Release(_)
            | Kind::Cpus(_)
            | Kind::Memory(_)
            | Kind::Waiting(_)
            | Kind::Compaction(_)
            | Kind::Idle(_) => None,
        }
    }

    /// The CPUs it names, each with the fields it stands in.
    pub fn cpus(&self) -> impl Iterator<Item = (&'static [&'static str], CpuId)> {
        type Named<'a> = (&'static [&'static str], &'a [CpuId]);
        let none: Named<'_> = (&[], &[]);
        let asked: Named<'_> = self.ask().map_or(none, |ask| (&["ask", "cpus"], &ask.cpus));
        let own: [Named<'_>; 2] = match self {
            Kind::Handoff(handoff) => [(&["consumers"], &handoff.consumers), none],
            Kind::Objects(objects) => [(&["cpus"], &objects.cpus), none],
            Kind::Release(release) => [(&["cpus"], &release.cpus), none],
            Kind::Cpus(cpus) => [(&["offline"], &cpus.offline), (&["online"], &cpus.online)],
            Kind::Memory(memory) => [(&["cpu"], core::slice::from_ref(&memory.cpu)), none],
            Kind::Waiting(waiting) => [(&["cpu"], core::slice::from_ref(&waiting.cpu)), none],
            Kind::Compaction(compaction) => {
                [(&["cpu"], core::slice::from_ref(&compaction.cpu)), none]
            }
            _ => [none, none],
        };
        let all = [asked].into_iter().chain(own);
        all.flat_map(|(field, cpus)| cpus.iter().map(move |&cpu| (field, cpu)))
    }

    /// The lower and the upper level it moves between, if it does.
    pub fn levels(&self) -> Option<(Percent, Percent)> {
        match self {
            Kind::Sawtooth(sawtooth) => Some((sawtooth.low, sawtooth.high)),
            Kind::Drift(drift) => Some((drift.low, drift.high)),
            _ => None,
        }
    }

    /// The node it names, if it does.
    pub fn node(&self) -> Option<NodeId> {
        self.ask()?.node
    }
}
