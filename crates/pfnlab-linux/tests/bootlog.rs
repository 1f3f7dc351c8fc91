//! The zone lines of real boot logs, written from plain data.

use pfnlab_linux::bootlog::{ZoneLines, zone_ranges};
use pfnlab_model::{MachineSpec, NodeSpec, Pfn, PfnRange, ZoneKind};

/// `ram`: byte ranges by node. `ranges`: frames. `movable`: node and frame.
fn check(ram: &[&[&str]], ranges: &[(ZoneKind, u64, u64)], movable: &[Option<u64>], log: &str) {
    let spec = MachineSpec {
        nodes: ram
            .iter()
            .zip(0..)
            .map(|(ram, cpu)| NodeSpec {
                cpus: vec![cpu],
                ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
                ..NodeSpec::default()
            })
            .collect(),
        ..MachineSpec::default()
    };
    let frames = |start, end| PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap();
    let ranges: Vec<_> = ranges
        .iter()
        .map(|&(kind, start, end)| (kind, frames(start, end)))
        .collect();
    let movable: Vec<_> = movable.iter().map(|start| start.map(Pfn::new)).collect();
    assert_eq!(
        zone_ranges(ZoneLines::Bytes, &spec.build().unwrap(), &ranges, &movable),
        log
    );
}

#[test]
fn two_nodes() {
    check(
        &[&["0x1000..0x9fc00", "1M..1G"], &["1G..0x7ffe0000"]],
        &[
            (ZoneKind::Dma, 0x1, 0x1000),
            (ZoneKind::Dma32, 0x1000, 0x7ffe0),
            (ZoneKind::Normal, 0x7ffe0, 0x7ffe0),
            (ZoneKind::Device, 0x7ffe0, 0x7ffe0),
        ],
        &[None, None],
        "\
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x000000007ffdffff]
  Normal   empty
  Device   empty
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x000000003fffffff]
  node   1: [mem 0x0000000040000000-0x000000007ffdffff]
Initmem setup node 0 [mem 0x0000000000001000-0x000000003fffffff]
Initmem setup node 1 [mem 0x0000000040000000-0x000000007ffdffff]
",
    );
}

#[test]
fn kernelcore_makes_a_movable_zone() {
    check(
        &[
            &["0x1000..0x9f000", "1M..1G"],
            &["1G..0xbffe0000", "4G..5G"],
        ],
        &[
            (ZoneKind::Dma, 0x1, 0x1000),
            (ZoneKind::Dma32, 0x1000, 0x10_0000),
            (ZoneKind::Normal, 0x10_0000, 0x14_0000),
            (ZoneKind::Device, 0x14_0000, 0x14_0000),
        ],
        &[None, Some(0x10_0000)],
        "\
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]
  Normal   [mem 0x0000000100000000-0x000000013fffffff]
  Device   empty
Movable zone start for each node
  Node 1: 0x0000000100000000
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x000000003fffffff]
  node   1: [mem 0x0000000040000000-0x00000000bffdffff]
  node   1: [mem 0x0000000100000000-0x000000013fffffff]
Initmem setup node 0 [mem 0x0000000000001000-0x000000003fffffff]
Initmem setup node 1 [mem 0x0000000040000000-0x000000013fffffff]
",
    );
}

#[test]
fn a_node_has_no_memory_and_another_lies_out_of_order() {
    check(
        &[
            &["0x1000..0x9f000", "1M..1G"],
            &[],
            &["2G..0x9ffe0000"],
            &["1G..2G"],
        ],
        &[
            (ZoneKind::Dma, 0x1, 0x1000),
            (ZoneKind::Dma32, 0x1000, 0x9ffe0),
            (ZoneKind::Normal, 0x9ffe0, 0x9ffe0),
            (ZoneKind::Device, 0x9ffe0, 0x9ffe0),
        ],
        &[None, None, None, None],
        "\
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x000000009ffdffff]
  Normal   empty
  Device   empty
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x000000003fffffff]
  node   3: [mem 0x0000000040000000-0x000000007fffffff]
  node   2: [mem 0x0000000080000000-0x000000009ffdffff]
Initmem setup node 0 [mem 0x0000000000001000-0x000000003fffffff]
Initmem setup node 1 as memoryless
Initmem setup node 2 [mem 0x0000000080000000-0x000000009ffdffff]
Initmem setup node 3 [mem 0x0000000040000000-0x000000007fffffff]
",
    );
}
