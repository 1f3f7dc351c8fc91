//! The lessons of the course: a chapter, a trace, a picture each.

use std::path::Path;

use pfnlab::lesson::{Picture, View};
use pfnlab::reel::Reel;
use pfnlab::{Error, Pfn, PfnRange, draw, teach};

/// What the questions on the pages are chosen by.
const SEED: u64 = 1;

/// A lesson. `NAME.md` is its chapter, `NAME.trace` what is done, `NAME.svg` its picture; beside the
/// chapter, in the book, `NAME-steps.html` is a page to step through.
#[derive(Clone, Copy, Debug)]
pub struct Lesson {
    /// What its files are called.
    pub name: &'static str,
    /// What its chapter is called.
    pub title: &'static str,
    /// The operation that is drawn, from 0.
    pub step: u64,
    /// The frames that are drawn: the first, and the one behind the last. `None`: those it is about.
    pub frames: Option<(u64, u64)>,
    /// The views.
    pub views: &'static [View],
}

/// The lessons, in the order of the book.
pub const COURSE: [Lesson; 10] = [
    Lesson {
        name: "frames",
        title: "Frames and their numbers",
        step: 1,
        frames: Some((0, 0x1000)),
        views: &[View::Zones, View::Strip],
    },
    Lesson {
        name: "orders",
        title: "Orders",
        step: 1,
        frames: Some((0x200, 0x220)),
        views: &[View::Strip, View::Tree],
    },
    Lesson {
        name: "splitting",
        title: "Splitting",
        step: 0,
        frames: Some((0x200, 0x400)),
        views: &[View::Arithmetic, View::Tree],
    },
    Lesson {
        name: "merging",
        title: "The buddy's address, and merging",
        step: 6,
        frames: Some((0x200, 0x240)),
        views: &[View::Arithmetic, View::Strip],
    },
    Lesson {
        name: "lists",
        title: "Free lists",
        step: 8,
        frames: Some((0x200, 0x260)),
        views: &[View::Strip, View::Lists],
    },
    Lesson {
        name: "watermarks",
        title: "Zones and watermarks",
        step: 7,
        frames: None,
        views: &[View::Lists, View::Marks],
    },
    Lesson {
        name: "walls",
        title: "Nodes, holes and sections",
        step: 1,
        frames: None,
        views: &[View::Zones, View::Arithmetic],
    },
    Lesson {
        name: "pageblocks",
        title: "Migratetypes and pageblocks",
        step: 7,
        frames: Some((0x200, 0x240)),
        views: &[View::Pageblocks, View::Strip, View::Lists],
    },
    Lesson {
        name: "fallback",
        title: "Fallback, stealing and claiming",
        step: 8,
        frames: Some((0x200, 0x400)),
        views: &[View::Pageblocks, View::Strip, View::Lists],
    },
    Lesson {
        name: "compaction",
        title: "Compaction, and your own /proc/buddyinfo",
        step: 51,
        frames: Some((0x800, 0x1000)),
        views: &[View::Strip, View::Lists],
    },
];

impl Lesson {
    /// The file of its picture.
    pub fn picture_file(&self) -> String {
        format!("{}.svg", self.name)
    }

    /// The file of its trace.
    pub fn trace_file(&self) -> String {
        format!("{}.trace", self.name)
    }

    /// The file of its page to step through.
    pub fn steps_file(&self) -> String {
        format!("{}-steps.html", self.name)
    }

    /// Makes its page to step through; `folder` is where its trace is.
    ///
    /// # Errors
    /// When the trace cannot be run.
    pub fn steps(&self, folder: &Path) -> Result<String, Error> {
        let mut reel = Reel::open(&folder.join(self.trace_file()))?;
        teach::lesson(&mut reel, self.title, SEED)
    }

    /// Draws its picture, as SVG; `folder` is where its trace is.
    ///
    /// # Errors
    /// When the trace cannot be run, or what is to be drawn is not there.
    pub fn picture(&self, folder: &Path) -> Result<String, Error> {
        let mut reel = Reel::open(&folder.join(self.trace_file()))?;
        reel.wind_to(self.step)?;
        let frames = self
            .frames
            .and_then(|(start, end)| PfnRange::new(Pfn::new(start), Pfn::new(end)));
        let picture = Picture {
            zone: None,
            frames,
            views: self.views.to_vec(),
        };
        match reel.next() {
            Some(told) => Ok(draw::operation(&told?, reel.state(), &picture)?),
            None => Ok(picture.of_state(reel.state(), self.name)?),
        }
    }
}
