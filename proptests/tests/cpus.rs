//! CPUs come and go, among ordinary traffic, on every generation: what one had is neither lost nor
//! counted twice.

use pfnlab::clients::numa_events::{NumaCounts, NumaEvents};
use pfnlab::clients::vm_events::VmEvents;
use pfnlab::counters::counters;
use pfnlab::linux::proc;
use pfnlab_mm::Mm;
use pfnlab_model::{
    CpuError, CpuId, Event, Inspect, Op, PageAllocator, Snapshot, ZoneId, ZoneKind, ZoneStat,
};
use pfnlab_proptests::strategies::cases;
use pfnlab_proptests::{Broken, Patience, hold};
use pfnlab_sim::Driver;

/// What a zone holds, whoever holds it: every counter with the differences of all CPUs; and free
/// frames with those on per-CPU lists.
fn sums(snapshot: &Snapshot) -> Vec<(ZoneId, Vec<i64>, i64)> {
    let free = snapshot.global.zone_stats.iter();
    let free = free
        .clone()
        .position(|&stat| stat == ZoneStat::FreePages)
        .unwrap();
    let zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
    let sum = |zone: &pfnlab_model::ZoneState| {
        let exact = |at: usize| {
            let unfolded = zone.pcp.iter().map(|pcp| i64::from(pcp.vm_stat_diff[at]));
            zone.vm_stat[at] + unfolded.sum::<i64>()
        };
        let counters: Vec<i64> = (0..zone.vm_stat.len()).map(exact).collect();
        let cached: i64 = zone.pcp.iter().map(|pcp| i64::from(pcp.count)).sum();
        let either = counters[free] + cached;
        // Free frames rise by those that were drained.
        let others = counters.iter().enumerate().filter(|(at, _)| *at != free);
        (zone.id, others.map(|(_, &value)| value).collect(), either)
    };
    zones.map(sum).collect()
}

fn ensure(kind: &str, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(Broken::new(kind, &what()))
    }
}

fn cpus_of(op: &Op) -> Option<(CpuId, bool)> {
    match *op {
        Op::CpuOffline { cpu } => Some((cpu, false)),
        Op::CpuOnline { cpu } => Some((cpu, true)),
        _ => None,
    }
}

/// Runs the case; before every CPU event it says what was, afterwards it checks.
fn at_every_event(
    mm: Mm,
    steps: &[pfnlab_model::Step],
    mut check: impl FnMut(&mut Mm, CpuId, bool, &Snapshot) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut driver = Driver::new(mm);
    for step in steps {
        let event = cpus_of(&step.op);
        let before = event.map(|_| driver.allocator().snapshot());
        driver.step(&step.op, &mut Patience::default())?;
        if let (Some((cpu, online)), Some(before)) = (event, before) {
            check(driver.allocator_mut(), cpu, online, &before)?;
        }
    }
    Ok(())
}

#[test]
fn sums_over_all_cpus_stay_when_one_goes_or_comes() {
    hold(120, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        at_every_event(mm, &case.trace.steps, |mm, cpu, _, before| {
            let after = mm.snapshot();
            ensure("sums", sums(before) == sums(&after), || {
                format!("CPU {cpu}: {:?}, then {:?}", sums(before), sums(&after))
            })
        })
    });
}

/// `fold_diff`: what a CPU that goes has not folded is added to the machine's counters whatever the
/// threshold. Free frames rise by those on its lists besides, on behalf of the CPU that drains them.
#[test]
fn what_a_cpu_leaves_is_added_to_the_machine() {
    hold(120, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        at_every_event(mm, &case.trace.steps, |mm, cpu, online, before| {
            let after = mm.snapshot();
            if online || after.cpus[cpu.index()].online {
                return Ok(());
            }
            let left = || {
                let zones = before.zones.iter();
                zones.filter_map(|zone| zone.pcp.get(cpu.index()))
            };
            for (at, &stat) in before.global.zone_stats.iter().enumerate() {
                let (was, is) = match stat {
                    ZoneStat::FreePages => {
                        let drained: i64 = left().map(|pcp| i64::from(pcp.count)).sum();
                        let exact = before.machine_wide_exact(stat) + drained;
                        (exact, after.machine_wide_exact(stat))
                    }
                    ZoneStat::FreeCma => continue,
                    _ => {
                        let unfolded = left().map(|pcp| i64::from(pcp.vm_stat_diff[at]));
                        let folded = before.machine_wide(stat) + unfolded.sum::<i64>();
                        (folded, after.machine_wide(stat))
                    }
                };
                ensure("machine", was == is, || {
                    format!("CPU {cpu}, {}: {was} and {is}", stat.name())
                })?;
            }
            Ok(())
        })
    });
}

#[test]
fn a_cpu_that_went_has_nothing_and_cannot_go_again() {
    hold(120, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        at_every_event(mm, &case.trace.steps, |mm, cpu, online, _| {
            let after = mm.snapshot();
            if online || after.cpus[cpu.index()].online {
                // The last one stays.
                return Ok(());
            }
            let mut pcps = after
                .zones
                .iter()
                .filter_map(|zone| zone.pcp.get(cpu.index()));
            let nothing = pcps.all(|pcp| {
                let folded = pcp.vm_stat_diff.iter().all(|&diff| diff == 0);
                pcp.count == 0 && pcp.lists.is_empty() && folded
            });
            ensure("nothing", nothing, || {
                format!("CPU {cpu} has something left")
            })?;
            let mut events: Vec<Event> = Vec::new();
            let again = mm.cpu_offline(cpu, CpuId(0), &mut events);
            let refused = again == Err(CpuError::Offline(cpu)) && events.is_empty();
            ensure("again", refused, || format!("{again:?}"))?;
            mm.drain(cpu, &mut events);
            mm.vmstat_tick(cpu, &mut events);
            ensure("idle", events.is_empty(), || format!("{events:?}"))
        })
    });
}

/// The sizes of per-CPU lists do not come back where a CPU that comes counts for every node; see
/// the recorded events.
#[test]
fn thresholds_come_back_with_the_cpu() {
    hold(120, cases(120), |case| {
        let Some(mut mm) = case.boot() else {
            return Ok(());
        };
        let thresholds = |mm: &Mm| -> Vec<u8> {
            let zones = mm.snapshot().zones;
            let pcps = zones.iter().flat_map(|zone| &zone.pcp);
            pcps.map(|pcp| pcp.stat_threshold).collect()
        };
        let before = thresholds(&mm);
        for cpu in mm.snapshot().cpus {
            let Ok(on) = mm.successor(cpu.cpu) else {
                return Ok(());
            };
            mm.cpu_offline(cpu.cpu, on, &mut ())
                .map_err(|error| Broken::new("go", &error))?;
            mm.cpu_online(cpu.cpu, &mut ())
                .map_err(|error| Broken::new("come", &error))?;
            let now = thresholds(&mm);
            ensure("thresholds", before == now, || {
                format!("{before:?}, then {now:?}")
            })?;
        }
        Ok(())
    });
}

/// Folding whenever it comes to it changes no list and no sum, and leaves nothing to fold.
#[test]
fn a_tick_keeps_sums_and_leaves_no_difference() {
    hold(120, cases(200), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut driver = Driver::new(mm);
        for step in &case.trace.steps {
            let before = driver.allocator().snapshot();
            driver.step(&step.op, &mut Patience::default())?;
            let Op::Vmstat { cpu } = step.op else {
                continue;
            };
            let after = driver.allocator().snapshot();
            ensure("sums", sums(&before) == sums(&after), || {
                format!("tick of CPU {cpu}")
            })?;
            // What a tick drains from a remote zone's list is counted behind the fold.
            let drained = |zone: usize| {
                let count = |state: &Snapshot| state.zones[zone].pcp[cpu.index()].count;
                count(&before) != count(&after)
            };
            for (at, zone) in after.zones.iter().enumerate() {
                let Some(pcp) = zone.pcp.get(cpu.index()).filter(|_| !drained(at)) else {
                    continue;
                };
                let folded = pcp.vm_stat_diff.iter().all(|&diff| diff == 0);
                ensure("fold", folded || !after.cpus[cpu.index()].online, || {
                    format!("{}: {:?}", zone.id, pcp.vm_stat_diff)
                })?;
            }
        }
        Ok(())
    });
}

/// What was handed out and what came back is counted once, on a CPU that runs: the difference is
/// what is handed out.
#[test]
fn events_are_counted_once_whoever_goes() {
    hold(80, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut counts = VmEvents::new(mm.snapshot().cpus.len() as u16);
        let mut driver = Driver::new(mm);
        for step in &case.trace.steps {
            if let Op::Free { cpu, .. } = step.op {
                counts.on(cpu);
            }
            let going = match step.op {
                Op::CpuOffline { cpu } => {
                    driver.allocator().successor(cpu).ok().map(|on| (cpu, on))
                }
                _ => None,
            };
            driver.step(&step.op, &mut (&mut counts, &mut Patience::default()))?;
            if let Some((cpu, on)) = going {
                counts.fold(cpu, on);
                let once = counts.clone();
                counts.fold(cpu, on);
                ensure("again", once == counts, || {
                    format!("{once:?}, then {counts:?}")
                })?;
            }
        }
        let end = driver.allocator().snapshot();
        let online = || end.cpus.iter().filter(|cpu| cpu.online).map(|cpu| cpu.cpu);
        let lent = end.zones.iter().flat_map(|zone| &zone.lent);
        let lent: u64 = lent.map(|block| block.frames()).sum();
        let given: u64 = ZoneKind::ALL
            .iter()
            .map(|&kind| counts.pgalloc(kind, online()))
            .sum();
        let back = counts.pgfree(online());
        ensure("events", given == back + lent, || {
            format!("{given} handed out, {back} came back, {lent} are out")
        })
    });
}

/// What listeners counted, as `/proc/vmstat` shows it: every page handed out was near or not, for a
/// local CPU or not, and pages handed out less those that came back are out.
#[test]
fn vmstat_shows_what_was_counted() {
    hold(40, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let start = mm.snapshot();
        let mut vm = VmEvents::new(start.cpus.len() as u16);
        let mut numa = NumaEvents::new(&start);
        let mut driver = Driver::new(mm);
        for step in &case.trace.steps {
            if let Op::Free { cpu, .. } = step.op {
                vm.on(cpu);
            }
            let going = match step.op {
                Op::CpuOffline { cpu } => {
                    driver.allocator().successor(cpu).ok().map(|on| (cpu, on))
                }
                _ => None,
            };
            driver.step(
                &step.op,
                &mut (&mut vm, (&mut numa, &mut Patience::default())),
            )?;
            if let Some((cpu, on)) = going {
                vm.fold(cpu, on);
                numa.fold(cpu, on);
            }
        }
        let end = driver.allocator().snapshot();
        let text = proc::vmstat(&end, &counters(&end, &vm, &numa));
        let shown = |start: &str| -> u64 {
            let lines = text.lines().filter_map(|line| line.split_once(' '));
            let counts = lines.filter(|(name, _)| name.starts_with(start));
            counts.map(|(_, count)| count.parse::<u64>().unwrap()).sum()
        };
        let lent = end.zones.iter().flat_map(|zone| &zone.lent);
        let lent: u64 = lent.map(|block| block.frames()).sum();
        let out = shown("pgalloc_") == shown("pgfree") + lent;
        ensure("out", out, || format!("{lent} are out:\n{text}"))?;
        if end.global.zone_stats.contains(&ZoneStat::NumaHit) {
            // The zones' own, of which the differences are not shown.
            return Ok(());
        }
        let near = shown("numa_hit") + shown("numa_miss");
        let local = shown("numa_local") + shown("numa_other");
        let once = near == local && shown("numa_miss") == shown("numa_foreign");
        ensure("near", once, || text.clone())
    });
}

/// Up to 3.8 how near a page was is counted among the zone's own counters, with differences that
/// are folded; kept from events alone it must come to the same.
#[test]
fn how_near_pages_were_follows_from_events() {
    let own = [
        ZoneStat::NumaHit,
        ZoneStat::NumaMiss,
        ZoneStat::NumaForeign,
        ZoneStat::NumaLocal,
        ZoneStat::NumaOther,
    ];
    hold(160, cases(250), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut counts = NumaEvents::new(&mm.snapshot());
        let mut driver = Driver::new(mm);
        for step in &case.trace.steps {
            driver.step(&step.op, &mut (&mut counts, &mut Patience::default()))?;
            if let Op::CpuOffline { cpu } = step.op {
                // Folded or not, sums over all CPUs are the same.
                counts.fold(cpu, CpuId(0));
            }
        }
        let end = driver.allocator().snapshot();
        let stats = &end.global.zone_stats;
        for zone in end.zones.iter().filter(|zone| zone.present > 0) {
            let kept = |stat: ZoneStat| {
                let at = stats.iter().position(|&one| one == stat)?;
                let unfolded = zone.pcp.iter().map(|pcp| i64::from(pcp.vm_stat_diff[at]));
                Some(zone.vm_stat[at] + unfolded.sum::<i64>())
            };
            let NumaCounts {
                hit,
                miss,
                foreign,
                local,
                other,
            } = counts.of(zone.id);
            for (stat, told) in own.into_iter().zip([hit, miss, foreign, local, other]) {
                let same = kept(stat).is_none_or(|kept| kept == told as i64);
                ensure("numa", same, || {
                    format!(
                        "{}, {}: {:?}, told {told}",
                        zone.id,
                        stat.name(),
                        kept(stat)
                    )
                })?;
            }
        }
        Ok(())
    });
}
