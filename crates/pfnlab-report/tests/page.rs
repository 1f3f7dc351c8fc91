//! The page of a small run: everything is in it, nothing is loaded, and it shows what happened.

use std::path::Path;

use pfnlab::{MigrateType, Otherwise, TraceFile};
use pfnlab_export::Values;
use pfnlab_report::{Figure, Film, Section, figures, page};

/// A node of 64 MiB above 4 GiB. The kernel falls back to a movable block, for it has none.
const TRACE: &str = "\
#pfnlab-trace 1
machine-begin
[[node]]
cpus = [0]
ram = [\"4G..4160M\"]
machine-end
profile linux-6.12.y
config x86_64-no-thp
a 1 order=9 gfp=GFP_HIGHUSER_MOVABLE cpu=0
a 2 order=0 gfp=GFP_KERNEL cpu=0
a 3 order=10 gfp=GFP_HIGHUSER_MOVABLE cpu=0
f 1 cpu=0
f 3 cpu=0
drain cpu=0
";

fn film() -> Film {
    let trace = TraceFile::parse("a <trace>", TRACE, Path::new("")).unwrap();
    Film::shoot(&trace, &Otherwise::default(), 4).unwrap()
}

fn numbers<'a>(figure: &'a Figure, column: &str) -> &'a [i64] {
    let mut columns = figure.table.columns().iter();
    match &columns.find(|known| known.name == column).unwrap().values {
        Values::Integers(values) => values,
        Values::Texts(_) => panic!("`{column}` is text"),
    }
}

#[test]
fn a_film_looks_at_the_start_and_the_end() {
    let film = film();
    let steps: Vec<_> = film.frames.iter().map(|frame| frame.step).collect();
    assert_eq!(steps, [0, 2, 4, 6]);
    let free = |at: usize| {
        let zone = &film.frames[at].zones[0];
        zone.blocks
            .iter()
            .flatten()
            .map(|(_, free)| u64::from(*free))
            .sum::<u64>()
    };
    assert_eq!(free(0), 16_384);
    assert_eq!(film.frames[0].zones[0].blocks.len(), 32);
    // At the end one frame is used; what is left of its refill was drained.
    assert_eq!(free(3), 16_383);
    let taken = film.fallbacks.keys().next().unwrap();
    assert_eq!(*taken, (MigrateType::Unmovable, MigrateType::Movable));
}

#[test]
fn figures_have_the_numbers_they_show() {
    let all = figures(&film());
    let names: Vec<_> = all.iter().map(|figure| figure.name.as_str()).collect();
    let expected = [
        "blocks-node0-normal",
        "free-node0-normal",
        "buddyinfo-node0-normal",
        "contiguity-node0-normal",
        "indices",
        "mixed",
        "fallbacks",
    ];
    assert_eq!(names, expected);
    assert_eq!(numbers(&all[2], "order-10")[0], 16);
    assert_eq!(numbers(&all[3], "start")[..2], [16_384, 16_384]);
    assert_eq!(numbers(&all[3], "end")[0], 16_383);
    assert_eq!(numbers(&all[6], "claimed"), [1]);
    for figure in &all {
        assert!(figure.svg.starts_with("<svg xmlns=") && figure.svg.ends_with("</svg>"));
        let opened = figure.svg.matches("<text").count();
        assert_eq!(opened, figure.svg.matches("</text>").count());
    }
}

#[test]
fn a_page_loads_nothing() {
    let section = |setting: &str| Section {
        setting: setting.to_owned(),
        figures: figures(&film()),
    };
    let html = page("a <trace>", &[section("as it is"), section("x=1&y=2")]);
    assert_eq!(html.matches("<figure id=").count(), 14);
    // The name space of SVG is no address that is asked for anything.
    let html = html.replace("http://www.w3.org/2000/svg", "");
    for part in [
        "http:", "https:", "src=", "<script", "<link", "@import", "url(",
    ] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(html.contains("a &#60;trace&#62;") || html.contains("a &lt;trace&gt;"));
    assert!(html.contains("x=1&#38;y=2") || html.contains("x=1&amp;y=2"));
    // Every link leads somewhere.
    for link in html.split("href=\"#").skip(1) {
        let target = link.split('"').next().unwrap();
        assert!(html.contains(&format!("id=\"{target}\"")), "{target}");
    }
}
