//! Recordings of running kernels, replayed and tabled: by kernel, machine and case.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use pfnlab::Error;
use pfnlab::replay::{self, CaseReplay, Replayed, Subject, Totals};

/// Between these lines of the conformance page stands the table.
const MARKS: [&str; 2] = ["<!-- table -->\n", "<!-- end of table -->\n"];

/// What came of all cases below some folders.
#[derive(Debug, Default)]
pub struct Conformance {
    lines: Vec<Line>,
    totals: Totals,
    divergences: String,
}

/// One case.
#[derive(Clone, Debug)]
struct Line {
    kernel: String,
    machine: String,
    case: String,
    totals: Totals,
}

impl Conformance {
    /// Replays every case at or below `folders`, also those behind one that diverges.
    ///
    /// # Errors
    /// When a case cannot be read.
    pub fn of(folders: &[String]) -> Result<Conformance, Error> {
        let mut all = Conformance::default();
        replay::all(&Subject::below(folders)?, None, |replayed| {
            if let Replayed::Case(case) = replayed {
                all.add(&case);
            }
            Ok::<(), Error>(())
        })?;
        Ok(all)
    }

    fn add(&mut self, case: &CaseReplay) {
        self.totals.add(case);
        self.lines.push(Line::of(case));
        let name = case.case.display();
        if let Some(divergence) = &case.divergence {
            let _ = write!(self.divergences, "{name}: {divergence}");
        }
        for difference in case.differences.iter().take(5) {
            let _ = writeln!(self.divergences, "{name}: after {difference}");
        }
    }

    /// What did not come out as recorded, explained; nothing when all did.
    pub fn divergences(&self) -> &str {
        &self.divergences
    }

    /// The closing line of a replay.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// A line for every case.
    pub fn cases(&self) -> String {
        let mut text = String::from(
            "| kernel | machine | case | ops | exact | after |\n|---|---|---|--:|--:|---|\n",
        );
        for line in &self.lines {
            let Line {
                kernel,
                machine,
                case,
                totals,
            } = line;
            let after = if totals.identical_cases == 1 {
                "identical"
            } else {
                "differs"
            };
            let (ops, exact) = (totals.ops, totals.exact_ops);
            let _ = writeln!(
                text,
                "| {kernel} | {machine} | {case} | {ops} | {exact} | {after} |"
            );
        }
        text
    }

    /// A line for every machine, and the closing line.
    pub fn machines(&self) -> String {
        let mut text = String::from(
            "| kernel | machine | cases | ops | exact | after identical |\n\
             |---|---|---|--:|--:|--:|\n",
        );
        let same = |a: &Line, b: &Line| (&a.kernel, &a.machine) == (&b.kernel, &b.machine);
        for lines in self.lines.chunk_by(same) {
            let (kernel, machine) = (&lines[0].kernel, &lines[0].machine);
            let names: Vec<_> = lines.iter().map(|line| line.case.as_str()).collect();
            let sum = |of: fn(&Totals) -> u64| lines.iter().map(|line| of(&line.totals)).sum();
            let (ops, exact): (u64, u64) = (sum(|t| t.ops), sum(|t| t.exact_ops));
            let identical: u64 = sum(|t| t.identical_cases);
            let _ = writeln!(
                text,
                "| {kernel} | {machine} | {} | {ops} | {exact} | {identical}/{} |",
                names.join(" "),
                lines.len()
            );
        }
        let _ = writeln!(text, "\n```text\n{}\n```", self.totals);
        text
    }

    /// The page with this table in the place of the one it has; `None`: it has no place for one.
    pub fn put_into(&self, page: &str) -> Option<String> {
        let (before, rest) = page.split_once(MARKS[0])?;
        let (_, after) = rest.split_once(MARKS[1])?;
        let [begin, end] = MARKS;
        Some(format!(
            "{before}{begin}\n{}\n{end}{after}",
            self.machines()
        ))
    }

    /// Whether the page in a file shows this table; `write`: afterwards it does.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has no place for a table.
    pub fn page(&self, path: &Path, write: bool) -> io::Result<bool> {
        let page = fs::read_to_string(path)?;
        let no_place = || io::Error::other(format!("{}: no place for a table", path.display()));
        let wanted = self.put_into(&page).ok_or_else(no_place)?;
        if write && page != wanted {
            fs::write(path, &wanted)?;
            return Ok(true);
        }
        Ok(page == wanted)
    }
}

impl Line {
    /// A case lies in `<kernel>/<machine>/<case>`.
    fn of(replayed: &CaseReplay) -> Line {
        let mut names = replayed.case.iter().rev();
        let mut name = || {
            names
                .next()
                .map_or("?".into(), |name| name.to_string_lossy())
        };
        let (case, machine, kernel) = (name(), name(), name());
        let mut totals = Totals::default();
        totals.add(replayed);
        Line {
            kernel: kernel.into(),
            machine: machine.into(),
            case: case.into(),
            totals,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(machine: &str, case: &str, exact: u64) -> Line {
        Line {
            kernel: "6.12".into(),
            machine: machine.into(),
            case: case.into(),
            totals: Totals {
                ops: 10,
                exact_ops: exact,
                cases: 1,
                exact_cases: u64::from(exact == 10),
                identical_cases: u64::from(exact == 10),
            },
        }
    }

    #[test]
    fn the_table_on_a_page_is_replaced() {
        let lines = vec![
            line("m1", "w01", 10),
            line("m1", "w02", 9),
            line("m2", "w01", 10),
        ];
        let all = Conformance {
            lines,
            ..Conformance::default()
        };
        let page = "# Title\n<!-- table -->\nold\n<!-- end of table -->\nThe end.\n";
        let page = all.put_into(page).unwrap();
        assert!(page.starts_with("# Title\n") && page.ends_with("\nThe end.\n"));
        assert!(!page.contains("old"));
        assert!(
            page.contains("| 6.12 | m1 | w01 w02 | 20 | 19 | 1/2 |\n"),
            "{page}"
        );
        assert!(
            page.contains("| 6.12 | m2 | w01 | 10 | 10 | 1/1 |\n"),
            "{page}"
        );
        assert_eq!(
            all.put_into(&page),
            Some(page),
            "doing it again changes nothing"
        );
        assert_eq!(all.put_into("no place"), None);
    }
}
