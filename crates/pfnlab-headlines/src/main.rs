//! Prints the numbers of the page "Headline results": `pfnlab-headlines [small] [h2] [h3] [h4] [h5]
//! [h2-sensitivity] [h3-sensitivity] [h4-sensitivity] [h5-sensitivity] [plot=FILE.svg]`. Without names: h2 to h5.

use std::process::ExitCode;
use std::{env, fs};

use pfnlab_headlines::avoidance::{self, Avoidance};
use pfnlab_headlines::{
    Anywhere, Change, Going, Size, anywhere, chart, fio, huge_frames, hygiene, stealing,
};
use pfnlab_mm::Profile;

/// Prints a result; what to draw of it.
type Headline = fn(Size) -> Vec<Change>;
/// Prints what comes of other parameters.
type Sensitivity = fn(Size);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let plot = arguments.iter().find_map(|name| name.strip_prefix("plot="));
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    let size = match named("small") {
        true => Size::Small,
        false => Size::Full,
    };
    let all = !arguments.iter().any(|name| name.starts_with('h'));
    let mut changes = Vec::new();
    let headlines: [(&str, Headline); 4] = [("h2", h2), ("h3", h3), ("h4", h4), ("h5", h5)];
    for (name, headline) in headlines {
        if all || named(name) {
            changes.extend(headline(size));
        }
    }
    let sensitivities: [(&str, Sensitivity); 4] = [
        ("h2-sensitivity", h2_sensitivity),
        ("h3-sensitivity", h3_sensitivity),
        ("h4-sensitivity", h4_sensitivity),
        ("h5-sensitivity", h5_sensitivity),
    ];
    for (name, sensitivity) in sensitivities {
        if named(name) {
            sensitivity(size);
        }
    }
    match plot.map(|file| (file, fs::write(file, chart(&changes)))) {
        Some((file, Err(error))) => {
            eprintln!("{file}: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// The generation that is nearest to that of H2's paper.
const PUBLISHED_ON: &str = "linux-6.1.y";

fn h2(size: Size) -> Vec<Change> {
    let form = huge_frames::Form::published(size);
    let linux = huge_frames::linux(PUBLISHED_ON, form, 1);
    let trees = huge_frames::trees(form, 1);
    print_huge_frames("linux", &linux);
    print_huge_frames("trees", &trees);
    vec![
        Change {
            what: "H2: huge frames kept, Linux".to_owned(),
            published: (5108, 5107),
            reached: (linux.first(), linux.last()),
        },
        Change {
            what: "H2: of those possible, trees".to_owned(),
            published: (33_912, 31_967),
            reached: (trees.possible, trees.last()),
        },
    ]
}

fn print_huge_frames(name: &str, run: &huge_frames::HugeFrames) {
    let (first, last) = (run.first(), run.last());
    let (all, possible) = (run.all, run.possible);
    println!("H2 {name}: {first} -> {last} of {all} huge frames, {possible} possible");
}

/// What comes of H2 under every generation, on other machines, and when lists are emptied.
fn h2_sensitivity(_: Size) {
    use huge_frames::{Drained, Form};
    let print = |profile: &str, part, drained| {
        let run = huge_frames::linux(profile, Form { part, drained }, 1);
        print_huge_frames(&format!("{profile}, 1:{part}, drained {drained:?}"), &run);
    };
    for profile in Profile::ALL {
        for drained in [Drained::Never, Drained::Freed, Drained::Through] {
            print(profile.name(), 16, drained);
        }
    }
    for part in [4, 64, 128] {
        for drained in [Drained::Never, Drained::Through] {
            print(PUBLISHED_ON, part, drained);
        }
    }
}

fn h3(size: Size) -> Vec<Change> {
    let reached = stealing::medians(stealing::Form::FIRST, size, size.of(32, 5));
    println!("H3: {reached}");
    let stealing::Stealing { without, with } = reached;
    vec![
        Change {
            what: "H3: fallbacks, unmovable".to_owned(),
            published: (16_784, 2668),
            reached: (without.0, with.0),
        },
        Change {
            what: "H3: of them, from movable".to_owned(),
            published: (7531, 2231),
            reached: (without.1, with.1),
        },
    ]
}

/// What comes of H3 when a number of the workload is another one.
fn h3_sensitivity(size: Size) {
    let first = stealing::Form::FIRST;
    let levels = [70, 80, 90, 95].map(|level| stealing::Form { level, ..first });
    let shares = [[80, 15, 5], [60, 30, 10]].map(|shares| stealing::Form { shares, ..first });
    let orders = [0, 1, 5].map(|most_order| stealing::Form {
        most_order,
        ..first
    });
    for form in levels.into_iter().chain(shares).chain(orders) {
        println!("H3 {form:?}: {}", stealing::medians(form, size, 5));
    }
}

fn h4(size: Size) -> Vec<Change> {
    let forms = [
        ("H4 fio", fio::Form::at_once(size), size.of(1, 3)),
        ("H4 on XFS", fio::Form::xfs(size), 3),
    ];
    let changes = forms.into_iter().flat_map(|(name, form, seeds)| {
        let reached = avoidance(form, seeds);
        println!("{name}: {reached}");
        let change = |what, published, left| Change {
            what: format!("{name}: {what}"),
            published: (804_694, published),
            reached: (reached.none, left),
        };
        [
            change("other zone first", 408_912, reached.other_zone),
            change("and boosts", 18_421, reached.boost),
        ]
    });
    changes.collect()
}

/// The medians of so many seeds; each run is printed.
fn avoidance(form: fio::Form, seeds: u64) -> Avoidance {
    let runs: Vec<_> = (0..seeds).map(|seed| avoidance::runs(form, seed)).collect();
    for run in runs.iter().flatten() {
        println!("  {run:?}");
    }
    avoidance::medians(&runs)
}

/// What comes of H4 on other machines, with other disks, and when kswapd has its turn at another pace.
fn h4_sensitivity(size: Size) {
    let at_once = fio::Form::at_once(size);
    let mut forms = Vec::new();
    for part in [256, 16] {
        forms.push(fio::Form { part, ..at_once });
    }
    for half in [16, 4, 1] {
        let kept_free = at_once.kept_free * half / 2;
        forms.push(fio::Form {
            kept_free,
            ..at_once
        });
    }
    for megabytes in [125, 250, 1000, 2000] {
        let going = Going::five_seconds_of(megabytes);
        forms.push(fio::Form { going, ..at_once });
    }
    for form in [at_once, fio::Form::xfs(size)] {
        forms.extend([8, 16, 32].map(|gib| fio::Form { gib, ..form }));
        forms.extend([8, 128, 512].map(|kswapd_every| fio::Form {
            kswapd_every,
            ..form
        }));
    }
    for form in forms {
        println!("H4 {form:?}: {}", avoidance(form, size.of(1, 3)));
    }
}

/// The kernels whose pageblocks are looked at.
const HYGIENE: [&str; 3] = ["linux-6.1.y", "linux-6.12.y", "linux-6.12.y+defrag-mode"];

fn h5(size: Size) -> Vec<Change> {
    let tainted = HYGIENE.map(|profile| {
        let hygiene::Mixed { tainted, movable } = hygiene::medians(profile, size);
        println!("H5 {profile}: {tainted} of {movable} movable pageblocks");
        tainted
    });
    for sparse in [4096, 2048, 1024, 512] {
        let Anywhere {
            tainted,
            expected,
            variance,
        } = anywhere(size, sparse, 1);
        println!("H5 anywhere 1/{sparse}: {tainted}, expected {expected}, variance {variance}");
    }
    vec![Change {
        what: "H5: mixed pageblocks, defrag mode".to_owned(),
        published: (77, 0),
        reached: (tainted[1], tainted[2]),
    }]
}

/// What comes of H5 on machines of another size.
fn h5_sensitivity(_: Size) {
    for part in [256, 64, 32, 16, 4] {
        let tainted = HYGIENE.map(|profile| hygiene::run(profile, part, 0));
        println!("H5 {} MiB: {tainted:?}", 64 * 1024 / part);
    }
}
