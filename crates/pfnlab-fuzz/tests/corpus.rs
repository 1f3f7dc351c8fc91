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
    [Corpus::of(target), Corpus::mended(target)]
        .iter()
        .flat_map(|corpus| corpus.inputs().unwrap())
        .collect()
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

#[test]
fn what_is_kept_is_read_again() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept.inputs");
    let corpus = Corpus::at(&path);
    let inputs = [&b"=== 3 bytes\n"[..], b"", b"\n", b"two\nlines", b"\xff"].map(<[u8]>::to_vec);
    corpus.keep(&inputs).unwrap();
    let mut read = corpus.inputs().unwrap();
    let shortest_first = read.is_sorted_by_key(Vec::len);
    read.sort();
    let mut inputs = inputs;
    inputs.sort();
    assert!(shortest_first && read == inputs, "{read:?}");
    for odd in [
        "=== 3 bytes\nab\n",
        "ab\n",
        "=== 2 bytes\nab",
        "=== 1 bytes\nab\n",
    ] {
        fs::write(&path, odd).unwrap();
        let error = corpus.inputs().unwrap_err().to_string();
        assert!(error.contains("expected `=== N bytes`"), "{odd:?}: {error}");
    }
    fs::remove_file(path).unwrap();
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
