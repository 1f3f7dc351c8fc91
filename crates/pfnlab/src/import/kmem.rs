//! A trace of the allocator's tracepoints as operations.

use pfnlab_linux::kmem::{self, KmemEvent, KmemKernel, KmemRecord};
use pfnlab_model::{Block, CpuId, Gfp, Op, Order, Pfn, Request, Step, Ticket, Trace, TraceStart};

use super::frames::Use;
use super::ledger::{KmemLedger, Owned, Owners};
use super::{Counts, Known};
use crate::{Error, TextError};

/// What a trace asked for, and what it says of the state it began in.
#[derive(Clone, Debug)]
pub struct KmemImport {
    /// The operations, in order. What a kernel gave for them is not expected of us: positions at the
    /// start are not known.
    pub steps: Vec<Step>,
    /// What is known of frames at the start.
    pub known: Known,
    /// What the trace says, and what it does not.
    pub ledger: KmemLedger,
}

/// Tickets of what was in use before the trace begins are from here on; those of requests from 1.
/// Above every number of requests a text of 1 GiB has room for, and small enough for the text of a trace.
pub(super) const HELD: Ticket = Ticket(1 << 31);

const SECOND: u64 = 1_000_000_000;

impl KmemImport {
    /// How the operations begin as a trace file, when their state is in the file `snapshot`.
    pub fn header(&self, snapshot: &str, profile: &str) -> Trace {
        Trace {
            start: TraceStart::Held {
                file: snapshot.to_owned(),
                first: HELD,
            },
            profile: Some(profile.to_owned()),
            config: None,
            steps: Vec::new(),
        }
    }

    /// Reads the trace `text`, which came from the file `name`, of `kernel`. `counts` say how many
    /// CPUs there are, and where memory is.
    ///
    /// Every second of the trace's clock each CPU folds its statistics, as kernels do: no event
    /// tells that.
    ///
    /// # Errors
    /// When a line makes no sense, or names a CPU that is not counted.
    pub fn read(
        name: &str,
        text: &str,
        kernel: KmemKernel,
        counts: &Counts,
    ) -> Result<KmemImport, Error> {
        let trace = kmem::read(text, kernel);
        let trace = trace.map_err(|error| TextError::of_line(name, text, &error))?;
        let mut import = Importer {
            kernel,
            counts,
            owners: Owners::default(),
            steps: Vec::new(),
            held: Vec::new(),
            latest: vec![Latest::Other; usize::from(counts.cpus)],
            next: 1,
            second: trace.records.first().map_or(0, second),
            ledger: KmemLedger {
                events: trace.lines.events,
                foreign: trace.lines.foreign.values().sum(),
                lost: trace.lines.lost + trace.lines.overwritten,
                ..KmemLedger::default()
            },
        };
        for record in &trace.records {
            let cpu = record.cpu.unwrap_or(0);
            if cpu >= u32::from(counts.cpus) {
                let line = crate::text::line_start(text, record.line as usize);
                let message = format!("no CPU {cpu}: the zoneinfo knows {}", counts.cpus);
                return Err(TextError::new(name, text, line..line + 1, message).into());
            }
            // Fits: it is below the number of CPUs.
            import.record(record, CpuId(cpu as u16));
        }
        Ok(import.finish())
    }
}

fn second(record: &KmemRecord<'_>) -> u64 {
    match record.time.digits {
        // A clock that counts no seconds.
        0 => 0,
        _ => record.time.nanoseconds / SECOND,
    }
}

/// What an event may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Latest {
    /// A free, or a drain: the list may be too long now.
    Free,
    /// Nothing that drains.
    Other,
}

struct Importer<'a> {
    kernel: KmemKernel,
    counts: &'a Counts,
    owners: Owners,
    steps: Vec<Step>,
    held: Vec<Block>,
    /// By CPU: what its latest event was.
    latest: Vec<Latest>,
    /// The next ticket.
    next: u64,
    second: u64,
    ledger: KmemLedger,
}

impl Importer<'_> {
    fn record(&mut self, record: &KmemRecord<'_>, cpu: CpuId) {
        self.pass_time(second(record));
        match record.event {
            KmemEvent::Alloc {
                page, order, gfp, ..
            } => self.alloc(page.frame(), order, gfp, cpu),
            KmemEvent::Free { page, order } => self.free(Pfn::new(page.number), order, cpu),
            KmemEvent::FreeBatched { .. } => self.ledger.said_twice += 1,
            KmemEvent::ZoneLocked { page, order, .. } => {
                self.ledger.zone_locked += u64::from(page.frame().is_some());
                if let Some(block) = page.frame().and_then(|pfn| self.block(pfn, order)) {
                    self.owners.frames.set(block, Use::Free, Use::Free);
                }
            }
            KmemEvent::PcpuDrain { order, .. } => {
                self.ledger.drained += order.frames();
                self.drain(record.comm, cpu);
            }
            KmemEvent::Extfrag { fragmenting, .. } => {
                self.ledger.extfrag += 1;
                self.ledger.fragmenting += u64::from(fragmenting);
            }
            KmemEvent::ContigRange { .. } => self.ledger.contig += 1,
        }
        let frees = matches!(
            record.event,
            KmemEvent::Free { .. } | KmemEvent::FreeBatched { .. } | KmemEvent::PcpuDrain { .. }
        );
        self.latest[cpu.index()] = if frees { Latest::Free } else { Latest::Other };
    }

    /// Lists are drained that no free made too long: somebody wants all of them empty
    /// (`drain_all_pages`). Workers do it for the statistics, which pass with time.
    fn drain(&mut self, comm: &str, cpu: CpuId) {
        if self.latest[cpu.index()] == Latest::Free || comm.starts_with("kworker") {
            return;
        }
        self.ledger.drains_of_all += 1;
        let drains = (0..self.counts.cpus).map(|cpu| Op::Drain { cpu: CpuId(cpu) });
        self.steps.extend(drains.map(Step::from));
    }

    /// A clock that jumps says no more than that it does: a minute is enough for every list to be
    /// drained.
    fn pass_time(&mut self, now: u64) {
        for _ in self.second..now.min(self.second + 60) {
            self.ledger.seconds += 1;
            let ticks = (0..self.counts.cpus).map(|cpu| Op::Vmstat { cpu: CpuId(cpu) });
            self.steps.extend(ticks.map(Step::from));
        }
        self.second = self.second.max(now);
    }

    /// The block, if it is one, of a zone.
    fn block(&self, pfn: Pfn, order: Order) -> Option<Block> {
        let block = Block::new(pfn, order).ok()?;
        let zone = self.counts.zone_of(pfn)?;
        zone.span.covers(block.range()).then_some(block)
    }

    fn alloc(&mut self, pfn: Option<Pfn>, order: Order, gfp: u32, cpu: CpuId) {
        let (gfp, unknown) = self.kernel.flags(gfp);
        self.ledger.unknown_flags += u64::from(unknown != 0);
        let Some(pfn) = pfn else {
            self.ledger.refused += 1;
            // From one node alone, but nothing says from which.
            if gfp.contains(Gfp::THISNODE) && self.counts.nodes() > 1 {
                self.ledger.refused_somewhere += 1;
            } else {
                self.ask(order, gfp, cpu, None);
            }
            return;
        };
        self.ledger.served += 1;
        let Some(block) = self.block(pfn, order) else {
            self.ask(order, gfp, cpu, None);
            return;
        };
        let before = self.owners.within(block.range());
        self.ledger.served_twice += u64::from(!before.is_empty());
        for owned in before {
            self.give_back(owned, cpu);
        }
        let step = self.steps.len();
        let ticket = self.ask(order, gfp, cpu, Some(block));
        self.owners.give(
            Owned {
                block,
                ticket,
                step: Some(step),
            },
            Use::Free,
        );
    }

    fn ask(&mut self, order: Order, gfp: Gfp, cpu: CpuId, got: Option<Block>) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        // What must come from one node names it; which one shows in what it got.
        let node = got
            .filter(|_| gfp.contains(Gfp::THISNODE))
            .and_then(|block| self.counts.zone_of(block.start()))
            .map(|zone| zone.id.node);
        let request = Request {
            order,
            cpu,
            node,
            ..Request::new(gfp)
        };
        self.steps.push(Op::Alloc { ticket, request }.into());
        ticket
    }

    fn give_back(&mut self, owned: Owned, cpu: CpuId) {
        let (ticket, cold) = (owned.ticket, false);
        self.steps.push(Op::Free { ticket, cpu, cold }.into());
        self.owners.take(owned);
    }

    fn free(&mut self, pfn: Pfn, order: Order, cpu: CpuId) {
        self.ledger.frees += 1;
        let Some(block) = self.block(pfn, order) else {
            self.ledger.frees_outside += 1;
            return;
        };
        let owned = self.owners.within(block.range());
        match owned[..] {
            [] if self.owners.frames.is_untouched(block) => self.free_of_before(block, cpu),
            [] => self.ledger.frees_of_unseen += 1,
            [one] if one.block == block => {
                match one.step {
                    Some(_) => self.ledger.frees_whole += 1,
                    None => self.ledger.frees_of_before += 1,
                }
                self.give_back(one, cpu);
            }
            [one] if one.block.range().covers(block.range()) => {
                self.ledger.frees_of_part += 1;
                for part in self.split(one) {
                    if block.range().covers(part.block.range()) {
                        self.give_back(part, cpu);
                    }
                }
            }
            _ => {
                self.ledger.frees_of_several += 1;
                for one in owned {
                    self.give_back(one, cpu);
                }
            }
        }
        self.owners.frames.set(block, Use::Used, Use::Free);
    }

    fn free_of_before(&mut self, block: Block, cpu: CpuId) {
        self.ledger.frees_of_before += 1;
        // Which number it has is known when all are: see `finish`.
        let ticket = Ticket(HELD.0 + self.held.len() as u64);
        self.held.push(block);
        let cold = false;
        self.steps.push(Op::Free { ticket, cpu, cold }.into());
    }

    /// Takes a block apart into frames.
    fn split(&mut self, whole: Owned) -> Vec<Owned> {
        let base = Ticket(self.next);
        self.next += whole.block.frames();
        let ticket = whole.ticket;
        // A compound page cannot be split: this one was made none before.
        let asked = whole.step.and_then(|at| self.steps.get_mut(at));
        if let Some(Step {
            op: Op::Alloc { request, .. },
            ..
        }) = asked
        {
            request.gfp = request.gfp.without(Gfp::COMP);
        }
        self.steps.push(Op::Split { ticket, base }.into());
        self.owners.take(whole);
        let parts = (0..whole.block.frames()).map(|at| Owned {
            block: Block::page(whole.block.start().offset(at)),
            ticket: Ticket(base.0 + at),
            step: whole.step,
        });
        let parts: Vec<_> = parts.collect();
        for &part in &parts {
            self.owners.give(part, Use::Used);
        }
        parts
    }

    /// What is in use from the start is named by zone and frame, so that whoever reads the state
    /// knows it too.
    fn finish(mut self) -> KmemImport {
        self.ledger.held_at_end = self.owners.held();
        let zone = |block: &Block| self.counts.zone_of(block.start()).map(|zone| zone.id);
        let mut order: Vec<usize> = (0..self.held.len()).collect();
        order.sort_by_key(|&at| (zone(&self.held[at]), self.held[at].start()));
        let mut names = vec![0; order.len()];
        for (name, &at) in (HELD.0..).zip(&order) {
            names[at] = name;
        }
        for step in &mut self.steps {
            if let Op::Free { ticket, .. } = &mut step.op
                && let Some(at) = ticket.0.checked_sub(HELD.0)
            {
                *ticket = Ticket(names[at as usize]);
            }
        }
        KmemImport {
            steps: self.steps,
            known: Known {
                used: order.iter().map(|&at| self.held[at]).collect(),
                free: self
                    .owners
                    .frames
                    .at_start()
                    .filter(|(_, was)| *was == Use::Free)
                    .map(|(pfn, _)| pfn)
                    .collect(),
                ..Known::default()
            },
            ledger: self.ledger,
        }
    }
}
