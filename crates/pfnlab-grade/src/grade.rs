//! What came of it.

use std::collections::BTreeMap;

use pfnlab_check::sim::rules;
use pfnlab_check::{Case, Finding, Report, check};
use pfnlab_model::{Machine, PageAllocator};
use serde::Serialize;

use crate::Points;
use crate::exam::{self, Sitting};
use crate::picture;
use crate::rubric::{Ask, Item, Rubric};

/// The points an allocator earned, and why not more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grade {
    /// Of the rubric.
    pub title: String,
    /// The points there are.
    pub points: Points,
    /// Those that were earned.
    pub earned: Points,
    /// A gate was not passed: its items alone count.
    pub gated: bool,
    /// The machines it ran on.
    pub machines: Vec<String>,
    /// By item of the rubric.
    pub items: Vec<ItemGrade>,
    /// What is broken, each once, as short as it could be made; those an item asks for come first.
    pub counterexamples: Vec<Counterexample>,
}

/// The points of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemGrade {
    /// Of the item.
    pub name: String,
    /// The points there are.
    pub points: Points,
    /// Those that were earned.
    pub earned: Points,
    /// Whether without it no other item counts.
    pub gate: bool,
    /// The machines on which it does not hold.
    pub fails_on: Vec<String>,
    /// The kinds of findings that cost points; see [`Counterexample::kind`].
    pub because: Vec<String>,
    /// In a few words, why it did not earn all.
    pub why: String,
}

/// Something that is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counterexample {
    /// The id of the rule, or how the allocator ended.
    pub kind: String,
    /// What the rule says.
    pub says: Option<String>,
    /// What is wrong, as a sentence.
    pub what: String,
    /// Whether it costs points.
    pub costs: bool,
    /// How many operations it takes.
    pub operations: usize,
    /// The case as a trace: it can be replayed.
    pub case: String,
    /// The whole report.
    pub report: String,
    /// A picture of who holds which frame after each operation, as SVG.
    pub picture: String,
}

impl Rubric {
    /// Grades an allocator. `done` is told each machine it is through with.
    pub fn grade<A: PageAllocator>(
        &self,
        make: impl Fn(&Machine) -> A,
        done: impl FnMut(&str),
    ) -> Grade {
        let sittings = exam::sit(self, &make, done);
        let mut items: Vec<_> = self
            .items
            .iter()
            .map(|item| judge(item, &sittings))
            .collect();
        let gated = items
            .iter()
            .any(|item| item.gate && item.earned < item.points);
        if gated {
            for item in items.iter_mut().filter(|item| !item.gate) {
                item.earned = Points::default();
            }
        }
        Grade {
            title: self.title.clone(),
            points: Points::whole(self.points()),
            earned: items.iter().map(|item| item.earned).sum(),
            gated,
            machines: sittings
                .iter()
                .map(|sitting| sitting.machine.clone())
                .collect(),
            counterexamples: self.explain(&sittings, &items, &make),
            items,
        }
    }

    /// The first finding of each kind, made short.
    fn explain<A: PageAllocator>(
        &self,
        sittings: &[Sitting],
        items: &[ItemGrade],
        make: &impl Fn(&Machine) -> A,
    ) -> Vec<Counterexample> {
        let mut found: BTreeMap<&str, &(Case, Finding)> = BTreeMap::new();
        for (kind, finding) in sittings.iter().flat_map(|sitting| &sitting.found) {
            found.entry(kind).or_insert(finding);
        }
        let suite = exam::suite(self);
        let explain = |(kind, (case, finding)): (&str, &(Case, Finding))| {
            let short = suite.shrink(case, finding, make);
            let finding = check(&short, make).err().unwrap_or_else(|| finding.clone());
            let report = Report::new(&short, finding, None, make);
            Counterexample {
                kind: kind.to_owned(),
                says: rules::by_id(kind).map(|rule| rule.says.to_owned()),
                what: report.finding.to_string(),
                costs: items
                    .iter()
                    .any(|item| item.because.iter().any(|because| because == kind)),
                operations: short.steps().len(),
                case: short.to_string(),
                picture: picture::draw(&short, make),
                report: report.to_string(),
            }
        };
        let mut all: Vec<_> = found.into_iter().map(explain).collect();
        all.sort_by_key(|example| !example.costs);
        all
    }
}

impl Grade {
    /// Whether every point was earned.
    pub fn is_full(&self) -> bool {
        self.earned == self.points
    }
}

/// The points of an item.
fn judge(item: &Item, sittings: &[Sitting]) -> ItemGrade {
    let failed: Vec<_> = sittings
        .iter()
        .filter(|sitting| !holds(item, sitting))
        .collect();
    let held = sittings.len() - failed.len();
    let points = Points::whole(item.points);
    let earned = match item.partial {
        true => points.share(held, sittings.len()),
        false => points.share(usize::from(failed.is_empty()), 1),
    };
    let mut because = Vec::new();
    let mut why = String::new();
    match &item.ask {
        Ask::Never(kinds) => {
            let broken = |kind: &&String| {
                failed
                    .iter()
                    .any(|sitting| sitting.found.contains_key(*kind))
            };
            because.extend(kinds.iter().filter(broken).cloned());
            if !failed.is_empty() {
                why = match because.is_empty() {
                    true => "it did not live long enough to show it".to_owned(),
                    false => because.join(", "),
                };
            }
        }
        Ask::Serves(percent) => {
            if let Some(least) = failed.iter().map(|sitting| sitting.serves).min() {
                why = format!("{least} % of the frames were handed out, not {percent} %");
            }
        }
    }
    ItemGrade {
        name: item.name.clone(),
        points,
        earned,
        gate: item.gate,
        fails_on: failed
            .iter()
            .map(|sitting| sitting.machine.clone())
            .collect(),
        because,
        why,
    }
}

/// Whether an item holds on a machine. Of an allocator that never lived through anything there, no
/// rule is shown to hold.
fn holds(item: &Item, sitting: &Sitting) -> bool {
    match &item.ask {
        Ask::Serves(percent) => *percent <= sitting.serves,
        Ask::Never(kinds) => {
            sitting.survived && !kinds.iter().any(|kind| sitting.found.contains_key(kind))
        }
    }
}
