//! Memory hotplug: sections of memory come and go while the machine runs.
//!
//! ```text
//!   (nothing) ──add──▶ offline ──online──▶ online
//!   (nothing) ◀─remove─ offline ◀─offline── online
//! ```
//!
//! - `sections`: plugged in and taken out; offline, they have descriptors and no zone.
//! - `zone_choice`: which zone they go to. `auto_movable`: whether there is enough kernel memory
//!   for them to be movable. `spans`: that zone and its node reach further, or less far.
//! - `online`, `offline`: given to the allocator, and emptied and taken from it.
//! - `policy`: in what generations differ.

mod auto_movable;
mod offline;
mod online;
mod policy;
mod sections;
mod spans;
mod zone_choice;

use pfnlab_model::{
    CpuId, Event, MemoryError, MemoryEvent, MemoryNotice, MemoryOp, MemoryStep, NodeId, Observer,
    PfnRange, Reclaim, Tenants,
};

use crate::Mm;

pub(crate) use policy::HotplugRule;

impl Mm {
    /// Does what was asked about a range of frames; says which frames that were.
    ///
    /// # Errors
    /// When it cannot be.
    pub(crate) fn memory_op(
        &mut self,
        op: &MemoryOp,
        frames: PfnRange,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<PfnRange, MemoryError> {
        let (cpu, tenants) = (op.cpu(), owners);
        let online = self.cpus.get(cpu.index()).is_some_and(|cpu| cpu.online);
        if !online {
            return Err(MemoryError::Nowhere(u32::from(cpu.0)));
        }
        match *op {
            MemoryOp::Add { range, node } => self.add_memory(range, node, observer)?,
            MemoryOp::Remove { range } => self.remove_memory(range, observer)?,
            MemoryOp::Online { range, to, cpu } => {
                self.online_memory(range, to, cpu, tenants, observer)?;
            }
            MemoryOp::Offline { range, cpu } => {
                self.offline_memory(range, cpu, tenants, observer)?;
            }
            MemoryOp::ContigAlloc { range, cpu, .. } => {
                self.alloc_contig(range, cpu, tenants, observer)?;
                return Ok(range);
            }
            MemoryOp::CmaAlloc {
                area,
                frames,
                align,
                cpu,
                ..
            } => return self.cma_alloc(area, frames, align, cpu, tenants, observer),
            MemoryOp::CmaRelease { cpu, .. } => self.cma_release(frames, cpu, observer)?,
            MemoryOp::Compact { node, goal, cpu } => {
                self.compact_node(node, goal, cpu, tenants, observer)?;
            }
            // Who is asked is the caller's to say.
            MemoryOp::Waiting { .. } => {}
            MemoryOp::Kswapd { node, cpu } => self.balance(node, cpu, tenants, observer)?,
        }
        Ok(frames)
    }

    /// Tells everybody concerned what happens to a range.
    ///
    /// # Errors
    /// When somebody objects.
    fn notify(
        &mut self,
        notice: MemoryNotice,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let heard = tenants.notify(notice, cpu, self, observer);
        observer.event(Event::Memory(MemoryEvent::Notified {
            step: notice.step,
            range: notice.range,
            vetoed: heard.is_err(),
        }));
        heard.map_err(MemoryError::Vetoed)
    }

    /// Tells, where nobody can object.
    fn announce(
        &mut self,
        step: MemoryStep,
        notice: MemoryNotice,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) {
        // Who objects now is not heard.
        let _ = self.notify(MemoryNotice { step, ..notice }, cpu, tenants, observer);
    }

    /// So many frames exist more, or less, in a zone and on its node.
    fn change_present(&mut self, zone: usize, frames: i64, observer: &mut impl Observer) {
        let zone = &mut self.zones[zone];
        zone.present = zone.present.saturating_add_signed(frames);
        observer.event(Event::Memory(MemoryEvent::PresentSet {
            zone: zone.id,
            frames: zone.present,
        }));
        let node = &mut self.nodes[zone.id.node.index()];
        node.present = node.present.saturating_add_signed(frames);
        observer.event(Event::Memory(MemoryEvent::NodePresentSet {
            node: zone.id.node,
            frames: node.present,
        }));
    }

    /// The allocator has so many frames more, or less.
    fn change_managed(&mut self, zone: usize, frames: i64, observer: &mut impl Observer) {
        let zone = &mut self.zones[zone];
        let managed = self.profile.managed.changed(frames);
        if managed != 0 {
            zone.managed = zone.managed.saturating_add_signed(managed);
            observer.event(Event::Memory(MemoryEvent::ManagedSet {
                zone: zone.id,
                frames: zone.managed,
            }));
        }
        self.totalram = self.totalram.saturating_add_signed(frames);
        observer.event(Event::Memory(MemoryEvent::TotalRamSet {
            frames: self.totalram,
        }));
    }

    /// Whether a node has no memory but in one zone, or none at all.
    fn only_memory(&self, node: NodeId, zone: Option<usize>) -> bool {
        let kinds = self.config.zones.len();
        let first = node.index() * kinds;
        (first..first + kinds).all(|at| Some(at) == zone || !self.zones[at].is_populated())
    }

    /// Whether a range is whole memory blocks: what comes online and goes offline.
    fn is_whole(&self, range: PfnRange) -> bool {
        is_multiple(range, self.options.memory_block_frames)
    }
}

/// Whether a range begins and ends at multiples of so many frames.
fn is_multiple(range: PfnRange, frames: u64) -> bool {
    !range.is_empty()
        && range.start().get().is_multiple_of(frames)
        && range.end().get().is_multiple_of(frames)
}
