//! What an event about memory leads to: sections, and which blocks are where on the lists.

use pfnlab_mm::Mm;
use pfnlab_model::{
    Block, FreeListState, MemoryOp, MigrateType, PageAllocator, Pfn, PfnRange, Reclaim, Snapshot,
    Tenants,
};
use serde_json::{Value, json};

use super::Values;

/// A kernel that did it found everything movable: what it moved the recording does not say.
struct EverythingMoves;

impl Reclaim for EverythingMoves {}

impl Tenants for EverythingMoves {
    fn can_move(&self, _: Block) -> bool {
        true
    }
}

/// Does what was asked about memory. What the kernel refused is asked as well: it should be
/// refused here.
pub(super) fn run(mm: &mut Mm, op: &MemoryOp, refused: bool) {
    let nothing = PfnRange::default();
    // Whether it was done is seen from the state after.
    let _ = match refused {
        true => mm.memory(op, nothing, &mut (), &mut ()),
        false => mm.memory(op, nothing, &mut EverythingMoves, &mut ()),
    };
}

/// What an operation does to memory sections, as a recording lists them.
pub(super) fn move_sections(values: &mut Values, after: &Snapshot, op: &MemoryOp) {
    let frames = after.global.section_frames;
    let (range, online, node) = match *op {
        MemoryOp::Add { range, .. } => {
            add_sections(values, range, frames);
            return;
        }
        MemoryOp::Online { range, .. } => (range, true, 0),
        // The descriptors say no node any more.
        MemoryOp::Offline { range, .. } => (range, false, -1),
        _ => return,
    };
    for (path, text) in values.iter_mut() {
        let Ok(mut section) = serde_json::from_str::<Value>(text) else {
            continue;
        };
        let number = section.get("nr").and_then(Value::as_u64);
        let within = number.is_some_and(|nr| range.contains(Pfn::new(nr * frames)));
        if path.starts_with("sections[") && within {
            section["online"] = json!(online);
            section["nid"] = json!(node);
            *text = section.to_string();
        }
    }
}

fn add_sections(values: &mut Values, range: PfnRange, frames: u64) {
    let known = values.keys().filter(|path| path.starts_with("sections["));
    let known = known.count();
    for at in 0..range.frames() / frames {
        let section = json!({
            "nr": range.start().get() / frames + at,
            "present": true,
            "has_mem_map": true,
            "online": false,
            "early": false,
            "subsections": "ffffffffffffffff",
            "nid": -1,
        });
        let at = known as u64 + at;
        values.insert(format!("sections[{at}]"), section.to_string());
    }
}

/// Which of the largest blocks of memory that came online are on the list still, in its order, and
/// that nothing stands behind them; of memory that went, that nothing is on any list. What the
/// kernel handed out or took in between is left out: `recorded` says what is left.
pub(super) fn add_lists(values: &mut Values, state: &Snapshot, recorded: &Snapshot, op: &MemoryOp) {
    match *op {
        MemoryOp::Online { range, .. } => {
            let listed = blocks_of(state, range);
            let left = blocks_of(recorded, range);
            let both: Vec<Pfn> = listed
                .into_iter()
                .filter(|pfn| left.contains(pfn))
                .collect();
            values.insert(format!("blocks[{range}]"), format!("{both:?}"));
            let behind = behind(state, range);
            values.insert(format!("behind[{range}]"), behind.to_string());
        }
        MemoryOp::Offline { range, .. } => {
            let zones = state.zones.iter();
            let lists = zones.flat_map(|zone| {
                let free = zone.free_lists.iter().map(|list| &list.pfns);
                let cached = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
                free.chain(cached.map(|list| &list.pfns))
            });
            let there = lists.flatten().filter(|pfn| range.contains(**pfn)).count();
            values.insert(format!("listed[{range}]"), there.to_string());
        }
        _ => {}
    }
}

fn largest(state: &Snapshot) -> impl Iterator<Item = &FreeListState> {
    let top = state.global.top_order;
    let lists = state.zones.iter().flat_map(|zone| &zone.free_lists);
    lists.filter(move |list| list.order == top && list.mt == MigrateType::Movable)
}

fn blocks_of(state: &Snapshot, range: PfnRange) -> Vec<Pfn> {
    let pfns = largest(state).flat_map(|list| &list.pfns);
    pfns.copied().filter(|pfn| range.contains(*pfn)).collect()
}

fn behind(state: &Snapshot, range: PfnRange) -> usize {
    let list = largest(state).find(|list| list.pfns.iter().any(|pfn| range.contains(*pfn)));
    let pfns = list.map(|list| &list.pfns).into_iter().flatten();
    let from_first = pfns.skip_while(|pfn| !range.contains(**pfn));
    from_first.filter(|pfn| !range.contains(**pfn)).count()
}
