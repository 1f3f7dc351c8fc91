//! Keys are pressed, and the screen is read; without a terminal.

use std::fs;
use std::path::Path;

use pfnlab::explain::Explained;
use pfnlab::model::Snapshot;
use pfnlab::reel::{Player, Reel};
use pfnlab::sim::index;
use pfnlab::view::Style;
use pfnlab::{Event, Order, PfnRange, TraceFile};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::screen;
use super::session::Session;

/// Small, so that a few requests use it up.
const TRACE: &str = "\
#pfnlab-trace 1
machine-begin
[[node]]
cpus = [0, 1]
ram = [\"1M..9M\"]
machine-end
profile linux-6.12.y
a 1 order=0 gfp=GFP_KERNEL cpu=0
a 2 order=4 gfp=GFP_KERNEL cpu=0
a 3 order=9 gfp=GFP_HIGHUSER_MOVABLE cpu=1
a 4 order=9 gfp=GFP_HIGHUSER_MOVABLE cpu=1
a 5 order=9 gfp=GFP_HIGHUSER_MOVABLE cpu=1
f 2 cpu=0
f 1 cpu=0
drain cpu=0
";
const OPERATIONS: u64 = 8;

fn reel() -> Reel {
    Reel::of_trace(&TraceFile::parse("a.trace", TRACE, "".as_ref()).unwrap()).unwrap()
}

fn session() -> Session {
    Session::new("a.trace", Player::new(reel()), Style::PLAIN)
}

impl Session {
    /// Presses a key, and runs what it began.
    fn press(&mut self, code: KeyCode) -> &mut Session {
        self.key(KeyEvent::new(code, KeyModifiers::NONE));
        while self.is_running() {
            self.go_on();
        }
        self
    }

    fn write(&mut self, keys: &str) -> &mut Session {
        keys.chars().for_each(|key| {
            self.press(KeyCode::Char(key));
        });
        self
    }

    fn enter(&mut self, keys: &str) -> &mut Session {
        self.write(keys).press(KeyCode::Enter)
    }

    fn screen(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| screen::draw(frame, self)).unwrap();
        terminal.backend().to_string()
    }
}

/// How many operations are done behind the first one, after `done`, that is as `wanted`.
fn first(done: u64, mut wanted: impl FnMut(&Explained, &Snapshot, &Snapshot) -> bool) -> u64 {
    let mut reel = reel();
    loop {
        let before = reel.state().clone();
        let told = reel.next().expect("there is one").unwrap();
        if told.step >= done && wanted(&told, &before, reel.state()) {
            return told.step + 1;
        }
    }
}

#[track_caller]
fn shows(screen: &str, parts: &[&str]) {
    for part in parts {
        assert!(screen.contains(part), "`{part}` is missing in\n{screen}");
    }
}

#[test]
fn forward_and_back_is_where_one_was() {
    let mut session = session();
    let start = session.screen(160, 48);
    shows(
        &start,
        &["a.trace   linux-6.12.y, x86_64   0 of 8 operations done"],
    );
    shows(&start, &["At the start.", "next: a 1 order=0"]);
    session.press(KeyCode::Right);
    let one = session.screen(160, 48);
    shows(
        &one,
        &["1 of 8 operations done", "Asked for 1 frame (order 0)"],
    );
    session.press(KeyCode::End);
    assert_eq!(session.player().position(), OPERATIONS);
    shows(
        &session.screen(160, 48),
        &["next: nothing, this is the end"],
    );
    session.press(KeyCode::Right);
    assert_eq!(session.message(), "that was the last operation");
    session.enter(":1");
    assert_eq!(session.screen(160, 48), one);
    session.press(KeyCode::Left).press(KeyCode::Left);
    assert_eq!(session.screen(160, 48), start);
}

#[test]
fn goes_where_it_is_told_and_nowhere_else() {
    let mut session = session();
    session.enter(":9");
    assert_eq!(session.message(), "`9` is not 0 to 8");
    session.press(KeyCode::Backspace).enter("5");
    assert_eq!((session.player().position(), session.message()), (5, ""));
    session.write(":2").press(KeyCode::Esc);
    assert_eq!(session.player().position(), 5);
}

#[test]
fn stops_at_an_event() {
    let mut session = session();
    session.press(KeyCode::Char('c'));
    assert_eq!(session.message(), "there is no breakpoint: b sets one");
    let merges = |told: &Explained, _: &Snapshot, _: &Snapshot| {
        let mut events = told.events.iter();
        events.any(|event| matches!(event, Event::Merged { .. }))
    };
    session.enter("bmerge").press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), first(0, merges));
    assert_eq!(session.message(), "stopped at merge");
    session.write("Bbnone").press(KeyCode::Enter);
    shows(
        session.message(),
        &["`none` is none: ", "0x3000", "split, merge"],
    );
}

#[test]
fn stops_at_a_frame() {
    let mut lent = Vec::new();
    first(1, |told, _, _| {
        lent.extend(told.events.iter().filter_map(|event| match event {
            Event::Lent { block, .. } => Some(*block),
            _ => None,
        }));
        true
    });
    // Inside what the second operation gets, not where it starts.
    let frame = lent[0].start().offset(5);
    let mut session = session();
    session.press(KeyCode::Right);
    session
        .enter(&format!("b{frame}"))
        .press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), 2);
    assert_eq!(session.message(), format!("stopped at {frame}"));
    // The sixth gives it back.
    session.press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), 6);
}

#[test]
fn stops_where_an_index_gets_to_and_not_where_it_stays() {
    let order = Order::new(9).unwrap();
    let level = |state: &Snapshot| {
        let zones = state.zones.iter().filter(|zone| zone.managed > 0);
        let free = |zone| index::unusable(&index::free_blocks(state, zone), order).0;
        zones.map(free).max().unwrap()
    };
    let gets_there = |_: &Explained, before: &Snapshot, after: &Snapshot| {
        level(before) < 1000 && level(after) == 1000
    };
    let there = first(0, gets_there);
    let mut session = session();
    session.enter("bunusable 9 1000").press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), there);
    assert_eq!(session.message(), "stopped at unusable 9 1000");
    session.press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), OPERATIONS);
    assert_eq!(session.message(), "no breakpoint up to the end");
}

#[test]
fn finds_words_in_stories() {
    let mut session = session();
    session.enter("/512 frames (order 9)");
    assert_eq!(session.player().position(), 3);
    session.press(KeyCode::Char('n'));
    assert_eq!(session.player().position(), 4);
    session.enter("/ or so");
    assert_eq!(
        session.message(),
        "no `512 frames (order 9) or so` up to the end"
    );
}

#[test]
fn another_operation_may_be_next() {
    let mut session = session();
    session.press(KeyCode::Right).press(KeyCode::Char('e'));
    shows(
        &session.screen(100, 30),
        &["the next operation: a 2 order=4 gfp=GFP_KERNEL cpu=0"],
    );
    for _ in 0.."4 gfp=GFP_KERNEL cpu=0".len() {
        session.press(KeyCode::Backspace);
    }
    session.enter("11");
    shows(session.message(), &["column 11: ", "11"]);
    session.press(KeyCode::Backspace).press(KeyCode::Backspace);
    session.enter("2").press(KeyCode::Right);
    shows(&session.screen(160, 48), &["Asked for 4 frames (order 2)"]);
    session.write("x").enter("ia 1 order=1");
    session.press(KeyCode::Right);
    assert_eq!(session.player().position(), 2);
    shows(
        session.message(),
        &["a.trace, edited: operation 2: ticket 1 still names something"],
    );
}

#[test]
fn looks_at_zones_and_frames() {
    let trace = "#pfnlab-trace 1\nmachine two-node\na 1 order=0 cpu=0\n";
    let trace = TraceFile::parse("b.trace", trace, "".as_ref()).unwrap();
    let player = Player::new(Reel::of_trace(&trace).unwrap());
    let mut session = Session::new("b.trace", player, Style::PLAIN);
    session.press(KeyCode::Tab);
    shows(
        &session.screen(160, 48),
        &["> node 0 DMA ", "lists of node 0 DMA"],
    );
    session.press(KeyCode::Tab);
    shows(&session.screen(160, 48), &["> node 0 DMA32 "]);
    for _ in 0..40 {
        session.press(KeyCode::Char('+'));
    }
    assert_eq!(session.frames().map(PfnRange::frames), Some(16));
    session.press(KeyCode::Char('-'));
    assert_eq!(session.frames().map(PfnRange::frames), Some(32));
}

/// A single frame that came back is on one.
#[test]
fn the_lists_of_a_cpu_are_behind_the_free_lists() {
    let mut session = session();
    session.enter(":7");
    let start = session.screen(160, 30);
    assert!(!start.contains("per-CPU lists, heads first"), "{start}");
    session.write("]]]]]]]]]]]]]]]]");
    shows(&session.screen(160, 30), &["per-CPU lists, heads first"]);
    session.write("[[[[[[[[[[[[[[[[");
    assert_eq!(session.screen(160, 30), start);
}

#[test]
fn any_size_and_any_help() {
    let mut session = session();
    session.press(KeyCode::End).press(KeyCode::Char('?'));
    shows(&session.screen(120, 40), &["one operation forward"]);
    for (width, height) in [(1, 1), (5, 3), (40, 10), (80, 24), (300, 100)] {
        session.screen(width, height);
    }
    session.press(KeyCode::Char('q'));
    assert!(!session.is_over(), "it only closes the help");
    session.press(KeyCode::Char('q'));
    assert!(session.is_over());
}

/// `cargo xtask terminal` presses the same keys in a real one.
#[test]
fn screens_are_as_they_were_looked_at() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let trace = fs::read_to_string(tests.join("cmd/tui.in/story.trace")).unwrap();
    let trace = TraceFile::parse("story.trace", &trace, "".as_ref()).unwrap();
    let mut screens = 0;
    for entry in fs::read_dir(tests.join("screens")).unwrap() {
        let path = entry.unwrap().path();
        let file = fs::read_to_string(&path).unwrap();
        let (keys, expected) = file.split_once('\n').unwrap();
        let player = Player::new(Reel::of_trace(&trace).unwrap());
        let mut session = Session::new("story.trace", player, Style::PLAIN);
        for key in keys.trim_start_matches("keys:").split_whitespace() {
            match key {
                "Right" => drop(session.press(KeyCode::Right)),
                "End" => drop(session.press(KeyCode::End)),
                "Enter" => drop(session.press(KeyCode::Enter)),
                "Space" => drop(session.press(KeyCode::Char(' '))),
                text => drop(session.write(text)),
            }
        }
        let screen = session.screen(150, 45);
        // The backend puts quotes around a line.
        let lines = screen.lines().map(|line| line.trim_matches('"').trim_end());
        let screen = lines.collect::<Vec<_>>().join("\n") + "\n";
        if std::env::var_os("PFNLAB_RENEW").is_some() {
            fs::write(&path, format!("{keys}\n{screen}")).unwrap();
        } else {
            assert!(screen == expected, "{}:\n{screen}", path.display());
        }
        screens += 1;
    }
    assert!(screens >= 6, "{screens}");
}

#[test]
fn the_block_pointed_at_lights_up_in_every_view() {
    let mut session = session();
    // What the second operation got, and what lies behind it: free blocks of growing order.
    session.enter(":2").write("@");
    shows(&session.screen(160, 60), &["point at the block of frame: "]);
    let lent = session.player().told().unwrap().events.iter();
    let mut lent = lent.filter_map(|event| match event {
        Event::Lent { block, .. } => Some(*block),
        _ => None,
    });
    let lent = lent.next_back().unwrap();
    session.enter(&format!("{}", lent.start().offset(3)));
    assert_eq!(session.pointed_at().unwrap().0, lent);
    let screen = session.screen(160, 60);
    shows(&screen, &[&format!("{lent} handed out; its buddy ")]);
    shows(&screen, &["◆ pointed at", "lower case: pointed at"]);
    session.write(".");
    let (free, _) = session.pointed_at().unwrap();
    assert_eq!(free.start(), lent.range().end());
    let screen = session.screen(160, 60);
    shows(&screen, &[&format!("[{}]", free.start()), "◆"]);
    let row = format!("order {} ", free.order());
    let row = screen
        .lines()
        .find(|line| line.contains(&row) && line.contains('◆'));
    assert!(row.is_some(), "{screen}");
    session.write(",");
    assert_eq!(session.pointed_at().unwrap().0, lent);
    session.press(KeyCode::Esc);
    assert!(!session.screen(160, 60).contains('◆'));
    session.enter("@0x90000");
    assert_eq!(session.message(), "0x90000 is in no block of this zone");
}

/// The core breaks none; that a broken one stops is tested beside [`Breakpoint`].
#[test]
fn rules_and_surprises_are_places_to_stop() {
    let mut session = session();
    session.enter("bMERGE-01").press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), OPERATIONS);
    assert_eq!(session.message(), "no breakpoint up to the end");
    let trace = TRACE.replace("f 2 cpu=0", "a 6 order=0 => fail");
    let trace = TraceFile::parse("b.trace", &trace, "".as_ref()).unwrap();
    let player = Player::new(Reel::of_trace(&trace).unwrap());
    let mut session = Session::new("b.trace", player, Style::PLAIN);
    session.enter("bunexpected").press(KeyCode::Char('c'));
    assert_eq!(session.player().position(), 6);
    assert_eq!(session.message(), "stopped at unexpected");
}
