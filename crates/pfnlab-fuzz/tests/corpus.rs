//! The inputs that fuzzing kept, fed again: nothing panics.

use std::fs;
use std::path::Path;

use pfnlab_fuzz::{Corpus, Explorer, Reached, TARGETS, Target, by_name, seeds};

fn feed(target: &'static Target, inputs: &[Vec<u8>]) -> Reached {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(target.name);
    fs::create_dir_all(&folder).unwrap();
    let mut all = Reached::default();
    for input in inputs {
        let mut reached = Reached::default();
        (target.feed)(input, &folder, &mut reached);
        reached.add_to(&mut all);
    }
    all
}

fn kept(target: &Target) -> Vec<Vec<u8>> {
    let inputs = Corpus::of(target).inputs().unwrap();
    inputs.into_iter().map(|(_, input)| input).collect()
}

#[test]
fn every_target_takes_its_corpus() {
    for target in TARGETS {
        let seeds = seeds(target).unwrap();
        assert!(!seeds.is_empty(), "{}", target.name);
        let begun = feed(target, &seeds);
        let reached = feed(target, &kept(target));
        assert!(
            !reached.is_empty() && !reached.within(&begun),
            "{}: the corpus reaches nothing new",
            target.name
        );
    }
}

#[test]
fn the_corpus_is_small() {
    let bytes: usize = TARGETS.iter().flat_map(kept).map(|input| input.len()).sum();
    assert!(bytes <= 1 << 20, "{bytes} bytes");
}

/// The loop finds what mutation can find, and ends with fewer inputs than it fed.
#[test]
fn exploring_reaches_more() {
    let target = by_name("trace").unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exploring");
    fs::create_dir_all(&folder).unwrap();
    let explore = || {
        let inputs = seeds(target).unwrap();
        let mut explorer = Explorer::new(target, 1, &folder, inputs).unwrap().unwrap();
        let begun = explorer.progress();
        for _ in 0..1000 {
            explorer.once().unwrap().unwrap();
        }
        let progress = explorer.progress();
        assert!(progress.reached > begun.reached);
        (progress, explorer.minimised().unwrap())
    };
    let (progress, minimised) = explore();
    assert!(minimised.len() <= progress.kept);
    assert_eq!(
        (progress, minimised),
        explore(),
        "the same seed does the same"
    );
}
