//! The records of a machine, kept by listening to its allocator.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pfnlab_model::{Block, Event, Gfp, Observer, Order, Pfn, PfnRange, Snapshot, ZoneId};

use super::policy::{Coverage, OnFree, OnSplit, OwnerPolicy};
use super::record::{Context, MigrateReason, Record};
use super::stacks::{StackId, Stacks};
use crate::Generation;
use crate::page_ext::{PageExt, Sections};

/// Where records have a place: whoever listens does nothing for other frames.
pub trait Entries {
    /// Whether a frame has an entry.
    fn has_entry(&self, pfn: Pfn) -> bool;
}

/// Every frame has an entry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everywhere;

impl Entries for Everywhere {
    fn has_entry(&self, _: Pfn) -> bool {
        true
    }
}

impl<S: Sections> Entries for PageExt<S> {
    fn has_entry(&self, pfn: Pfn) -> bool {
        self.address(pfn).is_some()
    }
}

/// A record for every page, kept from the events of an allocator: it is an [`Observer`].
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::page_owner::{Context, Everywhere, PageOwner};
/// use pfnlab_model::*;
/// let mut owner = PageOwner::new(Generation::NEWEST, Everywhere).unwrap();
/// let stack = owner.stack(&["vfs_read+0x9f/0x1a0"]);
/// owner.context(Context { stack, pid: 42, comm: "cat".into(), ..Context::default() });
/// owner.event(Event::Asked(Request::new(Gfp::GFP_KERNEL)));
/// let zone = ZoneId { node: NodeId(0), kind: ZoneKind::Normal };
/// owner.event(Event::Lent { zone, block: Block::page(Pfn::new(7)) });
/// assert_eq!(owner.record(Pfn::new(7)).unwrap().by.pid, 42);
/// ```
#[derive(Clone, Debug)]
pub struct PageOwner<E> {
    policy: &'static OwnerPolicy,
    entries: E,
    records: BTreeMap<Pfn, Record>,
    stacks: Stacks,
    context: Context,
    asked: Gfp,
}

impl<E: Entries> PageOwner<E> {
    /// No record yet; `None`: the generation keeps none.
    pub fn new(generation: &'static Generation, entries: E) -> Option<PageOwner<E>> {
        Some(PageOwner {
            policy: &generation.page_ext()?.owner,
            entries,
            records: BTreeMap::new(),
            stacks: Stacks::default(),
            context: Context::default(),
            asked: Gfp::NONE,
        })
    }

    /// The id of a call stack, innermost call first.
    pub fn stack(&mut self, calls: &[&str]) -> StackId {
        let calls: Vec<_> = calls.iter().map(|&call| String::from(call)).collect();
        self.stacks.keep(&calls)
    }

    /// Who is at work from now on.
    pub fn context(&mut self, context: Context) {
        self.context = context;
    }

    /// The record of a page that is, or was, allocated.
    pub fn record(&self, pfn: Pfn) -> Option<&Record> {
        self.records.get(&pfn)
    }

    /// Every record, by frame.
    pub fn records(&self) -> impl Iterator<Item = (Pfn, &Record)> {
        self.records.iter().map(|(&pfn, record)| (pfn, record))
    }

    /// The call stacks.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    pub(super) fn policy(&self) -> &'static OwnerPolicy {
        self.policy
    }

    /// A block was allocated (`__set_page_owner`).
    pub fn allocated(&mut self, block: Block, gfp: Gfp) {
        let record = Record {
            order: block.order(),
            gfp,
            reason: None,
            by: self.context.clone(),
            freed_by: None,
            allocated: true,
        };
        let frames = match self.policy.coverage {
            Coverage::Head => 1,
            Coverage::Every => block.frames(),
        };
        for pfn in frames_of(PfnRange::sized(block.start(), frames)) {
            if self.entries.has_entry(pfn) {
                let freed_by = self.records.get(&pfn).and_then(|old| old.freed_by.clone());
                let record = Record {
                    freed_by,
                    ..record.clone()
                };
                self.records.insert(pfn, record);
            }
        }
    }

    /// A block was freed (`__reset_page_owner`).
    pub fn freed(&mut self, block: Block) {
        for pfn in frames_of(block.range()) {
            match self.policy.on_free {
                OnFree::Forget => {
                    self.records.remove(&pfn);
                }
                OnFree::Keep => {
                    if let Some(record) = self.records.get_mut(&pfn) {
                        record.allocated = false;
                        record.freed_by = Some(self.context.clone());
                    }
                }
            }
        }
    }

    /// A block became parts of `order` (`__split_page_owner`).
    pub fn split(&mut self, block: Block, order: Order) {
        match self.policy.on_split {
            OnSplit::CopyHead => {
                let Some(mut head) = self.records.get(&block.start()).cloned() else {
                    return;
                };
                head.order = Order::ZERO;
                for pfn in frames_of(block.range()) {
                    if self.entries.has_entry(pfn) {
                        self.records.insert(pfn, head.clone());
                    }
                }
            }
            OnSplit::OrderZero => self.say_order(block, Order::ZERO),
            OnSplit::NewOrder => self.say_order(block, order),
        }
    }

    fn say_order(&mut self, block: Block, order: Order) {
        let range = block.range();
        for (_, record) in self.records.range_mut(range.start()..range.end()) {
            record.order = order;
        }
    }

    /// What a page holds moved to another (`__copy_page_owner`): the record goes with it, and the
    /// old page keeps its own until it is freed.
    pub fn migrated(&mut self, from: Pfn, to: Pfn) {
        let Some(record) = self.records.get(&from).cloned() else {
            return;
        };
        if self.entries.has_entry(to) {
            self.records.insert(to, record);
        }
    }

    /// Why a page is moved (`__set_page_owner_migrate_reason`).
    pub fn migrate_reason(&mut self, pfn: Pfn, reason: MigrateReason) {
        if let Some(record) = self.records.get_mut(&pfn) {
            record.reason = Some(reason);
        }
    }

    /// Finds pages that were allocated before records were kept, zone by zone
    /// (`init_early_allocated_pages`): those that are neither on a free list nor reserved, and have
    /// no record. Generations up to 5.0 drain the per-CPU lists before, in later ones what lies
    /// there is found, too. The result is the lines of the boot log.
    pub fn find_early(&mut self, snapshot: &Snapshot) -> Vec<String> {
        let context = Context {
            stack: StackId::EARLY,
            ..Context::default()
        };
        let zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
        zones
            .map(|zone| {
                let cached = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
                let cached = cached.flat_map(|list| {
                    let pfns = list.pfns.iter();
                    pfns.map(|&pfn| PfnRange::sized(pfn, list.order.frames()))
                });
                let lent = zone.lent.iter().map(|block| block.range());
                let mut found: u64 = 0;
                for pfn in cached.chain(lent).flat_map(frames_of) {
                    if self.records.contains_key(&pfn) || !self.entries.has_entry(pfn) {
                        continue;
                    }
                    let record = Record {
                        order: Order::ZERO,
                        gfp: Gfp::NONE,
                        reason: None,
                        by: context.clone(),
                        freed_by: None,
                        allocated: true,
                    };
                    self.records.insert(pfn, record);
                    found += 1;
                }
                early_line(zone.id, found)
            })
            .collect()
    }
}

fn early_line(zone: ZoneId, found: u64) -> String {
    let name = zone.kind.name();
    format!(
        "Node {}, zone {name:>8}: page owner found early allocated {found} pages",
        zone.node
    )
}

fn frames_of(range: PfnRange) -> impl Iterator<Item = Pfn> {
    (0..range.frames()).map(move |frame| range.start().offset(frame))
}

impl<E: Entries> Observer for PageOwner<E> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Asked(request) => self.asked = request.gfp,
            Event::Lent { block, .. } => self.allocated(block, self.asked),
            Event::LentSplit { block, .. } => self.split(block, Order::ZERO),
            Event::Returned { block, .. } => self.freed(block),
            _ => {}
        }
    }
}
