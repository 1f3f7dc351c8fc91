//! What a client can ask the allocator for.

use pfnlab_model::*;

use crate::{Bug, FirstFit};

impl FirstFit {
    fn serve(&mut self, z: usize, request: &Request, o: &mut impl Observer) -> Option<Block> {
        let Request { order, cpu, .. } = *request;
        if order > Order::ZERO || self.layout.pcp_high == 0 {
            return self.take(z, order, cpu, o);
        }
        if self.state.zones[z].pcp[cpu.index()].count == 0 {
            for _ in 0..2 {
                if let Some(page) = self.take(z, order, cpu, o) {
                    self.pcp_push(z, page, cpu, o);
                }
            }
        }
        self.pcp_pop(z, cpu, End::Head, o)
    }

    fn lend(&mut self, z: usize, block: Block, o: &mut impl Observer) {
        let lent = &mut self.state.zones[z].lent;
        let at = lent.partition_point(|other| other.start() < block.start());
        lent.insert(at, block);
        o.event(Event::Lent {
            zone: self.state.zones[z].id,
            block,
        });
    }

    fn take_back(&mut self, block: Block, o: &mut impl Observer) -> Result<usize, FreeError> {
        let refused = FreeError::NotLent(block);
        let mut zones = self.state.zones.iter();
        let z = zones.position(|zone| zone.lent.binary_search(&block).is_ok());
        let z = z.ok_or(refused)?;
        let zone = &mut self.state.zones[z];
        let at = zone.lent.binary_search(&block).map_err(|_| refused)?;
        zone.lent.remove(at);
        o.event(Event::Returned {
            zone: zone.id,
            block,
        });
        Ok(z)
    }

    /// Whoever lends what it does not have takes back what it does not know.
    fn is_lenient(&self) -> bool {
        matches!(self.bug, Bug::LendsTwice | Bug::LendsBehindTheEnd)
    }

    /// A block that some client has.
    fn held(&self, order: Order) -> Option<Block> {
        let lent = self.state.zones.iter().flat_map(|zone| &zone.lent);
        lent.copied().find(|lent| lent.order() == order)
    }

    /// The zones a request may be served from, by position, best first.
    fn may_serve(&self, request: &Request) -> Vec<usize> {
        let node = request.node.map_or(0, NodeId::index);
        let movable = request.gfp.contains(Gfp::MOVABLE | Gfp::HIGHMEM);
        let movable = movable || self.is(Bug::ForgetsTheZoneLimit);
        let this_node = request.gfp.contains(Gfp::THISNODE) && !self.is(Bug::ForgetsThisNode);
        let nodes = request.nodes.filter(|_| !self.is(Bug::ForgetsTheMask));
        let may = |id: &&ZoneId| {
            let in_mask = nodes.is_none_or(|nodes| nodes.contains(id.node));
            let right_node = !this_node || id.node.index() == node;
            in_mask && right_node && (movable || id.kind != ZoneKind::Movable)
        };
        let Some(node) = self.state.nodes.get(node) else {
            return Vec::new();
        };
        let zones = node.zonelist.iter().filter(may);
        let at = |id: &ZoneId| self.state.zones.iter().position(|zone| zone.id == *id);
        zones.filter_map(at).collect()
    }

    /// What a client is told it got.
    fn told(&self, request: &Request, block: Block) -> Block {
        let order = request.order;
        match self.bug {
            Bug::LendsTooMuch => block.parent().unwrap_or(block),
            Bug::LendsTooLittle => block.split().map_or(block, |(lower, _)| lower),
            Bug::ReturnsTheOtherHalf if order < self.state.global.top_order => block.buddy(),
            _ => block,
        }
    }
}

impl PageAllocator for FirstFit {
    fn alloc(&mut self, request: &Request, o: &mut impl Observer) -> Result<Block, AllocError> {
        self.calls += 1;
        let order = request.order;
        let top = self.state.global.top_order;
        if order > top || (order == top && self.is(Bug::RefusesTheTopOrder)) {
            return Err(AllocError::TooLarge(order));
        }
        if self.is(Bug::LendsTwice)
            && self.calls > 5
            && let Some(held) = self.held(order)
        {
            return Ok(held);
        }
        if self.is(Bug::LendsBehindTheEnd) && self.calls > 5 {
            let behind = Pfn::new((1 << 20) + (self.calls << 6));
            return Ok(Block::containing(behind, order));
        }
        let zones = self.may_serve(request);
        for &z in &zones {
            if let Some(block) = self.serve(z, request, o) {
                self.lend(z, block, o);
                if self.is(Bug::LendsToNobody) && self.calls > 5 {
                    return Err(AllocError::Exhausted(order));
                }
                return Ok(self.told(request, block));
            }
        }
        Err(if zones.is_empty() {
            AllocError::NoZone
        } else {
            AllocError::Exhausted(order)
        })
    }

    fn free(&mut self, block: Block, cpu: CpuId, o: &mut impl Observer) -> Result<(), FreeError> {
        self.calls += 1;
        if self.is(Bug::RefusesWhatItLent) && self.calls > 5 && block.frames() == 2 {
            return Err(FreeError::NotLent(block));
        }
        let mut z = match self.take_back(block, o) {
            Err(_) if self.is_lenient() => return Ok(()),
            taken => taken?,
        };
        let zone = self.state.zones[z].id;
        match self.bug {
            Bug::DropsWhatIsFreed if self.calls > 20 => return Ok(()),
            Bug::FreesIntoAnotherZone | Bug::FreesOutsideTheMemory => z = 0,
            Bug::SpeaksOfAnotherZone => {
                let (node, kind) = (NodeId(7), ZoneKind::Dma);
                let zone = ZoneId { node, kind };
                o.event(Event::BoostSet { zone, frames: 0 });
            }
            Bug::ReservesTwice => {
                let size = self.state.global.pageblock_order.frames();
                self.state.zones[z].highatomic_reserved += size;
                let frames = self.state.zones[z].highatomic_reserved;
                o.event(Event::HighAtomicReserved { zone, frames });
            }
            Bug::ForgetsADeadCpu => {
                let online = false;
                self.state.cpus[cpu.index()].online = online;
                o.event(Event::CpuSet { cpu, online });
            }
            Bug::LowersAWatermark => {
                self.state.zones[z].watermarks.high = 1;
                let marks = self.state.zones[z].watermarks;
                o.event(Event::WatermarksSet { zone, marks });
            }
            _ => {}
        }
        let pairs = block.frames() == 2 && self.is(Bug::CachesPairs);
        if self.layout.pcp_high == 0 || (block.order() > Order::ZERO && !pairs) {
            let freed = match self.bug {
                Bug::FreesHalf => block.split().map_or(block, |(lower, _)| lower),
                Bug::FreesTooMuch => block.parent().unwrap_or(block),
                _ => block,
            };
            self.give(z, freed, cpu, o);
            return Ok(());
        }
        self.pcp_push(z, block, cpu, o);
        if self.state.zones[z].pcp[cpu.index()].count > self.layout.pcp_high {
            for _ in 0..2 {
                if let Some(page) = self.pcp_pop(z, cpu, End::Tail, o) {
                    self.give(z, page, cpu, o);
                }
            }
        }
        Ok(())
    }

    fn offers(&self, what: Capability) -> bool {
        match what {
            Capability::Sysctl | Capability::CpuHotplug | Capability::Memory => false,
            Capability::Split | Capability::Bulk | Capability::Exact => true,
            Capability::PerCpu | Capability::Zones => self.layout.open,
        }
    }

    fn split(&mut self, block: Block, o: &mut impl Observer) -> Result<(), FreeError> {
        let z = match self.take_back(block, &mut ()) {
            Err(_) if self.is_lenient() => return Ok(()),
            taken => taken?,
        };
        for frame in 0..block.frames() {
            self.lend(z, Block::page(block.start().offset(frame)), &mut ());
        }
        if !self.is(Bug::SplitsInSilence) {
            let zone = self.state.zones[z].id;
            o.event(Event::LentSplit { zone, block });
        }
        Ok(())
    }

    fn bulk(
        &mut self,
        request: &Request,
        pages: &mut [Pfn],
        o: &mut impl Observer,
    ) -> Result<usize, AllocError> {
        for got in 0..pages.len() {
            match self.alloc(request, o) {
                Ok(block) => pages[got] = block.start(),
                Err(error) if got == 0 => return Err(error),
                Err(_) => {
                    if self.is(Bug::MiscountsAPartialBulk) {
                        let missing = (pages.len() - got) as i64;
                        self.count(0, request.cpu, MigrateType::Movable, -missing, o);
                    }
                    return Ok(got);
                }
            }
        }
        if self.is(Bug::RepeatsAPageInBulk) && pages.len() > 1 {
            pages[1] = pages[0];
        }
        Ok(pages.len())
    }

    fn exact(
        &mut self,
        request: &Request,
        frames: u32,
        o: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        let order = Order::covering(u64::from(frames));
        let order = order.ok_or(AllocError::TooLarge(Order::MAX))?;
        let block = self.alloc(&Request { order, ..*request }, o)?;
        if order > Order::ZERO && self.split(block, o).is_err() {
            return Ok(block.start());
        }
        let surplus = block.frames() - u64::from(frames);
        let (start, rest) = if self.is(Bug::KeepsTheEndOfAnExactRun) {
            (block.start().offset(surplus), block.start())
        } else {
            (block.start(), block.start().offset(u64::from(frames)))
        };
        for frame in 0..surplus {
            // What cannot be freed is a bug's doing, and somebody else's to find.
            let _ = self.free(Block::page(rest.offset(frame)), request.cpu, o);
        }
        Ok(start)
    }

    fn drain(&mut self, cpu: CpuId, o: &mut impl Observer) {
        for z in 0..self.state.zones.len() {
            let short = u32::from(self.is(Bug::DrainsOneShort));
            while self.state.zones[z].pcp[cpu.index()].count > short {
                let Some(page) = self.pcp_pop(z, cpu, End::Tail, o) else {
                    break;
                };
                let last = self.state.zones[z].pcp[cpu.index()].count == 0;
                if !(last && self.is(Bug::LosesTheLastOfADrain)) {
                    self.give(z, page, cpu, o);
                }
            }
        }
    }

    fn set_zone_flags(
        &mut self,
        zone: ZoneId,
        set: ZoneFlags,
        clear: ZoneFlags,
        _: Option<u64>,
        o: &mut impl Observer,
    ) -> Result<(), ZoneId> {
        let mut zones = self.state.zones.iter_mut();
        let state = zones.find(|state| state.id == zone).ok_or(zone)?;
        state.flags = state.flags.with(set).without(clear);
        let flags = state.flags;
        if !self.is(Bug::FlagsInSilence) {
            o.event(Event::FlagsSet { zone, flags });
        }
        Ok(())
    }

    fn set_listed(&mut self, page: Block, listed: bool) {
        // Which list it is does not matter.
        let (node, list, end) = (NodeId(0), LruList::InactiveFile, End::Head);
        let block = page;
        self.state.apply(Event::Lru(match listed {
            true => LruEvent::Listed {
                node,
                list,
                block,
                end,
            },
            false => LruEvent::Unlisted { node, list, block },
        }));
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.layout.open.then_some(self)
    }
}
