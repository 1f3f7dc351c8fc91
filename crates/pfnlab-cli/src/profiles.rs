//! `pfnlab profiles`.

use std::fmt::Write;

use pfnlab::{Profile, Switch, kernel};
use serde::Serialize;

use crate::Verdict;
use crate::args::ProfilesArgs;
use crate::failure::Failure;
use crate::generations::usage;
use crate::output;

/// No line is longer.
const WIDTH: usize = 100;

/// What stands below text with symbols that nobody checked.
const UNCHECKED: &str =
    "\n~ before a symbol: known from general reading, not checked in that kernel\n";

/// What `--json` prints about one generation, or all.
#[derive(Serialize)]
struct ListReport {
    profiles: Vec<ProfileReport>,
}

/// One generation.
#[derive(Serialize)]
struct ProfileReport {
    name: &'static str,
    variant_of: Option<&'static str>,
    about: &'static str,
    news: &'static str,
    switches: Vec<SwitchReport>,
}

/// A switch.
#[derive(Serialize)]
struct SwitchReport {
    switch: &'static str,
    decides: &'static str,
    does: String,
    origin: &'static str,
}

/// What `--json` prints about two.
#[derive(Serialize)]
struct PairReport {
    profiles: [&'static str; 2],
    differences: Vec<[SwitchReport; 2]>,
}

pub(crate) fn profiles(args: &ProfilesArgs) -> Result<Verdict, Failure> {
    let named = args.names.iter().map(|name| kernel::profile(Some(name)));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    match (&named[..], args.json) {
        ([], false) => output::text(&list())?,
        ([], true) => output::json(&report(&Profile::every().collect::<Vec<_>>()))?,
        ([one], false) => output::text(&describe(one))?,
        ([_], true) => output::json(&report(&named))?,
        ([one, other], false) => output::text(&compare(one, other))?,
        ([one, other], true) => output::json(&PairReport {
            profiles: [one.name(), other.name()],
            differences: one
                .differences(other)
                .into_iter()
                .map(|pair| pair.map(SwitchReport::from))
                .collect(),
        })?,
        _ => usage("profiles", "profiles takes two names at most"),
    }
    Ok(Verdict::Fine)
}

impl From<Switch> for SwitchReport {
    fn from(switch: Switch) -> SwitchReport {
        SwitchReport {
            switch: switch.name,
            decides: switch.decides,
            does: switch.does.into_owned(),
            origin: switch.origin,
        }
    }
}

fn report(profiles: &[&Profile]) -> ListReport {
    let profile = |profile: &&Profile| ProfileReport {
        name: profile.name(),
        variant_of: variant_of(profile),
        about: profile.about(),
        news: profile.news(),
        switches: profile
            .switches()
            .into_iter()
            .map(SwitchReport::from)
            .collect(),
    };
    ListReport {
        profiles: profiles.iter().map(profile).collect(),
    }
}

/// The generation a profile is a variant of.
fn variant_of(profile: &Profile) -> Option<&'static str> {
    let generation = profile.generation().name();
    (generation != profile.name()).then_some(generation)
}

/// All of them.
fn list() -> String {
    let mut text = String::new();
    let names = Profile::ALL.iter().map(|profile| profile.name().len());
    let indent = names.max().unwrap_or(0) + 2;
    for profile in Profile::ALL {
        let first = format!("{:<indent$}", profile.name());
        text.push_str(&wrapped(&first, indent, profile.about()));
        text.push_str(&wrapped(&" ".repeat(indent), indent, profile.news()));
    }
    text.push_str(
        "\nVariants. Each is a model: a generation with one thing otherwise, as no kernel was.\n\n",
    );
    for profile in Profile::VARIANTS {
        let _ = writeln!(text, "{}", profile.name());
        for words in [profile.about(), profile.news()] {
            text.push_str(&wrapped(&" ".repeat(indent), indent, words));
        }
    }
    text
}

/// Everything one of them does.
fn describe(profile: &Profile) -> String {
    let mut text = format!("{}: {}\n", profile.name(), profile.about());
    for switch in profile.switches() {
        let _ = writeln!(text, "\n{}: {}", switch.name, switch.decides);
        text.push_str(&wrapped("  ", 2, &value(&switch)));
    }
    text + UNCHECKED
}

/// What two do otherwise.
fn compare(one: &Profile, other: &Profile) -> String {
    let names = [one.name(), other.name()];
    let differences = one.differences(other);
    let all = one.switches().len();
    let indent = names.map(str::len).into_iter().max().unwrap_or(0) + 4;
    let mut text = format!(
        "{} against {}: {} of {all} switches differ\n",
        one.name(),
        other.name(),
        differences.len()
    );
    for pair in &differences {
        let _ = writeln!(text, "\n{}: {}", pair[0].name, pair[0].decides);
        for (name, switch) in names.iter().zip(pair) {
            let first = format!("{:<indent$}", format!("  {name}"));
            text.push_str(&wrapped(&first, indent, &value(switch)));
        }
    }
    if text.contains('~') {
        text.push_str(UNCHECKED);
    }
    text
}

fn value(switch: &Switch) -> String {
    format!("{} [{}]", switch.does, switch.origin)
}

/// `words` behind `first`; further lines are indented.
fn wrapped(first: &str, indent: usize, words: &str) -> String {
    let mut text = String::new();
    let mut line = first.to_owned();
    for word in words.split(' ') {
        let blank = line.len() <= indent;
        if !blank && line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(indent);
            line.push_str(word);
            continue;
        }
        if !blank {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "{}", line.trim_end());
    text
}
