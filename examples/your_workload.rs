//! A workload of your own: a ring buffer that grows by doubling.
//!
//! ```text
//! cargo run --example your_workload
//! ```

use pfnlab::sim::phase::{Checkerboard, Kind, Phase, Program, Site, Table};
use pfnlab::{CpuId, Driver, Gfp, Mm, Op, Order, Outcome, Request, Ticket, kernel, machine};

/// Asks for twice the size, then frees what it had; as long as it is served.
struct Doubling {
    order: Order,
    old: Option<Ticket>,
    new: Option<Ticket>,
    refused: bool,
}

impl Phase for Doubling {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        if let (Some(old), Some(_)) = (self.old, self.new) {
            self.old = None;
            return Some(table.free(old, CpuId(0)));
        }
        if let Some(new) = self.new.take() {
            self.old = Some(new);
            self.order = self.order.up()?;
        }
        (!self.refused).then(|| {
            table.alloc(Request {
                order: self.order,
                ..Request::new(Gfp::GFP_KERNEL)
            })
        })
    }

    fn observe(&mut self, table: &Table, outcome: &Outcome) {
        match outcome {
            Outcome::Lent(block) => {
                println!("order {:>2}: {block}", self.order);
                self.new = table.latest().map(|live| live.ticket);
            }
            Outcome::Refused(error) => {
                println!("order {:>2}: {error}", self.order);
                self.refused = true;
            }
            _ => {}
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let machine = machine::resolve("one-node")?;
    let mm = Mm::boot(&machine, kernel::profile(None)?, &kernel::config(None)?)?;

    // It comes after a phase that is ready-made: every other block of 16 frames is free.
    let site = Site {
        seed: 1,
        label: "before".to_owned(),
        frames: machine.frames(),
        cpus: 1,
    };
    let mut board = Checkerboard::default();
    board.ask.order = Order::new(4)?;
    board.ask.gfp = vec![Gfp::GFP_KERNEL | Gfp::MEMALLOC];
    let doubling = Doubling {
        order: Order::ZERO,
        old: None,
        new: None,
        refused: false,
    };
    let mut program = Program::of(vec![
        Kind::Checkerboard(board).at(&site),
        Box::new(doubling),
    ]);

    let mut driver = Driver::new(mm);
    while let Some(op) = program.next_op() {
        let outcome = driver.step(&op, &mut ())?;
        program.observe(&outcome);
    }
    Ok(())
}
