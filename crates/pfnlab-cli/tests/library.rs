//! `check --lib` and `grade`, on the allocator of examples/c.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example, in which one part is written otherwise, as a library.
fn library(name: &str, from: &str, to: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let source = fs::read_to_string(root.join("examples/c/buddy.c")).unwrap();
    assert_eq!(source.matches(from).count(), 1);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (code, library) = (
        folder.join(format!("{name}.c")),
        folder.join(format!("{name}.so")),
    );
    fs::write(&code, source.replace(from, to)).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-I"])
        .arg(root.join("crates/pfnlab-loader/include"))
        .arg("-o")
        .args([&library, &code])
        .status();
    assert!(compiled.unwrap().success());
    library
}

fn pfnlab(arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_pfnlab"))
        .args(arguments)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output();
    program.unwrap()
}

#[track_caller]
fn ends(output: &Output, status: i32, says: &[&str]) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let text = String::from_utf8_lossy(&[&out[..], &err[..]].concat()).into_owned();
    assert_eq!(output.status.code(), Some(status), "{text}");
    for part in says {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    text
}

#[test]
fn check_tells_sound_from_broken() {
    let sound = library("sound", "put(b, frame, 0)", "put(b, frame, 0)");
    let arguments = ["check", "--lib", sound.to_str().unwrap(), "--seeds", "1"];
    ends(&pfnlab(&arguments), 0, &["every rule holds: "]);

    let broken = library(
        "broken",
        "frame ^ (1ull << order)",
        "frame + (1ull << order)",
    );
    let broken = broken.to_str().unwrap();
    let corpus = Path::new(env!("CARGO_TARGET_TMPDIR")).join("found");
    let _ = fs::remove_dir_all(&corpus);
    let arguments = [
        "check",
        "--lib",
        broken,
        "--machine",
        "one-node",
        "--corpus",
        "found",
    ];
    let text = ends(&pfnlab(&arguments), 1, &["rule LEND-02", "^ bit "]);
    let replay = text
        .lines()
        .last()
        .unwrap()
        .strip_prefix("replay: pfnlab ")
        .unwrap();
    let replay: Vec<_> = replay.split(' ').collect();
    ends(&pfnlab(&replay), 1, &["rule LEND-02"]);
    let json = pfnlab(&[&replay[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["finding"]["kind"], "LEND-02");
}

#[test]
fn several_are_compared() {
    let sound = library("first", "put(b, frame, 0)", "put(b, frame, 0)");
    let broken = library(
        "second",
        "frame ^ (1ull << order)",
        "frame + (1ull << order)",
    );
    let [sound, broken] = [&sound, &broken].map(|path| path.to_str().unwrap());
    let two = |others: &[&'static str]| -> Vec<String> {
        // A busy machine starts children late.
        let all = [
            "check",
            "--machine=one-node",
            "--seeds=1",
            "--time-limit=20000",
        ];
        let all = all.iter().chain(others).map(ToString::to_string);
        all.chain(["--lib".to_owned(), sound.to_owned()]).collect()
    };
    let run = |arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        pfnlab(&arguments)
    };
    // With itself it comes to the same; with a kernel it keeps the same promises.
    let same = [
        two(&["--agree", "outcomes"]),
        vec!["--lib".to_owned(), sound.to_owned()],
    ]
    .concat();
    ends(
        &run(&same),
        0,
        &["all of them came to the same", "every rule holds in each"],
    );
    let kernel = two(&["--against", "linux-6.12.y"]);
    ends(
        &run(&kernel),
        0,
        &[
            "first difference: ",
            "linux-6.12.y",
            "every rule holds in each",
        ],
    );
    // The broken one is named, and what it did is kept.
    let both = [
        two(&["--corpus", "compared"]),
        vec!["--lib".to_owned(), broken.to_owned()],
    ]
    .concat();
    let _ = fs::remove_dir_all(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compared"));
    ends(
        &run(&both),
        1,
        &[
            // It looks for the buddy of an upper half above it.
            "second.so: REFUSE-01 is broken",
            "kept: compared/refuse-01.trace",
        ],
    );
    let one = ["check", "--against", "linux-6.12.y"];
    ends(
        &pfnlab(&one),
        2,
        &["one allocator is compared with another"],
    );
}

#[test]
fn what_cannot_be_used_is_bad_input() {
    let none = ["check", "--lib", "./none.so"];
    ends(&pfnlab(&none), 3, &["error: ./none.so: "]);
    let sound = library("sound-too", "put(b, frame, 0)", "put(b, frame, 0)");
    let machine = [
        "check",
        "--lib",
        sound.to_str().unwrap(),
        "--machine",
        "big",
    ];
    ends(
        &pfnlab(&machine),
        3,
        &["no machine of the suite `big`: there are sixteen, "],
    );
    ends(&pfnlab(&["check"]), 2, &["TRACE"]);
    let rubric = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong.toml");
    fs::write(
        rubric,
        "title = \"a\"\n[[item]]\nname = \"b\"\npoints = 1\nrules = [\"LEND-9\"]\n",
    )
    .unwrap();
    let wrong = ["grade", sound.to_str().unwrap(), "--rubric", "wrong.toml"];
    ends(
        &pfnlab(&wrong),
        3,
        &["error: wrong.toml:5:10", "no rule `LEND-9`"],
    );
}

const RUBRIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/c/rubric.toml");

#[test]
fn the_reference_earns_everything() {
    let sound = library("reference", "put(b, frame, 0)", "put(b, frame, 0)");
    let graded = pfnlab(&["grade", sound.to_str().unwrap(), "--rubric", RUBRIC]);
    ends(&graded, 0, &["\n100 of 100 points\n"]);
}

/// What dies in a call loses the points for that, and is explained in two operations.
#[test]
fn a_crash_and_an_endless_loop_are_survived() {
    let put = "    put(b, frame, order);\n    return";
    for (name, does, kind) in [
        ("crashes", "abort();", "crash"),
        ("loops", "for (;;) ;", "timeout"),
    ] {
        let broken = library(name, put, &format!("    if (order == 5) {does}\n{put}"));
        let html = format!("{name}.html");
        let arguments = [
            "grade",
            broken.to_str().unwrap(),
            "--rubric",
            RUBRIC,
            "--html",
            &html,
            "--json",
            "--time-limit",
            "200",
        ];
        let graded = pfnlab(&arguments);
        assert_eq!(graded.status.code(), Some(1));
        let grade: serde_json::Value = serde_json::from_slice(&graded.stdout).unwrap();
        assert_eq!(grade["counterexamples"][0]["kind"], kind, "{grade:#}");
        assert_eq!(grade["counterexamples"][0]["operations"], 2);
        let page = fs::read_to_string(Path::new(env!("CARGO_TARGET_TMPDIR")).join(html)).unwrap();
        assert!(page.contains("<svg") && page.contains(kind));
    }
}
