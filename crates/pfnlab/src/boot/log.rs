//! Booting what a boot log describes.
//!
//! ```
//! use pfnlab::boot::log::{BootedLog, LogOptions};
//! let log = "\
//! [    0.000000] Linux version 6.12.0 (gcc) #1 SMP
//! [    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000000fffffff] usable
//! ";
//! let booted = BootedLog::read("dmesg.txt", log, &LogOptions::default()).unwrap();
//! assert_eq!(booted.machine().frames(), 0xff00);
//! assert!(booted.notices()[0].contains("memblock=debug"));
//! ```

mod build;
mod given_back;
mod notices;

use std::path::Path;

use pfnlab_linux::bootlog::{self, BootLogError};
use pfnlab_mm::boot::{Circumstances, GivenBack, Layout, Replayed, replay_script};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Affinity, BootOp, BootScript, ByteRange, Inspect, Machine, MachineSpec, NodeId, Pfn, PfnRange,
    Snapshot,
};

use super::Booted;
use crate::text::line_start;
use crate::{Error, TextError, input, kernel};
use build::{config_of, profile_of};
use given_back::given_back;
use notices::notices;

/// Bytes in a page frame.
const PAGE: u64 = 4096;

/// What a log does not say, or is not to be believed in.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// The kernel generation; `None`: by the release in the log.
    pub profile: Option<String>,
    /// How the kernel was built; `None`: as the log shows it.
    pub config: Option<String>,
    /// By node the distance to every node, which no log says; `None`: 10 and 20.
    pub distances: Option<Vec<Vec<u8>>>,
}

/// A machine booted as a log says one booted.
#[derive(Debug)]
pub struct BootedLog {
    text: String,
    script: BootScript,
    replayed: Replayed,
    circumstances: Circumstances,
    config: Config,
    booted: Booted,
    notices: Vec<String>,
}

/// Reads a file, packed or not; what is no UTF-8 in it is in lines that do not matter.
///
/// # Errors
/// When it cannot be read or unpacked.
pub fn text_of(path: &Path) -> Result<String, Error> {
    let bytes = input::unpacked(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a text is a boot log: a machine file has no such line.
pub fn is_boot_log(text: &str) -> bool {
    bootlog::messages(text)
        .any(|(_, said)| said.starts_with("Linux version ") || said.starts_with("BIOS-e820: [mem "))
}

impl BootedLog {
    /// Boots what `text`, the log called `name`, describes.
    ///
    /// # Errors
    /// When the log is damaged, or says too little, or no such machine can be booted.
    pub fn read(name: &str, text: &str, options: &LogOptions) -> Result<BootedLog, Error> {
        let script = bootlog::read(text).map_err(|error| unreadable(name, text, error))?;
        let at_start = |message: String| {
            let end = text.find('\n').unwrap_or(text.len());
            Error::Text(TextError::new(name, text, 0..end, message))
        };
        let profile = match &options.profile {
            Some(profile) => kernel::profile(Some(profile))?,
            None => profile_of(script.release()).ok_or_else(|| {
                let release = script.release();
                at_start(format!(
                    "no profile behaves like release `{release}`: name one"
                ))
            })?,
        };
        let config = match &options.config {
            Some(config) => kernel::config(Some(config))?,
            None => config_of(profile, &script, text),
        };
        let replayed = replay_script(&script, profile.memblock());
        let mut notices = notices(&script, options, &config);
        let mut spec = replayed.machine_spec(&script);
        if !profile.memblock().shares_faked_cpus() {
            place_unknown_cpus(&mut spec, &script, text);
        }
        place_distances(&mut spec, options.distances.as_deref(), &mut notices);
        let machine = spec.build().map_err(|error| at_start(error.to_string()))?;
        let layout = Layout::new(&machine, profile, &config);
        let circumstances = Circumstances {
            // Where all memory counts as free, none is given back.
            given_back: match knows_reservations(&script) {
                true => given_back(&script, text, &replayed, &layout),
                false => Vec::new(),
            },
            early_reserved: knows_reservations(&script)
                .then(|| early_reserved(&script, text, profile)),
            contiguous: contiguous(text),
            real_nodes: match profile.memblock().shares_faked_cpus() {
                true => real_nodes(&script, machine.nodes().len()),
                false => Vec::new(),
            },
            // The log says what it took.
            charge_memmap: false,
        };
        let booted = Booted::under(&machine, profile, &config, &circumstances)?;
        Ok(BootedLog {
            text: text.to_owned(),
            script,
            replayed,
            circumstances,
            config,
            booted,
            notices,
        })
    }

    /// What was booted.
    pub fn booted(&self) -> &Booted {
        &self.booted
    }

    /// The machine the log describes.
    pub fn machine(&self) -> &Machine {
        &self.booted.machine
    }

    /// The kernel generation.
    pub fn profile(&self) -> &'static Profile {
        self.booted.mm.profile()
    }

    /// How the kernel was built, as far as that shows.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The log.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the log says.
    pub fn script(&self) -> &BootScript {
        &self.script
    }

    /// What the boot allocator did.
    pub fn replayed(&self) -> &Replayed {
        &self.replayed
    }

    /// What was reserved when zones were laid out, in whole frames; nothing where the log does not
    /// say.
    pub fn early_reserved(&self) -> &[PfnRange] {
        self.circumstances.early_reserved.as_deref().unwrap_or(&[])
    }

    /// Areas that are set aside for large contiguous allocations (`cma=`).
    pub fn contiguous(&self) -> &[PfnRange] {
        &self.circumstances.contiguous
    }

    /// What was given back after free memory was released.
    pub fn given_back(&self) -> &[GivenBack] {
        &self.circumstances.given_back
    }

    /// By node the one it was cut from by `numa=fake=`; empty: none was.
    pub fn real_nodes(&self) -> &[NodeId] {
        &self.circumstances.real_nodes
    }

    /// Whether the log says what was reserved, and so what was free.
    pub fn knows_reservations(&self) -> bool {
        knows_reservations(&self.script)
    }

    /// What cannot be known from the log, and what was assumed.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The state right after free memory was released, before anything was given back.
    ///
    /// # Errors
    /// When no such machine can be booted.
    pub fn as_released(&self) -> Result<Snapshot, Error> {
        let (machine, config) = (self.machine(), &self.config);
        let mm = Mm::released(machine, self.profile(), config, &self.circumstances);
        let mm = mm.map_err(|error| Error::Boot {
            machine: machine.name().to_owned(),
            error,
        })?;
        Ok(mm.snapshot())
    }
}

fn unreadable(name: &str, text: &str, error: BootLogError) -> Error {
    match error {
        BootLogError::Line { line, problem } => {
            let start = line_start(text, line as usize);
            let length = text[start..].find('\n').unwrap_or(text.len() - start);
            TextError::new(name, text, start..start + length, problem.to_string()).into()
        }
        other => TextError::new(name, text, 0..0, other.to_string()).into(),
    }
}

fn knows_reservations(script: &BootScript) -> bool {
    script
        .steps
        .iter()
        .any(|step| matches!(step.op, BootOp::Dump(_)))
}

/// What was reserved when zones were laid out: the script up to there, done once more.
fn early_reserved(script: &BootScript, text: &str, profile: &Profile) -> Vec<PfnRange> {
    let is_zones = |said: &str| said == "Zone ranges:" || said == "Zone PFN ranges:";
    let zones = bootlog::messages(text).find(|(_, said)| is_zones(said));
    let line = zones.map_or(u32::MAX, |(line, _)| line);
    let steps = script.steps.iter().filter(|step| step.line < line);
    let until = BootScript {
        steps: steps.cloned().collect(),
        ..script.clone()
    };
    let replayed = replay_script(&until, profile.memblock());
    in_frames(
        replayed
            .memblock
            .reserved()
            .regions()
            .iter()
            .map(|r| r.range),
    )
}

/// Reservations in whole frames, each frame once.
fn in_frames(reserved: impl Iterator<Item = ByteRange>) -> Vec<PfnRange> {
    let mut end = Pfn::default();
    let frames = reserved.map(|range| {
        let start = Pfn::new(range.start / PAGE).max(end);
        end = end.max(Pfn::new(range.end.div_ceil(PAGE)));
        PfnRange::new(start, end).unwrap_or_default()
    });
    frames.collect()
}

/// `cma: Reserved 128 MiB at 0x0000000077c00000`
fn contiguous(text: &str) -> Vec<PfnRange> {
    let area = |said: &str| {
        let (size, start) = said
            .strip_prefix("cma: Reserved ")?
            .split_once(" MiB at ")?;
        let frames = size.parse::<u64>().ok()?.checked_mul((1 << 20) / PAGE)?;
        let start = start.split_whitespace().next()?.strip_prefix("0x")?;
        let start = Pfn::new(u64::from_str_radix(start, 16).ok()? / PAGE);
        PfnRange::new(start, Pfn::new(start.get().checked_add(frames)?))
    };
    bootlog::messages(text)
        .filter_map(|(_, said)| area(said))
        .collect()
}

/// Up to 3.8 an AMD CPU whose node the firmware does not name was dealt to a faked node, but is on
/// the node with the number of its last cache as soon as it is up: on node 0, as these machines have
/// one (`srat_detect_node`; recorded on 2.6.37 and 3.8).
fn place_unknown_cpus(spec: &mut MachineSpec, script: &BootScript, text: &str) {
    let is_amd = bootlog::messages(text).any(|(_, said)| said.contains("CPU0: AMD"));
    if script.fake_nodes.is_empty() || !script.affinity.is_empty() || !is_amd {
        return;
    }
    let all = spec.nodes.iter_mut().flat_map(|node| node.cpus.drain(..));
    let mut all: Vec<u16> = all.collect();
    all.sort_unstable();
    spec.nodes[0].cpus = all;
}

/// Gives each node its distances.
fn place_distances(
    spec: &mut MachineSpec,
    distances: Option<&[Vec<u8>]>,
    notices: &mut Vec<String>,
) {
    let count = spec.nodes.len();
    match distances {
        Some(rows) => {
            for (node, row) in spec.nodes.iter_mut().zip(rows) {
                node.distance.clone_from(row);
            }
        }
        None if count > 1 => notices
            .push("no log says how far nodes are apart: 10 to itself, 20 to any other".to_owned()),
        None => {}
    }
}

/// The node of the firmware that each faked one was cut from.
fn real_nodes(script: &BootScript, count: usize) -> Vec<NodeId> {
    if script.fake_nodes.is_empty() {
        return Vec::new();
    }
    let overlap = |one: &Affinity, other: &Affinity| {
        one.range.start < other.range.end && other.range.start < one.range.end
    };
    let real = |node: usize| {
        let fake = script
            .fake_nodes
            .iter()
            .find(|fake| fake.node.index() == node)?;
        script.affinity.iter().find(|said| overlap(said, fake))
    };
    (0..count)
        .map(|node| real(node).map_or(NodeId(0), |said| said.node))
        .collect()
}
