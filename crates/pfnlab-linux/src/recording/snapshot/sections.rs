//! Memory sections that are there but offline, as a recording lists them.

use pfnlab_model::{NodeId, OfflineState, Pfn, PfnRange};
use serde::Deserialize;

use super::json::State;

/// What a section says of itself. Kernels before 4.13 do not note whether one is online.
#[derive(Deserialize)]
struct Section {
    nr: u64,
    #[serde(default)]
    present: bool,
    online: Option<bool>,
    #[serde(default)]
    nid: i64,
}

/// The sections that are offline, those that touch as one, ascending.
pub(super) fn offline(state: &State) -> Vec<OfflineState> {
    let frames = state.global.pages_per_section;
    let read = |section| serde_json::from_value::<Section>(section).ok();
    let sections = state.sections.as_array().into_iter().flatten().cloned();
    let offline = sections
        .filter_map(read)
        .filter(|section| section.present && section.online == Some(false));
    let mut found: Vec<OfflineState> = Vec::new();
    for section in offline {
        let Some(start) = section.nr.checked_mul(frames) else {
            continue;
        };
        if start.saturating_add(frames) > Pfn::LIMIT.get() {
            continue;
        }
        let range = PfnRange::sized(Pfn::new(start), frames);
        // The descriptors of memory that is offline say no node: then it is taken for the first.
        let node = NodeId(u16::try_from(section.nid).unwrap_or(0));
        match found.last_mut() {
            Some(last) if last.node == node && last.range.end() == range.start() => {
                last.range = PfnRange::sized(last.range.start(), last.range.frames() + frames);
            }
            _ => found.push(OfflineState { range, node }),
        }
    }
    found
}
