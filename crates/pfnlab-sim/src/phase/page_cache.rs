//! Page cache: pages that are put on a list, from which they can be given up.

use pfnlab_model::{ClientOp, CpuId, LruList, MemoryOp, NodeId, Op, Ticket};

use crate::Outcome;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Phase, Site, Table};

plain! {
    /// Pages are allocated and put on the list of inactive pages, of files or anonymous ones, and every
    /// so often the background reclaimer has its turn. What it gives up is still counted as held until
    /// somebody frees it.
    pub struct PageCache {
        /// How many requests.
        pub pages: u32 = 10_000,
        /// They are anonymous memory, not pages of files.
        pub anonymous: bool = false,
        /// The background reclaimer of every node has its turn after so many requests; 0: never.
        pub kswapd_every: u32 = 0,
        /// The nodes whose reclaimers have their turn.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub nodes: Vec<NodeId> = vec![NodeId(0)],
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// Page cache on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    list: LruList,
    every: u32,
    nodes: Vec<NodeId>,
    asker: Asker,
    /// What was asked for last, to be put on the list once it is there.
    asked: Option<Ticket>,
    listed: Option<(Ticket, CpuId)>,
    /// The reclaimers whose turn it is, the next at the end.
    turns: Vec<NodeId>,
    cpu: CpuId,
}

impl PageCache {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            left: self.pages,
            list: match self.anonymous {
                true => LruList::InactiveAnon,
                false => LruList::InactiveFile,
            },
            every: self.kswapd_every,
            nodes: self.nodes.clone(),
            asker: self.ask.at(site),
            asked: None,
            listed: None,
            turns: Vec::new(),
            cpu: CpuId(0),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        self.asked = None;
        if let Some((ticket, cpu)) = self.listed.take() {
            let list = self.list;
            return Some(Op::Client(ClientOp::LruAdd { ticket, list, cpu }));
        }
        if let Some(node) = self.turns.pop() {
            let cpu = self.cpu;
            return Some(Op::Memory(MemoryOp::Kswapd { node, cpu }));
        }
        self.left = self.left.checked_sub(1)?;
        if self.every > 0 && self.left.is_multiple_of(self.every) {
            self.turns = self.nodes.iter().rev().copied().collect();
        }
        let request = self.asker.request();
        self.cpu = request.cpu;
        let op = table.alloc(request);
        self.asked = op.gives().map(|(ticket, _)| ticket);
        Some(op)
    }

    fn observe(&mut self, _: &Table, outcome: &Outcome) {
        if let (Some(ticket), Outcome::Lent(_)) = (self.asked, outcome) {
            self.listed = Some((ticket, self.cpu));
        }
    }
}
