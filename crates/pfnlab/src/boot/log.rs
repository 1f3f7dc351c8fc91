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

use std::path::Path;

use pfnlab_linux::bootlog::{self, BootLogError};
use pfnlab_mm::boot::{Circumstances, GivenBack, Layout, Replayed, ZoneLayout, replay_script};
use pfnlab_mm::{Config, Profile};
use pfnlab_model::{
    Affinity, BootOp, BootScript, Inspect, LateFree, Machine, MachineSpec, NodeId, Pfn, PfnRange,
    Snapshot, ZoneId,
};

use super::Booted;
use crate::text::line_start;
use crate::{Error, TextError, input, kernel};

/// Where a kernel that is not moved is loaded on x86.
const USUAL_IMAGE: u64 = 16 << 20;
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
            None => config_of(&script, text),
        };
        let replayed = replay_script(&script, profile.memblock());
        let mut notices = notices(&script, options, &config);
        let mut spec = replayed.machine_spec(&script);
        place_distances(&mut spec, options.distances.as_deref(), &mut notices);
        let machine = spec.build().map_err(|error| at_start(error.to_string()))?;
        let layout = Layout::new(&machine, profile, &config);
        let circumstances = Circumstances {
            // Where all memory counts as free, none is given back.
            given_back: match knows_reservations(&script) {
                true => given_back(&script, text, &replayed, &layout),
                false => Vec::new(),
            },
            real_nodes: real_nodes(&script, machine.nodes().len()),
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
        let nothing = Circumstances::default();
        let booted = Booted::under(self.machine(), self.profile(), &self.config, &nothing)?;
        Ok(booted.mm.snapshot())
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

/// The generation a release belongs to.
fn profile_of(release: &str) -> Option<&'static Profile> {
    let mut numbers = release.split(['.', '-', '+']);
    let series = (numbers.next()?, numbers.next()?);
    let patch = numbers.next().and_then(|patch| patch.parse::<u32>().ok());
    let first = patch.unwrap_or(0) == 0 || release.contains("-rc");
    // A distribution's first release number is not the kernel's: Debian's 6.1.0-56 is 6.1.192.
    let debian = release.contains("-amd64") || release.contains("+deb");
    let name = match (series, first && !debian) {
        (("6", "1"), true) => "linux-6.1.0",
        (("6", "1"), false) => "linux-6.1.y",
        (("6", "12"), true) => "linux-6.12.0",
        (("6", "12"), false) => "linux-6.12.y",
        _ => return None,
    };
    Profile::by_name(name)
}

/// The build, as far as the log shows it.
fn config_of(script: &BootScript, text: &str) -> Config {
    let said = || bootlog::messages(text).map(|(_, said)| said);
    let has_zones = said().any(|said| said == "Zone ranges:");
    let has_device = said().any(|said| said.starts_with("  Device "));
    let is_late = |said: &str| said.starts_with("node ") && said.contains(" deferred pages init");
    let mut config = if has_zones && !has_device {
        Config::X86_64_PLAIN
    } else {
        Config::X86_64
    };
    if said().any(is_late) {
        config = Config {
            name: Config::X86_64_DEFERRED.name,
            deferred_init: true,
            ..config
        };
    }
    if script.option("transparent_hugepage") == Some("never") {
        config.transparent_hugepage = false;
    }
    config
}

fn knows_reservations(script: &BootScript) -> bool {
    script
        .steps
        .iter()
        .any(|step| matches!(step.op, BootOp::Dump(_)))
}

fn has_mirror(script: &BootScript) -> bool {
    script.mirrored().next().is_some()
}

fn notices(script: &BootScript, options: &LogOptions, config: &Config) -> Vec<String> {
    let mut notices = Vec::new();
    if !knows_reservations(script) {
        notices.push(
            "the log has no list of reservations (boot with `memblock=debug`): all memory counts \
             as free"
                .to_owned(),
        );
    }
    if script.memory_map().is_empty() {
        notices.push("the log has no firmware map: memory is what was added".to_owned());
    }
    if script.cpus.is_empty() {
        notices.push("the log names no CPU: there is one, on node 0".to_owned());
    }
    if script.option("kernelcore") == Some("mirror") && !has_mirror(script) {
        notices.push(
            "`kernelcore=mirror`, but no printed list of memory has any that is mirrored"
                .to_owned(),
        );
    }
    if options.config.is_none() && script.option("transparent_hugepage").is_none() {
        notices.push("no log says whether huge pages are on: they count as on".to_owned());
    }
    if config.deferred_init {
        notices.push(
            "most memory was released late, by several CPUs at once: in which order the log does \
             not say, here it ascends"
                .to_owned(),
        );
    }
    notices
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

/// What each `Freeing … memory` gave back, and to which zone.
fn given_back(
    script: &BootScript,
    text: &str,
    replayed: &Replayed,
    layout: &Layout,
) -> Vec<GivenBack> {
    let limits = limits_line(text);
    let late = script.freed_late.iter();
    late.flat_map(|late| {
        let before_limits = limits.is_none_or(|limits| late.line < limits) && !is_initrd(late);
        let frames = late.bytes / PAGE;
        let zones = match place_of(text, replayed, late) {
            Some(start) => spread(layout, PfnRange::sized(Pfn::new(start / PAGE), frames)),
            None => image_zone(script, layout).map_or(Vec::new(), |zone| vec![(zone, frames)]),
        };
        zones.into_iter().map(move |(zone, frames)| GivenBack {
            zone,
            frames,
            before_limits,
        })
    })
    .collect()
}

fn is_initrd(late: &LateFree) -> bool {
    late.what == "initrd"
}

/// The line of the log from which on the limits are known: they follow the sockets, which come
/// with the first initcalls.
fn limits_line(text: &str) -> Option<u32> {
    const LATER: [&str; 3] = ["NET: Registered ", "Freeing initrd ", "Freeing unused "];
    let mut messages = bootlog::messages(text);
    messages
        .find(|(_, said)| LATER.iter().any(|later| said.starts_with(later)))
        .map(|(line, _)| line)
}

/// Where the memory lies that was given back; `None`: somewhere in the kernel's image.
fn place_of(text: &str, replayed: &Replayed, late: &LateFree) -> Option<u64> {
    if is_initrd(late) {
        let said = bootlog::messages(text).filter(|(_, said)| said.contains("RAMDISK"));
        // Moved or not, the last range is the one in use.
        let last = said
            .filter_map(|(_, said)| said.rsplit_once("[mem ")?.1.split_once('-'))
            .last();
        return u64::from_str_radix(last?.0.strip_prefix("0x")?, 16).ok();
    }
    let growths = replayed.growths.iter().filter_map(|growth| growth.kernel);
    let mut same = growths.filter(|growth| growth.at.size() == late.bytes);
    let late_array = late.what.starts_with("memblock");
    late_array.then(|| same.next_back().map(|growth| growth.at.start))?
}

/// The zone of the kernel's image: of the frame before what it set aside for early use. Memory may
/// end within the image, when the command line says so.
fn image_zone(script: &BootScript, layout: &Layout) -> Option<ZoneId> {
    let brk = script.steps.iter().find_map(|step| match step.op {
        BootOp::Reserve(range) if step.by.starts_with("setup_arch") => Some(range),
        _ => None,
    });
    let address = brk.map_or(USUAL_IMAGE, |brk| brk.start.saturating_sub(1));
    let pfn = Pfn::new(address / PAGE);
    let zones = || layout.zones.iter().filter(|zone| zone.present > 0);
    let has = |zone: &&ZoneLayout| zone.memory.iter().any(|memory| memory.contains(pfn));
    let found = zones()
        .find(has)
        .or_else(|| zones().find(|zone| zone.span.contains(pfn)));
    found.map(|zone| zone.id)
}

/// How many frames of a range are in which zone.
fn spread(layout: &Layout, frames: PfnRange) -> Vec<(ZoneId, u64)> {
    let zones = layout.zones.iter().map(|zone| {
        let inside = zone.memory.iter().map(|m| m.intersection(frames).frames());
        (zone.id, inside.sum::<u64>())
    });
    zones.filter(|(_, frames)| *frames > 0).collect()
}
