//! The lines of `ops.jsonl.gz`: what was asked, and what came of it.

mod fields;

use std::path::Path;

use pfnlab_model::{
    CpuId, Gfp, MigrateType, NodeId, NodeMask, Op, Order, Pfn, Request, Ticket, ZoneFlags, ZoneId,
};

use super::kernel::Kernel;
use super::{OpProblem, RecordingError, file};
use fields::Fields;

/// One operation of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOp {
    /// Its line in the file, from 1.
    pub line: u32,
    /// The CPU it ran on; not every [`Op`] says so itself.
    pub cpu: CpuId,
    /// What was asked. The ids of the recording are the tickets.
    pub op: Op,
    /// What came of it.
    pub got: Got,
}

/// What came of a recorded operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// How it ended.
    pub status: Status,
    /// The frames concerned: for an allocation, a free or a split the first frame of the block;
    /// for `bulk` every frame, in the order they were given. Empty for the rest.
    pub pfns: Vec<Pfn>,
    /// The zone of the first of these frames, or of `zone-flags`, after the operation. `None` when
    /// there is no such frame.
    pub after: Option<ZoneAfter>,
    /// What `vmstat` returned: how much it changed (`refresh_cpu_vm_stats`).
    pub ret: Option<i64>,
}

/// How a recorded operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It was done.
    Ok,
    /// Nothing was handed out. (A recording calls a `bulk` that gave 0 frames done; this is it.)
    Fail,
    /// There was nothing to do it to: the ticket names nothing, or the zone has no memory.
    Skip,
}

/// A zone right after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneAfter {
    /// Which zone.
    pub zone: ZoneId,
    /// The migratetype of the pageblock the frame is in; `None` where there is no frame
    /// (`zone-flags`).
    pub mt: Option<MigrateType>,
    /// How many frames the per-CPU lists of the CPU that did it hold.
    pub pcp: u32,
    /// The folded count of free frames; may be negative (`zone->vm_stat[NR_FREE_PAGES]`).
    pub free: i64,
    /// The zone's flags.
    pub flags: ZoneFlags,
    /// Its watermark boost, in frames.
    pub boost: u64,
}

/// Reads all operations.
pub(super) fn read(path: &Path, kernel: &Kernel) -> Result<Vec<RecordedOp>, RecordingError> {
    let text = file::text(path)?;
    text.lines()
        .zip(1..)
        .map(|(text, line)| {
            parse(text, line, kernel).map_err(|problem| RecordingError::Op {
                path: path.to_owned(),
                line,
                problem,
            })
        })
        .collect()
}

fn parse(text: &str, line: u32, kernel: &Kernel) -> Result<RecordedOp, OpProblem> {
    let mut line_fields = Line {
        fields: Fields::parse(text)?,
        kernel,
    };
    let fields = &mut line_fields.fields;
    let index: u32 = fields.needed("i")?;
    if index != line - 1 {
        return Err(OpProblem::Index {
            expected: line - 1,
            found: index,
        });
    }
    let cpu = fields.needed("cpu")?;
    if cpu >= CpuId::LIMIT {
        return Err(OpProblem::Cpu(cpu));
    }
    let name: String = fields.needed("op")?;
    let cpu = CpuId(cpu);
    let (op, got) = line_fields.op(&name, cpu)?;
    line_fields.fields.finish()?;
    Ok(RecordedOp { line, cpu, op, got })
}

/// One line, taken apart field by field.
struct Line<'a> {
    fields: Fields,
    kernel: &'a Kernel,
}

impl Line<'_> {
    fn op(&mut self, name: &str, cpu: CpuId) -> Result<(Op, Got), OpProblem> {
        match name {
            "alloc" => {
                let ticket = self.ticket("id")?;
                let order = Order::new(self.fields.needed("order")?)?;
                let request = self.request(order, cpu)?;
                Ok((Op::Alloc { ticket, request }, self.block(Status::Fail)?))
            }
            "free" => {
                let ticket = self.ticket("id")?;
                let cold = match self.kernel.frees_cold {
                    true => self.fields.optional("cold")?.unwrap_or(false),
                    false => false,
                };
                Ok((Op::Free { ticket, cpu, cold }, self.block(Status::Skip)?))
            }
            "split" => {
                let ticket = self.ticket("id")?;
                let base = self.ticket("base")?;
                Ok((Op::Split { ticket, base }, self.block(Status::Skip)?))
            }
            "bulk" => {
                let base = self.ticket("base")?;
                let count = self.fields.needed("n")?;
                let request = self.request(Order::ZERO, cpu)?;
                let op = Op::Bulk {
                    base,
                    count,
                    request,
                };
                Ok((op, self.bulk()?))
            }
            "drain" => {
                self.done()?;
                Ok((Op::Drain { cpu }, Got::nothing(Status::Ok)))
            }
            "vmstat" => {
                self.done()?;
                let got = Got {
                    ret: Some(self.fields.needed("ret")?),
                    ..Got::nothing(Status::Ok)
                };
                Ok((Op::Vmstat { cpu }, got))
            }
            "zset" => {
                let (node, index) = (self.fields.needed("nid")?, self.fields.needed("zone")?);
                let op = Op::ZoneFlags {
                    zone: self.zone(node, index)?,
                    set: ZoneFlags::from_bits(self.fields.needed("set")?),
                    clear: ZoneFlags::from_bits(self.fields.needed("clear")?),
                    boost: self.fields.needed("set_boost")?,
                };
                let got = match self.status(Status::Skip)? {
                    Status::Ok => Got {
                        after: Some(self.after(None)?),
                        ..Got::nothing(Status::Ok)
                    },
                    status => Got::nothing(status),
                };
                Ok((op, got))
            }
            unknown => Err(OpProblem::Op(unknown.to_owned())),
        }
    }

    /// What came of an operation on one block, which ends well or in `otherwise`.
    fn block(&mut self, otherwise: Status) -> Result<Got, OpProblem> {
        let status = self.status(otherwise)?;
        if status == Status::Ok {
            let pfn = pfn(self.fields.needed("pfn")?)?;
            let mt = self.migratetype()?;
            return Ok(Got {
                pfns: vec![pfn],
                after: Some(self.after(Some(mt))?),
                ..Got::nothing(Status::Ok)
            });
        }
        let () = self.fields.needed("pfn")?;
        Ok(Got::nothing(status))
    }

    fn bulk(&mut self) -> Result<Got, OpProblem> {
        self.done()?;
        let pfns: Vec<u64> = self.fields.needed("pfns")?;
        let said: u32 = self.fields.needed("got")?;
        let listed = u32::try_from(pfns.len()).unwrap_or(u32::MAX);
        if said != listed {
            return Err(OpProblem::Bulk { said, listed });
        }
        if pfns.is_empty() {
            return Ok(Got::nothing(Status::Fail));
        }
        let mt = self.migratetype()?;
        Ok(Got {
            pfns: pfns.into_iter().map(pfn).collect::<Result<_, _>>()?,
            after: Some(self.after(Some(mt))?),
            ..Got::nothing(Status::Ok)
        })
    }

    /// The status, left out when all went well; this operation may also end in `otherwise`.
    fn status(&mut self, otherwise: Status) -> Result<Status, OpProblem> {
        let status: Option<String> = self.fields.optional("st")?;
        match (status.as_deref(), otherwise) {
            (None, _) => Ok(Status::Ok),
            (Some("fail"), Status::Fail) | (Some("skip"), Status::Skip) => Ok(otherwise),
            (Some(unknown), _) => Err(OpProblem::Status(unknown.to_owned())),
        }
    }

    /// The status of an operation that always ends well.
    fn done(&mut self) -> Result<Status, OpProblem> {
        self.status(Status::Ok)
    }

    fn request(&mut self, order: Order, cpu: CpuId) -> Result<Request, OpProblem> {
        let node = match self.fields.needed("nid")? {
            -1 => None,
            nid => Some(node_id(nid)?),
        };
        let nodes = match self.fields.optional::<Vec<i64>>("nodemask")? {
            None => None,
            Some(nids) => Some(
                nids.into_iter()
                    .map(node_id)
                    .collect::<Result<NodeMask, _>>()?,
            ),
        };
        Ok(Request {
            order,
            gfp: self.gfp()?,
            cpu,
            node,
            nodes,
        })
    }

    /// The flags by name and NOWARN, which the recorder always adds; the raw mask must agree.
    fn gfp(&mut self) -> Result<Gfp, OpProblem> {
        let names: Vec<String> = self.fields.needed("gfp")?;
        let gfp = names
            .into_iter()
            .try_fold(Gfp::NOWARN, |gfp, name| match Gfp::flag(&name) {
                Some(flag) if !name.starts_with("__") => Ok(gfp | flag),
                _ => Err(OpProblem::Gfp(name)),
            })?;
        let (names, raw) = (self.kernel.raw_gfp(gfp), self.fields.needed("raw_gfp")?);
        if names == raw {
            Ok(gfp)
        } else {
            Err(OpProblem::RawGfp { names, raw })
        }
    }

    fn after(&mut self, mt: Option<MigrateType>) -> Result<ZoneAfter, OpProblem> {
        let (node, index) = self.fields.needed("z")?;
        Ok(ZoneAfter {
            zone: self.zone(node, index)?,
            mt,
            pcp: self.fields.needed("pcp")?,
            free: self.fields.needed("free")?,
            flags: self.zone_flags()?,
            boost: self.fields.optional("boost")?.unwrap_or(0),
        })
    }

    fn zone_flags(&mut self) -> Result<ZoneFlags, OpProblem> {
        let bits = self.fields.needed("zf")?;
        self.kernel
            .zone_flags(bits)
            .ok_or(OpProblem::ZoneFlags(bits))
    }

    fn zone(&self, nid: i64, index: u64) -> Result<ZoneId, OpProblem> {
        let kind = self.kernel.zone(index).ok_or(OpProblem::Zone(index))?;
        let node = node_id(nid)?;
        Ok(ZoneId { node, kind })
    }

    fn migratetype(&mut self) -> Result<MigrateType, OpProblem> {
        let number = self.fields.needed("mt")?;
        self.kernel
            .migratetype(number)
            .ok_or(OpProblem::MigrateType(number))
    }

    fn ticket(&mut self, name: &'static str) -> Result<Ticket, OpProblem> {
        let id: u32 = self.fields.needed(name)?;
        Ok(Ticket(id.into()))
    }
}

impl Got {
    fn nothing(status: Status) -> Got {
        Got {
            status,
            pfns: Vec::new(),
            after: None,
            ret: None,
        }
    }
}

fn node_id(nid: i64) -> Result<NodeId, OpProblem> {
    match u16::try_from(nid) {
        Ok(number) if number < NodeId::LIMIT => Ok(NodeId(number)),
        _ => Err(OpProblem::Node(nid)),
    }
}

fn pfn(number: u64) -> Result<Pfn, OpProblem> {
    let pfn = Pfn::new(number);
    if pfn < Pfn::LIMIT {
        Ok(pfn)
    } else {
        Err(OpProblem::Pfn(number))
    }
}
