//! A recording becomes a trace.

use pfnlab_model::{Expect, Op, Step, Trace, TraceStart};

use super::{RecordedOp, Recording, Status};

impl Recording {
    /// The operations as a trace that starts from the snapshot in `start_file`, a file name
    /// without blanks. Expected is what a trace can say: the frames of every allocation, which
    /// allocations were refused, and which tickets named nothing.
    pub fn to_trace(&self, start_file: &str) -> Trace {
        let steps = self.ops.iter().map(|recorded| Step {
            op: recorded.op,
            expect: recorded.expect(),
        });
        Trace {
            start: TraceStart::Snapshot(start_file.to_owned()),
            profile: Some(self.before.profile.clone()),
            config: None,
            steps: steps.collect(),
        }
    }
}

impl RecordedOp {
    /// What a trace can say of the outcome; `None`: nothing, as of a drain.
    fn expect(&self) -> Option<Expect> {
        match (self.got.status, self.op) {
            (Status::Fail, _) => Some(Expect::Fail),
            (Status::Skip, _) => Some(Expect::Skip),
            (Status::Ok, Op::Alloc { .. } | Op::Bulk { .. }) => {
                Some(Expect::Pfns(self.got.pfns.clone()))
            }
            (Status::Ok, _) => None,
        }
    }
}
