//! Answers of a quiz agree with a model that knows nothing of the allocator but its rules.

use pfnlab::lesson::{Question, QuestionKind, print};
use pfnlab::teach::{Quiz, QuizItem};
use pfnlab::{MigrateType, Op, Snapshot};

/// Seeds, and questions of each; ten times as many in the long suites, which say how many cases of
/// any property they want.
const SEEDS: usize = 100;
const EACH: usize = 10;

fn each() -> usize {
    let long = std::env::var_os("PROPTEST_CASES").is_some();
    if long { 10 * EACH } else { EACH }
}

/// A block as a quiz names it: `0x130+2^3`, or `0x130`.
fn block(text: &str) -> (u64, u32) {
    let (start, order) = text.split_once("+2^").unwrap_or((text, "0"));
    let start = start.strip_prefix("0x").unwrap();
    (
        u64::from_str_radix(start, 16).unwrap(),
        order.parse().unwrap(),
    )
}

/// By halves: the lower of a pair has its buddy above it, the upper below.
fn buddy((start, order): (u64, u32)) -> (u64, u32) {
    let size = 2_u64.pow(order);
    let is_lower = (start / size).is_multiple_of(2);
    (if is_lower { start + size } else { start - size }, order)
}

fn free(state: &Snapshot) -> Vec<(u64, u32, MigrateType)> {
    let lists = state.zones.iter().flat_map(|zone| &zone.free_lists);
    let blocks = lists.flat_map(|list| {
        let of = move |pfn: &pfnlab::Pfn| (pfn.get(), list.order.get().into(), list.mt);
        list.pfns.iter().map(of)
    });
    blocks.collect()
}

/// What a request gets: the head of its per-CPU list, else the lower end of the head of the
/// smallest list that has blocks large enough.
fn served(state: &Snapshot, op: &Op) -> Option<(u64, u32)> {
    const MOVABLE: u64 = 0x8;
    const RECLAIMABLE: u64 = 0x10;
    let Op::Alloc { request, .. } = op else {
        return None;
    };
    let bits = u64::from(request.gfp.bits());
    let mt = match (bits & MOVABLE != 0, bits & RECLAIMABLE != 0) {
        (true, _) => MigrateType::Movable,
        (_, true) => MigrateType::Reclaimable,
        _ => MigrateType::Unmovable,
    };
    let zone = state.zones.iter().find(|zone| zone.present > 0)?;
    let order = request.order.get();
    let number = match mt {
        MigrateType::Movable => 1,
        MigrateType::Reclaimable => 2,
        _ => 0,
    };
    let index = match order {
        0..=3 => Some(3 * order + number),
        9 => Some(12 + number % 2),
        _ => None,
    };
    let cpu = zone.pcp.iter().find(|pcp| pcp.cpu == request.cpu)?;
    let cached = cpu.lists.iter().find(|list| Some(list.index) == index);
    if let Some(head) = cached.and_then(|list| list.pfns.front()) {
        return Some((head.get(), order.into()));
    }
    let lists = zone.free_lists.iter();
    let fitting = lists.filter(|list| list.mt == mt && list.order >= request.order);
    let smallest = fitting.min_by_key(|list| list.order)?;
    Some((smallest.pfns.front()?.get(), order.into()))
}

/// How far a block merges: with its buddy, as long as that is free as a whole.
fn merged(state: &Snapshot, came: (u64, u32)) -> (u64, u32) {
    let free = free(state);
    let is_free = |other: (u64, u32)| {
        free.iter()
            .any(|&(start, order, _)| (start, order) == other)
    };
    let mut block = came;
    while block.1 < 10 && is_free(buddy(block)) {
        block = (block.0.min(buddy(block).0), block.1 + 1);
    }
    block
}

fn right(question: &Question) -> &str {
    &question.choices[question.answer]
}

fn check(item: &QuizItem) {
    let QuizItem {
        before,
        op,
        question,
    } = item;
    let words: Vec<&str> = question.prompt.split(' ').collect();
    let answers: std::collections::BTreeSet<_> = question.choices.iter().collect();
    assert_eq!(
        answers.len(),
        question.choices.len(),
        "two choices are the same: {question:?}"
    );
    match question.kind {
        QuestionKind::Which => {
            assert_eq!(
                Some(block(right(question))),
                served(before, op),
                "{question:#?}"
            );
        }
        QuestionKind::Merge => {
            assert_eq!(
                block(right(question)),
                buddy(block(words[0])),
                "{question:#?}"
            );
        }
        QuestionKind::HowFar => {
            let (_, order) = merged(before, block(words[0]));
            assert_eq!(right(question), format!("order {order}"), "{question:#?}");
        }
        QuestionKind::Buddy => {
            let (asked, of) = (block(words[1]).0, block(words[5]).0);
            let order = words[8].trim_end_matches('?').parse().unwrap();
            let yes = buddy((of, order)).0 == asked;
            assert_eq!(
                right(question),
                if yes { "yes" } else { "no" },
                "{question:#?}"
            );
        }
        QuestionKind::Refused => {
            let Op::Alloc { request, .. } = op else {
                panic!("only a request is refused")
            };
            let large = free(before)
                .iter()
                .any(|&(_, order, mt)| mt.is_ordinary() && order >= u32::from(request.order.get()));
            let little = question.answer == 0;
            assert!(little || !large, "{question:#?}");
        }
    }
}

#[test]
fn answers_agree_with_an_independent_model() {
    let mut kinds = [0_usize; 5];
    for seed in 0..SEEDS {
        let quiz = Quiz::new(seed as u64, None).unwrap();
        for item in quiz.take(each()) {
            let item = item.unwrap();
            check(&item);
            kinds[item.question.kind as usize] += 1;
        }
    }
    assert_eq!(kinds.iter().sum::<usize>(), SEEDS * each());
    assert!(kinds.iter().all(|&count| count > 20), "{kinds:?}");
}

#[test]
fn right_answers_are_at_every_place() {
    let quiz = Quiz::new(5, None).unwrap();
    let questions = quiz.map(|item| item.unwrap().question);
    let which = questions.filter(|question| question.kind == QuestionKind::Which);
    let mut places = [0; 4];
    which
        .take(200)
        .for_each(|question| places[question.answer] += 1);
    assert!(places.iter().all(|&count| count > 10), "{places:?}");
}

#[test]
fn a_quiz_can_be_printed_for_others() {
    let quiz = Quiz::new(3, None).unwrap();
    let questions: Vec<_> = quiz.take(20).map(|item| item.unwrap().question).collect();
    let text = print::text(&questions, false);
    assert!(!text.contains("Answer"), "{text}");
    assert_eq!(
        print::text(&questions, true).matches("   Answer: ").count(),
        20
    );

    let table: toml::Table = print::mdbook(&questions).parse().unwrap();
    let entries = table["questions"].as_array().unwrap();
    for (entry, question) in entries.iter().zip(&questions) {
        assert_eq!(entry["answer"]["answer"].as_str(), Some(right(question)));
        let wrong = entry["prompt"]["distractors"].as_array().unwrap();
        assert_eq!(wrong.len() + 1, question.choices.len());
    }
    assert_eq!(entries.len(), 20);

    let xml = print::moodle(&questions);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let full = document
        .descendants()
        .filter(|node| node.attribute("fraction") == Some("100"));
    let full: Vec<_> = full
        .map(|node| node.first_element_child().unwrap().text().unwrap())
        .collect();
    let escaped = |question: &Question| right(question).replace('<', "&lt;").replace('>', "&gt;");
    assert_eq!(full, questions.iter().map(escaped).collect::<Vec<_>>());
}
