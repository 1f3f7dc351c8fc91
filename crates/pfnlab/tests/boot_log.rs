//! Boot logs become the machines that printed them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use pfnlab::boot::compare::{self, Moment};
use pfnlab::boot::facts::{self, Fact, FactsFile};
use pfnlab::boot::log::{BootedLog, LogOptions, is_boot_log, text_of};
use pfnlab::model::{Inspect, MigrateType, NodeId, Snapshot};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    text_of(&here(path)).unwrap()
}

fn read(text: &str, options: &LogOptions) -> BootedLog {
    BootedLog::read("console.log", text, options).unwrap()
}

/// The console of a distribution's kernel, and what was read on that machine afterwards.
fn log_and_facts(name: &str) -> (BootedLog, FactsFile) {
    let file = FactsFile::parse(&text(&format!("tests/boot-logs/{name}.facts.txt.gz")));
    let options = LogOptions {
        distances: file.distances(),
        ..LogOptions::default()
    };
    (read(&console(name), &options), file)
}

fn console(name: &str) -> String {
    text(&format!(
        "../pfnlab-linux/tests/fixtures/boot/{name}.log.gz"
    ))
}

fn different(facts: &[Fact]) -> String {
    let mut text = String::new();
    for fact in facts.iter().filter(|fact| !fact.is_derived()) {
        writeln!(text, "{fact}").unwrap();
    }
    text
}

#[test]
fn every_fact_of_a_real_boot_is_derived() {
    for (name, count) in [("6.12-2node", 224), ("6.1-fake4", 315)] {
        let (log, file) = log_and_facts(name);
        let all = facts::check(&log, Some(&file));
        assert_eq!(different(&all), "", "{name}");
        assert_eq!(
            facts::closing_line(&all),
            format!("derived {count}/{count} facts")
        );
    }
}

#[test]
fn a_fact_that_is_not_derived_is_told() {
    let (log, _) = log_and_facts("6.12-2node");
    let file = text("tests/boot-logs/6.12-2node.facts.txt.gz");
    let file = file.replacen("managed  244218", "managed  244219", 1);
    let file = file.replacen("memory9 online", "x", 1);
    let all = facts::check(&log, Some(&FactsFile::parse(&file)));
    assert_eq!(
        different(&all),
        "node 0 zone DMA32 managed: the kernel has 244219, we have 244218\n\
         memory block 9: the kernel has nothing, we have online DMA32\n"
    );
}

/// Where a request was answered elsewhere, the others are still answered as they were.
#[test]
fn another_answer_of_the_boot_allocator_is_told() {
    let console = console("6.12-2node");
    let (at, line) = console
        .match_indices("memblock_reserve: [0x")
        .filter(|(at, _)| {
            let line = console[*at..].lines().next().unwrap_or("");
            line.contains("memblock_alloc_range_nid")
        })
        .last()
        .unwrap();
    let digits = at + line.len() + 8;
    let mut moved = console.clone();
    // Both ends move down by the same megabytes: `0x000000007ec…-0x000000007ec…`.
    for digits in [digits, digits + 19] {
        moved.replace_range(digits..=digits, "6");
    }
    let all = facts::check(&read(&moved, &LogOptions::default()), None);
    let told = different(&all);
    assert!(
        told.contains(": request met at: the kernel has 0x6"),
        "{told}"
    );
    let answers = all
        .iter()
        .filter(|fact| fact.name.ends_with("request met at"));
    assert_eq!(
        answers.filter(|fact| !fact.is_derived()).count(),
        1,
        "{told}"
    );
}

/// Pristine kernels, recorded when the boot allocator had just released its memory: machines of
/// four faked nodes (m7), with a movable zone (m6), of two large nodes (m3z), and with a contiguous
/// memory area (m1).
const RECORDED: [(&str, usize, usize); 6] = [
    ("2.6.37-m3z", 4, 3073),
    ("3.8-m7", 5, 545),
    ("4.14-m6", 3, 543),
    ("5.0-cma-m1", 2, 130),
    ("6.1.0-m7", 5, 545),
    ("6.12.0-m6", 3, 519),
];

#[test]
fn from_the_log_alone_comes_every_list_in_order() {
    for (name, zones, blocks) in RECORDED {
        let compared = compared(name, "early0");
        assert_eq!(compared.moment, Moment::Released);
        assert_eq!(compared.differences, [], "{name}");
        assert_eq!((compared.zones, compared.blocks), (zones, blocks), "{name}");
    }
}

/// Later states: before the limits were computed, and after.
#[test]
fn limits_and_lengths_of_lists_follow_too() {
    for (name, ..) in RECORDED {
        for (state, moment) in [("early1", Moment::Early), ("early3", Moment::Running)] {
            let compared = compared(name, state);
            assert_eq!(compared.moment, moment);
            assert_eq!(compared.differences, [], "{name} {state}");
        }
    }
}

fn compared(name: &str, state: &str) -> compare::Comparison {
    let recorded = here(&format!("tests/boot-logs/{name}/{state}.json.gz"));
    let recorded = compare::load(&recorded).unwrap();
    let distances = recorded.nodes.iter().map(|node| node.distance.clone());
    let options = LogOptions {
        distances: Some(distances.collect()),
        ..LogOptions::default()
    };
    let log = read(
        &text(&format!("tests/boot-logs/{name}/serial.log.gz")),
        &options,
    );
    compare::compare(&log, &recorded).unwrap()
}

/// What older kernels say: zone lines in frames or bytes, the flags word, zonelists, what each zone
/// is reckoned to have, early reservations, and what `/proc` said afterwards.
#[test]
fn every_fact_of_an_older_kernel_is_derived() {
    for (name, count) in [
        ("2.6.37-m3z", 230),
        ("3.8-m7", 169),
        ("4.14-m6", 143),
        ("5.0-cma-m1", 117),
    ] {
        let file = text(&format!("tests/boot-logs/{name}/machine.json.gz"));
        let file = FactsFile::parse(&file);
        let options = LogOptions {
            distances: file.distances(),
            ..LogOptions::default()
        };
        let log = read(file.section("dmesg").unwrap(), &options);
        let all = facts::check(&log, Some(&file));
        assert_eq!(different(&all), "", "{name}");
        let closing = format!("derived {count}/{count} facts");
        assert_eq!(facts::closing_line(&all), closing, "{name}");
    }
}

/// The flags word of a descriptor and the frames of every zone, as 2.6.37 and 3.8 printed them
/// (`mminit_loglevel=4`): each line is a fact, and with another number in it, a difference.
#[test]
fn flags_words_and_memory_maps_of_old_are_derived_number_for_number() {
    for (name, lines) in [("2.6.37-m3z", 9), ("3.8-m7", 10)] {
        let log = text(&format!("tests/boot-logs/{name}/serial.log.gz"));
        let all = facts::check(&read(&log, &LogOptions::default()), None);
        let said = |line: &str| {
            let (_, said) = line.split_once("mminit::")?;
            let word = said.strip_prefix("pageflags_layout_");
            word.or_else(|| said.strip_prefix("memmap_init "))
                .map(|said| said.trim_end().to_owned())
        };
        let said: Vec<String> = log.lines().filter_map(said).collect();
        assert_eq!(said.len(), lines, "{name}");
        for line in said {
            let told = all.iter().filter(|fact| fact.kernel.contains(&line));
            let told: Vec<_> = told.collect();
            assert!(!told.is_empty(), "{name}: no fact says {line}");
            assert!(told.iter().all(|fact| fact.is_derived()), "{name}: {line}");
            let digit = line.rfind(|c: char| c.is_ascii_digit()).unwrap();
            let other = (line.as_bytes()[digit] - b'0' + 1) % 10;
            let mut altered = line.clone();
            altered.replace_range(digit..=digit, &other.to_string());
            let log = log.replace(&line, &altered);
            let all = facts::check(&read(&log, &LogOptions::default()), None);
            assert!(
                all.iter().any(|fact| !fact.is_derived()),
                "{name}: {altered}"
            );
        }
    }
}

/// 2.6.37 asks the Normal zones of both nodes before any lower one; half the memory were enough to
/// change that.
#[test]
fn zonelists_by_kind_are_seen_in_the_log() {
    let log = text("tests/boot-logs/2.6.37-m3z/serial.log.gz");
    let booted = read(&log, &LogOptions::default());
    let all = facts::check(&booted, None);
    let order = all
        .iter()
        .find(|fact| fact.name == "zonelist order")
        .unwrap();
    assert_eq!(
        (&order.kernel[..], &order.ours[..]),
        (" in Zone order", " in Zone order")
    );
    let other = log.replace("in Zone order", "in Node order");
    let all = facts::check(&read(&other, &LogOptions::default()), None);
    assert_eq!(
        different(&all),
        "zonelist order: the kernel has  in Node order, we have  in Zone order\n"
    );
}

#[test]
fn a_contiguous_area_is_lent_out_after_the_limits_are_known() {
    let log = read(
        &text("tests/boot-logs/5.0-cma-m1/serial.log.gz"),
        &LogOptions::default(),
    );
    let frames: u64 = log.contiguous().iter().map(|area| area.frames()).sum();
    assert_eq!(frames, 64 << (20 - 12));
    let free = |snapshot: &Snapshot| -> u64 {
        let lists = snapshot.zones.iter().flat_map(|zone| &zone.free_lists);
        let lists = lists.filter(|list| list.mt == MigrateType::Cma);
        lists
            .map(|list| list.pfns.len() as u64 * list.order.frames())
            .sum()
    };
    assert_eq!(free(&log.as_released().unwrap()), 0);
    assert_eq!(free(&log.booted().mm().snapshot()), frames);
}

#[test]
fn another_order_in_one_list_is_a_difference() {
    let path = here("tests/boot-logs/6.12.0-m6/early0.json.gz");
    let mut recorded = compare::load(&path).unwrap();
    let zones = recorded.zones.iter_mut();
    let list = zones
        .flat_map(|zone| &mut zone.free_lists)
        .find(|list| list.pfns.len() > 1);
    list.unwrap().pfns.swap(0, 1);
    let log = text("tests/boot-logs/6.12.0-m6/serial.log.gz");
    let compared = compare::compare(&read(&log, &LogOptions::default()), &recorded).unwrap();
    let [difference] = &compared.differences[..] else {
        panic!("{:?}", compared.differences)
    };
    assert!(
        difference.path.starts_with("zones[0.DMA].free_lists["),
        "{difference}"
    );
}

/// What `dmesg` shows of a kernel that was not asked to talk.
#[test]
fn without_memblock_lines_what_is_not_known_is_said() {
    let console = console("6.12-2node");
    let quiet: String = console
        .lines()
        .filter(|line| {
            let dump = line.contains("MEMBLOCK configuration") || line.contains("  memory ");
            !(dump
                || ["memblock_", " memory[", " reserved[", ".cnt"]
                    .iter()
                    .any(|of| line.contains(of)))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(is_boot_log(&quiet));
    let log = read(&quiet, &LogOptions::default());
    assert!(!log.knows_reservations());
    assert!(log.notices()[0].contains("all memory counts as free"));
    let snapshot = log.booted().mm().snapshot();
    for zone in &snapshot.zones {
        assert_eq!(zone.managed, zone.present, "{}", zone.id);
    }
    let all = facts::check(&log, None);
    assert_eq!(different(&all), "");
    assert_eq!(all.len(), 19);
}

#[test]
fn the_release_says_which_kernel() {
    let profile = |release: &str| {
        let log = format!(
            "[    0.000000] Linux version {release} (gcc) #1 SMP\n\
             [    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000000fffffff] usable\n"
        );
        let read = BootedLog::read("dmesg", &log, &LogOptions::default());
        read.map(|log| log.profile().name())
            .map_err(|error| error.to_string())
    };
    assert_eq!(profile("6.12.117+deb12-amd64"), Ok("linux-6.12.y"));
    assert_eq!(profile("6.12.0"), Ok("linux-6.12.0"));
    assert_eq!(profile("6.1.192"), Ok("linux-6.1.y"));
    assert_eq!(profile("6.1.0-56-amd64"), Ok("linux-6.1.y"));
    assert_eq!(profile("6.1.0-rc7"), Ok("linux-6.1.0"));
    assert_eq!(profile("5.0.1"), Ok("linux-5.0"));
    assert_eq!(profile("4.14.177"), Ok("linux-4.14"));
    assert_eq!(profile("3.8.0"), Ok("linux-3.8"));
    assert_eq!(profile("2.6.37"), Ok("linux-2.6.37"));
    let message = "dmesg:1:1: no profile behaves like release `2.4.37`: name one";
    assert_eq!(profile("2.4.37"), Err(message.to_owned()));
}

#[test]
fn a_damaged_line_is_pointed_at() {
    let log = "Linux version 6.12.0\nBIOS-e820: [mem 0x1000-0x0zz] usable\n";
    let error = BootedLog::read("dmesg", log, &LogOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("dmesg:2:1: "), "{error}");
}

#[test]
fn a_machine_file_is_no_boot_log() {
    assert!(!is_boot_log("[[node]]\ncpus = [0]\nram = [\"1M..64M\"]\n"));
}

#[test]
fn faked_nodes_are_known_to_be_one() {
    let (log, _) = log_and_facts("6.1-fake4");
    assert_eq!(log.real_nodes(), [NodeId(0); 4]);
    let (log, _) = log_and_facts("6.12-2node");
    assert_eq!(log.real_nodes(), []);
}

/// Right after memory was released, no list of a recorded kernel may keep a frame; nor may ours.
#[test]
fn until_limits_are_known_lists_keep_nothing() {
    for name in [
        "2.6.37-m3z",
        "3.8-m7",
        "4.14-m6",
        "5.0-cma-m1",
        "6.1.0-m7",
        "6.12.0-m6",
    ] {
        let recorded = here(&format!("tests/boot-logs/{name}/early0.json.gz"));
        let recorded = compare::load(&recorded).unwrap();
        let log = text(&format!("tests/boot-logs/{name}/serial.log.gz"));
        let ours = read(&log, &LogOptions::default()).as_released().unwrap();
        for snapshot in [&recorded, &ours] {
            let mut pcps = snapshot.zones.iter().flat_map(|zone| &zone.pcp);
            assert!(pcps.all(|pcp| (pcp.high, pcp.batch) == (0, 1)), "{name}");
        }
    }
}
