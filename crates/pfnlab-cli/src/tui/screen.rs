//! The session, drawn.

use ansi_to_tui::IntoText;
use pfnlab::view::Style;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::command::{HELP, HINT};
use super::session::{Part, STRIP};
use super::{Session, gauge};

/// From so many rows between the zones and what comes next on, all views are shown at once.
const ALL_VIEWS: u16 = 40;
/// Rows of the order tree: its title, the orders there are, its frame.
const TREE: u16 = 14;
/// Rows of the map of pageblocks.
const MAP: u16 = 6;

/// Draws all of it: the story beside the state, what comes next, and what is being typed.
pub(super) fn draw(frame: &mut Frame<'_>, session: &Session) {
    use Constraint::{Fill, Length};
    let zones = zones(session);
    // Fits: a machine has a few dozen zones.
    let tall = (zones.lines.len() as u16 + 2).min(frame.area().height / 3);
    let rows = [
        Length(1),
        Length(tall),
        Fill(1),
        Length(1),
        Length(1),
        Length(1),
    ];
    let [title, gauges, body, next, said, hint] = Layout::vertical(rows).areas(frame.area());
    let [story, state] = Layout::horizontal([Fill(1), Fill(1)]).areas(body);
    let strip_tall = (STRIP as u16 + 6).min(body.height / 3);
    let [strip, views] = Layout::vertical([Length(strip_tall), Fill(1)]).areas(state);
    // On a large screen all views have a place, on others those below the frames take turns.
    let (tree_tall, map_tall) = match body.height >= ALL_VIEWS {
        true => (TREE, MAP),
        false => (0, 0),
    };
    let left = [Fill(1), Length(tree_tall), Length(map_tall)];
    let [story, tree, map] = Layout::vertical(left).areas(story);

    frame.render_widget(heading(session), title);
    let gauge = titled("zones: free frames, full at twice the high mark");
    frame.render_widget(Paragraph::new(zones).block(gauge), gauges);
    let text = text(&session.story(fitting(session.style(), story)));
    let paragraph = Paragraph::new(text).scroll((session.scroll(), 0));
    frame.render_widget(paragraph.block(titled("what it did")), story);
    draw_zone(frame, session, Part::Strip, strip);
    if body.height >= ALL_VIEWS {
        draw_zone(frame, session, Part::Tree, tree);
        draw_zone(frame, session, Part::Pageblocks, map);
        draw_zone(frame, session, Part::Lists, views);
    } else {
        draw_zone(frame, session, session.view(), views);
    }
    frame.render_widget(upcoming(session), next);
    draw_said(frame, session, said);
    frame.render_widget(Line::from(HINT).dim(), hint);
    if session.shows_help() {
        draw_help(frame);
    }
}

fn titled(title: &str) -> Block<'_> {
    Block::bordered().title(title)
}

/// What a bordered area has room for.
fn fitting(style: Style, area: Rect) -> Style {
    let width = usize::from(area.width.saturating_sub(2));
    Style { width, ..style }
}

/// Text with SGR escapes; as it is, if that is not what they are.
fn text(coloured: &str) -> Text<'static> {
    coloured
        .into_text()
        .unwrap_or_else(|_| Text::raw(coloured.to_owned()))
}

fn heading(session: &Session) -> Line<'static> {
    let player = session.player();
    let stops: Vec<_> = session
        .breakpoints()
        .iter()
        .map(ToString::to_string)
        .collect();
    let stops = match stops.is_empty() {
        true => String::new(),
        false => format!("   stops at: {}", stops.join(", ")),
    };
    Line::from(format!(
        "{}   {}   {} of {} operations done{stops}",
        session.name(),
        player.kernel(),
        player.position(),
        player.operations()
    ))
    .bold()
}

fn zones(session: &Session) -> Text<'static> {
    let state = session.player().state();
    let zones = state.zones.iter().filter(|zone| zone.present > 0);
    let lines = zones.map(|zone| {
        let looked_at = session.zone() == Some(zone.id);
        gauge::line(state, zone, looked_at, session.style())
    });
    lines.collect::<Vec<_>>().into()
}

/// A part of the zone looked at.
fn draw_zone(frame: &mut Frame<'_>, session: &Session, part: Part, area: Rect) {
    let Some(zone) = session.zone() else { return };
    let title = match part {
        Part::Strip => "frames",
        Part::Tree => "orders",
        Part::Lists => "lists",
        Part::Pageblocks => "pageblocks",
    };
    let scroll = match part == session.view() {
        true => session.scroll_of_view(),
        false => 0,
    };
    let drawn = session.zone_as_text(part, fitting(session.style(), area));
    let title = format!("{title} of node {} {}", zone.node, zone.kind);
    let paragraph = Paragraph::new(text(&drawn)).scroll((scroll, 0));
    frame.render_widget(paragraph.block(titled(&title)), area);
}

fn upcoming(session: &Session) -> Line<'static> {
    match session.player().upcoming() {
        Some(op) => Line::from(format!("next: {op}")),
        None => Line::from("next: nothing, this is the end"),
    }
}

/// What came of the last key, else the block that is pointed at; behind the line that is being typed, if there is one.
fn draw_said(frame: &mut Frame<'_>, session: &Session, area: Rect) {
    let Some((question, line)) = session.asking() else {
        let message = match session.message() {
            "" => session.pointed_in_words().unwrap_or_default(),
            message => message.to_owned(),
        };
        return frame.render_widget(Line::from(message).yellow(), area);
    };
    let prompt = question.prompt();
    let typed = line.value().to_owned();
    let message = format!("   {}", session.message());
    let whole = Line::from(vec![prompt.bold(), typed.into(), message.red()]);
    frame.render_widget(whole, area);
    // Fits: a line on a screen.
    let at = (prompt.chars().count() + line.visual_cursor()) as u16;
    frame.set_cursor_position((area.x + at.min(area.width.saturating_sub(1)), area.y));
}

fn draw_help(frame: &mut Frame<'_>) {
    // Fits: the lines of a short text.
    let tall = HELP.lines().count() as u16 + 2;
    let area = frame
        .area()
        .centered(Constraint::Max(60), Constraint::Max(tall));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(HELP).block(titled("keys")), area);
}
