//! A state machine for `proptest-state-machine`: what a client knows of an allocator, and every rule
//! after each thing it asks.
//!
//! ```
//! use pfnlab_check::model::{AllocError, Block, CpuId, FreeError, Observer, PageAllocator, Pfn, Request};
//! use pfnlab_check::state_machine::{Boot, Conforms};
//! use proptest_state_machine::prop_state_machine;
//!
//! /// Hands out single frames, each once.
//! #[derive(Debug)]
//! struct Bump(u64);
//! # impl PageAllocator for Bump {
//! #     fn alloc(&mut self, r: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
//! #         if r.order.get() > 0 { return Err(AllocError::TooLarge(r.order)); }
//! #         self.0 += 1;
//! #         Ok(Block::page(Pfn::new(self.0 - 1)))
//! #     }
//! #     fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> { Ok(()) }
//! # }
//! /// Where a test begins.
//! struct Fresh;
//! impl Boot for Fresh {
//!     type Allocator = Bump;
//!     fn boot() -> Bump {
//!         Bump(0)
//!     }
//! }
//! prop_state_machine! {
//!     // #[test]
//!     fn bump_conforms(sequential 1..20 => Conforms<Fresh>);
//! }
//! bump_conforms();
//! ```

use std::collections::BTreeSet;
use std::marker::PhantomData;

use pfnlab_model::{CpuId, Gfp, Op, Order, PageAllocator, Request, Ticket};
use pfnlab_sim::Checker;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use crate::Patience;
use crate::strategies::orders;

/// What a test begins with.
pub trait Boot {
    /// Which allocator.
    type Allocator: PageAllocator;
    /// One with nothing handed out.
    fn boot() -> Self::Allocator;
}

/// What a client knows: the names it gave, of which each may be given back once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    names: u64,
    held: BTreeSet<Ticket>,
}

impl ReferenceStateMachine for Client {
    type State = Client;
    type Transition = Op;

    fn init_state() -> BoxedStrategy<Client> {
        Just(Client::default()).boxed()
    }

    fn transitions(client: &Client) -> BoxedStrategy<Op> {
        let ticket = Ticket(client.names + 1);
        let gfps = select(vec![Gfp::GFP_KERNEL, Gfp::GFP_HIGHUSER_MOVABLE]);
        let asked = (orders(), gfps).prop_map(move |(order, gfp)| Op::Alloc {
            ticket,
            request: Request {
                order,
                ..Request::new(gfp)
            },
        });
        // Small ones more often, or soon nothing is left.
        let frame = Just(Op::Alloc {
            ticket,
            request: Request {
                order: Order::ZERO,
                ..Request::new(Gfp::GFP_KERNEL)
            },
        });
        if client.held.is_empty() {
            return prop_oneof![asked, frame].boxed();
        }
        let held: Vec<Ticket> = client.held.iter().copied().collect();
        let freed = select(held).prop_map(|ticket| Op::Free {
            ticket,
            cpu: CpuId(0),
            cold: false,
        });
        prop_oneof![1 => asked, 2 => frame, 3 => freed].boxed()
    }

    fn preconditions(client: &Client, op: &Op) -> bool {
        match op {
            Op::Alloc { ticket, .. } => ticket.0 > client.names,
            Op::Free { ticket, .. } => client.held.contains(ticket),
            _ => false,
        }
    }

    fn apply(mut client: Client, op: &Op) -> Client {
        match op {
            Op::Alloc { ticket, .. } => {
                client.names = ticket.0;
                client.held.insert(*ticket);
            }
            Op::Free { ticket, .. } => {
                client.held.remove(ticket);
            }
            _ => {}
        }
        client
    }
}

/// The test: whatever a [`Client`] asks, every rule holds.
#[derive(Debug)]
pub struct Conforms<B>(PhantomData<B>);

impl<B: Boot + 'static> StateMachineTest for Conforms<B> {
    type SystemUnderTest = Checker<B::Allocator>;
    type Reference = Client;

    fn init_test(_: &Client) -> Checker<B::Allocator> {
        Checker::new(B::boot()).unwrap_or_else(|failure| panic!("{failure}"))
    }

    fn apply(mut checker: Checker<B::Allocator>, _: &Client, op: Op) -> Checker<B::Allocator> {
        if let Err(failure) = checker.step(&op, &mut Patience::default()) {
            panic!("{failure}");
        }
        checker
    }

    fn teardown(mut checker: Checker<B::Allocator>, _: Client) {
        if let Err(failure) = checker.finish() {
            panic!("{failure}");
        }
    }
}
