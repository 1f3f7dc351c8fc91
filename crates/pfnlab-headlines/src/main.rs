//! Prints the numbers of the page "Headline results": `pfnlab-headlines [small] [h2] [h3] [h4] [fio] [h5]
//! [sensitivity]`.

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
        let stealing::Stealing { without, with } =
            stealing::medians(stealing::Form::FIRST, size, size.of(32, 5));
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
        let drawn = fio::Form {
            shrinker: Shrinker::Drawn,
            ..fio::Form::PUBLISHED
        };
        for form in [drawn, fio::Form::PUBLISHED] {
            for huge in [fio::Huge::AtHand, fio::Huge::Madvised] {
                fio(fio::Form { huge, ..form }, size);
            }
        }
    }
    if names.contains(&"sensitivity") {
        sensitivity(size);
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

fn fio(form: fio::Form, size: Size) {
    let avoidance::Avoidance {
        none,
        other_zone,
        boost,
    } = fio::medians(form, size);
    println!("H4 fio {form:?}: {none} -> {other_zone} -> {boost}");
}

/// What comes of H3 and H4 when a number of the workload is another one.
fn sensitivity(size: Size) {
    let first = stealing::Form::FIRST;
    let levels = [80, 90, 95, 98].map(|level| stealing::Form { level, ..first });
    let shares = [[80, 15, 5], [60, 30, 10]].map(|shares| stealing::Form { shares, ..first });
    let orders = [0, 1, 5].map(|most_order| stealing::Form {
        most_order,
        ..first
    });
    for form in levels.into_iter().chain(shares).chain(orders) {
        let stealing::Stealing { without, with } = stealing::medians(form, size, 5);
        println!(
            "H3 {form:?}: unmovable {} -> {}, from movable {} -> {}",
            without.0, with.0, without.1, with.1
        );
    }
    for kswapd_every in [8, 128, 512, 2048] {
        let form = fio::Form {
            kswapd_every,
            ..fio::Form::PUBLISHED
        };
        fio(form, size);
    }
}
