//! A reel that also goes back, and whose next operation may become another.
//!
//! ```
//! use pfnlab::reel::{Player, Reel};
//! use pfnlab::{Error, TraceFile};
//!
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let mut player = Player::new(Reel::of_trace(&trace)?);
//! let start = player.state().clone();
//! player.go_to(2)?;
//! player.go_to(0)?;
//! assert_eq!(player.state(), &start);
//!
//! // What if it asked for less?
//! player.replace("a 1 order=3")?;
//! player.go_to(1)?;
//! assert!(player.told().unwrap().story.text(&Default::default(), Default::default()).contains("8 frames"));
//! # Ok::<(), Error>(())
//! ```

use pfnlab_mm::Mm;
use pfnlab_model::{Op, Snapshot, Step, Trace};
use pfnlab_sim::{Breach, Driver};
use pfnlab_view::Narrator;

use super::rules::Rules;
use super::{Reel, Source};
use crate::boot::snapshot_of;
use crate::explain::Explained;
use crate::{Error, TextError};

/// So many keyframes are kept: each is a whole machine.
const KEYFRAMES: usize = 8;
/// Operations between two keyframes, until there would be too many of them.
const SPACING: usize = 64;

/// Operations, one at a time, in both directions.
pub struct Player {
    reel: Reel,
    /// Ascending; the first is the start, which is never dropped.
    keyframes: Vec<Keyframe>,
    /// Keyframes lie so far apart, counted from the start.
    spacing: usize,
    told: Option<Explained>,
    /// Begun when somebody asks.
    rules: Option<Rules<Mm>>,
}

/// The machine as it was before an operation.
struct Keyframe {
    next: usize,
    driver: Driver<Mm>,
}

impl Player {
    /// The operations of `reel` from where it is.
    pub fn new(reel: Reel) -> Player {
        let start = Keyframe {
            next: reel.next,
            driver: reel.driver.clone(),
        };
        Player {
            reel,
            keyframes: vec![start],
            spacing: SPACING,
            told: None,
            rules: None,
        }
    }

    /// How many operations there are.
    pub fn operations(&self) -> u64 {
        self.reel.operations()
    }

    /// How many of them are done.
    pub fn position(&self) -> u64 {
        self.reel.told()
    }

    /// What the last of these did; `None` at the start.
    pub fn told(&self) -> Option<&Explained> {
        self.told.as_ref()
    }

    /// The operation that comes next.
    pub fn upcoming(&self) -> Option<&Op> {
        self.reel.upcoming()
    }

    /// The state behind the operations done.
    pub fn state(&self) -> &Snapshot {
        self.reel.state()
    }

    /// The machine's kernel generation and build, such as `linux-6.12.y, x86_64`.
    pub fn kernel(&self) -> String {
        self.reel.kernel()
    }

    /// Goes where so many operations are done, at most to the end and at least to the start, and
    /// tells the last of them.
    ///
    /// # Errors
    /// When an operation on the way cannot be run. It is then where it was.
    pub fn go_to(&mut self, position: u64) -> Result<(), Error> {
        let from = self.reel.next;
        // Fits: no greater than how many there are.
        let to = position.min(self.operations()) as usize;
        self.show(to).or_else(|error| {
            // Behind an operation that cannot be run there is no state.
            self.load(from);
            self.show(from)?;
            Err(error)
        })
    }

    /// The rules that the last operation broke; at the start, those that are broken from there. Every
    /// rule is asked after every operation from the start on, so this takes time.
    pub fn broken(&mut self) -> &[Breach] {
        let start = &self.keyframes[0];
        let rules = self.rules.get_or_insert_with(|| Rules::new(&start.driver));
        let steps = &self.reel.steps[start.next..self.reel.next];
        rules.ask(steps.iter().map(|(_, step)| &step.op));
        rules.broken_behind(steps.len())
    }

    /// Another operation in place of the next one, as a line of a trace.
    ///
    /// # Errors
    /// When the line is no operation.
    pub fn replace(&mut self, line: &str) -> Result<(), TextError> {
        let step = operation(line)?;
        match self.reel.steps.get_mut(self.reel.next) {
            Some((_, next)) => *next = step,
            None => self.add(step),
        }
        self.edited();
        Ok(())
    }

    /// One more operation before the next one, as a line of a trace.
    ///
    /// # Errors
    /// When the line is no operation.
    pub fn insert(&mut self, line: &str) -> Result<(), TextError> {
        let step = operation(line)?;
        self.add(step);
        self.edited();
        Ok(())
    }

    /// The next operation is left out. At the end there is none.
    pub fn omit(&mut self) {
        if self.reel.next < self.reel.steps.len() {
            self.reel.steps.remove(self.reel.next);
            self.edited();
        }
    }

    /// It has the line of the operation it comes before.
    fn add(&mut self, step: Step) {
        let at = self.reel.next;
        let behind = self.reel.steps.last().map_or(1, |&(line, _)| line + 1);
        let line = self.reel.steps.get(at).map_or(behind, |&(line, _)| line);
        self.reel.steps.insert(at, (line, step));
    }

    /// The machine never was where these keyframes say, and the file does not say what is run.
    fn edited(&mut self) {
        self.keyframes.retain(|kept| kept.next <= self.reel.next);
        self.rules = None;
        if let Source::Trace(file) = &self.reel.source {
            self.reel.source = Source::Named(format!("{}, edited", file.name()));
        }
    }

    fn show(&mut self, to: usize) -> Result<(), Error> {
        let start = self.keyframes[0].next;
        if to <= start {
            self.load(start);
            self.told = None;
            return Ok(());
        }
        let last = to - 1;
        self.wind(last)?;
        self.told = Some(self.reel.tell(last)?);
        self.reel.next = to;
        Ok(())
    }

    /// Goes where `to` operations are done, without a word.
    fn wind(&mut self, to: usize) -> Result<(), Error> {
        if to < self.reel.next || self.nearest(to).next > self.reel.next {
            self.load(to);
        }
        self.keep();
        while self.reel.next < to {
            let stop = to.min(self.reel.next + self.spacing - self.since_start() % self.spacing);
            self.reel.skip_to(stop)?;
            self.keep();
        }
        Ok(())
    }

    /// The last keyframe at or before a position.
    fn nearest(&self, position: usize) -> &Keyframe {
        let behind = self.keyframes.partition_point(|kept| kept.next <= position);
        &self.keyframes[behind.max(1) - 1]
    }

    /// Goes to the last keyframe at or before a position.
    fn load(&mut self, position: usize) {
        let kept = self.nearest(position);
        let (next, driver) = (kept.next, kept.driver.clone());
        self.reel.next = next;
        self.reel.driver = driver;
        self.reel.narrator = Narrator::from(snapshot_of(self.reel.driver.allocator()));
    }

    /// Keeps a keyframe if one is due here. When there are too many, every other one goes.
    fn keep(&mut self) {
        let next = self.reel.next;
        let kept = self.keyframes.iter().any(|kept| kept.next >= next);
        if kept || !self.since_start().is_multiple_of(self.spacing) {
            return;
        }
        let driver = self.reel.driver.clone();
        self.keyframes.push(Keyframe { next, driver });
        if self.keyframes.len() > KEYFRAMES {
            self.spacing *= 2;
            let (start, spacing) = (self.keyframes[0].next, self.spacing);
            self.keyframes
                .retain(|kept| (kept.next - start).is_multiple_of(spacing));
        }
    }

    fn since_start(&self) -> usize {
        self.reel.next - self.keyframes[0].next
    }
}

/// The operation that a line of a trace is.
fn operation(line: &str) -> Result<Step, TextError> {
    const NAME: &str = "<operation>";
    let line = line.lines().next().unwrap_or("");
    let text = format!("#pfnlab-trace 1\nmachine one-node\n{line}\n");
    let parsed = Trace::parse(&text).map_err(|error| {
        let start = (error.column as usize - 1).min(line.len());
        let end = (start + error.length as usize).min(line.len());
        TextError::new(NAME, line, start..end, error.message)
    })?;
    parsed.trace.steps.into_iter().next().ok_or_else(|| {
        let message = "that is no operation: write one such as `a 1 order=0` or `f 1`";
        TextError::new(NAME, line, 0..line.len(), message)
    })
}
