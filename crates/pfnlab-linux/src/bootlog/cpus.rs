//! The lines that say which CPU is on which node.

use pfnlab_model::{CpuId, NodeId};

use super::BootLogProblem as Problem;
use super::line::Rest;

/// The CPUs that were heard of.
#[derive(Debug, Default)]
pub(super) struct CpuReader {
    /// Ascending by CPU.
    cpus: Vec<(CpuId, NodeId)>,
    /// The node whose CPUs come up; the next may be in a line of its own.
    announcing: Option<NodeId>,
}

impl CpuReader {
    /// Takes from a line what it says; a line about something else says nothing.
    pub(super) fn take(&mut self, text: &str) -> Result<(), Problem> {
        let by = ["smp: ", "smpboot: "];
        let said = by
            .iter()
            .find_map(|by| text.strip_prefix(by))
            .unwrap_or(text);
        if let Some(rest) = text.strip_prefix(".... node ") {
            let mut rest = Rest(rest);
            rest.take("#")?;
            let node = rest.node()?;
            rest.take(", CPUs:")?;
            self.announcing = Some(node);
            self.announced(node, rest)
        } else if let (Some(node), true) = (self.announcing, text.starts_with(" #")) {
            self.announced(node, Rest(text))
        } else if let Some(rest) = text.strip_prefix("SRAT: PXM ") {
            self.boot_cpu(rest);
            Ok(())
        } else if let Some(rest) = said.strip_prefix("Booting Node ") {
            self.booting(Rest(rest))
        } else if let Some(rest) = said.strip_prefix("Brought up ") {
            self.announcing = None;
            self.brought_up(Rest(rest))
        } else {
            Ok(())
        }
    }

    /// The CPUs with their nodes, ascending.
    pub(super) fn finish(self) -> Vec<(CpuId, NodeId)> {
        self.cpus
    }

    /// `  1, Processors  #2 #3 OK` (up to 3.8); a CPU that comes later has a line without an `s`.
    fn booting(&mut self, mut rest: Rest<'_>) -> Result<(), Problem> {
        let node = rest.node()?;
        if !rest.take_if(", Processors") {
            return Ok(());
        }
        self.announced(node, rest)
    }

    /// ` #1 #2`
    fn announced(&mut self, node: NodeId, mut rest: Rest<'_>) -> Result<(), Problem> {
        while rest.take_if("#") {
            let cpu = cpu(rest.number()?)?;
            self.place(cpu, node);
        }
        Ok(())
    }

    /// `0 -> APIC 0x00 -> Node 0`: the first of these is the CPU that boots. It is announced in no
    /// other line.
    fn boot_cpu(&mut self, rest: &str) {
        let node = rest.rsplit_once("Node ");
        let node = node.and_then(|(_, node)| Rest(node).node().ok());
        if let (Some(node), true) = (node, self.cpus.is_empty()) {
            self.place(CpuId(0), node);
        }
    }

    /// `2 nodes, 4 CPUs`, up to 3.8 just `4 CPUs`: one of which nothing was heard is on the node
    /// of the one before.
    fn brought_up(&mut self, mut rest: Rest<'_>) -> Result<(), Problem> {
        let mut count = rest.number()?;
        if rest.take_if("nodes,") || rest.take_if("node,") {
            count = rest.number()?;
        }
        let mut node = NodeId(0);
        for number in 0..count {
            let cpu = cpu(number)?;
            match self.cpus.binary_search_by_key(&cpu, |(cpu, _)| *cpu) {
                Ok(at) => node = self.cpus[at].1,
                Err(at) => self.cpus.insert(at, (cpu, node)),
            }
        }
        Ok(())
    }

    fn place(&mut self, cpu: CpuId, node: NodeId) {
        match self.cpus.binary_search_by_key(&cpu, |(cpu, _)| *cpu) {
            Ok(at) => self.cpus[at].1 = node,
            Err(at) => self.cpus.insert(at, (cpu, node)),
        }
    }
}

fn cpu(number: u64) -> Result<CpuId, Problem> {
    match u16::try_from(number) {
        Ok(cpu) if cpu < CpuId::LIMIT => Ok(CpuId(cpu)),
        _ => Err(Problem::Cpu(number)),
    }
}
