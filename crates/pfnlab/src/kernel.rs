//! Kernels by name: a generation and a build.

use pfnlab_mm::{Config, Profile};

use crate::Error;

/// The profile of a name, a kernel generation or a variant of one; none given, the newest.
///
/// ```
/// assert_eq!(pfnlab::kernel::profile(Some("linux-6.12.y")).unwrap().name(), "linux-6.12.y");
/// assert!(pfnlab::kernel::profile(Some("linux-5.0+nofragment")).is_ok());
/// let error = pfnlab::kernel::profile(Some("6.6.30-generic")).unwrap_err().to_string();
/// assert!(error.contains("nearest to that release is `linux-6.1.y`"), "{error}");
/// ```
///
/// # Errors
/// When there is none of that name.
pub fn profile(name: Option<&str>) -> Result<&'static Profile, Error> {
    let Some(name) = name else {
        return Ok(Profile::NEWEST);
    };
    Profile::by_name(name).ok_or_else(|| {
        let known: Vec<_> = Profile::every().map(Profile::name).collect();
        let (name, known) = (name.to_owned(), known.join(", "));
        match nearest(&name) {
            Some(nearest) => Error::Release {
                nearest: nearest.name(),
                name,
                known,
            },
            None => Error::Unknown {
                what: "profile",
                name,
                known,
            },
        }
    })
}

/// The newest generation that is not newer than a release such as `6.6.30-generic`, or else the oldest.
fn nearest(release: &str) -> Option<&'static Profile> {
    let of = |name: &str| {
        let release = name.trim_start_matches("linux");
        series(release.trim_start_matches(['-', 'v']))
    };
    let asked = of(release).filter(|_| !release.contains('+'))?;
    let mut generations = Profile::ALL.iter().copied().rev();
    let before = generations.find(|profile| of(profile.name()) <= Some(asked));
    before.or(Profile::ALL.first().copied())
}

/// The first two numbers of a release.
pub(crate) fn series(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(['.', '-', '+']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The config of a name; none given, `x86_64`.
///
/// # Errors
/// When there is none of that name.
pub fn config(name: Option<&str>) -> Result<Config, Error> {
    let Some(name) = name else {
        return Ok(Config::X86_64);
    };
    Config::by_name(name).ok_or_else(|| {
        let known: Vec<_> = Config::ALL.iter().map(|config| config.name).collect();
        Error::Unknown {
            what: "config",
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}
