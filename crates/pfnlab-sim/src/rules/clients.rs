//! Rules about an allocator's clients: caches of objects, and the batches in front of LRU lists.

use pfnlab_model::{ClientOp, Op, PAGE_BYTES, PfnRange};

use super::{Check, ClientView, Rule, ensure};
use crate::Outcome;

pub(super) const SLAB_01: Rule = Rule {
    id: "SLAB-01",
    title: "one client an object",
    says: "No byte is part of two objects in use.",
    source: "kmem_cache_alloc, kmalloc",
    profiles: &[],
    check: Check::Client(|view| match view.objects.overlap() {
        None => Ok(()),
        Some((given, held)) => Err(format!(
            "the object at {given} was handed out while a client has the one at {held}"
        )),
    }),
};

pub(super) const SLAB_02: Rule = Rule {
    id: "SLAB-02",
    title: "objects lie in blocks the caches hold",
    says: "An object is as large as it was asked for, and every frame of it was handed out.",
    source: "allocate_slab, kmalloc_large",
    profiles: &[],
    check: Check::Client(|view| {
        let Some((op, &Outcome::Object(at))) = view.latest else {
            return Ok(());
        };
        let around = view
            .around
            .ok_or_else(|| "an object without caches".to_owned())?;
        let usable = around.slub().usable(at).unwrap_or(0);
        if let Op::Client(ClientOp::Kmalloc { size, .. }) = op {
            ensure(u64::from(*size) <= usable, || {
                format!("{usable} bytes for {size}")
            })?;
        }
        let last = (at.get() + usable.max(1) - 1) / PAGE_BYTES;
        let frames = PfnRange::sized(at.frame(), last - at.frame().get() + 1);
        ensure(view.clients.covers(frames), || {
            format!("frames {frames} of the object at {at} were not all handed out")
        })
    }),
};

pub(super) const SLAB_03: Rule = Rule {
    id: "SLAB-03",
    title: "caches hold what they took",
    says: "Every block of a slab is handed out, and no object in use lies elsewhere.",
    source: "new_slab, discard_slab",
    profiles: &[],
    check: Check::Client(|view| {
        // Only what a client did can break it.
        let done = matches!(view.latest, Some((Op::Client(_), _)));
        let (Some(around), true) = (view.around, done) else {
            return Ok(());
        };
        for block in around.slub().blocks() {
            ensure(view.clients.covers(block.range()), || {
                format!("slab {block} was not handed out")
            })?;
        }
        let lent: u32 = around.slub().info().lines().map(|line| line.lent).sum();
        let known = view.objects.iter().count() as u64;
        let large = around.slub().large_blocks();
        ensure(u64::from(lent) + large == known, || {
            format!("caches lent {lent} objects and {large} blocks, clients have {known}")
        })
    }),
};

pub(super) const LRU_01: Rule = Rule {
    id: "LRU-01",
    title: "batches hold pages in use",
    says: "A page in a batch or on a list is handed out until it leaves, and fewer pages wait in a \
           batch than it has room for.",
    source: "folio_batch_add, lru_add_drain_cpu, release_pages",
    profiles: &[],
    check: Check::Client(|view| {
        let Some(around) = view.around else {
            return Ok(());
        };
        let size = around.lru().batch_size();
        let mut waiting = around.lru().waiting();
        if let Some((cpu, batch, pages)) = waiting.find(|&(_, _, pages)| pages >= size) {
            return Err(format!("{pages} pages wait in {batch:?} of CPU {cpu}"));
        }
        if !concerns(view) {
            return Ok(());
        }
        let mut pages = around.lru().blocks();
        let stray = pages.find(|page| !view.clients.covers(page.range()));
        stray.map_or(Ok(()), |page| {
            Err(format!("page {page} is on a list, and nobody has it"))
        })
    }),
};

/// Whether the latest operation could change what clients have.
fn concerns(view: &ClientView<'_>) -> bool {
    matches!(
        view.latest,
        Some((Op::Client(_) | Op::Free { .. }, _)) | None
    )
}

/// What these rules watch is the driver's own, so no allocator can break one without breaking its own
/// rules first. Here the view is what is wrong: each lie is found by one rule, and by no other.
#[cfg(test)]
mod tests {
    use pfnlab_model::{Op, Trace};
    use pfnlab_zoo::{Bug, FirstFit};

    use super::super::{ALL, ClientView};
    use crate::objects::Objects;
    use crate::{Clients, Driver, Move, Outcome};

    /// A run, and what is believed of it.
    struct World {
        driver: Driver<FirstFit>,
        clients: Clients,
        objects: Objects,
        latest: Option<(Op, Outcome)>,
    }

    impl World {
        fn after(steps: &[&str]) -> World {
            let mut world = World {
                driver: Driver::new(FirstFit::new(Bug::None)),
                clients: Clients::new(),
                objects: Objects::default(),
                latest: None,
            };
            for step in steps {
                let text = format!("#pfnlab-trace 1\nmachine any\n{step}\n");
                let op = Trace::parse(&text).unwrap().trace.steps[0].op;
                let outcome = world.driver.step(&op, &mut ()).unwrap();
                if let Outcome::Lent(block) = outcome {
                    world.clients.get(block.range()).unwrap();
                }
                let around = world.driver.around();
                for block in around
                    .map(|around| around.moves().to_vec())
                    .unwrap_or_default()
                {
                    match block {
                        Move::Got(block) => world.clients.get(block.range()).unwrap(),
                        Move::Gave(block) => world.clients.give(block.range()),
                    }
                }
                world.objects.follow(&outcome, around);
                world.latest = Some((op, outcome));
            }
            assert_eq!(world.broken(), [""; 0], "before the lie");
            world
        }

        fn broken(&self) -> Vec<&'static str> {
            let view = ClientView {
                latest: self.latest.as_ref().map(|(op, outcome)| (op, outcome)),
                pages: self.driver.pages(),
                clients: &self.clients,
                around: self.driver.around(),
                objects: &self.objects,
                collision: None,
                not_taken: None,
                memory: None,
                seen: None,
                top: None,
            };
            let broken = ALL.iter().filter(|rule| rule.asked_outside(&view).is_err());
            broken.map(|rule| rule.id).collect()
        }

        fn around(&self) -> &crate::Around {
            self.driver.around().expect("there is a client")
        }
    }

    #[test]
    fn an_object_that_two_have_breaks_the_first_rule_of_caches() {
        let mut world = World::after(&["kmalloc 1 size=100", "kmalloc 2 size=100"]);
        let (_, outcome) = world.latest.expect("two steps");
        world.objects.follow(&outcome, world.driver.around());
        assert_eq!(world.broken(), ["SLAB-01"]);
    }

    #[test]
    fn an_object_that_is_too_small_breaks_the_second() {
        let mut world = World::after(&["kmalloc 1 size=100"]);
        let larger = World::after(&["kmalloc 1 size=3000"]);
        let asked = larger.latest.expect("a step").0;
        world.latest = world.latest.map(|(_, outcome)| (asked, outcome));
        assert_eq!(world.broken(), ["SLAB-02"]);
    }

    #[test]
    fn a_slab_that_was_given_back_breaks_the_third() {
        let mut world = World::after(&["kmalloc 1 size=100", "kmalloc 2 size=100", "kfree 1"]);
        let slab = world.around().slub().blocks().next().expect("a slab");
        world.clients.give(slab.range());
        assert_eq!(world.broken(), ["SLAB-03"]);
    }

    #[test]
    fn a_page_that_was_given_back_breaks_the_rule_of_batches() {
        let mut world = World::after(&["a 1 order=0", "lru-add 1 list=active_anon cpu=0"]);
        let page = world.around().lru().blocks().next().expect("a page");
        world.clients.give(page.range());
        assert_eq!(world.broken(), ["LRU-01"]);
    }
}
