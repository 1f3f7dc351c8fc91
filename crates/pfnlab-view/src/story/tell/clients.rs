//! What the allocator's clients do: caches of objects, LRU batches, page tables' extensions.

use pfnlab_model::{
    Block, ClientOp, End, Event, LruBatch, LruEvent, Op, PageExtEvent, SlabEvent, SlabPlace,
};

use super::{OUTER, Teller};
use crate::names::{self, counted};
use crate::story::beat::Beat;
use crate::style::Tone;
use crate::text::Line;

impl Teller<'_> {
    pub(super) fn client(&mut self, event: Event) {
        match event {
            Event::Slab(event) => self.slab(event),
            Event::Lru(event) => self.lru(event),
            Event::PageExt(event) => self.page_ext(event),
            Event::HeldBy { block, holders } => self.held_by(block, holders),
            _ => {}
        }
    }

    /// Somebody else holds a block, or one gave it up and others hold it still.
    fn held_by(&mut self, block: Block, holders: u32) {
        let block = names::block(block);
        let words = match self.op {
            Op::Client(ClientOp::Get { .. }) => {
                format!("{block} has {holders} holders now: the last one to free it gives it back.")
            }
            _ => {
                let left = counted(u64::from(holders), "holder");
                format!("{block} is not given back: it has {left} left.")
            }
        };
        self.say_at(OUTER, words);
    }

    fn slab(&mut self, event: SlabEvent) {
        let words = match event {
            SlabEvent::CacheMade {
                cache,
                slot,
                order,
                objects,
                min,
            } => format!(
                "{cache} is made: {slot} bytes for each object, {} in a slab of order {order}, \
                 at least order {min}.",
                counted(u64::from(objects), "object")
            ),
            SlabEvent::CacheGone { cache } => format!("{cache} is no more."),
            SlabEvent::FellToMinimum { cache, wanted, min } => format!(
                "{cache} does without order {wanted}, and asks again for order {min}, as hard as \
                 its caller allows."
            ),
            SlabEvent::Made {
                cache,
                block,
                objects,
            } => format!(
                "{} becomes a slab of {cache}: {}.",
                names::block(block),
                counted(u64::from(objects), "object")
            ),
            SlabEvent::Discarded { cache, block } => format!(
                "{cache} gives its slab {} up: no object of it is in use.",
                names::block(block)
            ),
            SlabEvent::Moved { block, to, .. } => match to {
                SlabPlace::InHand(cpu) => {
                    format!(
                        "{} takes it in hand: {}.",
                        names::cpu(cpu),
                        names::block(block)
                    )
                }
                SlabPlace::CpuPartial(cpu) => format!(
                    "Slab {} goes on {}'s stack of partly used slabs.",
                    names::block(block),
                    names::cpu(cpu)
                ),
                SlabPlace::NodePartial(node, end) => {
                    let end = match end {
                        End::Head => "head",
                        End::Tail => "tail",
                    };
                    format!(
                        "Slab {} goes to the {end} of node {node}'s partly used slabs.",
                        names::block(block)
                    )
                }
                SlabPlace::Full => {
                    format!("Slab {} is full, and on no list now.", names::block(block))
                }
            },
            SlabEvent::Returned { cache, at, own } => {
                let whose = if own {
                    "the CPU has its slab in hand, and will hand it out next"
                } else {
                    "it goes to its slab's own list"
                };
                format!("The object of {cache} at {at} comes back: {whose}.")
            }
            SlabEvent::LargeLent { block } => {
                format!(
                    "No cache has objects so large: it is {} itself.",
                    names::block(block)
                )
            }
            SlabEvent::LargeReturned { block } => {
                format!("{} was no object of a cache.", names::block(block))
            }
            // The outcome says it.
            SlabEvent::Lent { .. } => return,
        };
        self.say_at(OUTER, words);
    }

    fn lru(&mut self, event: LruEvent) {
        let words = match event {
            LruEvent::Batched {
                cpu,
                batch,
                block,
                held,
            } => format!(
                "{} waits in {}'s {} batch, which holds it: {} now.",
                names::block(block),
                names::cpu(cpu),
                batch_name(batch),
                counted(u64::from(held), "page")
            ),
            LruEvent::Drained { cpu, batch, pages } => format!(
                "{}'s {} batch is emptied: it lets go of {}.",
                names::cpu(cpu),
                batch_name(batch),
                counted(u64::from(pages), "page")
            ),
            LruEvent::Listed {
                node,
                list,
                block,
                end,
            } => {
                let end = match end {
                    End::Head => "head",
                    End::Tail => "tail",
                };
                format!(
                    "{} goes to the {end} of node {node}'s {} list.",
                    names::block(block),
                    list.name()
                )
            }
            LruEvent::Unlisted { node, list, block } => format!(
                "{} leaves node {node}'s {} list.",
                names::block(block),
                list.name()
            ),
            LruEvent::Kept { block } => {
                format!(
                    "A batch holds {} still: it is not free yet.",
                    names::block(block)
                )
            }
        };
        self.say_at(OUTER, words);
    }

    fn page_ext(&mut self, event: PageExtEvent) {
        let words = match event {
            PageExtEvent::TableMade {
                section,
                node,
                bytes,
                scattered,
            } => {
                let how = if scattered {
                    "of single frames, since no run of them was to be had"
                } else {
                    "in one run of frames"
                };
                format!("Section {section} has its table: {bytes} bytes for node {node}, {how}.")
            }
            PageExtEvent::TableGone { section } => {
                format!("The table of section {section} is gone.")
            }
        };
        self.say_at(OUTER, words);
    }

    /// The object that was handed out, or that there was no memory for it.
    pub(super) fn client_outcome(&mut self, beats: &[Beat], arrow: &str) {
        let lent = beats.iter().rev().find_map(|beat| match beat {
            Beat::Client(Event::Slab(SlabEvent::Lent { cache, at })) => Some((
                format!("address {at}"),
                format!(" is handed out: an object of {cache}."),
            )),
            Beat::Client(Event::Slab(SlabEvent::LargeLent { block })) => {
                let what = format!(" is handed out: {}.", counted(block.frames(), "frame"));
                Some((names::block(*block), what))
            }
            _ => None,
        });
        let asks = matches!(
            self.op,
            Op::Client(ClientOp::Kmalloc { .. } | ClientOp::CacheAlloc { .. })
        );
        let refused = beats
            .iter()
            .any(|beat| matches!(beat, Beat::Refused { .. }));
        let line = match lent {
            Some((what, rest)) => Line::new()
                .then(Tone::Good, format!("{arrow} {what}"))
                .plain(rest),
            None if asks && refused => Line::new()
                .then(Tone::Bad, format!("{arrow} refused"))
                .plain(": there is no memory for another slab."),
            None => return,
        };
        self.say_at(OUTER, line);
    }
}

fn batch_name(batch: LruBatch) -> String {
    match batch {
        LruBatch::Add(None) => "add".to_owned(),
        LruBatch::Add(Some(list)) => format!("add {}", list.name()),
        LruBatch::Rotate => "rotate".to_owned(),
        LruBatch::DeactivateFile => "deactivate file".to_owned(),
        LruBatch::Deactivate => "deactivate".to_owned(),
        LruBatch::LazyFree => "lazyfree".to_owned(),
        LruBatch::Activate => "activate".to_owned(),
        LruBatch::Mlock => "mlock".to_owned(),
    }
}
