//! Forms of text that changed with the kernel.

use pfnlab_model::generation_of;

/// The form of a profile: `newest`, if it is none of `before`. A profile we do not know is taken for
/// a newer kernel.
pub(crate) fn form_of<F: Copy>(profile: &str, before: &[(&str, F)], newest: F) -> F {
    let generation = generation_of(profile);
    let known = before.iter().find(|(name, _)| *name == generation);
    known.map_or(newest, |&(_, form)| form)
}
