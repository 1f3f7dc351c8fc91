//! Kernel generations by name.

/// The kernel generation that a profile of this name is of. A variant of a generation is called after
/// it: what stands behind a `+` says what is otherwise, and what the generation prints, counts and
/// keeps, its variants do as well.
///
/// ```
/// use pfnlab_model::generation_of;
/// assert_eq!(generation_of("linux-6.12.y"), "linux-6.12.y");
/// assert_eq!(generation_of("linux-5.0+nofragment"), "linux-5.0");
/// ```
pub fn generation_of(profile: &str) -> &str {
    let generation = profile.split_once('+');
    generation.map_or(profile, |(generation, _)| generation)
}
