use pfnlab_linux::Recording;
use pfnlab_mm::Mm;
use pfnlab_model::*;
use pfnlab_view::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let width = a[1].parse().unwrap();
    let style = Style {
        width,
        colour: a[2].contains('c'),
        ascii: a[2].contains('a'),
    };
    let detail = if a[2].contains('f') {
        Detail::Full
    } else {
        Detail::Brief
    };
    let rec = Recording::open(&a[3]).unwrap();
    let want: Vec<usize> = a[4..].iter().map(|n| n.parse().unwrap()).collect();
    let mut mm = Mm::resume(&rec.before).unwrap();
    let mut held = std::collections::BTreeMap::new();
    let mut narrator = Narrator::from(rec.before.clone());
    for (i, r) in rec.ops.iter().enumerate() {
        let mut ev: Vec<Event> = Vec::new();
        match r.op {
            Op::Alloc { ticket, request } => {
                if let Ok(b) = mm.alloc(&request, &mut ev) {
                    held.insert(ticket, b);
                }
            }
            Op::Free { ticket, cpu, .. } => {
                if let Some(b) = held.remove(&ticket) {
                    mm.free(b, cpu, &mut ev).unwrap();
                }
            }
            Op::Drain { cpu } => mm.drain(cpu, &mut ev),
            Op::Vmstat { cpu } => mm.vmstat_tick(cpu, &mut ev),
            Op::Split { ticket, base } => {
                if let Some(b) = held.remove(&ticket) {
                    mm.split(b, &mut ev).unwrap();
                    for n in 0..b.frames() {
                        held.insert(Ticket(base.0 + n), Block::page(b.start().offset(n)));
                    }
                }
            }
            Op::Bulk {
                base,
                count,
                request,
            } => {
                let mut p = vec![Pfn::default(); count as usize];
                let got = mm.bulk(&request, &mut p, &mut ev).unwrap_or(0);
                for (n, p) in p[..got].iter().enumerate() {
                    held.insert(Ticket(base.0 + n as u64), Block::page(*p));
                }
            }
            Op::ZoneFlags {
                zone,
                set,
                clear,
                boost,
            } => {
                let _ = mm.set_zone_flags(zone, set, clear, boost, &mut ev);
            }
            _ => {}
        }
        let fell = ev.iter().any(|e| matches!(e, Event::FellBack { .. }));
        let refused = ev.iter().any(|e| matches!(e, Event::Refused { .. }));
        if want.is_empty() && (fell || refused) {
            println!("{i} fell={fell} refused={refused} events={}", ev.len());
        }
        if want.contains(&i) {
            println!(
                "{}",
                narrator
                    .tell(&r.op, &ev)
                    .labelled(format!("operation {i}"))
                    .text(&style, detail)
            );
        } else {
            narrator.skip(&ev);
        }
        if want.iter().max().is_some_and(|m| i >= *m) {
            break;
        }
    }
    if a[2].contains('z') {
        let s = mm.snapshot();
        for z in &s.zones {
            if let Some(t) = zone(&s, z.id, &ZonePicture::default(), &style) {
                println!("{t}");
            }
        }
    }
}
