//! Why an operation cannot be run.

use pfnlab_model::{CpuId, FreeError, Ticket};

/// The most frames one `bulk` or `exact` may ask for, as in the text of a trace.
pub(super) const MOST_FRAMES: u32 = 1 << 20;

/// An operation that cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// It gives out a ticket that still names something. Nothing happened.
    #[error("ticket {0} still names something")]
    Live(Ticket),
    /// It gives out tickets above the largest there is. Nothing happened.
    #[error("the tickets from {0} on do not fit in 64 bits")]
    TicketRange(Ticket),
    /// `exact` or `bulk` of no or of too many frames. Nothing happened.
    #[error("{frames} frames for ticket {ticket}: ask for 1 to {MOST_FRAMES}")]
    Size {
        /// The ticket that would have named them.
        ticket: Ticket,
        /// How many.
        frames: u32,
    },
    /// The allocator does not take back what it handed out. The ticket names nothing any more.
    #[error("ticket {ticket}: {error}")]
    NotTaken {
        /// The ticket.
        ticket: Ticket,
        /// What the allocator says.
        error: FreeError,
    },
    /// The allocator does not take back what a client kept for a CPU that is gone, or what waited
    /// in LRU batches when memory went.
    #[error("what was kept for CPU {cpu}: {error}")]
    NotTakenOver {
        /// Which CPU; the one that did it, if several are concerned.
        cpu: CpuId,
        /// What the allocator says.
        error: FreeError,
    },
}
