//! What keeps kernel generations data: every switch of a profile is matched in one file, and no
//! version number is compared.
//!
//! The sources are read as words: comments and the insides of strings do not count.

mod names;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::tidy::Untidy;
use names::names_compared;
use words::{Word, words};

/// The crate that has profiles.
const SOURCES: &str = "crates/pfnlab-mm/src";
/// The file that declares the profile, and the folder of its parts. Values are named here.
const PROFILE: &str = "profile";
/// Names of numbers that say which kernel it is.
const VERSIONS: &[&str] = &[
    "version",
    "major",
    "minor",
    "patchlevel",
    "sublevel",
    "kernel_version",
];
/// What compares.
const COMPARISONS: &[&str] = &["<", ">", "=="];

/// A source file: where it is, and what it says.
struct Source {
    path: PathBuf,
    words: Vec<Word>,
    /// Where each word stands, ascending.
    places: BTreeMap<String, Vec<usize>>,
}

/// Looks through the sources of the allocator below `root` for all of this, and through those of
/// every crate for generations that are told apart by name.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path) -> io::Result<Vec<Untidy>> {
    let mut untidy = look(&read(root, &root.join(SOURCES))?);
    let mut crates: Vec<PathBuf> = fs::read_dir(root.join("crates"))?
        .map(|entry| Ok(entry?.path().join("src")))
        .collect::<io::Result<_>>()?;
    crates.sort();
    for sources in crates.iter().filter(|sources| !sources.ends_with(SOURCES)) {
        let sources = read(root, sources)?;
        untidy.extend(sources.iter().flat_map(names_compared));
    }
    Ok(untidy)
}

/// Every source file at or below a folder.
fn read(root: &Path, folder: &Path) -> io::Result<Vec<Source>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let read = |path: PathBuf| -> io::Result<Source> {
        let text = fs::read_to_string(&path)?;
        let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
        Ok(Source::new(path, &text))
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

impl Source {
    fn new(path: PathBuf, text: &str) -> Source {
        let words = words(text);
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, word) in words.iter().enumerate() {
            places.entry(word.text.clone()).or_default().push(at);
        }
        Source {
            path,
            words,
            places,
        }
    }

    /// Whether profiles are written here, and so values named.
    fn is_profile(&self) -> bool {
        let stem = self.path.file_stem().is_some_and(|stem| stem == PROFILE);
        stem || self
            .path
            .parent()
            .is_some_and(|folder| folder.ends_with(PROFILE))
    }

    fn untidy(&self, line: usize, what: String) -> Untidy {
        Untidy {
            path: self.path.clone(),
            line,
            what,
        }
    }

    /// The places where `pattern` stands.
    fn places<const N: usize>(&self, pattern: [&str; N]) -> impl Iterator<Item = usize> {
        let first = self.places.get(pattern[0]).map_or(&[][..], Vec::as_slice);
        first.iter().copied().filter(move |&at| {
            let words = self.words[at..].iter().take(N);
            words.len() == N && words.zip(pattern).all(|(word, text)| word.is(text))
        })
    }

    /// The words behind each of these.
    fn find<const N: usize>(&self, pattern: [&str; N]) -> impl Iterator<Item = &[Word]> {
        self.places(pattern).map(|at| &self.words[at + N..])
    }
}

fn look(sources: &[Source]) -> Vec<Untidy> {
    let switches = switches(sources);
    let mut untidy = Vec::new();
    if switches.is_empty() {
        let what = "no switches found: where is `struct Profile`?".to_owned();
        let path = PathBuf::from(SOURCES);
        untidy.push(Untidy {
            path,
            line: 1,
            what,
        });
    }
    for (name, variants) in &switches {
        untidy.extend(matched_twice(sources, name, variants));
    }
    for source in sources {
        untidy.extend(ordered(source, &switches));
        untidy.extend(versions(source));
    }
    untidy
}

/// The enums that are types of a profile's fields, or of the fields of such a type; each with its
/// variants.
fn switches(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut types = vec!["Profile".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(name) = types.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for source in sources {
            for behind in source.find(["struct", name.as_str(), "{"]) {
                types.extend(field_types(behind));
            }
            for behind in source.find(["enum", name.as_str(), "{"]) {
                found.insert(name.clone(), variants(behind));
            }
        }
    }
    found
}

/// The words at the depth of a body that was just opened, up to its end.
fn body(words: &[Word]) -> impl Iterator<Item = (usize, &Word)> {
    let mut depth = 1;
    words
        .iter()
        .enumerate()
        .map_while(move |(at, word)| {
            match word.text.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            (depth > 0).then_some((at, word, depth))
        })
        .filter(|(.., depth)| *depth == 1)
        .map(|(at, word, _)| (at, word))
}

/// Every word behind a colon that could be a type of ours.
fn field_types(words: &[Word]) -> Vec<String> {
    let own = |word: &Word| word.text.starts_with(char::is_uppercase);
    let colons = body(words).filter(|(_, word)| word.is(":"));
    colons
        .flat_map(|(at, _)| {
            let behind = words[at + 1..]
                .iter()
                .take_while(|word| !word.is(",") && !word.is("}"));
            behind
                .filter(|word| own(word))
                .map(|word| word.text.clone())
        })
        .collect()
}

/// The first word of the body, and those behind a comma.
fn variants(words: &[Word]) -> BTreeSet<String> {
    let mut expected = true;
    let mut found = BTreeSet::new();
    for (_, word) in body(words) {
        if word.is(",") {
            expected = true;
        } else if expected && word.text.starts_with(char::is_uppercase) {
            found.insert(word.text.clone());
            expected = false;
        }
    }
    found
}

/// A switch may be named where profiles are written, and in one other file.
fn matched_twice(sources: &[Source], name: &str, variants: &BTreeSet<String>) -> Vec<Untidy> {
    let mut places: Vec<(&Source, usize)> = Vec::new();
    for source in sources.iter().filter(|source| !source.is_profile()) {
        let named = source
            .find([name, "::"])
            .chain(source.find([name, ">", "::"]));
        let named = named.filter(|behind| {
            let first = behind.first();
            first.is_some_and(|word| variants.contains(&word.text) || word.is("*") || word.is("{"))
        });
        // Behind another name, or as `Self`, it is hidden.
        let renamed = source.find([name, "as"]);
        let own = source.find(["impl", name, "{"]).filter(|behind| {
            let uses_self = |(at, word): (usize, &Word)| {
                word.is("Self")
                    && behind
                        .get(at + 2)
                        .is_some_and(|v| variants.contains(&v.text))
            };
            behind
                .iter()
                .enumerate()
                .take_while(|(_, word)| !word.is("impl"))
                .any(uses_self)
        });
        let declared = source.find(["enum", name, "{"]);
        let first = named
            .chain(renamed)
            .chain(own)
            .chain(declared)
            .filter_map(|behind| behind.first());
        if let Some(line) = first.map(|word| word.line).min() {
            places.push((source, line));
        }
    }
    // The file that declares it may leave the matching to another one.
    let declares = |source: &Source| source.find(["enum", name, "{"]).next().is_some();
    let only_declares = |source: &Source| {
        let paths = source.find([name, "::"]).any(|behind| {
            behind
                .first()
                .is_some_and(|word| variants.contains(&word.text))
        });
        declares(source) && !paths
    };
    places.retain(|(source, _)| !only_declares(source));
    let Some(((home, _), others)) = places.split_first() else {
        return Vec::new();
    };
    others
        .iter()
        .map(|(source, line)| {
            let home = home.path.display();
            source.untidy(*line, format!("`{name}` is matched in {home} already"))
        })
        .collect()
}

/// Generations have no order: a switch that has one could be compared like a number.
fn ordered(source: &Source, switches: &BTreeMap<String, BTreeSet<String>>) -> Vec<Untidy> {
    let mut untidy = Vec::new();
    for name in switches.keys().map(String::as_str).chain(["Profile"]) {
        let enums = source.places(["enum", name]);
        for at in enums.chain(source.places(["struct", name])) {
            let before = source.words[..at].iter().rev();
            let attributes = before.take_while(|word| !word.is("}") && !word.is(";"));
            if let Some(word) = attributes
                .into_iter()
                .find(|w| w.is("PartialOrd") || w.is("Ord"))
            {
                untidy.push(source.untidy(word.line, format!("`{name}` has an order")));
            }
        }
        for behind in
            source
                .find(["Ord", "for", name])
                .chain(source.find(["PartialOrd", "for", name]))
        {
            let line = behind.first().map_or(1, |word| word.line);
            untidy.push(source.untidy(line, format!("`{name}` has an order")));
        }
    }
    untidy
}

/// A number that says which kernel it is, compared; or a kernel's name, outside of profiles.
fn versions(source: &Source) -> Vec<Untidy> {
    let mut untidy = Vec::new();
    for (at, word) in source.words.iter().enumerate() {
        let around = &source.words[at.saturating_sub(3)..source.words.len().min(at + 4)];
        let compared = around
            .iter()
            .any(|word| COMPARISONS.iter().any(|sign| word.is(sign)));
        let lower = word.text.to_lowercase();
        let names_one = VERSIONS
            .iter()
            .any(|version| lower.split('_').any(|part| part == *version));
        if names_one && compared {
            untidy.push(source.untidy(word.line, format!("`{}` is compared", word.text)));
        }
        if word.literal && word.text.contains("linux-") && !source.is_profile() {
            untidy.push(source.untidy(word.line, "a generation is named".to_owned()));
        }
        let of_profile = word.is("profile") || word.is("Profile");
        let by_address = word.is("ptr") || word.is("eq");
        if of_profile && compared_whole(source, at) || by_address && profile_near(around) {
            untidy.push(source.untidy(word.line, "profiles are compared".to_owned()));
        }
    }
    untidy
}

/// `profile == …` or `profile.name == …`, `… == profile`.
fn compared_whole(source: &Source, at: usize) -> bool {
    let word = |at: usize| source.words.get(at);
    let is = |at: usize, text: &str| word(at).is_some_and(|word| word.is(text));
    if source.is_profile() {
        return false;
    }
    let mut behind = at + 1;
    if is(behind, ".") && is(behind + 1, "name") {
        behind += 2;
        if is(behind, "(") && is(behind + 1, ")") {
            behind += 2;
        }
        // Text has other ways to be compared.
        let asks = ["starts_with", "ends_with", "contains", "eq", "cmp"];
        if is(behind, ".") && asks.iter().any(|method| is(behind + 1, method)) {
            return true;
        }
    }
    let sign = |at: usize| is(at, "==") || is(at, "!=");
    sign(behind) || at > 0 && sign(at - 1)
}

fn profile_near(around: &[Word]) -> bool {
    around
        .iter()
        .any(|word| word.is("profile") || word.is("Profile"))
        && around.iter().any(|word| word.is("ptr"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "struct Profile { name: &'static str, walk: Walk, boot: Boot }
        struct Boot { list: EmptyList }
        const ONE: Profile = Profile { walk: Walk::Mark, boot: Boot { list: EmptyList::Dummy } };";
    const WALK: &str = "/// Walk::High.\n#[derive(Clone, PartialEq)]\nenum Walk {\n    Mark,\n    High { much: u8 },\n}
        impl Walk { fn high(self) -> bool { matches!(self, Walk::High { .. }) } }";
    const LIST: &str =
        "enum EmptyList { Dummy, None } fn a(l: EmptyList) { if let EmptyList::None = l {} }";

    #[track_caller]
    fn check(more: &[(&str, &str)], expected: &[&str]) {
        let files = [
            ("profile.rs", PROFILE),
            ("walk.rs", WALK),
            ("list.rs", LIST),
        ];
        let sources: Vec<_> = files
            .iter()
            .chain(more)
            .map(|(path, text)| Source::new(path.into(), text))
            .collect();
        let found: Vec<_> = look(&sources).iter().map(Untidy::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn switches_are_found_in_fields_and_in_their_fields() {
        let sources = [
            Source::new("profile.rs".into(), PROFILE),
            Source::new("walk.rs".into(), WALK),
            Source::new("list.rs".into(), LIST),
        ];
        let found = switches(&sources);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["EmptyList", "Walk"]);
        assert_eq!(found["Walk"], ["High", "Mark"].map(str::to_owned).into());
    }

    #[test]
    fn a_switch_is_matched_in_one_file() {
        check(&[], &[]);
        check(
            &[(
                "zone.rs",
                "// Walk::Mark\nfn a(w: Walk) -> Walk { w.high(); \"Walk::Mark\" }",
            )],
            &[],
        );
        check(
            &[(
                "profile/more.rs",
                "const TWO: Walk = Walk::High { much: 1 };",
            )],
            &[],
        );
        for text in [
            "fn a(w: Walk) { match w { Walk::Mark => {} _ => {} } }",
            "fn a(w: Walk) -> bool { w == Walk::Mark }",
            "fn a(w: Walk) -> bool { matches!(w, crate::walk::Walk::Mark) }",
            "fn a(w: Walk) { if let <Walk>::Mark = w {} }",
            "use crate::walk::Walk::*;",
            "use crate::walk::Walk::{Mark, High};",
            "use crate::walk::Walk as W;",
            "impl Walk { fn a(self) -> bool { matches!(self, Self::Mark) } }",
        ] {
            check(
                &[("zone.rs", text)],
                &["zone.rs:1: `Walk` is matched in walk.rs already"],
            );
        }
        check(
            &[(
                "zone.rs",
                "\nfn a(l: EmptyList) -> bool { EmptyList::Dummy == l }",
            )],
            &["zone.rs:2: `EmptyList` is matched in list.rs already"],
        );
    }

    #[test]
    fn the_file_that_declares_a_switch_may_leave_it_to_another() {
        let profile = "struct Profile { walk: Walk }";
        let sources = [
            Source::new("profile.rs".into(), profile),
            Source::new("a.rs".into(), "enum Walk { Mark, High }"),
            Source::new(
                "b.rs".into(),
                "fn a(w: Walk) { match w { Walk::Mark => {} Walk::High => {} } }",
            ),
        ];
        assert!(look(&sources).is_empty());
    }

    #[test]
    fn versions_are_not_compared() {
        for (text, what) in [
            (
                "fn a(version: u32) -> bool { version >= 601 }",
                "`version` is compared",
            ),
            (
                "fn a() -> bool { 6 < self.kernel_major }",
                "`kernel_major` is compared",
            ),
            (
                "fn a() -> bool { config.minor == 1 }",
                "`minor` is compared",
            ),
            ("const A: &str = \"linux-6.1.y\";", "a generation is named"),
            (
                "fn a() -> bool { self.profile.name() == b }",
                "profiles are compared",
            ),
            (
                "fn a() -> bool { profile.name.starts_with(b) }",
                "profiles are compared",
            ),
            ("fn a() -> bool { b != profile }", "profiles are compared"),
        ] {
            check(&[("zone.rs", text)], &[&format!("zone.rs:1: {what}")]);
        }
        check(
            &[("zone.rs", "fn a(v: u32) { b(version); c(conversion < 3) }")],
            &[],
        );
    }

    #[test]
    fn generations_have_no_order() {
        let walk = "#[derive(PartialEq, PartialOrd)]\nenum Late { Yes, No }";
        let profile = "struct Profile { late: Late }";
        let sources = [
            Source::new("profile.rs".into(), profile),
            Source::new("late.rs".into(), walk),
        ];
        let found: Vec<_> = look(&sources).iter().map(Untidy::to_string).collect();
        assert_eq!(found, ["late.rs:1: `Late` has an order"]);
    }

    #[test]
    fn no_profile_is_no_success() {
        assert_eq!(look(&[]).len(), 1);
    }
}
