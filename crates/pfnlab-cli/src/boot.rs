//! `pfnlab boot`.

use pfnlab::boot::{Booted, ZoneSummary, zones};
use pfnlab::{kernel, machine};
use serde::Serialize;

use crate::Verdict;
use crate::args::{BootArgs, Show};
use crate::failure::Failure;
use crate::output;
use crate::style::style;

/// What `--json` prints.
#[derive(Serialize)]
struct BootReport {
    machine: String,
    profile: String,
    zones: Vec<ZoneSummary>,
    zone_ranges: String,
    buddyinfo: String,
    pagetypeinfo: String,
    zoneinfo: String,
    zonelists: String,
}

pub(crate) fn boot(args: &BootArgs) -> Result<Verdict, Failure> {
    let machine = match args.machine.as_str() {
        "-" => machine::parse("<stdin>", &output::stdin()?)?,
        name => machine::resolve(name)?,
    };
    let profile = kernel::profile(args.profile.as_deref())?;
    let config = kernel::config(args.config.as_deref())?;
    let booted = Booted::new(&machine, profile, &config)?;
    if args.json {
        output::json(&BootReport {
            machine: machine.name().to_owned(),
            profile: profile.name().to_owned(),
            zones: zones(&booted.snapshot()),
            zone_ranges: booted.zone_ranges(),
            buddyinfo: booted.buddyinfo(),
            pagetypeinfo: booted.pagetypeinfo(),
            zoneinfo: booted.zoneinfo(),
            zonelists: booted.zonelists(),
        })?;
    } else {
        output::text(&match args.show {
            Show::Summary => booted.summary(),
            Show::Buddyinfo => booted.buddyinfo(),
            Show::Pagetypeinfo => booted.pagetypeinfo(),
            Show::Zoneinfo => booted.zoneinfo(),
            Show::Zonelists => booted.zonelists(),
            Show::Zone => booted.pictures(&style(&args.style)),
        })?;
    }
    Ok(Verdict::Fine)
}
