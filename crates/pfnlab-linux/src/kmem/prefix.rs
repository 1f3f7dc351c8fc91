//! What stands in front of an event's name: who and when.

use crate::text::{Cursor, LineError};

use super::KmemTime;

/// Who and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix<'a> {
    pub(super) comm: &'a str,
    pub(super) pid: u32,
    pub(super) tgid: Option<Option<u32>>,
    pub(super) cpu: Option<u32>,
    pub(super) context: Option<&'a str>,
    pub(super) time: KmemTime,
    /// The event's name, without the `kmem:` that `perf` puts in front.
    pub(super) event: &'a str,
}

/// Takes `comm-pid [(tgid)] [[cpu]] [context] time: event:`, or with `perf` `comm pid[/tid]` in
/// place of the first. Leaves what the event says.
pub(super) fn prefix<'a>(line: &mut Cursor<'a>) -> Result<Prefix<'a>, LineError> {
    let (task, mut cpu) = (*line, None);
    let (head, behind) = match bracket(line.rest()) {
        Some((open, close)) => {
            let mut inside = line.from(line.at() + open + 1);
            // Fits: a CPU's number is far below.
            cpu = Some(inside.at_most("CPU", u32::MAX.into())? as u32);
            (open, close + 1)
        }
        None => {
            let time = time_word(line.rest()).ok_or_else(|| line.expected("a line of a trace"))?;
            (time, time)
        }
    };
    let (comm, pid, tgid) = who(task.until(task.at() + head))?;
    *line = line.from(line.at() + behind);
    line.skip_blanks();
    let mut context = None;
    if !starts_time(line.rest()) {
        let start = *line;
        let word = line.word();
        let letter = |letter: u8| letter.is_ascii_alphanumeric() || b".#+!*".contains(&letter);
        if word.is_empty() || word.len() > 8 || !word.bytes().all(letter) {
            return Err(start.expected("a time"));
        }
        context = Some(word);
    }
    let time = time(line)?;
    line.skip_blanks();
    // `perf` may print how often it counted.
    let counted = *line;
    let count = line.word();
    if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        *line = counted;
    }
    line.skip_blanks();
    let start = *line;
    let name = line.word();
    let Some(name) = name.strip_suffix(':') else {
        return Err(start.expected("the name of an event"));
    };
    let event = name.strip_prefix("kmem:").unwrap_or(name);
    Ok(Prefix {
        comm,
        pid,
        tgid,
        cpu,
        context,
        time,
        event,
    })
}

/// Where ` [NNN] ` opens and closes. A task may be called anything: the last such counts.
fn bracket(text: &str) -> Option<(usize, usize)> {
    let mut opens = text.rmatch_indices(" [").map(|(at, _)| at + 1);
    opens.find_map(|open| {
        let inside = &text[open + 1..];
        let close = inside.find(']')?;
        let number = &inside[..close];
        let is_cpu = number.len() >= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_cpu && inside[close + 1..].starts_with(' ')).then_some((open, open + 1 + close))
    })
}

/// Where the first word that is a time begins.
fn time_word(text: &str) -> Option<usize> {
    let mut blanks = text.match_indices(' ').map(|(at, _)| at + 1);
    blanks.find(|&at| starts_time(&text[at..]) && text[at..].contains('.'))
}

/// Whether a time comes next: digits, perhaps with a point, and a colon.
fn starts_time(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or("");
    let Some(number) = word.strip_suffix(':') else {
        return false;
    };
    let mut parts = number.split('.');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(digits) && parts.next().is_none_or(digits) && parts.next().is_none()
}

fn time(line: &mut Cursor<'_>) -> Result<KmemTime, LineError> {
    const SECOND: u64 = 1_000_000_000;
    let whole = *line;
    let seconds = line.number("time")?;
    if line.take_if(":") {
        return Ok(KmemTime {
            nanoseconds: seconds,
            digits: 0,
        });
    }
    line.take(".")?;
    let digits = line.before(|letter| !letter.is_ascii_digit());
    let fits = matches!(digits.len(), 6 | 9);
    let part: u64 = digits.parse().map_err(|_| whole.expected("a time"))?;
    if !fits || seconds > u64::MAX / SECOND - 1 {
        return Err(whole.expected("a time in micro- or nanoseconds"));
    }
    line.take(":")?;
    Ok(KmemTime {
        nanoseconds: seconds * SECOND + if digits.len() == 6 { part * 1000 } else { part },
        digits: digits.len() as u8,
    })
}

type Who<'a> = (&'a str, u32, Option<Option<u32>>);

/// The task: `comm-pid`, `comm-pid (tgid)`, `comm pid` or `comm pid/tid`.
fn who(text: Cursor<'_>) -> Result<Who<'_>, LineError> {
    let no_task = || text.expected("a task and its number");
    let all = text.rest().trim_end();
    let (name, tgid) = match all.rsplit_once('(') {
        Some((name, group)) if group.ends_with(')') => {
            let group = group.trim_end_matches(')').trim();
            let unknown = group.bytes().all(|byte| byte == b'-');
            let number = if unknown {
                Ok(None)
            } else {
                group.parse().map(Some)
            };
            match number {
                Ok(group) => (name.trim_end(), Some(group)),
                Err(_) => (all, None),
            }
        }
        _ => (all, None),
    };
    let last = name.rsplit(' ').next().unwrap_or("");
    let perf = last
        .split('/')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (comm, pid) = if perf && last.len() < name.len() {
        let comm = &name[..name.len() - last.len()];
        (comm, last.rsplit('/').next().unwrap_or(last))
    } else {
        name.rsplit_once('-').ok_or_else(no_task)?
    };
    let pid = pid.parse().map_err(|_| no_task())?;
    Ok((comm.trim(), pid, tgid))
}
