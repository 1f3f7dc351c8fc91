//! Which frames count as managed: the allocator's, on a list or in use.

use super::GivenBack;
use crate::Mm;
use crate::profile::{Policy, Told, told};

/// Which frames a zone counts as its allocator's (`managed_pages`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Managed {
    /// None: there is no such count, all is reckoned by what is present (2.6.37).
    Uncounted,
    /// Those released at boot; what is given back later counts for the machine alone (3.8).
    Released,
    /// Those given back later, too.
    All,
}

impl Policy for Managed {
    const DECIDES: &'static str = "which frames count as managed";

    fn told(self) -> Told {
        match self {
            Managed::Uncounted => told(
                "none: there is no such count",
                "2.6.37 has no managed_pages",
            ),
            Managed::Released => told(
                "those released at boot; what is given back later counts for the machine alone",
                "managed_pages",
            ),
            Managed::All => told("those given back later, too", "~adjust_managed_page_count"),
        }
    }
}

impl Managed {
    /// How many of so many frames released at boot count.
    pub(super) fn released(self, frames: u64) -> u64 {
        match self {
            Managed::Uncounted => 0,
            Managed::Released | Managed::All => frames,
        }
    }

    /// How many of so many frames that come or, negative, go while the machine runs count.
    pub(crate) fn changed(self, frames: i64) -> i64 {
        match self {
            Managed::Uncounted => 0,
            Managed::Released | Managed::All => frames,
        }
    }

    /// How many of so many frames given back later count.
    fn given_back(self, frames: u64) -> u64 {
        match self {
            Managed::Uncounted | Managed::Released => 0,
            Managed::All => frames,
        }
    }
}

impl Mm {
    /// Counts what was given back; nothing is computed from it anew.
    pub(super) fn manage(&mut self, given_back: &[GivenBack]) {
        for given in given_back {
            if let Some(zone) = self.zones.iter_mut().find(|zone| zone.id == given.zone) {
                zone.managed += self.profile.managed.given_back(given.frames);
                self.totalram += given.frames;
            }
        }
    }
}
