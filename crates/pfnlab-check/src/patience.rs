//! Observers that lose patience: a broken allocator may go round in circles for ever.

use pfnlab_model::{Event, Observer};

/// More events than this never come from one run of a generated trace.
const MOST: usize = 1 << 21;

/// Keeps every event, up to a limit.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// The events, in order.
    pub events: Vec<Event>,
}

impl Observer for Tape {
    fn event(&mut self, event: Event) {
        assert!(
            self.events.len() < MOST,
            "no end of events: the latest is {event:?}"
        );
        self.events.push(event);
    }
}

/// Counts events, up to a limit.
#[derive(Clone, Debug, Default)]
pub struct Patience(usize);

impl Observer for Patience {
    fn event(&mut self, event: Event) {
        assert!(self.0 < MOST, "no end of events: the latest is {event:?}");
        self.0 += 1;
    }
}
