//! The lines that say what the machine is: its map and its nodes, and what is given back late.

use pfnlab_model::{Affinity, BootScript, ByteRange, FirmwareRange, LateFree};

use super::BootLogProblem as Problem;
use super::line::Rest;

/// Takes from a line what it says; a line about something else says nothing.
pub(super) fn take(script: &mut BootScript, text: &str, line: u32) -> Result<(), Problem> {
    if let Some(rest) = text.strip_prefix("Command line: ") {
        script.command_line = rest.trim().to_owned();
    } else if let Some(rest) = text.strip_prefix("Kernel command line: ") {
        if script.command_line.is_empty() {
            script.command_line = rest.trim().to_owned();
        }
    } else if let Some(rest) = map_line(text, "BIOS-e820: ") {
        script.firmware.push(firmware(rest)?);
    } else if let Some(rest) = map_line(text, "user: ") {
        // This map knows of everything that happened before.
        script.unusable.clear();
        script.user_map.push(firmware(rest)?);
    } else if let Some(rest) = text.strip_prefix("e820: ") {
        script.unusable.extend(taken_out(rest)?);
    } else if let Some(rest) = text.strip_prefix("e820 ") {
        script.unusable.extend(old_taken_out(rest)?);
    } else if let Some(rest) = text.strip_prefix("ACPI: SRAT: Node ") {
        script.affinity.extend(affinity(rest, line)?);
    } else if let Some(rest) = text.strip_prefix("SRAT: Node ") {
        script.affinity.extend(old_affinity(rest, line)?);
    } else if let Some(rest) = text.strip_prefix("Faking node ") {
        script.fake_nodes.push(fake_node(rest, line)?);
    } else if let Some(rest) = text.strip_prefix("Freeing ") {
        script.freed_late.extend(freed(rest, line));
    }
    Ok(())
}

/// What a line of a map says behind the map's name: `[`, or a bare number (2.6.37).
fn map_line<'a>(text: &'a str, map: &str) -> Option<&'a str> {
    let rest = text.trim_start().strip_prefix(map)?;
    let number = |text: &str| text.bytes().all(|digit| digit.is_ascii_hexdigit());
    (rest.starts_with('[') || rest.get(..16).is_some_and(number)).then_some(rest)
}

/// `[mem 0x…-0x…] usable`; 2.6.37: `… - … (usable)`.
fn firmware(rest: &str) -> Result<FirmwareRange, Problem> {
    let mut rest = Rest(rest);
    if !rest.0.starts_with('[') {
        let range = rest.bare_range()?;
        let kind = rest.in_parentheses()?.to_owned();
        return Ok(FirmwareRange { range, kind });
    }
    let range = rest.mem()?;
    let kind = rest.0.trim().to_owned();
    Ok(FirmwareRange { range, kind })
}

/// `update [mem 0x…-0x…] usable ==> reserved` or `remove [mem 0x…-0x…] usable`; `None`: what was
/// changed had not been usable, or still is.
fn taken_out(rest: &str) -> Result<Option<ByteRange>, Problem> {
    let mut rest = Rest(rest);
    if !rest.take_if("update") && !rest.take_if("remove") {
        return Ok(None);
    }
    let range = rest.mem()?;
    let taken = rest.take_if("usable") && !rest.0.trim_end().ends_with("==> usable");
    Ok(taken.then_some(range))
}

/// The same in 2.6.37: `update range: … - … (usable) ==> (reserved)`.
fn old_taken_out(rest: &str) -> Result<Option<ByteRange>, Problem> {
    let mut rest = Rest(rest);
    if !rest.take_if("update range:") && !rest.take_if("remove range:") {
        return Ok(None);
    }
    let range = rest.bare_range()?;
    let taken = rest.in_parentheses()? == "usable" && !rest.0.trim_end().ends_with("(usable)");
    Ok(taken.then_some(range))
}

/// `0 PXM 0 [mem 0x…-0x…]` (3.8) or `0 PXM 0 0-a0000` (2.6.37). `None`: another line, about what
/// was made of these.
fn old_affinity(rest: &str, line: u32) -> Result<Option<Affinity>, Problem> {
    let mut rest = Rest(rest);
    let node = rest.node()?;
    if !rest.take_if("PXM") {
        return Ok(None);
    }
    rest.number()?;
    let range = match rest.0.contains("[mem") {
        true => rest.mem()?,
        false => rest.bare_range()?,
    };
    Ok(Some(Affinity {
        line,
        node,
        range,
        hotplug: rest.0.contains("Hot Pluggable"),
    }))
}

/// `0 PXM 0 [mem 0x…-0x…] hotplug`; `None`: a device, which has no memory.
fn affinity(rest: &str, line: u32) -> Result<Option<Affinity>, Problem> {
    if !rest.contains("[mem") {
        return Ok(None);
    }
    let mut rest = Rest(rest);
    let node = rest.node()?;
    rest.take("PXM")?;
    rest.number()?;
    let range = rest.mem()?;
    let hotplug = rest.0.split_whitespace().any(|word| word == "hotplug");
    Ok(Some(Affinity {
        line,
        node,
        range,
        hotplug,
    }))
}

/// `0 at [mem 0x…-0x…] (512MB)`; 2.6.37: `0 at …-… (512MB)`.
fn fake_node(rest: &str, line: u32) -> Result<Affinity, Problem> {
    let mut rest = Rest(rest);
    let node = rest.node()?;
    rest.take("at")?;
    let range = match rest.0.contains("[mem") {
        true => rest.mem()?,
        false => rest.bare_range()?,
    };
    Ok(Affinity {
        line,
        node,
        range,
        hotplug: false,
    })
}

/// `initrd memory: 1072K`, or `SMP alternatives: 8k freed` (up to 3.8); `None`: something else is
/// freed.
fn freed(rest: &str, line: u32) -> Option<LateFree> {
    let old = || {
        rest.split_once(": ")
            .filter(|(_, amount)| amount.ends_with("k freed"))
    };
    let (what, amount) = rest.split_once(" memory: ").or_else(old)?;
    let mut amount = Rest(amount);
    let kib = amount.number().ok()?;
    amount.take("K").or_else(|_| amount.take("k")).ok()?;
    Some(LateFree {
        line,
        what: what.to_owned(),
        bytes: kib.checked_mul(1024)?,
    })
}
