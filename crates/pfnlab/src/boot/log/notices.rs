//! What cannot be known from a log.

use pfnlab_mm::Config;
use pfnlab_model::BootScript;

use super::{LogOptions, knows_reservations};

pub(super) fn notices(script: &BootScript, options: &LogOptions, config: &Config) -> Vec<String> {
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
    if script.option("kernelcore") == Some("mirror") && script.mirrored().next().is_none() {
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
