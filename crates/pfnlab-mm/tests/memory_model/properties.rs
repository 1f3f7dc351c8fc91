//! What holds on every machine.

use super::*;

/// Up to four nodes whose RAM interleaves, with holes and crooked edges.
fn machines() -> impl Strategy<Value = Machine> {
    let piece = (0..4usize, 0..3u64, 0..70_000u64, 1..90_000u64);
    let pieces = proptest::collection::vec(piece, 1..7);
    pieces.prop_map(|pieces| {
        let mut nodes = vec![NodeSpec::default(); 4];
        nodes[0].cpus = vec![0];
        let mut at = 1;
        for (node, far, gap, frames) in pieces {
            let start = at + if far == 0 { gap } else { far * 512 };
            at = start + frames;
            nodes[node].ram.push(
                format!("{:#x}..{:#x}", start << 12, at << 12)
                    .parse()
                    .unwrap(),
            );
        }
        let spec = MachineSpec {
            nodes,
            ..MachineSpec::default()
        };
        spec.build().unwrap()
    })
}

/// The frames worth asking about: edges of RAM, of sections and of sub-sections, and some others.
fn questions(machine: &Machine) -> Vec<Pfn> {
    let end = machine.end().get();
    let edges = machine
        .memory()
        .iter()
        .flat_map(|m| [m.range.start().get(), m.range.end().get()]);
    let grid = (0..end + 40_000).step_by(512);
    let near = edges
        .chain(grid)
        .flat_map(|pfn| [pfn.saturating_sub(1), pfn, pfn + 1]);
    near.map(Pfn::new).collect()
}

fn flattened(machine: &Machine) -> Vec<MemRange> {
    machine
        .memory()
        .iter()
        .map(|m| MemRange {
            node: NodeId(0),
            ..*m
        })
        .collect()
}

fn eras() -> impl Strategy<Value = SectionEra> {
    proptest::sample::select(SectionEra::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every frame that has a descriptor is found from it again, in every model, and every frame
    /// of RAM has one; no two frames share one.
    #[test]
    fn frames_and_descriptors_find_each_other(machine in machines(), era in eras()) {
        let spec = SectionsSpec { era, ..SectionsSpec::X86_64 };
        let mut place = one_after_another(DIRECT_MAP);
        for kind in Model::ALL {
            let memory = match kind {
                Model::Flat => flattened(&machine),
                _ => machine.memory().to_vec(),
            };
            let model = kind.build(&memory, &spec, &mut place).unwrap();
            let mut pages = std::collections::BTreeMap::new();
            for pfn in questions(&machine) {
                let ram = memory.iter().any(|m| m.range.contains(pfn));
                prop_assert!(model.pfn_valid(pfn) || !ram, "{} {}", kind, pfn);
                if model.pfn_valid(pfn) {
                    let page = model.pfn_to_page(pfn).unwrap();
                    prop_assert_eq!(model.page_to_pfn(page), Some(pfn), "{}", kind);
                    prop_assert_eq!(*pages.entry(page).or_insert(pfn), pfn);
                    prop_assert_eq!(model.page_to_pfn(PageAddr::new(page.get() + 8)), None);
                }
            }
            prop_assert!(model.cost() >= machine.frames() * 64);
        }
    }

    /// The three models with sections agree on which frames have descriptors: those of sections
    /// that RAM touches.
    #[test]
    fn models_with_sections_agree(machine in machines(), era in eras()) {
        let spec = SectionsSpec { era, ..SectionsSpec::X86_64 };
        let mut place = one_after_another(DIRECT_MAP);
        let models = [Model::SparseStatic, Model::SparseExtreme, Model::SparseVmemmap]
            .map(|kind| kind.build(machine.memory(), &spec, &mut place).unwrap());
        let section = |pfn: u64| pfn / 32_768;
        for pfn in questions(&machine) {
            let touched = machine.memory().iter().any(|m| {
                let last = m.range.end().get() - 1;
                section(m.range.start().get()) <= section(pfn.get())
                    && section(pfn.get()) <= section(last)
            });
            for model in &models {
                prop_assert_eq!(model.pfn_valid(pfn), touched);
            }
        }
        prop_assert_eq!(models[0].cost(), models[2].cost());
    }

    /// The way through the flags finds the same as the address: by section, and by node.
    #[test]
    fn flags_lead_to_the_same_frame(machine in machines()) {
        let spec = SectionsSpec::X86_64;
        let mut place = one_after_another(DIRECT_MAP);
        let sparse = SparseMem::new(machine.memory(), &spec, &mut place).unwrap();
        let nodes = DiscontigMem::new(machine.memory(), spec.geometry, &mut place).unwrap();
        for pfn in questions(&machine) {
            if sparse.pfn_valid(pfn) {
                let page = sparse.pfn_to_page(pfn).unwrap();
                let nr = spec.geometry.section_of(pfn);
                prop_assert_eq!(sparse.page_to_pfn_of(page, nr), Some(pfn));
            }
            if let Some(node) = nodes.node_of(pfn) {
                let page = nodes.pfn_to_page(pfn).unwrap();
                prop_assert_eq!(nodes.page_to_pfn_of(page, node), Some(pfn));
            }
        }
    }

    /// Every frame of RAM is in exactly one zone, and valid; what is online is RAM or shares its
    /// 2 MiB with RAM.
    #[test]
    fn frames_of_zones_are_valid_and_online(machine in machines()) {
        let layout = Layout::new(&machine, Profile::NEWEST, &Config::X86_64);
        let model = vmemmap(machine.memory(), &SectionsSpec::X86_64);
        for pfn in questions(&machine) {
            let zones = layout.zones.iter().filter(|zone| {
                zone.memory.iter().any(|range| range.contains(pfn))
            });
            let ram = machine.memory().iter().find(|m| m.range.contains(pfn));
            let of: Vec<_> = zones.map(|zone| zone.id.node).collect();
            let expected: Vec<_> = ram.map(|m| m.node).into_iter().collect();
            prop_assert_eq!(of, expected);
            let near = PfnRange::sized(Pfn::new(pfn.get() / 512 * 512), 512);
            let shares = machine.memory().iter().any(|m| m.range.overlaps(near));
            prop_assert_eq!(sections(&model).pfn_online(pfn), shares);
        }
        let present: u64 = layout.zones.iter().map(|zone| zone.present).sum();
        prop_assert_eq!(present, machine.frames());
    }
}
