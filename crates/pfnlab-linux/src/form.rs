//! Forms of text that changed with the kernel.

/// The form of a profile: `newest`, if it is none of `before`. A profile we do not know is taken for
/// a newer kernel.
pub(crate) fn form_of<F: Copy>(profile: &str, before: &[(&str, F)], newest: F) -> F {
    let known = before.iter().find(|(name, _)| *name == profile);
    known.map_or(newest, |&(_, form)| form)
}
