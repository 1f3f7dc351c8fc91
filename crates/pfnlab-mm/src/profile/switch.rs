//! Switches: what a profile says, in words.

use alloc::borrow::Cow;

/// One thing in which kernel generations differ, and what one of them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// What it is called: the field of the profile, with a dot where that has parts.
    pub name: &'static str,
    /// What it decides.
    pub decides: &'static str,
    /// What this generation does.
    pub does: Cow<'static, str>,
    /// The symbol of the kernel that does it, and the release that changed it where that is known. A
    /// `~` stands before a symbol that is known from general reading alone: nobody checked that this
    /// very kernel has it.
    pub origin: &'static str,
}

/// What a generation does about one switch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) does: &'static str,
    pub(crate) origin: &'static str,
}

/// A policy that can say what it is. The words stand beside the enum, in the file that matches it.
pub(crate) trait Policy: Copy {
    /// What it decides.
    const DECIDES: &'static str;

    /// What is decided, and where that comes from.
    fn told(self) -> Told;

    /// The switch of this name.
    fn switch(self, name: &'static str) -> Switch {
        let Told { does, origin } = self.told();
        Switch {
            name,
            decides: Self::DECIDES,
            does: does.into(),
            origin,
        }
    }
}

/// The shortest way to say it: `told("what it does", "the symbol that does it")`.
pub(crate) const fn told(does: &'static str, origin: &'static str) -> Told {
    Told { does, origin }
}
