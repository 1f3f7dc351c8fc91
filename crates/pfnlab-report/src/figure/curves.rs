//! Numbers over time.

use pfnlab::ZoneId;
use pfnlab_export::Table;

use super::{Figure, across, integers, last_step, slug, steps, zone_name};
use crate::Film;
use crate::svg::{COLOURS, Svg, between};

const WIDTH: u64 = 720;
const HEIGHT: u64 = 200;

/// The colour of an order: the larger, the darker.
fn of_order(order: usize, orders: usize) -> String {
    let (small, large) = ([0xf5, 0xd0, 0x8a], [0x14, 0x3c, 0x6e]);
    between(small, large, order as u64, orders.saturating_sub(1) as u64)
}

/// Free memory by the order of its blocks, stacked.
pub(super) fn buddyinfo(film: &Film, at: usize, id: ZoneId) -> Figure {
    let orders = film.frames[0].zones[at].free.len();
    let frames =
        |free: &[u64]| -> u64 { (0..).zip(free).map(|(order, count)| count << order).sum() };
    let all = film
        .frames
        .iter()
        .map(|frame| frames(&frame.zones[at].free));
    let most = all.max().unwrap_or(0).max(1);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let looks = film.frames.len() as u64;
    for (look, frame) in (0..).zip(&film.frames) {
        let (x, next) = (look * WIDTH / looks, (look + 1) * WIDTH / looks);
        let mut below = 0;
        for (order, count) in frame.zones[at].free.iter().enumerate().rev() {
            let above = below + (count << order);
            let (top, bottom) = (above * HEIGHT / most, below * HEIGHT / most);
            if top > bottom {
                let colour = of_order(order, orders);
                svg.rect(x, HEIGHT - top, next - x, top - bottom, &colour);
            }
            below = above;
        }
    }
    svg.beside(4, &most.to_string());
    svg.beside(HEIGHT, "0");
    svg.below("0", "operations", &last_step(film));
    let title = format!("Free memory of {} by order, over time", zone_name(id));
    let legend = (0..orders).rev();
    let legend = legend.map(|order| (of_order(order, orders), format!("order {order}")));
    let mut columns = vec![steps(film)];
    for order in 0..orders {
        // Fits: counts of blocks are far below the largest.
        let counts = film
            .frames
            .iter()
            .map(|frame| frame.zones[at].free[order] as i64);
        columns.push(integers(&format!("order-{order}"), counts));
    }
    Figure {
        name: slug("buddyinfo", id),
        svg: svg.finish(&title),
        title,
        about: "Frames in free blocks, as /proc/buddyinfo counts them: the largest blocks at the \
                bottom. The table counts blocks.",
        legend: legend.collect(),
        table: Table::new(columns),
    }
}

/// At the start and at the end: how much of the free memory is in blocks of an order or above.
pub(super) fn contiguity(film: &Film, at: usize, id: ZoneId) -> Figure {
    let orders = film.frames[0].zones[at].free.len();
    let ends = [film.frames.first(), film.frames.last()];
    let ends = ends.map(|frame| frame.map_or(&[][..], |frame| &frame.zones[at].free));
    let from = |free: &[u64], least: usize| -> u64 {
        let counts = free.iter().enumerate().skip(least);
        counts.map(|(order, count)| count << order).sum()
    };
    let most = ends
        .iter()
        .map(|free| from(free, 0))
        .max()
        .unwrap_or(0)
        .max(1);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let step = WIDTH / orders as u64;
    let place = |order: usize| order as u64 * step + step / 2;
    for (which, free) in ends.iter().enumerate() {
        let points: Vec<(u64, u64)> = (0..orders)
            .map(|order| (place(order), HEIGHT - from(free, order) * HEIGHT / most))
            .collect();
        svg.line(&points, COLOURS[which]);
    }
    svg.beside(4, &most.to_string());
    svg.beside(HEIGHT, "0");
    for order in 0..orders {
        svg.under(place(order), &order.to_string());
    }
    svg.below("", "frames in free blocks of this order or above", "");
    let title = format!("Contiguity of free memory of {}", zone_name(id));
    let column = |name, free: &[u64]| {
        // Fits: frames are numbered in 32 bits.
        integers(name, (0..orders).map(|order| from(free, order) as i64))
    };
    Figure {
        name: slug("contiguity", id),
        svg: svg.finish(&title),
        title,
        about: "How many free frames could serve requests of an order, before and after. A curve that \
                falls early is fragmented memory.",
        legend: vec![
            (COLOURS[0].to_owned(), "at the start".to_owned()),
            (COLOURS[1].to_owned(), "at the end".to_owned()),
        ],
        table: Table::new(vec![
            integers("order", 0..orders as i64),
            column("start", ends[0]),
            column("end", ends[1]),
        ]),
    }
}

/// The indices for a huge page, by zone.
pub(super) fn indices(film: &Film) -> Figure {
    // From -1000 to 1000.
    let height = |value: i64| (1000 - value).clamp(0, 2000) as u64 * HEIGHT / 2000;
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let mut legend = Vec::new();
    let mut columns = vec![steps(film)];
    for (at, zone) in film.frames[0].zones.iter().enumerate() {
        let name = zone_name(zone.id);
        let unusable = film
            .frames
            .iter()
            .map(|frame| i64::from(frame.zones[at].unusable));
        let extfrag = film
            .frames
            .iter()
            .map(|frame| i64::from(frame.zones[at].extfrag));
        let curves: [(&str, Vec<i64>); 2] = [
            ("unusable", unusable.collect()),
            ("extfrag", extfrag.collect()),
        ];
        for (which, (what, values)) in curves.into_iter().enumerate() {
            let colour = COLOURS[(2 * at + which) % COLOURS.len()];
            let points = values.iter().enumerate();
            let points = points.map(|(look, value)| (across(film, look, WIDTH), height(*value)));
            svg.line(&points.collect::<Vec<_>>(), colour);
            legend.push((colour.to_owned(), format!("{name}, {what}")));
            columns.push(integers(&format!("{what} {name}"), values.into_iter()));
        }
    }
    svg.beside(4, "1.000");
    svg.beside(HEIGHT / 2, "0.000");
    svg.beside(HEIGHT, "-1.000");
    svg.below("0", "operations", &last_step(film));
    Figure {
        name: "indices".to_owned(),
        title: format!("Fragmentation indices for order {}, over time", film.block),
        about: "Unusable: the part of free memory in blocks too small. Extfrag: why a request would \
                fail, toward 0 for lack of memory, toward 1 for fragmentation; -1: it would not. The \
                table has thousandths.",
        svg: svg.finish("Fragmentation indices"),
        legend,
        table: Table::new(columns),
    }
}

/// Pageblocks that hold what belongs elsewhere.
pub(super) fn mixed(film: &Film) -> Figure {
    let most = film
        .frames
        .iter()
        .map(|frame| frame.mixed)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let points = film.frames.iter().enumerate().map(|(look, frame)| {
        (
            across(film, look, WIDTH),
            HEIGHT - frame.mixed * HEIGHT / most,
        )
    });
    svg.line(&points.collect::<Vec<_>>(), COLOURS[5]);
    svg.beside(4, &most.to_string());
    svg.beside(HEIGHT, "0");
    svg.below("0", "operations", &last_step(film));
    let counts = film.frames.iter().map(|frame| frame.mixed as i64);
    Figure {
        name: "mixed".to_owned(),
        title: "Mixed pageblocks, over time".to_owned(),
        about: "Pageblocks that hold a frame asked for with another migratetype than their own. What is \
                in use from the start is not counted: how it was asked for nobody knows.",
        svg: svg.finish("Mixed pageblocks"),
        legend: Vec::new(),
        table: Table::new(vec![steps(film), integers("mixed", counts)]),
    }
}
