//! Quizzes: questions about a machine under seeded work.

use pfnlab_lesson::{Question, QuestionKind};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{Event, MachineSpec, NodeSpec, Op, Snapshot};
use pfnlab_sim::{Driver, Setting, Workload};

use crate::boot::snapshot_of;
use crate::{Error, kernel};

/// Operations before the first question, so that not all is as it was after boot.
const BEFORE: u32 = 200;
/// Operations that may pass while a question of one kind is looked for; then any will do.
const PATIENCE: u32 = 300;
/// The memory of the machine: little enough that every list can be read.
const MEMORY: &str = "0x100000..0x1000000";

/// An operation with a question about it.
#[derive(Clone, Debug)]
pub struct QuizItem {
    /// The state before it.
    pub before: Snapshot,
    /// The operation.
    pub op: Op,
    /// The question.
    pub question: Question,
}

/// Questions without end, the same for the same seed: a small machine works, and now and then a
/// question is asked of what it does next. The kinds take turns.
///
/// ```
/// use pfnlab::teach::Quiz;
/// let mut quiz = Quiz::new(7, None)?;
/// let item = quiz.next().unwrap()?;
/// assert!(item.question.answer < item.question.choices.len());
/// # Ok::<(), pfnlab::Error>(())
/// ```
pub struct Quiz {
    driver: Driver<Mm>,
    workload: Workload,
    /// The state behind the latest operation.
    state: Snapshot,
    seed: u64,
    /// Operations done, and questions asked.
    done: u64,
    asked: usize,
}

impl Quiz {
    /// The quiz of a seed, on a kernel generation; `None`: the newest.
    ///
    /// # Errors
    /// When there is no such generation.
    ///
    /// # Panics
    /// Never: the machine is one that can be.
    pub fn new(seed: u64, profile: Option<&str>) -> Result<Quiz, Error> {
        let profile: &'static Profile = kernel::profile(profile)?;
        let ram = MEMORY.parse().expect("this is a range");
        let node = NodeSpec {
            cpus: vec![0],
            ram: vec![ram],
            ..NodeSpec::default()
        };
        let spec = MachineSpec {
            name: "quiz".to_owned(),
            nodes: vec![node],
            ..MachineSpec::default()
        };
        let machine = spec.build().expect("this machine can be");
        let booted = Mm::boot(&machine, profile, &Config::X86_64);
        let mm = booted.map_err(|error| Error::Boot {
            machine: "quiz".to_owned(),
            error,
        })?;
        let mut quiz = Quiz {
            workload: Workload::new(seed, Setting::of(&machine)),
            state: snapshot_of(&mm),
            driver: Driver::new(mm),
            seed,
            done: 0,
            asked: 0,
        };
        for _ in 0..BEFORE {
            let (_, events) = quiz.work()?;
            quiz.move_on(&events);
        }
        Ok(quiz)
    }

    /// Does the next operation; the state is still the one before it.
    fn work(&mut self) -> Result<(Op, Vec<Event>), Error> {
        let op = self.workload.next_op();
        let mut events: Vec<Event> = Vec::new();
        let ran = self.driver.step_told(&op, &mut events);
        let outcome = ran.map_err(|error| Error::Step {
            path: format!("quiz of seed {}", self.seed),
            step: self.done,
            error,
        })?;
        self.workload.observe(&outcome);
        self.done += 1;
        Ok((op, events))
    }

    fn move_on(&mut self, events: &[Event]) {
        events.iter().for_each(|&event| self.state.apply(event));
    }

    fn find(&mut self) -> Result<QuizItem, Error> {
        let kinds = QuestionKind::ALL;
        let wanted = kinds[self.asked % kinds.len()];
        self.asked += 1;
        let mut tried = 0;
        loop {
            tried += 1;
            let (op, events) = self.work()?;
            let seed = self.seed.wrapping_add(self.done);
            let all = Question::all_about(&self.state, &op, &events, seed);
            let will_do = |question: &Question| question.kind == wanted || tried >= PATIENCE;
            let question = all.into_iter().find(will_do);
            let before = question.is_some().then(|| self.state.clone());
            self.move_on(&events);
            if let (Some(question), Some(before)) = (question, before) {
                return Ok(QuizItem {
                    before,
                    op,
                    question,
                });
            }
        }
    }
}

impl Iterator for Quiz {
    type Item = Result<QuizItem, Error>;

    fn next(&mut self) -> Option<Result<QuizItem, Error>> {
        Some(self.find())
    }
}
