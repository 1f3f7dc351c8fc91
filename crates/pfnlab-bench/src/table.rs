//! The median round of everybody, side by side.

use std::fmt;

use crate::Kind;
use crate::work::Round;

/// Rows by peers. A cell has all its rounds and shows the median: a disturbance makes a round longer,
/// and a virtual machine whose clock is put right in the middle of one makes it shorter, down to nothing.
#[derive(Clone, Debug, Default)]
pub struct Table {
    peers: Vec<(&'static str, Kind)>,
    rows: Vec<(String, Vec<Cell>)>,
}

/// The rounds of one peer in one row, each in nanoseconds of one operation.
#[derive(Clone, Debug, Default)]
struct Cell(Vec<f64>);

impl Cell {
    fn note(&mut self, Round { time, ops }: Round) {
        self.0.push(time.as_nanos() as f64 / ops as f64);
    }

    /// The round in the middle, the quicker one of two; none, when there was no round.
    fn median(&self) -> Option<f64> {
        let mut rounds = self.0.clone();
        rounds.sort_by(f64::total_cmp);
        rounds.get(rounds.len().checked_sub(1)? / 2).copied()
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
                .push((row.to_owned(), vec![Cell::default(); self.peers.len()]));
            self.rows.len() - 1
        });
        self.rows[at].1[column].note(round);
    }

    /// As wide as its longest line.
    fn name_width(&self) -> usize {
        let names = self.rows.iter().map(|(name, _)| name.chars().count());
        names.max().unwrap_or(0)
    }
}

/// How many times the fastest of some peers the first one takes.
fn ratio(cells: &[Cell], among: impl Fn(usize) -> bool) -> Option<f64> {
    let times = |(column, cell): (usize, &Cell)| {
        let time = cell.median()?;
        among(column).then_some(time)
    };
    let best = cells
        .iter()
        .enumerate()
        .filter_map(times)
        .reduce(f64::min)?;
    let ours = cells.first()?.median()?;
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
                match cell.median() {
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
