//! What `pfnlab run SCENARIO.toml` prints.

use std::fmt::Write;

use pfnlab::boot::{ZoneSummary, zones};
use pfnlab::model::{Order, Snapshot};
use pfnlab::scenario::{PhaseSummary, ReportSpec, Scenario, ScenarioSummary, ZoneIndices};
use pfnlab::view::Style;
use serde::Serialize;

use crate::reached::Reached;
use crate::run::{Outcomes, Refusals, refusals};

/// What `--json` prints.
#[derive(Serialize)]
pub(crate) struct ScenarioReport {
    scenario: String,
    about: String,
    seed: u64,
    machine: String,
    profile: String,
    config: String,
    outcomes: Outcomes,
    refusals: Vec<Refusals>,
    phases: Vec<Phase>,
    before: State,
    after: State,
    reached: Reached,
    ops_per_second: u64,
    fingerprint: String,
    repro: String,
    #[serde(skip)]
    show: ReportSpec,
    #[serde(skip)]
    buddyinfo: [String; 2],
    #[serde(skip)]
    pictures: String,
}

/// What a phase came to.
#[derive(Serialize)]
struct Phase {
    phase: &'static str,
    outcomes: Outcomes,
    refusals: Vec<Refusals>,
    fell_back: u64,
    claimed: u64,
    /// Slabs that caches of objects made, and how often they did with the least order.
    #[serde(skip_serializing_if = "Option::is_none")]
    slabs: Option<[u64; 2]>,
    held: u64,
    free: u64,
    cached: u64,
    mixed_pageblocks: u64,
    node_scores: Vec<u32>,
}

/// The zones before or after.
#[derive(Serialize)]
struct State {
    zones: Vec<ZoneSummary>,
    indices: Vec<Indices>,
}

/// The fragmentation indices of a zone, by order, in thousandths.
#[derive(Serialize)]
struct Indices {
    node: u16,
    zone: String,
    orders: Vec<u8>,
    unusable: Vec<u32>,
    extfrag: Vec<i32>,
    #[serde(skip)]
    unusable_text: String,
    #[serde(skip)]
    extfrag_text: String,
}

impl ScenarioReport {
    pub(crate) fn new(
        scenario: &Scenario,
        summary: &ScenarioSummary,
        states: bool,
        speed: u64,
    ) -> Self {
        let (spec, repro) = (scenario.spec(), &summary.repro);
        ScenarioReport {
            scenario: scenario.name().to_owned(),
            about: spec.about.clone(),
            seed: repro.seed,
            machine: repro.machine.clone(),
            profile: repro.profile.clone(),
            config: repro.config.clone(),
            outcomes: Outcomes::of(&summary.tally),
            refusals: refusals(&summary.tally),
            phases: summary.phases.iter().map(Phase::of).collect(),
            before: State::of(&summary.first, &spec.report.indices),
            after: State::of(&summary.last, &spec.report.indices),
            reached: Reached::new(&summary.states, states),
            ops_per_second: speed,
            fingerprint: format!("{:016x}", repro.fingerprint),
            repro: repro.to_string(),
            show: spec.report.clone(),
            buddyinfo: summary.buddyinfo(),
            pictures: match spec.report.pictures {
                true => format!("\n{}", summary.pictures(&Style::PLAIN)),
                false => String::new(),
            },
        }
    }

    pub(crate) fn as_text(&self) -> String {
        let mut text = String::new();
        if self.show.phases {
            text.push_str(&phase_table(&self.phases));
        }
        if self.show.refusals {
            for Refusals { reason, count } in &self.refusals {
                let _ = writeln!(text, "{count:>12} refused: {reason}");
            }
        }
        let _ = writeln!(text, "{:>12} operations", self.outcomes.ops);
        let _ = writeln!(text, "{:>12} operations per second", self.ops_per_second);
        text.push_str(&self.reached.as_text());
        let states = [&self.before, &self.after];
        for ((when, state), buddyinfo) in
            ["before", "after"].iter().zip(states).zip(&self.buddyinfo)
        {
            if self.show.buddyinfo {
                let _ = write!(text, "\n{when}: free blocks by order\n{buddyinfo}");
            }
            if !self.show.indices.is_empty() {
                let list = orders(&self.show.indices);
                let _ = writeln!(text, "\n{when}: unusable free space index, {list}");
                text.extend(state.indices.iter().map(Indices::unusable_line));
                let _ = writeln!(text, "\n{when}: external fragmentation index, {list}");
                text.extend(state.indices.iter().map(Indices::extfrag_line));
            }
        }
        text.push_str(&self.pictures);
        let _ = write!(text, "\nfingerprint {}\n{}\n", self.fingerprint, self.repro);
        text
    }
}

impl Phase {
    fn of(phase: &PhaseSummary) -> Phase {
        Phase {
            phase: phase.name,
            outcomes: Outcomes::of(&phase.tally),
            refusals: refusals(&phase.tally),
            fell_back: phase.fell_back,
            claimed: phase.claimed,
            slabs: (phase.slabs + phase.slabs_fell_back > 0)
                .then_some([phase.slabs, phase.slabs_fell_back]),
            held: phase.held,
            free: phase.free,
            cached: phase.cached,
            mixed_pageblocks: phase.mixed,
            node_scores: phase.scores.clone(),
        }
    }
}

/// Operations in the left half; what was so at the end of the phase, in frames, in the right.
fn phase_table(phases: &[Phase]) -> String {
    let mut text = format!(
        "\n{:<15}{:>9}{:>10}{:>9}{:>8}{:>9}{:>8} |{:>9}{:>9}{:>7}{:>6}  {}\n",
        "phase",
        "ops",
        "allocated",
        "freed",
        "refused",
        "fallback",
        "claimed",
        "held",
        "free",
        "cached",
        "mixed",
        "score",
    );
    for phase in phases {
        let outcomes = &phase.outcomes;
        let scores: Vec<_> = phase.node_scores.iter().map(u32::to_string).collect();
        let _ = writeln!(
            text,
            "{:<15}{:>9}{:>10}{:>9}{:>8}{:>9}{:>8} |{:>9}{:>9}{:>7}{:>6}  {}",
            phase.phase,
            outcomes.ops,
            outcomes.served(),
            outcomes.freed,
            outcomes.refused,
            phase.fell_back,
            phase.claimed,
            phase.held,
            phase.free,
            phase.cached,
            phase.mixed_pageblocks,
            scores.join(" "),
        );
    }
    let mut gap = "\n";
    for phase in phases {
        if let Some([slabs, fell_back]) = phase.slabs {
            let _ = writeln!(
                text,
                "{gap}{}: {slabs} slabs made; {fell_back} times no block of the order preferred",
                phase.phase
            );
            gap = "";
        }
    }
    text.push('\n');
    text
}

fn orders(orders: &[Order]) -> String {
    let all = orders.len() == Order::COUNT;
    let list: Vec<_> = orders.iter().map(Order::to_string).collect();
    match (all, &list[..]) {
        (true, _) => "by order".to_owned(),
        (false, [one]) => format!("order {one}"),
        (false, _) => format!("orders {}", list.join(" ")),
    }
}

impl State {
    fn of(snapshot: &Snapshot, orders: &[Order]) -> State {
        State {
            zones: zones(snapshot),
            indices: ZoneIndices::of(snapshot, orders)
                .iter()
                .map(|zone| Indices::of(zone, orders))
                .collect(),
        }
    }
}

impl Indices {
    fn of(indices: &ZoneIndices, orders: &[Order]) -> Indices {
        let ZoneIndices {
            zone,
            unusable,
            extfrag,
        } = indices;
        let texts = unusable.iter().zip(extfrag);
        let (unusable_text, extfrag_text) = texts
            .map(|(unusable, extfrag)| (format!("{unusable} "), format!("{extfrag} ")))
            .unzip();
        Indices {
            node: zone.node.0,
            zone: zone.kind.to_string(),
            orders: orders.iter().map(|order| order.get()).collect(),
            unusable: unusable.iter().map(|index| index.0).collect(),
            extfrag: extfrag.iter().map(|index| index.0).collect(),
            unusable_text,
            extfrag_text,
        }
    }

    /// As in debugfs `extfrag/unusable_index`.
    fn unusable_line(&self) -> String {
        format!(
            "Node {}, zone {:>8} {}\n",
            self.node, self.zone, self.unusable_text
        )
    }

    /// As in debugfs `extfrag/extfrag_index`.
    fn extfrag_line(&self) -> String {
        format!(
            "Node {}, zone {:>8} {}\n",
            self.node, self.zone, self.extfrag_text
        )
    }
}
