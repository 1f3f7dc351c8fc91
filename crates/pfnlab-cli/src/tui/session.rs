//! Where one is, what is looked at, what is being typed.

use pfnlab::reel::Player;
use pfnlab::view::{self, Detail, Holder, Style, ZonePicture};
use pfnlab::{Block, Event, Pfn, PfnRange, TextError, ZoneId};
use ratatui::crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::breakpoint::Behind;
use super::command::{self, Question};
use super::{Breakpoint, Command, pointer};
use crate::args::frame;

/// Operations run between two looks at the keys.
const SLICE: usize = 256;
/// The least number of frames in the strip.
const CLOSEST: u64 = 16;

/// Rows of the strip; its title and its legend come besides.
pub(super) const STRIP: usize = 8;

/// What of the zone looked at is drawn in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its frames.
    Strip,
    /// The blocks of these frames by order.
    Tree,
    /// Its free lists and its per-CPU lists, in list order.
    Lists,
    /// The types of its pageblocks.
    Pageblocks,
}

/// The views that take turns, where there is no room for all.
const TURNS: [Part; 3] = [Part::Lists, Part::Tree, Part::Pageblocks];

/// One person in front of one trace.
pub(super) struct Session {
    name: String,
    player: Player,
    style: Style,
    breakpoints: Vec<Breakpoint>,
    running: Option<Until>,
    /// What was searched for last.
    words: String,
    asking: Option<(Question, Input)>,
    message: String,
    /// `None`: the one that is worked on.
    zone: Option<ZoneId>,
    /// How often the frames of the strip were halved.
    zoom: u32,
    /// The first line of the story that is shown.
    scroll: u16,
    /// Which of [`TURNS`] it is.
    view: usize,
    /// Its first line that is shown.
    scroll_of_view: u16,
    /// A frame of the block that is pointed at.
    pointed: Option<Pfn>,
    help: bool,
    over: bool,
}

/// How far to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Breakpoint,
    /// A story has the words searched for.
    Words,
}

impl Session {
    /// At the start of `player`'s operations, which came from `name`.
    pub(super) fn new(name: &str, player: Player, style: Style) -> Session {
        Session {
            name: name.to_owned(),
            player,
            style,
            breakpoints: Vec::new(),
            running: None,
            words: String::new(),
            asking: None,
            message: String::new(),
            zone: None,
            zoom: 0,
            scroll: 0,
            view: 0,
            scroll_of_view: 0,
            pointed: None,
            help: false,
            over: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn player(&self) -> &Player {
        &self.player
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    pub(super) fn breakpoints(&self) -> &[Breakpoint] {
        &self.breakpoints
    }

    /// The line being typed, and what for.
    pub(super) fn asking(&self) -> Option<&(Question, Input)> {
        self.asking.as_ref()
    }

    /// What came of the last key, if it needs words.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn scroll(&self) -> u16 {
        self.scroll
    }

    /// The view whose turn it is.
    pub(super) fn view(&self) -> Part {
        TURNS[self.view]
    }

    pub(super) fn scroll_of_view(&self) -> u16 {
        self.scroll_of_view
    }

    pub(super) fn shows_help(&self) -> bool {
        self.help
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether there is more to run, by [`Session::go_on`].
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The zones that have memory.
    fn zones(&self) -> Vec<ZoneId> {
        let zones = self.player.state().zones.iter();
        let zones = zones.filter(|zone| zone.present > 0);
        zones.map(|zone| zone.id).collect()
    }

    /// The zone that is looked at: the one chosen, else the one the last operation worked on, else
    /// the last one; `None`: no zone has memory.
    pub(super) fn zone(&self) -> Option<ZoneId> {
        let zones = self.zones();
        let chosen = self.zone.or(self.worked_on().map(|(zone, _)| zone));
        chosen
            .filter(|zone| zones.contains(zone))
            .or(zones.last().copied())
    }

    /// The last block of the last operation that was handed out or came back, else of which it cut
    /// or joined.
    fn worked_on(&self) -> Option<(ZoneId, PfnRange)> {
        let events = &self.player.told()?.events;
        let client = |event: &Event| match *event {
            Event::Lent { zone, block } | Event::Returned { zone, block } => {
                Some((zone, block.range()))
            }
            _ => None,
        };
        let lists = |event: &Event| match *event {
            Event::Split { zone, block } | Event::Merged { zone, block } => {
                Some((zone, block.range()))
            }
            _ => None,
        };
        let last = events.iter().rev().find_map(client);
        last.or_else(|| events.iter().rev().find_map(lists))
    }

    /// The frames in the strip: the zone, halved as often as asked around what is pointed at, else
    /// around what was worked on. `None`: all.
    pub(super) fn frames(&self) -> Option<PfnRange> {
        let zone = self.player.state().zone(self.zone()?)?;
        let span = PfnRange::sized(zone.start, zone.spanned);
        if self.zoom == 0 {
            return None;
        }
        let whole = span.frames().next_power_of_two();
        let size = whole.checked_shr(self.zoom).unwrap_or(0).max(CLOSEST);
        let focus = self
            .worked_on()
            .filter(|(zone, _)| Some(*zone) == self.zone());
        let pointed = self.pointed.filter(|&pfn| span.contains(pfn));
        let focus = pointed.or(focus.map(|(_, frames)| frames.start()));
        let focus = focus.unwrap_or(span.start());
        let start = pfnlab::Pfn::new(focus.get() / size * size);
        Some(PfnRange::sized(start, size).intersection(span))
    }

    /// The block that is pointed at, if one of the zone looked at is.
    pub(super) fn pointed_at(&self) -> Option<(Block, Holder)> {
        let zone = self.player.state().zone(self.zone()?)?;
        pointer::block_at(zone, self.pointed?)
    }

    /// The same in words.
    pub(super) fn pointed_in_words(&self) -> Option<String> {
        let state = self.player.state();
        let zone = state.zone(self.zone()?)?;
        let (block, holder) = self.pointed_at()?;
        Some(pointer::told(state, zone, block, holder))
    }

    fn point(&mut self, forward: bool) {
        let state = self.player.state();
        let Some(zone) = self.zone().and_then(|zone| state.zone(zone)) else {
            return;
        };
        let from = self.pointed_at().map(|(block, _)| block.start());
        match pointer::next(zone, from, forward) {
            Some(pfn) => self.pointed = Some(pfn),
            None => self.message = "no further block in this zone".to_owned(),
        }
    }

    /// A part of the zone looked at, as text.
    pub(super) fn zone_as_text(&self, part: Part, style: Style) -> String {
        let picture = ZonePicture {
            frames: self.frames(),
            rows: if part == Part::Strip { STRIP } else { 0 },
            tree: part == Part::Tree,
            lists: part == Part::Lists,
            pageblocks: part == Part::Pageblocks,
            lit: self.pointed_at().map(|(block, _)| block),
        };
        let zone = self.zone();
        let drawn = zone.and_then(|zone| view::zone(self.player.state(), zone, &picture, &style));
        let drawn = drawn.unwrap_or_default();
        // Its name and its numbers stand above.
        let part = drawn.split_once("\n\n").map(|(_, part)| part.to_owned());
        part.unwrap_or(drawn)
    }

    /// Does what a key asks for. Any key stops what is running.
    pub(super) fn key(&mut self, key: KeyEvent) {
        self.message.clear();
        if self.running.take().is_some() {
            self.message = "stopped".to_owned();
            return;
        }
        if self.asking.is_some() {
            return self.typed(key);
        }
        if std::mem::take(&mut self.help) {
            return;
        }
        if let Some(command) = command::of(key) {
            self.perform(command);
        }
    }

    fn perform(&mut self, command: Command) {
        let position = self.player.position();
        match command {
            Command::Forward if position == self.player.operations() => {
                self.message = "that was the last operation".to_owned();
            }
            Command::Forward => self.go_to(position + 1),
            Command::Back => self.go_to(position.saturating_sub(1)),
            Command::First => self.go_to(0),
            Command::Last => self.go_to(self.player.operations()),
            Command::Ask(question) => self.ask(question),
            Command::Continue if self.breakpoints.is_empty() => {
                self.message = "there is no breakpoint: b sets one".to_owned();
            }
            Command::Continue => self.running = Some(Until::Breakpoint),
            Command::SearchOn if self.words.is_empty() => self.ask(Question::Search),
            Command::SearchOn => self.running = Some(Until::Words),
            Command::ClearBreakpoints => self.breakpoints.clear(),
            Command::Omit => {
                if let Some(op) = self.player.upcoming() {
                    self.message = format!("left out: {op}");
                }
                self.player.omit();
            }
            Command::NextZone => self.next_zone(),
            Command::Closer => {
                let narrow = self
                    .frames()
                    .is_some_and(|frames| frames.frames() <= CLOSEST);
                self.zoom += u32::from(!narrow);
            }
            Command::Farther => self.zoom = self.zoom.saturating_sub(1),
            Command::Scroll(lines) => {
                self.scroll = moved(self.scroll, lines, &self.story(self.style));
            }
            Command::ScrollView(lines) => {
                let view = self.zone_as_text(self.view(), self.style);
                self.scroll_of_view = moved(self.scroll_of_view, lines, &view);
            }
            Command::NextView => {
                self.view = (self.view + 1) % TURNS.len();
                self.scroll_of_view = 0;
            }
            Command::PointOn => self.point(true),
            Command::PointBack => self.point(false),
            Command::PointAway => self.pointed = None,
            Command::Help => self.help = true,
            Command::Quit => self.over = true,
        }
    }

    fn go_to(&mut self, position: u64) {
        self.scroll = 0;
        if let Err(error) = self.player.go_to(position) {
            self.message = error.to_string();
        }
    }

    fn next_zone(&mut self) {
        let zones = self.zones();
        let at = self
            .zone
            .and_then(|zone| zones.iter().position(|&known| known == zone));
        let next = at.map_or(0, |at| at + 1);
        self.zone = zones.get(next).copied();
    }

    /// Begins a line. What is likely meant stands there already.
    fn ask(&mut self, question: Question) {
        let likely = match question {
            Question::Edit => self.player.upcoming().map(ToString::to_string),
            Question::Search => Some(self.words.clone()),
            Question::GoTo | Question::Breakpoint | Question::Point | Question::Insert => None,
        };
        self.asking = Some((question, Input::new(likely.unwrap_or_default())));
    }

    fn typed(&mut self, key: KeyEvent) {
        let Some((question, mut line)) = self.asking.take() else {
            return;
        };
        let leaves = key.modifiers.contains(KeyModifiers::CONTROL)
            && key.code == KeyCode::Char('c')
            || key.code == KeyCode::Esc;
        if leaves {
            return;
        }
        if key.code != KeyCode::Enter {
            line.handle_event(&TerminalEvent::Key(key));
            self.asking = Some((question, line));
            return;
        }
        if let Err(message) = self.answer(question, line.value()) {
            self.message = message;
            self.asking = Some((question, line));
        }
    }

    fn answer(&mut self, question: Question, line: &str) -> Result<(), String> {
        match question {
            Question::GoTo => {
                let count = self.player.operations();
                let position = line.trim().parse().ok();
                let position = position.filter(|&position| position <= count);
                self.go_to(position.ok_or_else(|| format!("`{line}` is not 0 to {count}"))?);
            }
            Question::Breakpoint => self.breakpoints.push(line.trim().parse()?),
            Question::Point => {
                let pfn = frame(line.trim()).map_err(|error| format!("`{line}`: {error}"))?;
                self.pointed = Some(pfn);
                if self.pointed_at().is_none() {
                    return Err(format!("{pfn} is in no block of this zone"));
                }
            }
            Question::Search => {
                line.clone_into(&mut self.words);
                self.running = (!line.is_empty()).then_some(Until::Words);
            }
            Question::Edit => self.player.replace(line).map_err(|error| said(&error))?,
            Question::Insert => self.player.insert(line).map_err(|error| said(&error))?,
        }
        Ok(())
    }

    /// Some operations further on the way. It ends where it should stop, at the end, or where one
    /// cannot be run.
    pub(super) fn go_on(&mut self) {
        for _ in 0..SLICE {
            let Some(until) = self.running else { return };
            let position = self.player.position();
            if position == self.player.operations() {
                self.running = None;
                self.message = match until {
                    Until::Breakpoint => "no breakpoint up to the end".to_owned(),
                    Until::Words => format!("no `{}` up to the end", self.words),
                };
                return;
            }
            let before: Vec<_> = {
                let state = self.player.state();
                let levels = self.breakpoints.iter().map(|stop| stop.level(state));
                levels.collect()
            };
            self.go_to(position + 1);
            if self.player.position() == position {
                self.running = None;
                return;
            }
            if let Some(message) = self.reason_to_stop(until, &before) {
                self.running = None;
                self.message = message;
            }
        }
    }

    fn reason_to_stop(&mut self, until: Until, before: &[Option<i32>]) -> Option<String> {
        let broken = match self.breakpoints.iter().any(Breakpoint::asks_rules) {
            true => self.player.broken().to_vec(),
            false => Vec::new(),
        };
        let told = self.player.told()?;
        match until {
            Until::Breakpoint => {
                let behind = Behind {
                    told,
                    state: self.player.state(),
                    broken: &broken,
                };
                let mut stops = self.breakpoints.iter().zip(before);
                let (met, _) = stops.find(|(stop, before)| stop.is_met(**before, &behind))?;
                let why = broken.iter().find(|breach| met.to_string() == breach.rule);
                let why = why.map_or(String::new(), |breach| format!(": {}", breach.what));
                Some(format!("stopped at {met}{why}"))
            }
            Until::Words => {
                let story = told.story.text(&Style::PLAIN, Detail::Brief);
                let found = story.contains(&self.words);
                found.then(|| format!("found `{}`", self.words))
            }
        }
    }

    /// What the last operation did, in words.
    pub(super) fn story(&self, style: Style) -> String {
        let Some(told) = self.player.told() else {
            return "At the start. → does the first operation.\n".to_owned();
        };
        let mut story = told.story.text(&style, Detail::Brief);
        if let Some(expected) = told.expected_instead() {
            story.push_str(&format!("  The file expects: {expected}\n"));
        }
        story
    }
}

/// So many lines further down, but not past the last line of `text`.
fn moved(scroll: u16, lines: i16, text: &str) -> u16 {
    let last = text.lines().count().saturating_sub(1);
    let last = u16::try_from(last).unwrap_or(u16::MAX);
    scroll.saturating_add_signed(lines).min(last)
}

/// What is wrong with a line that was typed, and where.
fn said(error: &TextError) -> String {
    let (_, column) = error.position();
    format!("column {column}: {}", error.message())
}
