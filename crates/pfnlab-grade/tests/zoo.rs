//! The zoo under a rubric: sound it earns everything, and each bug loses the points of its rule.

use std::collections::BTreeSet;

use pfnlab_check::Suite;
use pfnlab_check::machines::machine;
use pfnlab_check::sim::rules;
use pfnlab_grade::{Ask, DEATHS, Grade, Item, Points, Rubric, page};
use pfnlab_model::{
    AllocError, Block, CpuId, FreeError, Machine, MachineSpec, Observer, PageAllocator, Request,
};
use pfnlab_zoo::{Bug, FirstFit, Home, Layout};
use rayon::prelude::*;

/// The machine on which a bug is at home.
fn spec(home: Home) -> MachineSpec {
    match home {
        Home::ThreeZones => machine(
            "three-zones",
            &[(1, &[(0, 256), (512, 256)]), (1, &[(256, 256)])],
        ),
        Home::Border => machine("border", &[(2, &[(3, 297)]), (1, &[(300, 421)])]),
        Home::Closed => machine("plain", &[(1, &[(0, 512)])]),
    }
}

fn at_home(bug: Bug, machine: &Machine) -> FirstFit {
    let layout = match bug.home() {
        Home::ThreeZones => Layout::three_zones(),
        Home::Border => Layout::of(machine),
        Home::Closed => Layout::of(machine).closed(),
    };
    FirstFit::on(layout, bug)
}

/// A point for each rule and each end, on one machine, for work of so many seeds and operations.
fn rubric(machine: MachineSpec, (seeds, operations): (u64, u32)) -> Rubric {
    let rules = rules::ALL.iter().map(|rule| rule.id);
    let item = |kind: &str| Item {
        name: kind.to_owned(),
        points: 1,
        ask: Ask::Never(vec![kind.to_owned()]),
        partial: true,
        gate: false,
    };
    Rubric {
        title: "the zoo".to_owned(),
        machines: vec![machine],
        seeds,
        operations,
        shrink_operations: 60,
        items: rules.chain(DEATHS).map(item).collect(),
    }
}

fn lost(grade: &Grade) -> BTreeSet<&str> {
    let lost = grade.items.iter().filter(|item| item.earned < item.points);
    lost.map(|item| item.name.as_str()).collect()
}

#[test]
fn the_sound_one_earns_everything() {
    for home in [Home::ThreeZones, Home::Border, Home::Closed] {
        let grade = rubric(spec(home), (2, 400)).grade(
            |machine| match home {
                Home::ThreeZones => FirstFit::new(Bug::None),
                Home::Border => FirstFit::on(Layout::of(machine), Bug::None),
                Home::Closed => FirstFit::on(Layout::of(machine).closed(), Bug::None),
            },
            |_| {},
        );
        assert!(
            grade.is_full() && grade.counterexamples.is_empty(),
            "{grade:#?}"
        );
    }
}

/// Little work and, for who survives it, more: every bug is found within the second.
const WORK: [(u64, u32); 2] = [(1, 100), (4, 1500)];

/// Which rule a bug breaks first is what the suite says, whose kill matrix is published.
#[test]
fn each_bug_loses_the_points_of_its_rule() {
    Bug::ALL.par_iter().for_each(|&bug| {
        let make = |machine: &Machine| at_home(bug, machine);
        let machine = spec(bug.home());
        let (work, finding) = WORK
            .into_iter()
            .find_map(|(seeds, operations)| {
                let suite = Suite::default().machines(vec![machine.clone()]);
                let (_, finding) = suite.seeds(seeds).operations(operations).first(make)?;
                Some(((seeds, operations), finding))
            })
            .expect("a bug");
        let grade = rubric(machine, work).grade(make, |_| {});
        let lost = lost(&grade);
        assert!(lost.contains(finding.kind.as_str()), "{bug:?}: {lost:?}");
        let shown = grade.counterexamples.iter();
        let shown: BTreeSet<_> = shown.map(|example| example.kind.as_str()).collect();
        assert_eq!(lost, shown, "{bug:?}: what is lost is what is shown");
    });
}

/// Half of the machines: half of the points; all or nothing: none. A gate that is shut: nothing.
#[test]
fn credit_is_by_machine() {
    let text = "title = \"t\"\nseeds = 2\noperations = 300\nmachines = [\"one-node\", \"border\"]\n\
        [[item]]\nname = \"owners\"\npoints = 15\nrules = [\"LEND-02\"]\n\
        [[item]]\nname = \"owners, all or nothing\"\npoints = 10\nrules = [\"LEND-02\"]\npartial = false\n\
        [[item]]\nname = \"serves\"\npoints = 5\nserves = 90\ngate = true\n";
    let mut rubric = Rubric::parse(text).unwrap();
    let half = |machine: &Machine| {
        let bug = if machine.name() == "border" {
            Bug::LendsTwice
        } else {
            Bug::None
        };
        FirstFit::on(Layout::of(machine).closed(), bug)
    };
    let grade = rubric.grade(half, |_| {});
    let serves = &grade.items[2];
    assert_eq!(
        serves.earned,
        Points::whole(5).share(1, 2),
        "a frame that is lent twice does not count"
    );
    assert!(grade.gated && grade.earned == serves.earned);
    rubric.items[2].gate = false;
    let grade = rubric.grade(half, |_| {});
    let earned: Vec<_> = grade
        .items
        .iter()
        .map(|item| item.earned.to_string())
        .collect();
    assert_eq!(earned, ["7.50", "0", "2.50"]);
    assert_eq!(grade.items[0].fails_on, ["border"]);
    let [example] = &grade.counterexamples[..] else {
        panic!("{grade:#?}")
    };
    assert!(
        example.costs && example.operations <= 10,
        "{}",
        example.report
    );
    assert!(example.picture.contains("#d00"), "two owners are crossed");
    let page = page("student <1>", &grade);
    assert!(
        page.contains("student &#60;1&#62;") && page.contains("<svg"),
        "{page}"
    );
    assert!(
        !page.contains("http-equiv") && !page.contains("src="),
        "no request"
    );
}

/// Refuses whatever it is asked.
struct Refuses;

impl PageAllocator for Refuses {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        Err(AllocError::Exhausted(request.order))
    }

    fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        Err(FreeError::NotLent(block))
    }
}

/// Whoever refuses everything breaks no rule, and earns nothing; nor does who dies at once.
#[test]
fn doing_nothing_is_not_enough() {
    let rubric = Rubric::parse(
        "title = \"t\"\nmachines = [\"sixteen\"]\nseeds = 1\n\
         [[item]]\nname = \"owners\"\npoints = 10\nrules = [\"LEND-02\"]\n\
         [[item]]\nname = \"serves\"\npoints = 10\nserves = 100\ngate = true\n",
    )
    .unwrap();
    let grade = rubric.grade(|_| Refuses, |_| {});
    assert_eq!(grade.earned, Points::default(), "{grade:#?}");
    let dies = rubric.grade(|_| -> Refuses { panic!("at once") }, |_| {});
    assert_eq!(dies.earned, Points::default());
    assert_eq!(dies.items[0].why, "it did not live long enough to show it");
}
