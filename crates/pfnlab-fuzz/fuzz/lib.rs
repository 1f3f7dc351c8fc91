//! Targets of `pfnlab-fuzz`, as libFuzzer calls them.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use pfnlab_fuzz::{Reached, by_name};

/// Feeds the target called `name`.
///
/// # Panics
/// When the input does what no input should, or there is no such target.
pub fn feed(name: &str, bytes: &[u8]) {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("pfnlab-libfuzzer-{name}"));
        fs::create_dir_all(&folder).expect("a folder for what the target writes");
        folder
    });
    let target = by_name(name).expect("a target has this name");
    if bytes.len() <= target.most {
        (target.feed)(bytes, folder, &mut Reached::default());
    }
}
