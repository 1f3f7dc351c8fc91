//! What stands in front of what a kernel says, by whoever passed its log on.

use crate::text::Cursor;

/// The line from where the kernel speaks: without mail quotes, levels, times, hosts and callers, as
/// consoles, every form of `dmesg` and `journalctl`, and log daemons put them there.
pub(super) fn said(mut line: Cursor<'_>) -> Cursor<'_> {
    loop {
        line.skip_blanks();
        let rest = line.rest();
        let taken = quote(rest)
            .or_else(|| level(rest))
            .or_else(|| bracket(rest))
            .or_else(|| facility(rest))
            .or_else(|| iso_time(rest))
            .or_else(|| daemon(rest));
        match taken {
            Some(taken) => line = line.from(line.at() + taken),
            None => return line,
        }
    }
}

/// `> `, of a mail that answers.
fn quote(rest: &str) -> Option<usize> {
    rest.starts_with("> ").then_some(2)
}

/// `<4>`.
fn level(rest: &str) -> Option<usize> {
    let (level, _) = rest.strip_prefix('<')?.split_once('>')?;
    is_number(level).then_some(level.len() + 2)
}

/// `[ 1186.232273]`, also with how much later that was (`dmesg -d`) or with that alone (`-H`); a date
/// (`-T`, `-H`); who asked (`CONFIG_PRINTK_CALLER`), also as some vendors write it.
fn bracket(rest: &str) -> Option<usize> {
    let (inside, _) = rest.strip_prefix('[')?.split_once(']')?;
    let taken = inside.len() + 2;
    let time = inside.split('<').next().unwrap_or(inside).trim();
    let is_seconds = time.trim_start_matches('+').split_once('.');
    let is_seconds = is_seconds.is_some_and(|(s, us)| is_number(s) && is_number(us));
    let caller = inside.trim();
    let is_caller = caller.starts_with(['T', 'C']) && is_number(&caller[1..]);
    // A clock's time: `21:04`, `21:04:32`.
    let is_date = time.split(' ').any(is_clock);
    // `3:  task:22875`, of some vendors.
    let is_vendors = inside.starts_with(|first: char| first.is_ascii_digit())
        && inside.matches(':').count() >= 2;
    (is_seconds || is_caller || is_date || is_vendors).then_some(taken)
}

/// `kern  :warn  : ` (`dmesg -x`).
fn facility(rest: &str) -> Option<usize> {
    const LEVELS: [&str; 8] = [
        "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
    ];
    let (facility, behind) = rest.split_once(':')?;
    let (level, said) = behind.split_once(':')?;
    let known = facility.trim() == "kern" && LEVELS.contains(&level.trim());
    known.then_some(rest.len() - said.len())
}

/// `2026-11-22T21:04:32,123456+00:00 ` (`dmesg --time-format iso`, newer log daemons).
fn iso_time(rest: &str) -> Option<usize> {
    let (word, _) = rest.split_once(' ')?;
    let (date, time) = word.split_once('T')?;
    let is_date = date.len() == 10 && date.split('-').all(is_number);
    let is_time = time.get(..8).is_some_and(is_clock);
    (is_date && is_time).then_some(word.len())
}

/// `Nov 22 21:04:32 host kernel: `, `host kernel: `, `Nov 22 21:04:32 [kernel] `.
fn daemon(rest: &str) -> Option<usize> {
    let end = [" kernel: ", " [kernel] "].iter().filter_map(|name| {
        let at = rest.find(name)?;
        Some((at, at + name.len()))
    });
    let (before, end) = end.min()?;
    // At most a date, a time and a host: else the words are a part of what is said.
    let words = rest[..before].split_whitespace();
    let plain = !rest[..before].contains(['[', '<']);
    (plain && words.count() <= 5).then_some(end)
}

fn is_clock(text: &str) -> bool {
    let parts = text.split(':').count();
    parts >= 2
        && text
            .split(':')
            .all(|part| part.len() == 2 && is_number(part))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_put_in_front_is_taken_off() {
        let line = "md5sum: page allocation failure: order:4";
        for before in [
            "",
            "  ",
            "> ",
            "> > [ 1186.232273] ",
            "<4>[ 1186.232273] ",
            "[ 1186.232273] ",
            "[ 1186.232273][ T1108] ",
            "[ 1186.232273] [    T1] ",
            "[ 1186.232273 <    0.000011>] ",
            "[Nov22 21:04] ",
            "[  +0.000011] ",
            "[Sun Nov 22 21:04:32 2026] ",
            "[Sun Nov 22 21:04:32 2026 <    0.000000>] ",
            "kern  :warn  : [ 1186.232273] ",
            "2026-11-22T21:04:32,123456+00:00 ",
            "2026-11-22T21:04:32+0000 host kernel: ",
            "2026-11-22T21:04:32.123456+00:00 host kernel: [ 1186.232273] ",
            "Nov 22 21:04:32 host kernel: ",
            "Nov 22 21:04:32 host kernel: [ 1186.232273] ",
            "Nov 22 21:04:32.123456 host kernel: ",
            "Sun 2026-11-22 21:04:32 UTC host kernel: ",
            "[ 1186.232273] host kernel: ",
            "Mar 14 18:55:03 [kernel] [563482.243067] ",
            "<4>[ 6207.637280]  [3:  md5sum:22875] ",
        ] {
            let text = format!("{before}{line}");
            assert_eq!(said(Cursor::new(1, &text)).rest(), line, "{text}");
        }
        for text in [
            "[drm] all is well",
            "a: [1] b",
            "T1: x",
            "<x> y",
            "[1] a: b:c",
        ] {
            assert_eq!(said(Cursor::new(1, text)).rest(), text);
        }
    }
}
