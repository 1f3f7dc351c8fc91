//! Where to stop.

use std::fmt;
use std::str::FromStr;

use pfnlab::explain::Explained;
use pfnlab::model::ZoneState;
use pfnlab::sim::{Breach, index, rules};
use pfnlab::{Event, Order, Pfn, PfnRange, Snapshot};

use crate::args::frame;

/// Where to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Breakpoint {
    /// Behind an operation in which something was done with a block that this frame is in.
    Frame(Pfn),
    /// Behind one in which this happened: a name of [`KINDS`].
    Kind(&'static str),
    /// Behind one that brought a fragmentation index there.
    Index {
        /// Which index: a name of [`INDICES`].
        name: &'static str,
        /// Of which order.
        order: Order,
        /// In thousandths; some zone had less, and has as much.
        reaches: i32,
    },
    /// Behind one that broke this rule.
    Rule(&'static str),
    /// Behind one of which something else came than the file expects.
    Unexpected,
}

/// How [`Breakpoint::Unexpected`] is written.
const UNEXPECTED: &str = "unexpected";

/// What there is to know about an operation that ran.
pub(super) struct Behind<'a> {
    /// What it did.
    pub(super) told: &'a Explained,
    /// The state behind it.
    pub(super) state: &'a Snapshot,
    /// The rules it broke, if somebody asked.
    pub(super) broken: &'a [Breach],
}

type Happened = fn(&Event) -> bool;

/// What can happen, by name.
const KINDS: [(&str, Happened); 15] = [
    ("split", |event| matches!(event, Event::Split { .. })),
    ("merge", |event| matches!(event, Event::Merged { .. })),
    ("lend", |event| matches!(event, Event::Lent { .. })),
    ("return", |event| matches!(event, Event::Returned { .. })),
    ("fallback", |event| matches!(event, Event::FellBack { .. })),
    ("retype", |event| matches!(event, Event::Retyped { .. })),
    ("refuse", |event| matches!(event, Event::Refused(_))),
    ("pass-over", |event| {
        matches!(event, Event::ZoneRefused { .. })
    }),
    ("refill", |event| matches!(event, Event::PcpRefilled { .. })),
    ("drain", |event| matches!(event, Event::PcpDrained { .. })),
    ("boost", |event| matches!(event, Event::BoostSet { .. })),
    ("kswapd", |event| matches!(event, Event::KswapdWoken { .. })),
    ("slab", |event| matches!(event, Event::Slab(_))),
    ("memory", |event| matches!(event, Event::Memory(_))),
    ("compaction", |event| matches!(event, Event::Compaction(_))),
];

type IndexOf = fn(&[u64], Order) -> i32;

/// The fragmentation indices, by name, in thousandths.
const INDICES: [(&str, IndexOf); 2] = [
    ("extfrag", |free, order| index::extfrag(free, order).0),
    ("unusable", |free, order| {
        index::unusable(free, order).0.cast_signed()
    }),
];

impl Breakpoint {
    /// The highest index among the zones that have memory; `None`: it is about no index.
    pub(super) fn level(&self, state: &Snapshot) -> Option<i32> {
        let Breakpoint::Index { name, order, .. } = self else {
            return None;
        };
        let (_, index) = INDICES.iter().find(|(known, _)| known == name)?;
        let zones = state.zones.iter().filter(|zone| zone.managed > 0);
        let of = |zone: &ZoneState| index(&index::free_blocks(state, zone), *order);
        zones.map(of).max()
    }

    /// Whether it takes asking every rule.
    pub(super) fn asks_rules(&self) -> bool {
        matches!(self, Breakpoint::Rule(_))
    }

    /// Whether to stop behind an operation. `before` is the [`level`](Breakpoint::level) before it.
    pub(super) fn is_met(&self, before: Option<i32>, behind: &Behind<'_>) -> bool {
        let Behind {
            told,
            state,
            broken,
        } = behind;
        match self {
            Breakpoint::Rule(id) => broken.iter().any(|breach| breach.rule == *id),
            Breakpoint::Unexpected => told.expected_instead().is_some(),
            Breakpoint::Frame(pfn) => {
                let mut ranges = told.events.iter().filter_map(frames);
                ranges.any(|range| range.contains(*pfn))
            }
            Breakpoint::Kind(name) => {
                let known = KINDS.iter().find(|(known, _)| known == name);
                known.is_some_and(|(_, happened)| told.events.iter().any(happened))
            }
            Breakpoint::Index { reaches, .. } => {
                before.is_some_and(|before| before < *reaches)
                    && self.level(state).is_some_and(|now| now >= *reaches)
            }
        }
    }
}

/// The block an event is about.
fn frames(event: &Event) -> Option<PfnRange> {
    match *event {
        Event::Split { block, .. }
        | Event::Merged { block, .. }
        | Event::FellBack { block, .. }
        | Event::HeldBy { block, .. }
        | Event::Lent { block, .. }
        | Event::Returned { block, .. }
        | Event::LentSplit { block, .. }
        | Event::Linked { block, .. }
        | Event::Unlinked { block, .. }
        | Event::Guarded { block, .. }
        | Event::Unguarded { block, .. }
        | Event::PcpLinked { block, .. }
        | Event::PcpUnlinked { block, .. }
        | Event::Retyped { block, .. } => Some(block.range()),
        _ => None,
    }
}

impl FromStr for Breakpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Breakpoint, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        if let [name, order, reaches] = words[..]
            && let Some(&(name, _)) = INDICES.iter().find(|(known, _)| *known == name)
        {
            let order = order.parse().ok().and_then(|order| Order::new(order).ok());
            let order = order.ok_or_else(|| format!("`{}` is no order", words[1]))?;
            let reaches = reaches
                .parse()
                .map_err(|_| format!("`{reaches}` is no number of thousandths, such as 500"))?;
            return Ok(Breakpoint::Index {
                name,
                order,
                reaches,
            });
        }
        if let [word] = words[..] {
            if let Ok(pfn) = frame(word) {
                return Ok(Breakpoint::Frame(pfn));
            }
            if let Some(&(name, _)) = KINDS.iter().find(|(known, _)| *known == word) {
                return Ok(Breakpoint::Kind(name));
            }
            if let Some(rule) = rules::ALL.iter().find(|rule| rule.id == word) {
                return Ok(Breakpoint::Rule(rule.id));
            }
            if word == UNEXPECTED {
                return Ok(Breakpoint::Unexpected);
            }
        }
        let kinds: Vec<_> = KINDS.iter().map(|&(name, _)| name).collect();
        Err(format!(
            "`{text}` is none: write a frame (0x3000), an index (extfrag 3 500, unusable 3 500), a rule (MERGE-01), {UNEXPECTED} or an event: {}",
            kinds.join(", ")
        ))
    }
}

impl fmt::Display for Breakpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breakpoint::Frame(pfn) => write!(f, "{pfn}"),
            Breakpoint::Kind(name) | Breakpoint::Rule(name) => f.write_str(name),
            Breakpoint::Unexpected => f.write_str(UNEXPECTED),
            Breakpoint::Index {
                name,
                order,
                reaches,
            } => write!(f, "{name} {order} {reaches}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use pfnlab::TraceFile;
    use pfnlab::reel::Reel;
    use pfnlab::sim::Breach;

    use super::{Behind, Breakpoint};

    #[test]
    fn a_broken_rule_is_where_to_stop_and_another_is_not() {
        let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\n";
        let trace = TraceFile::parse("a.trace", text, "".as_ref()).unwrap();
        let mut reel = Reel::of_trace(&trace).unwrap();
        let told = reel.next().unwrap().unwrap();
        let breach = Breach {
            rule: "STATE-03",
            says: "",
            step: Some(0),
            op: None,
            what: String::new(),
        };
        let behind = Behind {
            told: &told,
            state: reel.state(),
            broken: &[breach],
        };
        let stop: Breakpoint = "STATE-03".parse().unwrap();
        assert!(stop.asks_rules() && stop.is_met(None, &behind));
        let other: Breakpoint = "MERGE-01".parse().unwrap();
        assert!(!other.is_met(None, &behind));
    }
}
