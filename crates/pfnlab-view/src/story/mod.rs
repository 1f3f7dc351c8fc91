//! The story of one operation: what its events say, in words and pictures.
//!
//! - [`Narrator`]: keeps the state, so that every event is told with the numbers of its moment.
//! - [`beat`]: the parts of a story. [`parse`]: events become beats.
//! - [`look`]: what the state says at one moment. [`flags`]: the walk's internal flags in words.
//! - [`tell`]: beats become text.

mod beat;
mod flags;
mod look;
mod parse;
mod tell;

use pfnlab_model::{Event, Op, Snapshot};

use crate::Style;
use crate::style::Tone;
use crate::text::{Line, Page};

pub(crate) use beat::{Beat, Buddy};
pub(crate) use parse::parse;

/// How much of a story is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What matters: long runs of blocks are summed up, bookkeeping is left out.
    #[default]
    Brief,
    /// Everything: every block of a refill or a drain, every counter.
    Full,
}

/// Tells the story of operation after operation.
///
/// ```
/// use pfnlab_mm::{Config, Mm, Profile};
/// use pfnlab_model::{Event, Gfp, Inspect, MachineSpec, NodeSpec, Op, PageAllocator, Request, Ticket};
/// use pfnlab_view::{Detail, Narrator, Style};
///
/// let node = NodeSpec { cpus: vec![0], ram: vec!["0..64M".parse()?], ..NodeSpec::default() };
/// let machine = MachineSpec { nodes: vec![node], ..MachineSpec::default() }.build()?;
/// let mut mm = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64)?;
///
/// let mut narrator = Narrator::from(mm.snapshot());
/// let request = Request::new(Gfp::GFP_KERNEL);
/// let mut events: Vec<Event> = Vec::new();
/// mm.alloc(&request, &mut events)?;
/// let story = narrator.tell(&Op::Alloc { ticket: Ticket(1), request }, &events);
/// assert!(story.text(&Style::PLAIN, Detail::Brief).contains("Asked for 1 frame"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Narrator {
    state: Option<Snapshot>,
}

impl From<Snapshot> for Narrator {
    /// A narrator that knows the state before the first operation.
    fn from(state: Snapshot) -> Narrator {
        Narrator { state: Some(state) }
    }
}

impl Narrator {
    /// A narrator that knows nothing but what the events say: no sizes of lists, no watermarks.
    pub fn new() -> Narrator {
        Narrator::default()
    }

    /// The state after the operations told so far.
    pub fn state(&self) -> Option<&Snapshot> {
        self.state.as_ref()
    }

    /// The story of the next operation.
    ///
    /// # Panics
    /// When an event does not follow from the state, as [`Snapshot::apply`] does.
    pub fn tell(&mut self, op: &Op, events: &[Event]) -> Story {
        let bulk = match *op {
            Op::Bulk { count, .. } => u64::from(count),
            _ => 0,
        };
        Story {
            label: None,
            op: *op,
            beats: parse(events, self.state.as_mut(), bulk),
        }
    }

    /// Moves on by an operation without a story.
    ///
    /// # Panics
    /// When an event does not follow from the state, as [`Snapshot::apply`] does.
    pub fn skip(&mut self, events: &[Event]) {
        if let Some(state) = &mut self.state {
            events.iter().for_each(|&event| state.apply(event));
        }
    }
}

/// What one operation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    label: Option<String>,
    op: Op,
    beats: Vec<Beat>,
}

impl Story {
    /// With `label` in front of the operation in the first line, such as `operation 3`.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Story {
        self.label = Some(label.into());
        self
    }

    /// The story as text. The first line is the operation, as a trace would say it.
    pub fn text(&self, style: &Style, detail: Detail) -> String {
        let mut page = Page::new(style);
        let mut title = Line::new();
        if let Some(label) = &self.label {
            title.push(Tone::Faint, format!("{label}: "));
        }
        page.paragraph(0, title.then(Tone::Strong, self.op.to_string()));
        tell::tell(&self.beats, &self.op, detail, &mut page);
        page.finish()
    }
}
