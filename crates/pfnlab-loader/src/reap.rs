//! How a child ended, and how much memory it had.
//!
//! The system counts what a process had before it became another program: a child seems to have had
//! as much as its parent, at least.
#![allow(
    unsafe_code,
    reason = "the standard library does not tell how much memory a child had"
)]

use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

/// How a child ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) status: ExitStatus,
    /// The most memory it had at a time, in KiB, if that is more than its parent had.
    pub(crate) most_kib: Option<u64>,
}

/// Waits until a child has ended. It must be its last use: its number is free again afterwards.
pub(crate) fn reap(child: &Child) -> Option<End> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // Fits: the system gave it as such.
    let pid = child.id() as libc::pid_t;
    // SAFETY: both pointers are to values that outlive the call; all zeroes are a valid `rusage`.
    let (reaped, usage) = unsafe {
        let reaped = libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr());
        (reaped, usage.assume_init())
    };
    let most_kib = u64::try_from(usage.ru_maxrss).ok();
    (reaped == pid).then(|| End {
        status: ExitStatus::from_raw(status),
        most_kib: most_kib.filter(|&most| most > own_most_kib()),
    })
}

/// The most memory this process had at a time, in KiB.
fn own_most_kib() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a value that outlives the call; all zeroes are a valid `rusage`.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    u64::try_from(usage.ru_maxrss).unwrap_or(0)
}
