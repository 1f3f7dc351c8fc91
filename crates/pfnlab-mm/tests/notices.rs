//! Who is told what when memory comes and goes, in which order: the specification's sequences
//! (memory hotplug, 9.11 and 9.12).

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::MemoryStep::{
    CancelOffline, CancelOnline, FinishOffline, GoingOffline, GoingOnline, Offline, Online,
    PrepareOnline,
};
use pfnlab_model::{
    AllocError, CpuId, Gfp, MachineSpec, MemoryError, MemoryNotice, MemoryOp, MemoryStep, NodeId,
    NodeSpec, Observer, OnlineTo, PageAllocator, Pfn, PfnRange, Reclaim, Request, Tenants,
};

/// Listens, and objects to one step.
#[derive(Default)]
struct Listener {
    heard: Vec<MemoryStep>,
    nodes: Vec<Option<NodeId>>,
    objects_to: Option<MemoryStep>,
}

impl Reclaim for Listener {}

impl Tenants for Listener {
    fn notify(
        &mut self,
        notice: MemoryNotice,
        _: CpuId,
        _: &mut impl PageAllocator,
        _: &mut impl Observer,
    ) -> Result<(), AllocError> {
        self.heard.push(notice.step);
        self.nodes.push(notice.status_change);
        match self.objects_to == Some(notice.step) {
            true => Err(AllocError::NoZone),
            false => Ok(()),
        }
    }
}

const RANGE: PfnRange = PfnRange::sized(Pfn::new(0x10_0000), 1 << 15);
const CPU: CpuId = CpuId(0);
const ONLINE: MemoryOp = MemoryOp::Online {
    range: RANGE,
    to: OnlineTo::Default,
    cpu: CPU,
};
const OFFLINE: MemoryOp = MemoryOp::Offline {
    range: RANGE,
    cpu: CPU,
};

/// A machine whose second node has no memory but what is plugged in now.
fn boot(profile: &'static Profile) -> Mm {
    let node = |cpus: &[u16], ram: &[&str]| NodeSpec {
        cpus: cpus.to_vec(),
        ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node(&[0], &["16M..512M"]), node(&[], &[])],
        ..MachineSpec::default()
    };
    let mut mm = Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap();
    let node = NodeId(1);
    let add = MemoryOp::Add { range: RANGE, node };
    mm.memory(&add, PfnRange::default(), &mut (), &mut ())
        .unwrap();
    mm
}

/// What is heard of an operation that somebody objects to, and whether it was done.
fn hear(
    mm: &mut Mm,
    op: &MemoryOp,
    objects_to: Option<MemoryStep>,
) -> (Vec<MemoryStep>, Vec<Option<NodeId>>, bool) {
    let mut listener = Listener {
        objects_to,
        ..Listener::default()
    };
    let done = mm.memory(op, PfnRange::default(), &mut listener, &mut ());
    (listener.heard, listener.nodes, done.is_ok())
}

#[test]
fn everybody_is_told_in_the_kernels_order() {
    for profile in Profile::ALL {
        let name = profile.name();
        // Two steps more, before there is a zone and after it is gone.
        let announces = name.starts_with("linux-6.12");
        let with = |first: Option<MemoryStep>, middle: &[MemoryStep], last: Option<MemoryStep>| {
            let (first, last) = (first.filter(|_| announces), last.filter(|_| announces));
            let middle = middle.iter().copied();
            first
                .into_iter()
                .chain(middle)
                .chain(last)
                .collect::<Vec<_>>()
        };
        let (prepare, finish) = (Some(PrepareOnline), Some(FinishOffline));
        let mut mm = boot(profile);

        let (heard, _, done) = hear(&mut mm, &ONLINE, Some(GoingOnline));
        assert_eq!(
            heard,
            with(prepare, &[GoingOnline, CancelOnline], finish),
            "{name}"
        );
        assert!(!done);

        let (heard, nodes, done) = hear(&mut mm, &ONLINE, None);
        assert_eq!(heard, with(prepare, &[GoingOnline, Online], None), "{name}");
        assert!(
            done && nodes.iter().all(|node| *node == Some(NodeId(1))),
            "{name}"
        );

        let (heard, _, done) = hear(&mut mm, &OFFLINE, Some(GoingOffline));
        assert_eq!(heard, [GoingOffline, CancelOffline], "{name}");
        assert!(!done);

        // Where something cannot be moved nobody is told but on 5.0.
        let there = Request {
            node: Some(NodeId(1)),
            ..Request::new(Gfp::GFP_KERNEL | Gfp::THISNODE)
        };
        let page = mm.alloc(&there, &mut ()).unwrap();
        assert!(RANGE.contains(page.start()), "{name}");
        let (heard, _, done) = hear(&mut mm, &OFFLINE, None);
        let expected: &[MemoryStep] = match name {
            "linux-5.0" => &[CancelOffline],
            _ => &[],
        };
        assert_eq!(heard, expected, "{name}");
        assert!(!done);

        mm.free(page, CPU, &mut ()).unwrap();
        let (heard, nodes, done) = hear(&mut mm, &OFFLINE, None);
        assert_eq!(
            heard,
            with(None, &[GoingOffline, Offline], finish),
            "{name}"
        );
        assert!(
            done && nodes.iter().all(|node| *node == Some(NodeId(1))),
            "{name}"
        );
        // What is offline cannot go.
        let again = hear(&mut mm, &OFFLINE, None);
        assert_eq!(again, (vec![], vec![], false), "{name}");
        let nothing = mm.memory(&OFFLINE, PfnRange::default(), &mut (), &mut ());
        assert_eq!(nothing, Err(MemoryError::NotThere(RANGE.start())), "{name}");
    }
}
