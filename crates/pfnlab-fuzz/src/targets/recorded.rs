//! What was recorded on running kernels.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use pfnlab::linux::{Recording, read_snapshot, read_unpacked};

use crate::Reached;

pub(crate) fn state(bytes: &[u8], folder: &Path, reached: &mut Reached) {
    let path = folder.join("state.json");
    fs::write(&path, bytes).expect("the folder is ours");
    reached.result("state", &read_snapshot(&path));
}

/// The operations stand between two states that were recorded.
pub(crate) fn ops(bytes: &[u8], folder: &Path, reached: &mut Reached) {
    static STATES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let names = ["before.json.gz", "after.json.gz"];
    let states = STATES.get_or_init(|| {
        names.map(|name| {
            let case = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../pfnlab/tests/recordings/6.12/m1/w01m"
            );
            let file = fs::File::open(Path::new(case).join(name)).expect("it is in the repository");
            read_unpacked(file).expect("it is in the repository")
        })
    });
    for (name, state) in names.iter().zip(states) {
        let path = folder.join(name);
        if !path.exists() {
            fs::write(path, state).expect("the folder is ours");
        }
    }
    fs::write(folder.join("ops.jsonl.gz"), bytes).expect("the folder is ours");
    let recording = Recording::open(folder);
    reached.result("ops", &recording);
    if let Ok(recording) = recording {
        reached.count("ops", recording.ops.len());
    }
}
