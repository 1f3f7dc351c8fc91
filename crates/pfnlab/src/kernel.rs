//! Kernels by name: a generation and a build.

use pfnlab_mm::{Config, Profile};

use crate::Error;

/// The profile of a name; none given, the newest.
///
/// ```
/// assert_eq!(pfnlab::kernel::profile(Some("linux-6.12.y")).unwrap().name(), "linux-6.12.y");
/// assert!(pfnlab::kernel::profile(Some("linux-7")).unwrap_err().to_string().contains("linux-6.12.y"));
/// ```
///
/// # Errors
/// When there is none of that name.
pub fn profile(name: Option<&str>) -> Result<&'static Profile, Error> {
    let Some(name) = name else {
        return Ok(Profile::NEWEST);
    };
    Profile::by_name(name).ok_or_else(|| {
        let known: Vec<_> = Profile::ALL.iter().map(|profile| profile.name()).collect();
        Error::Unknown {
            what: "profile",
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
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
