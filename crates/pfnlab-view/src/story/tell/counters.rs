//! Counters and the like: what only a full story tells.

use std::fmt::Display;

use pfnlab_model::{Event, Op, PcpField};

use super::Teller;
use crate::names;
use crate::story::beat::Beat;
use crate::style::Tone;
use crate::text::Line;

impl Teller<'_> {
    pub(super) fn counter(&mut self, beat: &Beat) {
        // Of these operations the counters are the point.
        let point = match self.op {
            Op::Vmstat { .. } => !matches!(beat, Beat::Other(_)),
            Op::Sysctl { .. } => matches!(beat, Beat::Other(_)),
            // A threshold is set for every CPU and zone: only a full story tells all of them.
            Op::CpuOffline { .. } | Op::CpuOnline { .. } => !matches!(
                beat,
                Beat::Tuned { .. } | Beat::Other(Event::ThresholdSet { .. })
            ),
            _ => false,
        };
        if !point && !self.full() {
            return;
        }
        let words = match beat {
            Beat::Tuned {
                zone,
                cpu,
                field,
                from,
                to,
            } => {
                let (zone, cpu) = (names::zone(*zone), names::cpu(*cpu));
                let name = field_name(*field);
                format!("{zone}: {cpu}'s lists: {name} {}.", change(*from, to))
            }
            Beat::Stat { zone, stat, value } => {
                format!("{}: {} is {value} now.", names::zone(*zone), stat.name())
            }
            Beat::Diff {
                zone,
                cpu,
                stat,
                from,
                to,
            } => {
                let (zone, cpu, stat) = (names::zone(*zone), names::cpu(*cpu), stat.name());
                format!(
                    "{zone}: what {cpu} has not folded of {stat}: {}.",
                    change(*from, to)
                )
            }
            Beat::Other(event) => other(*event),
            _ => return,
        };
        self.say(Line::new().then(Tone::Faint, words));
    }
}

/// `3, now 7`, or `7` where the number before is not known.
fn change<T: Display>(from: Option<T>, to: &T) -> String {
    match from {
        Some(from) => format!("{from}, now {to}"),
        None => to.to_string(),
    }
}

fn field_name(field: PcpField) -> &'static str {
    match field {
        PcpField::High => "high mark",
        PcpField::HighMin => "least high mark",
        PcpField::HighMax => "largest high mark",
        PcpField::Batch => "batch",
        PcpField::Flags => "flags",
        PcpField::AllocFactor => "doublings of a refill",
        PcpField::FreeFactor => "doublings of a drain",
        PcpField::FreeCount => "frames freed lately",
        PcpField::Expire => "folds left until they expire",
    }
}

fn other(event: Event) -> String {
    match event {
        Event::LowmemReserveSet {
            zone,
            highest,
            frames,
        } => format!(
            "{} withholds {frames} from requests up to {highest} now.",
            names::zone(zone)
        ),
        Event::TotalReserveSet {
            node: Some(node),
            frames,
        } => {
            format!("Node {node} keeps {frames} frames that no user can have.")
        }
        Event::TotalReserveSet { node: None, frames } => {
            format!("The machine keeps {frames} frames that no user can have.")
        }
        Event::PagesetSet {
            zone,
            high_min,
            high_max,
            batch,
        } => format!(
            "{}: per-CPU lists have high marks {high_min} to {high_max} and batch {batch} now.",
            names::zone(zone)
        ),
        Event::CpuSet { cpu, online: true } => format!("{} runs.", names::cpu(cpu)),
        Event::CpuSet { cpu, online: false } => format!("{} runs no more.", names::cpu(cpu)),
        Event::ThresholdSet {
            zone,
            cpu,
            threshold,
        } => format!(
            "{}: {} folds differences beyond {threshold} now.",
            names::zone(zone),
            names::cpu(cpu)
        ),
        Event::DriftMarkSet { zone, frames } => format!(
            "{}: below {frames} free frames the differences of all CPUs are looked at, too.",
            names::zone(zone)
        ),
        Event::HighAtomicFree { zone, frames } => format!(
            "{}: {frames} of the frames kept for high-order atomic requests are free.",
            names::zone(zone)
        ),
        Event::Guarded { zone, block } => format!(
            "{}: {block} is kept back, a guard behind the block below it.",
            names::zone(zone)
        ),
        Event::Unguarded { zone, block } => format!(
            "{}: {block}, kept back until now, is free again.",
            names::zone(zone)
        ),
        Event::DirtyReserveSet { zone, frames } => format!(
            "{}: {frames} frames may not be filled with dirty pages.",
            names::zone(zone)
        ),
        Event::ReclaimEncouraged { zone } => format!(
            "{}: a page came back, so reclaim may start anew.",
            names::zone(zone)
        ),
        // A story must not leave out what it has no words for.
        event => format!("{event:?}."),
    }
}
