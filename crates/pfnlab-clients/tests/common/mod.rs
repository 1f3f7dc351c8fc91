//! A page allocator that hands out ascending frames, refuses what it is told to, and writes down
//! what it was asked.
#![allow(dead_code, reason = "every test binary uses a part")]

use std::collections::BTreeSet;

use pfnlab_model::{
    AllocError, Block, Capability, CpuId, FreeError, Gfp, Inspect, MigrateType, NodeId, Observer,
    Order, PageAllocator, Pfn, PfnRange, Request, Snapshot, ZoneFlags, ZoneId, ZoneKind,
};

/// Frames of each node: node 1 begins here.
pub(crate) const NODE_1: u64 = 1 << 20;

/// A page allocator that writes down what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Scribe {
    /// Every request, served or not.
    pub(crate) asked: Vec<Request>,
    /// Every block that came back, and on which CPU.
    pub(crate) freed: Vec<(Block, CpuId)>,
    /// What is handed out.
    pub(crate) lent: BTreeSet<Block>,
    /// The next frame of each node.
    pub(crate) next: [u64; 4],
    /// Requests above this order are refused.
    pub(crate) largest: Option<Order>,
    /// So many more frames are handed out.
    pub(crate) left: Option<u64>,
    /// Nodes that have no memory.
    pub(crate) empty: Vec<NodeId>,
}

impl Scribe {
    /// The orders and masks asked for, as text.
    pub(crate) fn wants(&self) -> Vec<String> {
        let asked = self.asked.iter();
        asked
            .map(|request| format!("{} {}", request.order, request.gfp))
            .collect()
    }

    /// The first frames of what came back, in order.
    pub(crate) fn freed_pfns(&self) -> Vec<u64> {
        self.freed
            .iter()
            .map(|(block, _)| block.start().get())
            .collect()
    }
}

impl PageAllocator for Scribe {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        self.asked.push(*request);
        let order = request.order;
        if self.largest.is_some_and(|largest| order > largest) {
            return Err(AllocError::Exhausted(order));
        }
        if self.left.is_some_and(|left| left < order.frames()) {
            return Err(AllocError::Watermark(order));
        }
        let mut node = request.node.unwrap_or_default();
        if self.empty.contains(&node) {
            if request.gfp.contains(Gfp::THISNODE) {
                return Err(AllocError::NoZone);
            }
            node = NodeId(1 - node.0);
        }
        if let Some(left) = &mut self.left {
            *left -= order.frames();
        }
        let base = u64::from(node.0) * NODE_1;
        let next = &mut self.next[node.index()];
        let start = Pfn::new(base + *next).align_up(order);
        *next = start.get() - base + order.frames();
        let block = Block::containing(start, order);
        self.lent.insert(block);
        Ok(block)
    }

    fn free(&mut self, block: Block, cpu: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        if !self.lent.remove(&block) {
            return Err(FreeError::NotLent(block));
        }
        self.freed.push((block, cpu));
        if let Some(left) = &mut self.left {
            *left += block.frames();
        }
        Ok(())
    }

    fn offers(&self, what: Capability) -> bool {
        matches!(what, Capability::Zones | Capability::Exact)
    }

    fn exact(
        &mut self,
        request: &Request,
        frames: u32,
        observer: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        let order = Order::covering(u64::from(frames)).ok_or(AllocError::TooLarge(Order::MAX))?;
        let block = self.alloc(&Request { order, ..*request }, observer)?;
        self.lent.remove(&block);
        for frame in 0..u64::from(frames) {
            self.lent.insert(Block::page(block.start().offset(frame)));
        }
        if let Some(left) = &mut self.left {
            *left += block.frames() - u64::from(frames);
        }
        Ok(block.start())
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        Some(self)
    }
}

impl Inspect for Scribe {
    fn zones(&self) -> Vec<ZoneId> {
        Vec::new()
    }
    fn zone_of(&self, pfn: Pfn) -> Option<ZoneId> {
        Some(ZoneId {
            node: NodeId((pfn.get() / NODE_1) as u16),
            kind: ZoneKind::Normal,
        })
    }
    fn pageblock_type(&self, _: Pfn) -> MigrateType {
        MigrateType::Movable
    }
    fn free_pages(&self, _: ZoneId) -> i64 {
        0
    }
    fn pcp_count(&self, _: ZoneId, _: CpuId) -> u32 {
        0
    }
    fn zone_flags(&self, _: ZoneId) -> ZoneFlags {
        ZoneFlags::NONE
    }
    fn boost(&self, _: ZoneId) -> u64 {
        0
    }
    fn free_blocks(&self, _: ZoneId, _: Order) -> u64 {
        0
    }
    fn snapshot(&self) -> Snapshot {
        unimplemented!("the scribe has no snapshot")
    }
}

/// A request of a CPU with these flags.
pub(crate) fn request(gfp: Gfp, cpu: u16) -> Request {
    let mut request = Request::new(gfp);
    request.cpu = CpuId(cpu);
    request
}

/// The order with this number.
pub(crate) fn order(order: u8) -> Order {
    Order::new(order).expect("an order")
}

/// Frames as a range.
pub(crate) fn frames(start: u64, end: u64) -> PfnRange {
    PfnRange::new(Pfn::new(start), Pfn::new(end)).expect("a range")
}
