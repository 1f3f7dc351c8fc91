//! Blocks of the size of a huge page over time: one column a look, one row a block.

use pfnlab::{MigrateType, ZoneId};
use pfnlab_export::Table;

use super::{Figure, integers, last_step, slug, texts, zone_name};
use crate::Film;
use crate::svg::{Svg, between};

/// Rows of a picture: more blocks than that share one.
const ROWS: usize = 256;
const WIDTH: u64 = 720;

/// By migratetype: the colour of a block that is full, and of one that is free.
fn shades(mt: MigrateType) -> ([u64; 3], [u64; 3]) {
    match mt {
        MigrateType::Unmovable => ([0xb0, 0x3a, 0x1e], [0xfa, 0xe3, 0xdc]),
        MigrateType::Movable => ([0x00, 0x5a, 0x9c], [0xdf, 0xec, 0xf7]),
        MigrateType::Reclaimable => ([0x00, 0x7a, 0x5a], [0xd8, 0xf0, 0xe8]),
        MigrateType::HighAtomic => ([0xa0, 0x5a, 0x82], [0xf4, 0xe2, 0xec]),
        MigrateType::Cma => ([0x8a, 0x7a, 0x00], [0xf6, 0xf2, 0xcc]),
        MigrateType::Isolate | MigrateType::Reserve => ([0x55; 3], [0xdd; 3]),
    }
}

/// Which type each block is of, and how full it is.
pub(super) fn map(film: &Film, at: usize, id: ZoneId) -> Figure {
    let frames = film.block.frames();
    let colour = |block: Option<(MigrateType, u64)>| match block {
        None => "#ffffff".to_owned(),
        Some((mt, free)) => {
            let (full, empty) = shades(mt);
            // Eight shades are told apart, and keep the picture small.
            between(full, empty, free * 8 / frames, 8)
        }
    };
    let legend = film.frames.iter().flat_map(|frame| &frame.zones[at].blocks);
    let mut types: Vec<MigrateType> = legend.flatten().map(|&(mt, _)| mt).collect();
    types.sort_unstable();
    types.dedup();
    let legend = types.into_iter().map(|mt| {
        let (full, _) = shades(mt);
        (
            between(full, full, 0, 1),
            format!("{}: the darker, the fuller", mt.name()),
        )
    });
    Figure {
        name: slug("blocks", id),
        title: format!("Pageblocks of {}, over time", zone_name(id)),
        about: "A row is a block of the size of a huge page (several share one in a large zone), a \
                column a moment. The colour is the migratetype of its pageblock, the shade how full \
                it is.",
        svg: draw(
            film,
            at,
            &format!("Pageblocks of {}", zone_name(id)),
            colour,
        ),
        legend: legend.collect(),
        table: table(film, at),
    }
}

/// How many frames of each block are free.
pub(super) fn heat(film: &Film, at: usize, id: ZoneId) -> Figure {
    let frames = film.block.frames();
    let (none, all) = ([0x1b, 0x1b, 0x3a], [0xff, 0xe0, 0x66]);
    let colour = |block: Option<(MigrateType, u64)>| match block {
        None => "#ffffff".to_owned(),
        Some((_, free)) => between(none, all, free * 16 / frames, 16),
    };
    Figure {
        name: slug("free", id),
        title: format!("Free frames per block of {}, over time", zone_name(id)),
        about: "As above; dark is full, bright is free. A bright row is a huge page waiting to be had; \
                a zone of middle tones is fragmented.",
        svg: draw(
            film,
            at,
            &format!("Free frames per block of {}", zone_name(id)),
            colour,
        ),
        legend: vec![
            (between(none, all, 0, 1), "no frame is free".to_owned()),
            (between(none, all, 1, 1), "all are".to_owned()),
        ],
        table: table(film, at),
    }
}

/// Rows of equal colour are drawn as one.
fn draw(
    film: &Film,
    at: usize,
    title: &str,
    colour: impl Fn(Option<(MigrateType, u64)>) -> String,
) -> String {
    let blocks = film.frames[0].zones[at].blocks.len();
    let share = blocks.div_ceil(ROWS).max(1);
    let rows = blocks.div_ceil(share);
    let height = (480 / rows as u64).clamp(2, 16);
    let mut svg = Svg::new(WIDTH, height * rows as u64);
    let looks = film.frames.len() as u64;
    let left = |look: usize| look as u64 * WIDTH / looks;
    for row in 0..rows {
        let mut since = 0;
        let mut now = String::new();
        for look in 0..=film.frames.len() {
            let next = film.frames.get(look).map(|frame| {
                let all = &frame.zones[at].blocks;
                colour(shared(&all[row * share..all.len().min((row + 1) * share)]))
            });
            if next.as_ref() != Some(&now) {
                if look > 0 && now != "#ffffff" {
                    let width = left(look) - left(since);
                    svg.rect(left(since), row as u64 * height, width, height, &now);
                }
                (since, now) = (look, next.unwrap_or_default());
            }
        }
    }
    let first = film.frames[0].zones[at].first;
    let end = first.offset((blocks as u64) << film.block.get());
    svg.beside(6, &format!("{first}"));
    svg.beside(height * rows as u64 - 4, &format!("{end}"));
    svg.below("0", "operations", &last_step(film));
    svg.finish(title)
}

/// What several blocks in one row show: the mean of what is free, and the type that most need to be
/// seen: the least movable.
fn shared(blocks: &[Option<(MigrateType, u16)>]) -> Option<(MigrateType, u64)> {
    let known: Vec<_> = blocks.iter().flatten().collect();
    let mt = known.iter().map(|(mt, _)| *mt).min()?;
    let free: u64 = known.iter().map(|(_, free)| u64::from(*free)).sum();
    Some((mt, free / known.len() as u64))
}

/// The first and the last look, block by block.
fn table(film: &Film, at: usize) -> Table {
    let zones = [film.frames.first(), film.frames.last()];
    let zones = zones.map(|frame| frame.map(|frame| &frame.zones[at]));
    let [Some(first), Some(last)] = zones else {
        return Table::default();
    };
    let known = || first.blocks.iter().zip(&last.blocks).enumerate();
    let start = |number: usize| first.first.offset((number as u64) << film.block.get());
    let mt = |block: &Option<(MigrateType, u16)>| {
        block.map_or(String::new(), |(mt, _)| super::name_of(mt))
    };
    let free = |block: &Option<(MigrateType, u16)>| block.map_or(0, |(_, free)| i64::from(free));
    Table::new(vec![
        texts(
            "block",
            known().map(|(number, _)| start(number).to_string()),
        ),
        texts("type-first", known().map(|(_, (first, _))| mt(first))),
        integers("free-first", known().map(|(_, (first, _))| free(first))),
        texts("type-last", known().map(|(_, (_, last))| mt(last))),
        integers("free-last", known().map(|(_, (_, last))| free(last))),
    ])
}
