//! The allocator: where requests come in.

use alloc::sync::Arc;
use alloc::vec::Vec;

use pfnlab_model::{
    AllocError, Block, Capability, CpuError, CpuId, End, Event, FreeError, Gfp, Inspect, MemRange,
    MemoryError, MemoryOp, MigrateType, NodeId, Observer, Order, PageAllocator, Pfn, PfnRange,
    Reclaim, Refusal, Request, Sysctl, ZoneFlags, ZoneId, ZoneKind, ZoneStat,
};

use crate::alloc_flags::AllocFlags;
use crate::area::Area;
use crate::gfp_zone::{self, ZoneTable};
use crate::kswapd::Kswapd;
use crate::memmap::MemMap;
use crate::options::Options;
use crate::pageblock::Pageblocks;
use crate::tunables::Tunables;
use crate::walk::Asked;
use crate::zone::Zone;
use crate::zone_map::{ZoneAt, ZoneMap};
use crate::zonelist::{ZoneRef, Zonelist};
use crate::zonelist_cache::ZonelistCache;
use crate::{Config, Profile};

/// The zoned page allocator of one machine.
///
/// ```
/// use pfnlab_mm::{Config, Mm, Profile};
/// use pfnlab_model::{CpuId, Gfp, MachineSpec, NodeSpec, PageAllocator, Request};
///
/// let node = NodeSpec { cpus: vec![0], ram: vec!["0..64M".parse()?], ..NodeSpec::default() };
/// let machine = MachineSpec { nodes: vec![node], ..MachineSpec::default() }.build()?;
/// let mut mm = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64)?;
/// let block = mm.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ())?;
/// mm.free(block, CpuId(0), &mut ())?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mm {
    pub(crate) profile: &'static Profile,
    pub(crate) config: Config,
    pub(crate) options: Options,
    pub(crate) gfp_zones: ZoneTable,
    pub(crate) tunables: Tunables,
    /// The counters its zones keep, in the kernel's order.
    pub(crate) zone_stats: Vec<ZoneStat>,
    pub(crate) totalram: u64,
    pub(crate) totalreserve: u64,
    pub(crate) mobility_disabled: bool,
    /// The kind of zone the movable ones take their memory from.
    pub(crate) movable_zone: ZoneKind,
    /// The index of the zone that a request for Normal memory is rather sent to than that types
    /// mix.
    pub(crate) lower_zone: Option<usize>,
    /// Its requests can be served at once: [`Profile::is_brief`].
    pub(crate) brief: bool,
    /// By migratetype: how far the first walk of a request may go.
    pub(crate) first_flags: [AllocFlags; MigrateType::COUNT],
    pub(crate) section_frames: u64,
    pub(crate) cpus: Vec<Cpu>,
    pub(crate) nodes: Vec<Node>,
    /// By node.
    pub(crate) kswapds: Vec<Kswapd>,
    /// By node and kind; [`Config::zones`] of them for every node.
    pub(crate) zones: Vec<Zone>,
    pub(crate) blocks: Pageblocks,
    pub(crate) zone_map: ZoneMap,
    /// Shared by clones until memory comes or goes.
    pub(crate) memmap: Arc<MemMap>,
    /// Memory sections that are offline, ascending.
    pub(crate) offline: Vec<MemRange>,
    /// Areas set aside for contiguous memory.
    pub(crate) areas: Vec<Area>,
}

/// A CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu {
    pub(crate) node: NodeId,
    pub(crate) online: bool,
}

/// By migratetype: how far the first walk of a request may go, whether contiguous areas are open to
/// it, and whether it is never to mix types.
pub(crate) fn first_flags(config: &Config, profile: &Profile) -> [AllocFlags; MigrateType::COUNT] {
    let resists = profile.fragment.resists();
    let low = AllocFlags::LOW.with_if(resists, AllocFlags::NOFRAGMENT);
    let mut flags = [low; MigrateType::COUNT];
    let movable = &mut flags[MigrateType::Movable.index()];
    *movable = movable.with_if(config.cma, AllocFlags::CMA);
    flags
}

/// A node (`pg_data_t`).
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) start: Pfn,
    pub(crate) spanned: u64,
    pub(crate) present: u64,
    pub(crate) distance: Vec<u8>,
    /// The node it was cut from by `numa=fake=`, whose CPUs it shares; else itself.
    pub(crate) real: NodeId,
    pub(crate) totalreserve: u64,
    /// The order in which zones are asked: all of them, and its own.
    pub(crate) zonelists: [Zonelist; 2],
    /// What is noted of the first list (up to 3.8).
    pub(crate) cache: Option<ZonelistCache>,
}

impl Mm {
    /// The kernel generation it behaves like.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// How the kernel was built.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The memory map: which frames have a descriptor, and what it says.
    pub fn memmap(&self) -> &MemMap {
        &self.memmap
    }

    /// The request on its way.
    ///
    /// # Errors
    /// When it contradicts itself or no zone may be asked.
    #[inline(always)]
    fn asked<'a>(&self, request: &'a Request) -> Result<Asked<'a>, AllocError> {
        if request.order > self.config.top_order {
            return Err(AllocError::TooLarge(request.order));
        }
        let gfp = request.gfp;
        let contradiction = AllocError::Contradiction(gfp);
        let highest = self.gfp_zones.highest(gfp).ok_or(contradiction)?;
        let mt = gfp_zone::migratetype(gfp, self.mobility_disabled).ok_or(contradiction)?;
        let cpu = match self.cpus.get(request.cpu.index()) {
            Some(cpu) if cpu.online => cpu,
            _ => return Err(AllocError::NoCpu(request.cpu)),
        };
        // x86 kernels are built without memoryless-node support, so the nearest node is the CPU's
        // own even if it has no memory.
        let node = request.node.unwrap_or(cpu.node).index();
        if node >= self.nodes.len() {
            return Err(AllocError::NoZone);
        }
        let list = (node, gfp.contains(Gfp::THISNODE));
        let first = self.zonelist(list).first(highest, request.nodes);
        let preferred = first.ok_or(AllocError::NoZone)?;
        Ok(Asked {
            request,
            mt,
            highest,
            list,
            nodes: request.nodes,
            preferred,
        })
    }

    #[inline]
    pub(crate) fn zonelist(&self, (node, this_node): (usize, bool)) -> &Zonelist {
        &self.nodes[node].zonelists[usize::from(this_node)]
    }

    #[inline]
    pub(crate) fn nodes_online(&self) -> usize {
        self.nodes.len()
    }

    /// The zone of a kind on a node, with memory or without.
    #[inline]
    pub(crate) fn zone_of_node(&self, node: usize, kind: usize) -> Option<&Zone> {
        self.zones.get(node * self.config.zones.len() + kind)
    }

    fn zone_at(&self, id: ZoneId) -> Option<usize> {
        let kind = self.config.zone_index(id.kind)?;
        (id.node.index() < self.nodes.len())
            .then_some(id.node.index() * self.config.zones.len() + kind)
    }

    pub(crate) fn zone_by_id(&self, id: ZoneId) -> Option<&Zone> {
        self.zone_at(id).map(|at| &self.zones[at])
    }

    #[inline]
    pub(crate) fn zone_of_block(&self, block: Block) -> Result<usize, FreeError> {
        self.zone_map
            .zone_of(block.start())
            .map(ZoneAt::index)
            .ok_or_else(|| self.in_no_zone(block))
    }

    /// Why a block that is in no zone cannot be freed: a kernel asks whether its frames have
    /// descriptors before it looks at one.
    #[cold]
    fn in_no_zone(&self, block: Block) -> FreeError {
        let last = block.start().offset(block.frames() - 1);
        let model = self.memmap.model();
        if model.pfn_valid(block.start()) && model.pfn_valid(last) {
            FreeError::NotLent(block)
        } else {
            FreeError::NoPage(block)
        }
    }

    /// Takes a block back, to an end of the CPU's list where such blocks are cached.
    #[inline(always)]
    fn give_back(
        &mut self,
        block: Block,
        end: End,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let zone = self.zone_of_block(block)?;
        if block.order() > self.config.top_order || !self.runs(cpu) {
            return Err(FreeError::Unsupported(block));
        }
        let zone = &mut self.zones[zone];
        zone.take_back(block, observer)?;
        zone.free(block, end, cpu, &mut self.blocks, observer);
        Ok(())
    }

    /// Takes a block back to the cold end.
    #[inline(never)]
    fn give_back_cold(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.give_back(block, End::Tail, cpu, observer)
    }

    /// The fast path, then the slow one (`__alloc_pages`).
    #[inline(always)]
    fn alloc_pages(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        match self.at_once(request, observer) {
            Some(block) => Ok(block),
            None => self.at_length(request, &mut (), observer),
        }
    }

    #[inline(never)]
    fn at_length(
        &mut self,
        request: &Request,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let asked = self.asked(request)?;
        let flags = self.first_flags(request.gfp, asked.mt, asked.preferred.zone);
        self.ask_first(&asked, flags, observer)
            .or_else(|why| self.ask_elsewhere(&asked, flags, why, owners, observer))
    }

    #[cold]
    fn ask_elsewhere(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        why: Refusal,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        self.ask_others(asked, flags, why, observer)
            .or_else(|_| self.slowpath(asked, owners, observer))
    }

    /// The flag that opens contiguous areas, if the kernel has them and the type may use them.
    pub(crate) fn cma_flag(&self, mt: MigrateType) -> AllocFlags {
        self.first_flags[mt.index()].only(AllocFlags::CMA)
    }

    /// How far the first walk may go.
    #[inline]
    pub(crate) fn first_flags(&self, gfp: Gfp, mt: MigrateType, preferred: ZoneRef) -> AllocFlags {
        let may_wake = gfp.contains(Gfp::KSWAPD_RECLAIM);
        self.first_flags[mt.index()]
            .with_if(self.nofragment(preferred.id), AllocFlags::NOFRAGMENT)
            .with_if(may_wake, AllocFlags::KSWAPD)
    }
}

impl PageAllocator for Mm {
    fn alloc(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        observer.event(Event::Asked(*request));
        let served = self.alloc_pages(request, observer);
        if served.is_err() {
            observer.event(Event::Refused(*request));
        }
        served
    }

    fn alloc_blocking(
        &mut self,
        request: &Request,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        observer.event(Event::Asked(*request));
        let served = match self.at_once(request, observer) {
            Some(block) => Ok(block),
            None => self.at_length(request, owners, observer),
        };
        if served.is_err() {
            observer.event(Event::Refused(*request));
        }
        served
    }

    fn free(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.give_back(block, End::Head, cpu, observer)
    }

    fn free_cold(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        if !self.profile.pcp.knows_cold() {
            return self.free(block, cpu, observer);
        }
        self.give_back_cold(block, cpu, observer)
    }

    fn offers(&self, what: Capability) -> bool {
        what != Capability::Bulk || self.profile.bulk.is_known()
    }

    fn split(&mut self, block: Block, observer: &mut impl Observer) -> Result<(), FreeError> {
        let zone = self.zone_of_block(block)?;
        self.zones[zone].split_lent(block, observer)
    }

    fn bulk(
        &mut self,
        request: &Request,
        pages: &mut [Pfn],
        observer: &mut impl Observer,
    ) -> Result<usize, AllocError> {
        if !self.profile.bulk.is_known() {
            return Err(AllocError::Unsupported);
        }
        let request = Request {
            order: Order::ZERO,
            ..*request
        };
        observer.event(Event::Asked(request));
        let asked = self.asked(&request)?;
        let got = if pages.len() == 1 {
            0
        } else {
            self.bulk_from_pcp(&asked, pages, observer)
        };
        if got > 0 || pages.is_empty() {
            return Ok(got);
        }
        match self.alloc_pages(&request, observer) {
            Ok(block) => {
                pages[0] = block.start();
                Ok(1)
            }
            Err(error) => {
                observer.event(Event::Refused(request));
                Err(error)
            }
        }
    }

    fn exact(
        &mut self,
        request: &Request,
        frames: u32,
        observer: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        self.alloc_exact(request, frames, observer)
    }

    fn drain(&mut self, cpu: CpuId, observer: &mut impl Observer) {
        if !self.runs(cpu) {
            return;
        }
        for zone in self.zones.iter_mut().filter(|zone| zone.is_populated()) {
            zone.drain(cpu, cpu, &mut self.blocks, observer);
        }
    }

    fn vmstat_tick(&mut self, cpu: CpuId, observer: &mut impl Observer) {
        let Some(&Cpu { node, online: true }) = self.cpus.get(cpu.index()) else {
            return;
        };
        for zone in self.zones.iter_mut().filter(|zone| zone.is_populated()) {
            zone.tick(cpu, zone.id.node == node, &mut self.blocks, observer);
        }
    }

    fn successor(&self, cpu: CpuId) -> Result<CpuId, CpuError> {
        self.first_other_cpu(cpu)
    }

    fn cpu_offline(
        &mut self,
        cpu: CpuId,
        on: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), CpuError> {
        self.take_cpu_away(cpu, on, observer)
    }

    fn cpu_online(&mut self, cpu: CpuId, observer: &mut impl Observer) -> Result<(), CpuError> {
        self.bring_cpu_back(cpu, observer)
    }

    fn sysctl(
        &mut self,
        sysctl: Sysctl,
        value: u64,
        observer: &mut impl Observer,
    ) -> Result<(), (Sysctl, u64)> {
        self.write_tunable(sysctl, value, observer)
    }

    fn set_zone_flags(
        &mut self,
        zone: ZoneId,
        set: ZoneFlags,
        clear: ZoneFlags,
        boost: Option<u64>,
        observer: &mut impl Observer,
    ) -> Result<(), ZoneId> {
        let at = self
            .zone_at(zone)
            .filter(|&at| self.zones[at].is_populated())
            .ok_or(zone)?;
        let zone = &mut self.zones[at];
        zone.set_flags(zone.flags.with(set).without(clear), observer);
        if let Some(boost) = boost {
            zone.set_boost(boost, observer);
        }
        Ok(())
    }

    fn memory(
        &mut self,
        op: &MemoryOp,
        frames: PfnRange,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<PfnRange, MemoryError> {
        self.memory_op(op, frames, owners, observer)
    }

    fn set_listed(&mut self, page: Block, listed: bool) {
        self.blocks.set_listed(page, listed);
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        Some(self)
    }
}
