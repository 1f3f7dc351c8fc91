//! What many blocks did to the free lists, in sum.

use std::collections::BTreeMap;

use pfnlab_model::{Block, MigrateType, Order};

use super::{SHOWN, Teller};
use crate::names;
use crate::story::beat::{Beat, Buddy};
use crate::style::Tone;
use crate::text::Line;

/// By block and list: 1, it is there and was not; -1, it was and is not.
type Changes = BTreeMap<(Block, MigrateType), i32>;

impl Teller<'_> {
    /// Names the blocks that are on a free list and were not.
    pub(super) fn new_on_lists(&mut self, parts: &[Beat]) {
        let mut changes = Changes::new();
        collect(parts, &mut changes);
        let mut lists: BTreeMap<(Order, MigrateType), Vec<Block>> = BTreeMap::new();
        for (&(block, mt), &net) in &changes {
            if net > 0 {
                lists.entry((block.order(), mt)).or_default().push(block);
            }
        }
        if lists.is_empty() {
            return;
        }
        let mut line = Line::from("New on the free lists: ");
        for (at, ((order, mt), blocks)) in lists.iter().rev().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            line.push(Tone::Plain, format!("{separator}order {order} "));
            line.append(names::of_type(*mt));
            line.push(Tone::Plain, format!(" {}", names::runs(blocks, SHOWN)));
        }
        self.say(line.plain("."));
    }
}

fn collect(parts: &[Beat], changes: &mut Changes) {
    let mut add = |block, mt, net| *changes.entry((block, mt)).or_default() += net;
    // A guard is on no list.
    let listed = |buddy: &Buddy| buddy.list.map(|mt| (buddy.block, mt));
    for part in parts {
        match part {
            Beat::Take(take) => {
                add(take.found, take.list, -1);
                let rest = take.rest.iter().filter_map(listed);
                rest.for_each(|(block, mt)| add(block, mt, 1));
            }
            Beat::Put(put) => {
                let buddies = put.buddies.iter().filter_map(listed);
                buddies.for_each(|(block, mt)| add(block, mt, -1));
                add(put.placed, put.mt, 1);
            }
            Beat::Moved {
                from, to, blocks, ..
            } => {
                for &block in blocks {
                    add(block, *from, -1);
                    add(block, *to, 1);
                }
            }
            _ => {}
        }
    }
    for part in parts {
        if let Beat::Fallback(fallback) = part {
            collect(&fallback.parts, changes);
        }
    }
}
