//! Prints the numbers of the page "Headline results": `pfnlab-headlines [small] [h2] [h3] [h4] [h5]`.

use std::env;

use pfnlab_headlines::{Shrinker, Size, avoidance, build, fio, huge_frames, hygiene, stealing};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let names: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let size = match names.contains(&"small") {
        true => Size::Small,
        false => Size::Full,
    };
    let all = names.iter().all(|name| *name == "small");
    let wanted = |name| all || names.contains(&name);
    if wanted("h2") {
        for (name, run) in [
            ("linux", huge_frames::linux(size, 1)),
            ("trees", huge_frames::trees(size, 1)),
        ] {
            let (first, last) = (run.free[0], run.free[run.free.len() - 1]);
            let (all, possible) = (run.all, run.possible);
            println!("H2 {name}: {first} -> {last} of {all} huge frames, {possible} possible");
        }
    }
    if wanted("h3") {
        let stealing::Stealing { without, with } = stealing::medians(size);
        println!(
            "H3: unmovable {} -> {}, from movable {} -> {}",
            without.0, with.0, without.1, with.1
        );
    }
    if wanted("h4") {
        let avoidance::Avoidance {
            none,
            other_zone,
            boost,
        } = avoidance::medians(size);
        println!("H4: {none} -> {other_zone} -> {boost}");
    }
    if wanted("fio") {
        for (huge, shrinker) in [
            (fio::Huge::AtHand, Shrinker::Drawn),
            (fio::Huge::Madvised, Shrinker::Drawn),
            (fio::Huge::AtHand, Shrinker::InOrder),
            (fio::Huge::Madvised, Shrinker::InOrder),
        ] {
            let avoidance::Avoidance {
                none,
                other_zone,
                boost,
            } = fio::medians(huge, shrinker, size);
            println!("H4 fio {huge:?} {shrinker:?}: {none} -> {other_zone} -> {boost}");
        }
    }
    if wanted("h5") {
        for profile in ["linux-6.1.y", "linux-6.12.0", "linux-6.12.y"] {
            for (what, mixed) in [
                ("waves", hygiene::medians(profile, size)),
                ("full", hygiene::full_medians(profile, size)),
                ("build", build::medians(profile, Shrinker::Drawn, size)),
                (
                    "build in order",
                    build::medians(profile, Shrinker::InOrder, size),
                ),
            ] {
                let hygiene::Mixed { tainted, movable } = mixed;
                println!("H5 {what} {profile}: {tainted} of {movable} movable pageblocks");
            }
        }
        for sparse in [4096, 2048, 1024, 512] {
            let hygiene::Anywhere {
                tainted,
                expected,
                variance,
            } = hygiene::anywhere(size, sparse, 1);
            println!("H5 anywhere 1/{sparse}: {tainted}, expected {expected}, variance {variance}");
        }
    }
}
