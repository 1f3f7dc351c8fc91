//! A film as pictures, each with its numbers.

mod blocks;
mod curves;
mod fallback_matrix;

use pfnlab::{MigrateType, ZoneId};
use pfnlab_export::{Column, Table, Values};

use crate::Film;

/// A picture, and the numbers it was drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// A word for files and links.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub about: &'static str,
    /// The picture, as SVG.
    pub svg: String,
    /// Its colours, and what they stand for.
    pub legend: Vec<(String, String)>,
    /// The numbers.
    pub table: Table,
}

/// All pictures of a film.
pub fn figures(film: &Film) -> Vec<Figure> {
    let zones = film.frames[0].zones.iter().enumerate();
    let mut figures = Vec::new();
    for (at, zone) in zones {
        let id = zone.id;
        figures.push(blocks::map(film, at, id));
        figures.push(blocks::heat(film, at, id));
        figures.push(curves::buddyinfo(film, at, id));
        figures.push(curves::contiguity(film, at, id));
    }
    figures.push(curves::indices(film));
    figures.push(curves::mixed(film));
    figures.push(fallback_matrix::matrix(film));
    figures
}

fn zone_name(id: ZoneId) -> String {
    format!("node {} {}", id.node, id.kind)
}

/// A name for files.
fn slug(what: &str, id: ZoneId) -> String {
    format!("{what}-node{}-{}", id.node, id.kind.name().to_lowercase())
}

/// Where a frame of a film stands, in pixels of a width.
fn across(film: &Film, at: usize, width: u64) -> u64 {
    let last = film.frames.len().saturating_sub(1).max(1) as u64;
    at as u64 * width / last
}

fn last_step(film: &Film) -> String {
    film.frames.last().map_or(0, |frame| frame.step).to_string()
}

/// Numbers as a column.
fn integers(name: &str, values: impl Iterator<Item = i64>) -> Column {
    Column::new(name, Values::Integers(values.collect()))
}

/// The column of operations.
fn steps(film: &Film) -> Column {
    // Fits: a trace has less operations than that.
    integers("step", film.frames.iter().map(|frame| frame.step as i64))
}

fn texts(name: &str, values: impl Iterator<Item = String>) -> Column {
    Column::new(name, Values::Texts(values.collect()))
}

fn name_of(mt: MigrateType) -> String {
    mt.name().to_owned()
}
