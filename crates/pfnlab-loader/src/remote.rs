//! An allocator in a child, as the one trait.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use pfnlab_check::Death;
use pfnlab_model::{
    AllocError, Block, Capability, CpuId, FreeError, Machine, Observer, Order, PageAllocator, Pfn,
    PfnRange, Request,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::abi;
use crate::host::{Host, HostError};
use crate::limits::Limits;
use crate::message::{Call, Hello, Offers};
use crate::reap::{End, reap};

/// An allocator in a child process.
///
/// # Panics
/// Every method does, with a [`Death`], when the child dies, answers too late or makes no sense: the
/// suite turns that into a finding.
#[derive(Debug)]
pub struct Remote {
    child: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What the child wrote to stderr.
    said: File,
    limits: Limits,
    offers: Offers,
    /// It was waited for.
    gone: bool,
}

/// Of what a child said last, so many bytes are looked at.
const LAST_WORDS: u64 = 400;

impl Remote {
    /// A child that has loaded the library.
    pub(crate) fn load(host: &Host) -> Result<Remote, HostError> {
        let no_program = |error| host.no_program(error);
        let said = tempfile::tempfile().map_err(no_program)?;
        let stderr = said.try_clone().map_err(no_program)?;
        let mut child = host
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(no_program)?;
        let (Some(calls), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are pipes");
        };
        let mut remote = Remote {
            child,
            calls,
            answers: BufReader::new(answers),
            said,
            limits: host.limits(),
            offers: Offers::default(),
            gone: false,
        };
        let line = remote.answer("while it was loaded");
        let line = line.map_err(|death| host.no_library(death.what))?;
        match Hello::parse(&line) {
            Some(Hello::Ready(offers)) => remote.offers = offers,
            Some(Hello::Refused(reason)) => return Err(host.no_library(reason)),
            None => return Err(host.no_library(format!("its host said `{}`", line.trim_end()))),
        }
        Ok(remote)
    }

    /// An allocator on a machine.
    pub(crate) fn start(host: &Host, machine: &Machine) -> Remote {
        let mut remote = Remote::load(host).unwrap_or_else(|error| {
            let what = error.to_string();
            Death::new(Death::CRASH, what).happen()
        });
        let memory = machine.free_ranges().map(|memory| abi::Memory {
            start: memory.range.start().get(),
            end: memory.range.end().get(),
            node: u32::from(memory.node.0),
            zero: 0,
        });
        let last = machine.cpus().into_iter().map(|(cpu, _)| cpu.index());
        let call = Call::Create {
            // Both fit: their numbers are of 16 bits.
            cpus: last.max().map_or(0, |last| last as u32 + 1),
            nodes: machine.nodes().len() as u32,
            memory: memory.collect(),
        };
        if remote.number(&call) == 0 {
            let what = "pfnlab_create returned NULL for this machine".to_owned();
            Death::new(Death::ANSWER, what).happen();
        }
        remote
    }

    /// Calls, and waits for the answer.
    fn call(&mut self, call: &Call) -> Vec<i64> {
        let place = format!("in {}", call.function());
        // A child that is dead takes no call; it is asked how it died in any case.
        let _ = self.calls.write_all(format!("{call}\n").as_bytes());
        let line = self.answer(&place).unwrap_or_else(|death| death.happen());
        let numbers = line.split_ascii_whitespace().map(|word| word.parse().ok());
        let numbers: Option<Vec<i64>> = numbers.collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => numbers,
            _ => {
                let what = format!("its host said `{}` {place}", line.trim_end());
                Death::new(Death::ANSWER, what).happen()
            }
        }
    }

    fn number(&mut self, call: &Call) -> i64 {
        self.call(call)[0]
    }

    /// The next line, if it comes in time.
    fn answer(&mut self, place: &str) -> Result<String, Death> {
        let wait = Timespec::try_from(self.limits.call).ok();
        let mut ready = [PollFd::new(self.answers.get_ref(), PollFlags::IN)];
        let late = loop {
            match poll(&mut ready, wait.as_ref()) {
                Err(rustix::io::Errno::INTR) => {}
                ready => break ready == Ok(0),
            }
        };
        if late {
            return Err(self.late(place));
        }
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(_) if line.ends_with('\n') => Ok(line),
            _ => Err(self.dead(place)),
        }
    }

    fn late(&mut self, place: &str) -> Death {
        let limit = self.limits.call.as_millis();
        match self.end() {
            Some(end) if self.was_full(&end) => self.full(place),
            _ => Death::new(
                Death::TIMEOUT,
                format!("no answer within {limit} ms {place}{}", self.last_words()),
            ),
        }
    }

    fn dead(&mut self, place: &str) -> Death {
        let Some(end) = self.end() else {
            return Death::new(Death::CRASH, format!("it is gone {place}"));
        };
        if self.was_full(&end) {
            return self.full(place);
        }
        let how = end.status;
        Death::new(Death::CRASH, format!("{how} {place}{}", self.last_words()))
    }

    fn full(&mut self, place: &str) -> Death {
        let limit = self.limits.memory_mib;
        let what = format!(
            "more than {limit} MiB of memory {place}{}",
            self.last_words()
        );
        Death::new(Death::MEMORY, what)
    }

    /// Whoever is refused memory has a little less than the limit.
    fn was_full(&self, end: &End) -> bool {
        let full = self.limits.memory_mib * 1024 * 3 / 4;
        end.most_kib.is_some_and(|most| most >= full)
    }

    /// Waits for the end, and makes sure that there is one.
    fn end(&mut self) -> Option<End> {
        if self.gone {
            return None;
        }
        self.gone = true;
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        reap(&self.child)
    }

    /// The last line the library printed.
    fn last_words(&mut self) -> String {
        let length = self.said.seek(SeekFrom::End(0)).unwrap_or(0);
        let start = length.saturating_sub(LAST_WORDS);
        let mut text = Vec::new();
        let read = self.said.seek(SeekFrom::Start(start));
        if read.and_then(|_| self.said.read_to_end(&mut text)).is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&text);
        match text.lines().rev().find(|line| !line.trim().is_empty()) {
            Some(line) => format!("; it said: {}", line.trim()),
            None => String::new(),
        }
    }

    /// The block that begins at a frame the library named.
    fn block(call: &Call, frame: i64, order: Order) -> Block {
        Block::new(Remote::frame(call, frame), order).unwrap_or_else(|error| {
            let what = format!(
                "{} handed out a block at {frame:#x}: {error}",
                call.function()
            );
            Death::new("LEND-01", what).happen()
        })
    }

    /// A frame the library named.
    fn frame(call: &Call, frame: i64) -> Pfn {
        // What ends at the limit is behind every machine's end, and a rule says so.
        let last = Pfn::LIMIT.get() - Order::MAX.frames();
        match u64::try_from(frame) {
            Ok(frame) if frame <= last => Pfn::new(frame),
            _ => {
                let what = format!(
                    "{} handed out frame {frame:#x}: no machine has it",
                    call.function()
                );
                Death::new("LEND-04", what).happen()
            }
        }
    }

    /// Why a request was refused.
    fn refused(call: &Call, code: i64, order: Order) -> AllocError {
        match code {
            abi::EXHAUSTED => AllocError::Exhausted(order),
            abi::TOO_LARGE => AllocError::TooLarge(order),
            abi::REFUSED => AllocError::Watermark(order),
            other => Remote::nonsense(call, other),
        }
    }

    fn taken(call: &Call, code: i64, block: Block) -> Result<(), FreeError> {
        match code {
            abi::OK => Ok(()),
            abi::NOT_LENT => Err(FreeError::NotLent(block)),
            other => Remote::nonsense(call, other),
        }
    }

    fn nonsense<T>(call: &Call, code: i64) -> T {
        let what = format!("{} returned {code}, which means nothing", call.function());
        Death::new(Death::ANSWER, what).happen()
    }
}

fn asked(request: &Request) -> abi::Request {
    abi::Request {
        order: u32::from(request.order.get()),
        flags: request.gfp.bits(),
        cpu: u32::from(request.cpu.0),
        zero: 0,
    }
}

impl PageAllocator for Remote {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        let call = Call::Alloc(asked(request));
        match self.number(&call) {
            code if code < 0 => Err(Remote::refused(&call, code, request.order)),
            frame => Ok(Remote::block(&call, frame, request.order)),
        }
    }

    fn free(&mut self, block: Block, cpu: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        let call = Call::Free {
            frame: block.start().get(),
            order: u32::from(block.order().get()),
            cpu: u32::from(cpu.0),
        };
        let code = self.number(&call);
        Remote::taken(&call, code, block)
    }

    fn offers(&self, what: Capability) -> bool {
        match what {
            Capability::Split => self.offers.split,
            Capability::Bulk => self.offers.bulk,
            Capability::Exact => self.offers.exact,
            Capability::PerCpu => self.offers.drain,
            Capability::Zones
            | Capability::Sysctl
            | Capability::CpuHotplug
            | Capability::Memory => false,
        }
    }

    fn split(&mut self, block: Block, _: &mut impl Observer) -> Result<(), FreeError> {
        let call = Call::Split {
            frame: block.start().get(),
            order: u32::from(block.order().get()),
        };
        let code = self.number(&call);
        Remote::taken(&call, code, block)
    }

    fn bulk(
        &mut self,
        request: &Request,
        pages: &mut [Pfn],
        _: &mut impl Observer,
    ) -> Result<usize, AllocError> {
        let call = Call::Bulk {
            request: abi::Request {
                order: 0,
                ..asked(request)
            },
            count: pages.len() as u64,
        };
        let answer = self.call(&call);
        let (code, frames) = (answer[0], &answer[1..]);
        if code < 0 {
            return Err(Remote::refused(&call, code, request.order));
        }
        if code == 0 || frames.len() > pages.len() || frames.len() as u64 != code.unsigned_abs() {
            return Remote::nonsense(&call, code);
        }
        for (page, &frame) in pages.iter_mut().zip(frames) {
            *page = Remote::frame(&call, frame);
        }
        Ok(frames.len())
    }

    fn exact(
        &mut self,
        request: &Request,
        frames: u32,
        _: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        let call = Call::Exact {
            request: abi::Request {
                order: 0,
                ..asked(request)
            },
            count: frames,
        };
        match self.number(&call) {
            code if code < 0 => {
                let order = Order::covering(u64::from(frames)).unwrap_or(Order::MAX);
                Err(Remote::refused(&call, code, order))
            }
            frame => {
                let start = Remote::frame(&call, frame);
                match PfnRange::new(start, Pfn::LIMIT) {
                    Some(rest) if u64::from(frames) <= rest.frames() => Ok(start),
                    _ => Remote::nonsense(&call, frame),
                }
            }
        }
    }

    fn drain(&mut self, cpu: CpuId, _: &mut impl Observer) {
        let cpu = u32::from(cpu.0);
        self.number(&Call::Drain { cpu });
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Killed, not asked to end: thousands come and go while a case is made short.
        self.end();
    }
}
