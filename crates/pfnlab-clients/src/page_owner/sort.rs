//! Records of one text put together, and sorted (`page_owner_sort`).
//!
//! ```
//! use pfnlab_clients::page_owner::sort::{Key, Merge, sort};
//! let text = "Page allocated via order 0, mask 0x0(0)\nPFN 1 type Movable Block 0 type Movable Flags 0x0()\n a+0x1/0x2\n\n\
//!             Page allocated via order 0, mask 0x0(0)\nPFN 2 type Movable Block 0 type Movable Flags 0x0()\n a+0x1/0x2\n\n";
//! let sorted = sort(text, Merge::Text, Key::Times);
//! assert_eq!(sorted[0].to_string(), "2 times, 2 pages:\nPage allocated via order 0, mask 0x0(0)\n a+0x1/0x2\n\n");
//! ```

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Which records count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merge {
    /// Those with the same text, but for the line that says which frame it is.
    #[default]
    Text,
    /// Those with the same call stack.
    Stack,
    /// Those of one thread.
    Pid,
    /// Those of processes of one name.
    Comm,
}

/// What is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Key {
    /// How often a record is there, most often first.
    #[default]
    Times,
    /// How many pages it stands for, most first.
    Pages,
    /// The number of the thread, ascending.
    Pid,
    /// When the page was allocated, ascending.
    Time,
    /// The text, ascending.
    Text,
}

/// Records that count as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many records.
    pub times: u64,
    /// How many pages they stand for.
    pub pages: u64,
    /// The text of the first of them, without the line that says which frame it is.
    pub text: String,
    pid: u64,
    time: u64,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Group {
            times, pages, text, ..
        } = self;
        writeln!(f, "{times} times, {pages} pages:\n{text}")
    }
}

/// The records of a text, put together and sorted. What is no record is passed over; records that
/// are equal in what is sorted by stay in the order of their text.
pub fn sort(text: &str, merge: Merge, key: Key) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for record in text.split("\n\n").filter_map(parse) {
        let same = match merge {
            Merge::Text => record.text.clone(),
            Merge::Stack => stack(&record.text),
            Merge::Pid => alloc::format!("{}", record.pid),
            Merge::Comm => comm(&record.text),
        };
        match groups.get_mut(&same) {
            Some(group) => {
                group.times += record.times;
                group.pages = group.pages.saturating_add(record.pages);
            }
            None => {
                groups.insert(same, record);
            }
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by(|a, b| a.text.cmp(&b.text));
    match key {
        Key::Times => groups.sort_by_key(|group| core::cmp::Reverse(group.times)),
        Key::Pages => groups.sort_by_key(|group| core::cmp::Reverse(group.pages)),
        Key::Pid => groups.sort_by_key(|group| group.pid),
        Key::Time => groups.sort_by_key(|group| group.time),
        Key::Text => {}
    }
    groups
}

/// One record, as a group of itself.
fn parse(record: &str) -> Option<Group> {
    let record = record.trim_matches('\n');
    let first = record.lines().next()?;
    let order = number(first, "Page allocated via order ")?;
    let lines = record.lines().filter(|line| !line.starts_with("PFN "));
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    Some(Group {
        times: 1,
        pages: 1_u64.checked_shl(u32::try_from(order).ok()?)?,
        text,
        pid: number(first, ", pid ").unwrap_or(0),
        time: number(first, ", ts ").unwrap_or(0),
    })
}

/// The number behind a word.
fn number(line: &str, word: &str) -> Option<u64> {
    let (_, rest) = line.split_once(word)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn stack(text: &str) -> String {
    text.lines().filter(|line| line.starts_with(' ')).collect()
}

/// The name of the process: what stands in the brackets behind `tgid`.
fn comm(text: &str) -> String {
    let behind = text.split_once(", tgid ").map_or("", |(_, rest)| rest);
    let name = behind.split_once('(').map_or("", |(_, rest)| rest);
    let end = name.find("), ts ").unwrap_or(0);
    String::from(&name[..end])
}
