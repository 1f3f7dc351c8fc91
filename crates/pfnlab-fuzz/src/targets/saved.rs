//! What this program saves: snapshots.

use std::path::Path;

use pfnlab::{Inspect, Mm, Profile, kernel, snapshot};
use pfnlab_check::machines;

use super::text;
use crate::Reached;

/// A small machine just after boot, of every kernel generation.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let config = kernel::config(None).expect("there is a default");
    let machine = machines::machine("small", &[(1, &[(0, 64)])]);
    let machine = machine.build().expect("it is one");
    let boots = Profile::ALL
        .iter()
        .map(|profile| Mm::boot(&machine, profile, &config));
    let states = boots
        .flatten()
        .map(|mm| snapshot::to_json(&mm.snapshot()).into_bytes());
    states.collect()
}

/// # Panics
/// When the allocator goes on from another state than was saved.
pub(crate) fn snapshot(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let saved = snapshot::from_json("a.json", &text(bytes));
    reached.result("snapshot", &saved);
    let Ok(saved) = saved else { return };
    let resumed = Mm::resume(&saved);
    reached.result("resume", &resumed);
    if let Ok(mm) = resumed {
        let again = mm.snapshot();
        reached.mark(if again == saved {
            "the same"
        } else {
            "another"
        });
    }
}
