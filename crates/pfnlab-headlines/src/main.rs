//! Prints the numbers of the page "Headline results": `pfnlab-headlines [small] [h2] [h3] [h4] [fio] [whole] [xfs] [h5]
//! [defrag] [recovery-sensitivity] [sensitivity] [whole-sensitivity] [xfs-sensitivity] [plot=FILE.svg]`.

use std::process::ExitCode;
use std::{env, fs};

use pfnlab_headlines::{
    Change, Going, Shrinker, Size, avoidance, build, chart, fio, huge_frames, hygiene, mixing,
    stealing, whole,
};
use pfnlab_mm::Profile;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let plot = arguments.iter().find_map(|name| name.strip_prefix("plot="));
    let names: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| !name.starts_with("plot="))
        .collect();
    let size = match names.contains(&"small") {
        true => Size::Small,
        false => Size::Full,
    };
    let all = names.iter().all(|name| *name == "small");
    let wanted = |name| all || names.contains(&name);
    let mut changes = Vec::new();
    if wanted("h2") {
        h2(size, &mut changes);
    }
    if wanted("h3") {
        h3(size, &mut changes);
    }
    if wanted("h4") {
        let reached = avoidance::medians(size);
        println!("H4: {reached}");
    }
    if wanted("fio") {
        h4(size);
    }
    if wanted("whole") {
        let seeds = size.of(1, 3);
        whole("H4", whole::Form::published(size), seeds, &mut changes);
    }
    if wanted("xfs") {
        whole("H4 on XFS", whole::Form::xfs(size), 3, &mut changes);
    }
    if wanted("h5") {
        h5(size);
    }
    if wanted("defrag") {
        defrag(size, &mut changes);
    }
    if names.contains(&"recovery-sensitivity") {
        recovery_sensitivity();
    }
    if names.contains(&"sensitivity") {
        sensitivity(size);
    }
    if names.contains(&"xfs-sensitivity") {
        xfs_sensitivity(size);
    }
    if names.contains(&"whole-sensitivity") {
        whole_sensitivity(size);
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

fn h2(size: Size, changes: &mut Vec<Change>) {
    let print = |name, run: &huge_frames::HugeFrames| {
        let (first, last) = (run.free[0], run.free[run.free.len() - 1]);
        let (all, possible) = (run.all, run.possible);
        println!("H2 {name}: {first} -> {last} of {all} huge frames, {possible} possible");
    };
    let form = huge_frames::Form::published(size);
    let linux = huge_frames::linux(PUBLISHED_ON, form, 1);
    print("linux", &linux);
    let trees = huge_frames::trees(form, 1);
    print("trees", &trees);
    let last = |run: &huge_frames::HugeFrames| run.free[run.free.len() - 1];
    changes.push(Change {
        what: "H2: huge frames kept, Linux".to_owned(),
        published: (5108, 5107),
        reached: (linux.free[0], last(&linux)),
    });
    changes.push(Change {
        what: "H2: of those possible, trees".to_owned(),
        published: (33_912, 31_967),
        reached: (trees.possible, last(&trees)),
    });
}

fn h3(size: Size, changes: &mut Vec<Change>) {
    let reached = stealing::medians(stealing::Form::FIRST, size, size.of(32, 5));
    println!("H3: {reached}");
    let stealing::Stealing { without, with } = reached;
    changes.push(Change {
        what: "H3: fallbacks, unmovable".to_owned(),
        published: (16_784, 2668),
        reached: (without.0, with.0),
    });
    changes.push(Change {
        what: "H3: of them, from movable".to_owned(),
        published: (7531, 2231),
        reached: (without.1, with.1),
    });
}

fn h4(size: Size) {
    for shrinker in [Shrinker::InOrder, Shrinker::Drawn] {
        for huge in [fio::Huge::AtHand, fio::Huge::Madvised] {
            let form = fio::Form {
                huge,
                shrinker,
                ..fio::Form::PUBLISHED
            };
            let reached = fio::medians(form, size);
            println!("H4 fio {form:?}: {reached}");
        }
    }
}

fn whole(name: &str, form: whole::Form, seeds: u64, changes: &mut Vec<Change>) {
    let reached = whole_medians(form, seeds);
    println!("{name}, whole machine: {reached}");
    changes.push(Change {
        what: format!("{name}: other zone first"),
        published: (804_694, 408_912),
        reached: (reached.none, reached.other_zone),
    });
    changes.push(Change {
        what: format!("{name}: and boosts"),
        published: (804_694, 18_421),
        reached: (reached.none, reached.boost),
    });
}

/// The medians of so many seeds; each run is printed.
fn whole_medians(form: whole::Form, seeds: u64) -> avoidance::Avoidance {
    let runs: Vec<_> = (0..seeds).map(|seed| whole::runs(form, seed)).collect();
    for run in runs.iter().flatten() {
        println!("  {run:?}");
    }
    whole::medians(&runs)
}

/// The kernels whose pageblocks are looked at.
const HYGIENE: [&str; 3] = ["linux-6.1.y", "linux-6.12.y", "linux-6.12.y+defrag-mode"];

fn defrag(size: Size, changes: &mut Vec<Change>) {
    let tainted = HYGIENE.map(|profile| {
        let mixing = mixing::medians(profile, size);
        let whole = whole::hygiene(profile, size);
        for (what, mixed) in [("mixing", mixing), ("whole", whole)] {
            let hygiene::Mixed { tainted, movable } = mixed;
            println!("H5 {what} {profile}: {tainted} of {movable} movable pageblocks");
        }
        whole.tainted
    });
    changes.push(Change {
        what: "H5: mixed pageblocks, defrag mode".to_owned(),
        published: (77, 0),
        reached: (tainted[1], tainted[2]),
    });
}

fn h5(size: Size) {
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

/// What comes of H2 under every generation, on other machines, and when lists are emptied.
fn recovery_sensitivity() {
    use huge_frames::{Drained, Form, HugeFrames};
    let print = |profile: &str, form: Form, run: HugeFrames| {
        let (first, last) = (run.free[0], run.free[run.free.len() - 1]);
        println!(
            "H2 {profile} {form:?}: {first} -> {last}, {} possible",
            run.possible
        );
    };
    let form = |part, drained| Form { part, drained };
    for profile in Profile::ALL {
        for drained in [Drained::Never, Drained::Freed, Drained::Through] {
            let form = form(16, drained);
            print(
                profile.name(),
                form,
                huge_frames::linux(profile.name(), form, 1),
            );
        }
    }
    for part in [4, 64, 128] {
        for drained in [Drained::Never, Drained::Through] {
            let form = form(part, drained);
            print(
                PUBLISHED_ON,
                form,
                huge_frames::linux(PUBLISHED_ON, form, 1),
            );
        }
    }
}

/// What comes of H3 and H4 when a number of the workload is another one.
fn sensitivity(size: Size) {
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
    for kswapd_every in [8, 32, 128, 512, 2048] {
        let form = fio::Form {
            kswapd_every,
            ..fio::Form::PUBLISHED
        };
        println!("H4 fio {form:?}: {}", fio::medians(form, size));
    }
}

/// How fast the disk is, how much memory there is, how often kswapd has its turn.
fn xfs_sensitivity(size: Size) {
    let first = whole::Form::xfs(size);
    let disks = [125, 250, 1000, 2000].map(|megabytes| whole::Form {
        going: Going::five_seconds_of(megabytes),
        ..first
    });
    let machines = [8, 16, 32].map(|gib| whole::Form { gib, ..first });
    let paces = [8, 128, 512].map(|kswapd_every| whole::Form {
        kswapd_every,
        ..first
    });
    for form in disks.into_iter().chain(machines).chain(paces) {
        println!("H4 xfs {form:?}: {}", whole_medians(form, size.of(1, 3)));
    }
}

/// The small form with something else changed, and how much memory there is: that in both forms.
fn whole_sensitivity(size: Size) {
    let first = whole::Form::published(Size::Small);
    let parts = [256, 16].map(|part| whole::Form { part, ..first });
    let kept = [16, 4, 1].map(|half| whole::Form {
        kept_free: first.kept_free * half / 2,
        ..first
    });
    let paces = [8, 128, 512, 2048].map(|kswapd_every| whole::Form {
        kswapd_every,
        ..first
    });
    for form in parts.into_iter().chain(kept).chain(paces) {
        println!("H4 whole {form:?}: {}", whole_medians(form, 3));
    }
    for gib in [8, 16, 32] {
        let form = whole::Form {
            gib,
            ..whole::Form::published(size)
        };
        println!("H4 whole {form:?}: {}", whole_medians(form, size.of(1, 3)));
    }
    for part in [256, 64, 32, 16, 8] {
        let tainted = HYGIENE.map(|profile| whole::run_hygiene(profile, part, 0));
        println!("H5 whole {} MiB: {tainted:?}", 65_536 / part);
    }
}
