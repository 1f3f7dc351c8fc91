//! Who took from whom.

use pfnlab::MigrateType;
use pfnlab_export::Table;

use super::{Figure, integers, name_of, texts};
use crate::Film;
use crate::svg::{Svg, between};

const CELL: u64 = 110;
const HEIGHT: u64 = 44;

/// Requests served from another migratetype's blocks: wanted by row, taken from by column.
pub(super) fn matrix(film: &Film) -> Figure {
    let mut types: Vec<MigrateType> = MigrateType::ALL[..3].to_vec();
    types.extend(
        film.fallbacks
            .keys()
            .flat_map(|&(wanted, from)| [wanted, from]),
    );
    types.sort_unstable();
    types.dedup();
    let count = |wanted, from| {
        film.fallbacks
            .get(&(wanted, from))
            .copied()
            .unwrap_or_default()
    };
    let totals = film.fallbacks.values().map(|[claimed, not]| claimed + not);
    let most = totals.max().unwrap_or(0);
    let mut svg = Svg::new(CELL * types.len() as u64, HEIGHT * types.len() as u64);
    for (row, &wanted) in (0..).zip(&types) {
        svg.beside(row * HEIGHT + HEIGHT / 2, wanted.name());
        for (column, &from) in (0..).zip(&types) {
            let [claimed, not] = count(wanted, from);
            let (x, y) = (column * CELL, row * HEIGHT);
            let colour = match wanted == from {
                true => "#eeeeee".to_owned(),
                false => between([0xff, 0xff, 0xff], [0xe6, 0x9f, 0x00], claimed + not, most),
            };
            svg.rect(x, y, CELL - 2, HEIGHT - 2, &colour);
            if wanted != from {
                let (x, y) = (
                    crate::svg::LEFT + x + CELL / 2,
                    crate::svg::TOP + y + HEIGHT / 2,
                );
                svg.text(x, y + 4, "middle", &format!("{claimed} + {not}"));
            }
        }
    }
    for (column, from) in (0..).zip(&types) {
        svg.under(column * CELL + CELL / 2, from.name());
    }
    svg.below("", "taken from", "");
    let cells = || film.fallbacks.iter();
    // Fits: a trace has less operations than that.
    let counts = |which: usize| cells().map(move |(_, counts)| counts[which] as i64);
    Figure {
        name: "fallbacks".to_owned(),
        title: "Who took from whom".to_owned(),
        about: "Requests served from another migratetype's blocks (mm_page_alloc_extfrag). A row wanted, \
                a column was taken from; first those that claimed the pageblock, then those that left it \
                to its type.",
        svg: svg.finish("Who took from whom"),
        legend: Vec::new(),
        table: Table::new(vec![
            texts("wanted", cells().map(|((wanted, _), _)| name_of(*wanted))),
            texts("from", cells().map(|((_, from), _)| name_of(*from))),
            integers("claimed", counts(0)),
            integers("not-claimed", counts(1)),
        ]),
    }
}
