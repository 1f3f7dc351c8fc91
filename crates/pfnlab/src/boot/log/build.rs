//! Which kernel printed a log, and how it was built: as far as the log shows it.

use pfnlab_linux::bootlog;
use pfnlab_mm::{Config, Profile};
use pfnlab_model::BootScript;

/// The generation a release belongs to.
pub(super) fn profile_of(release: &str) -> Option<&'static Profile> {
    let mut numbers = release.split(['.', '-', '+']);
    let series = (numbers.next()?, numbers.next()?);
    let patch = numbers.next().and_then(|patch| patch.parse::<u32>().ok());
    let first = patch.unwrap_or(0) == 0 || release.contains("-rc");
    // A distribution's first release number is not the kernel's: Debian's 6.1.0-56 is 6.1.192.
    let debian = release.contains("-amd64") || release.contains("+deb");
    let name = match (series, first && !debian) {
        (("2", "6"), _) if patch == Some(37) => "linux-2.6.37",
        (("3", "8"), _) => "linux-3.8",
        (("4", "14"), _) => "linux-4.14",
        (("5", "0"), _) => "linux-5.0",
        (("6", "1"), true) => "linux-6.1.0",
        (("6", "1"), false) => "linux-6.1.y",
        (("6", "12"), true) => "linux-6.12.0",
        (("6", "12"), false) => "linux-6.12.y",
        _ => return None,
    };
    Profile::by_name(name)
}

/// Generations of which there are kernels built without isolated pageblocks.
const WITHOUT_ISOLATION: [&str; 2] = ["linux-4.14", "linux-5.0"];

/// The build, as far as the log shows it.
pub(super) fn config_of(profile: &Profile, script: &BootScript, text: &str) -> Config {
    let said = || bootlog::messages(text).map(|(_, said)| said);
    let has_zones = said().any(|said| said == "Zone ranges:" || said == "Zone PFN ranges:");
    let has_device = said().any(|said| said.starts_with("  Device "));
    let is_late = |said: &str| said.starts_with("node ") && said.contains(" deferred pages init");
    let mut config = if has_zones && !has_device {
        Config::X86_64_PLAIN
    } else {
        Config::X86_64
    };
    config.cma = said().any(|said| said.starts_with("cma: Reserved "));
    // No log shows whether memory can be taken out of use. It usually can where the kernel is built
    // to use that itself: from 6.1 on, up to 3.8, and with such areas.
    config.isolation = config.cma || !WITHOUT_ISOLATION.contains(&profile.generation().name());
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
