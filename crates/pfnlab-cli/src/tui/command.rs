//! What the keys mean.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// One operation forward.
    Forward,
    /// One back.
    Back,
    /// To the start.
    First,
    /// Behind the last one.
    Last,
    /// A line is typed, and then this is done with it.
    Ask(Question),
    /// Forward to a breakpoint.
    Continue,
    /// Forward to the next story with the words searched for.
    SearchOn,
    /// No breakpoint any more.
    ClearBreakpoints,
    /// Leave the next operation out.
    Omit,
    /// Look at the next zone; behind the last one, at the one that is worked on.
    NextZone,
    /// Half as many frames in the strip.
    Closer,
    /// Twice as many.
    Farther,
    /// Point at the next block.
    PointOn,
    /// Point at the one before.
    PointBack,
    /// Point at nothing.
    PointAway,
    /// Look at another view of the zone.
    NextView,
    /// The story, so many lines down or up.
    Scroll(i16),
    /// The view of the zone, so many lines down or up.
    ScrollView(i16),
    /// Show what the keys mean, or no longer.
    Help,
    /// Leave.
    Quit,
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Where to go.
    GoTo,
    /// Where to stop.
    Breakpoint,
    /// A frame to point at.
    Point,
    /// Words of a story.
    Search,
    /// An operation in place of the next one.
    Edit,
    /// One more operation before it.
    Insert,
}

impl Question {
    /// What stands before the line.
    pub(super) fn prompt(self) -> &'static str {
        match self {
            Question::GoTo => "go to, operations done: ",
            Question::Breakpoint => "stop at: ",
            Question::Point => "point at the block of frame: ",
            Question::Search => "search the stories for: ",
            Question::Edit => "the next operation: ",
            Question::Insert => "one more before it: ",
        }
    }
}

/// The keys in one line.
pub(super) const HINT: &str = "→ step  ← back  c continue  b stop at  / search  : go to  e edit  v view  . point at  tab zone  + - zoom  ? help  q quit";

/// The keys, all of them.
pub(super) const HELP: &str = "\
→ l space   one operation forward
← h bksp    one back
home g      to the start
end G       behind the last operation
:           go where so many operations are done
c           go on to a breakpoint; any key stops
b           stop at a frame, such as 0x3000,
            at an event, such as split,
            at a broken rule, such as MERGE-01,
            at what the file does not expect: unexpected,
            or at an index, such as extfrag 3 500:
            when that of order 3 reaches 0.500
B           no breakpoint any more
/ n         search the stories forward; again
e           what if: another operation next,
            as a line of a trace
i x         one more before it; leave it out
v           orders, lists, pageblocks
. ,         point at the next block, the one before
@ esc       point at a frame's block; at nothing
tab         look at another zone
+ -         fewer, more frames in the strip
↓ ↑ pgdn pgup   move the story
] [         move the view of the zone
q ctrl-c    leave";

/// What a key asks for, if anything.
pub(super) fn of(key: KeyEvent) -> Option<Command> {
    /// Lines that a page key moves the story by.
    const PAGE: i16 = 10;
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Command::Quit);
    }
    Some(match key.code {
        KeyCode::Right | KeyCode::Char(' ' | 'l') => Command::Forward,
        KeyCode::Left | KeyCode::Backspace | KeyCode::Char('h') => Command::Back,
        KeyCode::Home | KeyCode::Char('g') => Command::First,
        KeyCode::End | KeyCode::Char('G') => Command::Last,
        KeyCode::Char(':') => Command::Ask(Question::GoTo),
        KeyCode::Char('c') => Command::Continue,
        KeyCode::Char('b') => Command::Ask(Question::Breakpoint),
        KeyCode::Char('B') => Command::ClearBreakpoints,
        KeyCode::Char('/') => Command::Ask(Question::Search),
        KeyCode::Char('n') => Command::SearchOn,
        KeyCode::Char('e') => Command::Ask(Question::Edit),
        KeyCode::Char('i') => Command::Ask(Question::Insert),
        KeyCode::Char('x') => Command::Omit,
        KeyCode::Char('v') => Command::NextView,
        KeyCode::Char('.') => Command::PointOn,
        KeyCode::Char(',') => Command::PointBack,
        KeyCode::Char('@') => Command::Ask(Question::Point),
        KeyCode::Esc => Command::PointAway,
        KeyCode::Tab => Command::NextZone,
        KeyCode::Char('+' | '=') => Command::Closer,
        KeyCode::Char('-') => Command::Farther,
        KeyCode::Down | KeyCode::Char('j') => Command::Scroll(1),
        KeyCode::Up | KeyCode::Char('k') => Command::Scroll(-1),
        KeyCode::PageDown => Command::Scroll(PAGE),
        KeyCode::PageUp => Command::Scroll(-PAGE),
        KeyCode::Char(']') => Command::ScrollView(1),
        KeyCode::Char('[') => Command::ScrollView(-1),
        KeyCode::Char('?') => Command::Help,
        KeyCode::Char('q') => Command::Quit,
        _ => return None,
    })
}
