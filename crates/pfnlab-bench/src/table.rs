//! The best round of everybody, side by side.

use std::fmt;
use std::time::Duration;

use crate::Kind;
use crate::work::Round;

/// Rows by peers. A cell is the best round there was: what disturbs a round only makes it longer.
#[derive(Clone, Debug, Default)]
pub struct Table {
    peers: Vec<(&'static str, Kind)>,
    rows: Vec<(String, Vec<Option<Cell>>)>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    time: Duration,
    ops: u64,
}

impl Cell {
    /// Nanoseconds of one operation.
    fn per_op(self) -> f64 {
        self.time.as_nanos() as f64 / self.ops as f64
    }
}

impl Table {
    /// An empty table. The first of the peers is compared with others of a kind.
    pub fn new(peers: &[(&'static str, Kind)]) -> Table {
        Table {
            peers: peers.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Notes a round.
    ///
    /// # Panics
    /// When the table has no such peer.
    pub fn note(&mut self, row: &str, peer: &str, round: Round) {
        let column = self.peers.iter().position(|(name, _)| *name == peer);
        let column = column.expect("the table has a column for every peer");
        let at = self.rows.iter().position(|(name, _)| name == row);
        let at = at.unwrap_or_else(|| {
            self.rows
                .push((row.to_owned(), vec![None; self.peers.len()]));
            self.rows.len() - 1
        });
        let Round { time, ops } = round;
        let cell = Cell { time, ops };
        let best = &mut self.rows[at].1[column];
        if best.is_none_or(|best| cell.per_op() < best.per_op()) {
            *best = Some(cell);
        }
    }

    /// As wide as its longest line.
    fn name_width(&self) -> usize {
        let names = self.rows.iter().map(|(name, _)| name.chars().count());
        names.max().unwrap_or(0)
    }
}

/// How many times the fastest of some peers the first one takes.
fn ratio(cells: &[Option<Cell>], among: impl Fn(usize) -> bool) -> Option<f64> {
    let times = |(column, cell): (usize, &Option<Cell>)| {
        let time = (*cell)?.per_op();
        among(column).then_some(time)
    };
    let best = cells
        .iter()
        .enumerate()
        .filter_map(times)
        .reduce(f64::min)?;
    let ours = (*cells.first()?)?.per_op();
    Some(ours / best)
}

/// Markdown: nanoseconds per operation, and how many times the best peer and the best buddy the
/// first column is.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.name_width();
        write!(f, "| {:width$} |", "ns per operation")?;
        for (peer, _) in &self.peers {
            write!(f, " {peer} |")?;
        }
        write!(f, " to best peer | to best buddy |\n|:{:-<width$}-|", "")?;
        for (peer, _) in &self.peers {
            write!(f, "{:-<1$}:|", "", peer.len() + 1)?;
        }
        writeln!(f, "--------------:|---------------:|")?;
        for (name, cells) in &self.rows {
            write!(f, "| {name:width$} |")?;
            for (cell, (peer, _)) in cells.iter().zip(&self.peers) {
                let width = peer.len();
                match cell.map(Cell::per_op) {
                    None => write!(f, " {:>width$} |", "–")?,
                    Some(time) => write!(f, " {time:>width$.1} |")?,
                }
            }
            let to = |kinds: &[Kind], width: usize| match ratio(cells, |column| {
                kinds.contains(&self.peers[column].1)
            }) {
                None => format!(" {:>width$} |", "–"),
                Some(ratio) => format!(" {ratio:>0$.2}× |", width - 1),
            };
            let best = to(&[Kind::Buddy, Kind::Other], "to best peer".len());
            writeln!(f, "{best}{}", to(&[Kind::Buddy], "to best buddy".len()))?;
        }
        Ok(())
    }
}
