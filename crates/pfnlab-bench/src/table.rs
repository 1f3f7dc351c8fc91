//! The best round of everybody, side by side.

use std::fmt;
use std::time::Duration;

use crate::work::Round;

/// Rows by peers. A cell is the best round there was: what disturbs a round only makes it longer.
#[derive(Clone, Debug, Default)]
pub struct Table {
    peers: Vec<&'static str>,
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
    /// An empty table. Ratios are against the first of the peers.
    pub fn new(peers: &[&'static str]) -> Table {
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
        let column = self.peers.iter().position(|name| *name == peer);
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

/// Markdown: nanoseconds per operation, and behind a peer's how many times ours it is.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.name_width();
        write!(f, "| {:width$} |", "ns per operation")?;
        for peer in &self.peers {
            write!(f, " {peer:>18} |")?;
        }
        write!(f, "\n|:{:-<width$}-|", "")?;
        for _ in &self.peers {
            write!(f, "{:->19}:|", "")?;
        }
        writeln!(f)?;
        for (name, cells) in &self.rows {
            write!(f, "| {name:width$} |")?;
            let ours = cells.first().copied().flatten().map(Cell::per_op);
            for (column, cell) in cells.iter().enumerate() {
                let text = match (cell.map(Cell::per_op), ours) {
                    (None, _) => "–".to_owned(),
                    (Some(theirs), Some(ours)) if column > 0 => {
                        format!("{theirs:.1} ({:.2}×)", theirs / ours)
                    }
                    (Some(theirs), _) => format!("{theirs:.1}"),
                };
                write!(f, " {text:>18} |")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
