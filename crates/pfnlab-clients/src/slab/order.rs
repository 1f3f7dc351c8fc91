//! How large the slabs of a cache are: an order that wastes little and holds enough objects.

use core::fmt;

use pfnlab_model::{Order, PAGE_BYTES};

use super::policy::SlabPolicy;

/// How the order of slabs is found (`calculate_order`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRule {
    /// Up to 6.7: the waste may be a 16th, an 8th, a quarter; if no order is so good, one object
    /// fewer is asked for.
    FewerObjects,
    /// From 6.8: the waste may be a 16th, an 8th, a quarter, a half; else the least order.
    LessWaste,
}

/// Which CPUs count for the least number of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuCount {
    /// Those that could ever be there (`nr_cpu_ids`).
    Possible,
    /// Those that are there; if that is one, those that could be.
    Present,
}

/// How many CPUs a machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTotals {
    /// That could ever be there (`nr_cpu_ids`); at least 1.
    pub possible: u32,
    /// That are there.
    pub present: u32,
}

impl CpuTotals {
    /// A machine on which every possible CPU is there.
    pub const fn all(cpus: u32) -> CpuTotals {
        CpuTotals {
            possible: cpus,
            present: cpus,
        }
    }
}

/// What may be set on the command line (`slub_min_order`, `slub_max_order`, `slub_min_objects`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderLimits {
    /// The least order.
    pub min: Order,
    /// The largest order, if an object fits.
    pub max: Order,
    /// The least number of objects; 0: found from the number of CPUs.
    pub min_objects: u32,
}

impl Default for OrderLimits {
    fn default() -> OrderLimits {
        OrderLimits {
            min: Order::ZERO,
            max: Order::new(3).expect("3 is an order"),
            min_objects: 0,
        }
    }
}

/// The order of a slab, and how many objects it holds (`struct kmem_cache_order_objects`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderObjects {
    /// The order.
    pub order: Order,
    /// The objects.
    pub objects: u16,
}

impl OrderObjects {
    fn of(order: Order, size: u32) -> OrderObjects {
        // Fits: an object has 8 bytes at least, and a slab 2^22 at most; capped below that.
        let objects = objects(order, size).min(u64::from(u16::MAX));
        OrderObjects {
            order,
            objects: objects as u16,
        }
    }
}

impl fmt::Display for OrderObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.order, self.objects)
    }
}

/// The slabs of a cache whose objects take `size` bytes each: the preferred size, and the least.
/// `None`: no block is large enough for one object.
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::slab::{CpuTotals, OrderLimits, slab_orders};
/// let policy = Generation::NEWEST.slab();
/// let (preferred, least) =
///     slab_orders(policy, 1080, CpuTotals::all(4), OrderLimits::default()).unwrap();
/// assert_eq!(preferred.to_string(), "3/30");
/// assert_eq!(least.to_string(), "0/3");
/// ```
///
/// # Panics
/// When `size` is 0.
pub fn slab_orders(
    policy: &SlabPolicy,
    size: u32,
    cpus: CpuTotals,
    limits: OrderLimits,
) -> Option<(OrderObjects, OrderObjects)> {
    assert!(size > 0, "an object takes no bytes");
    let search = Search {
        size,
        limits,
        most_objects: u64::from(policy.most_objects),
    };
    let wanted = match limits.min_objects {
        0 => u64::from(policy.cpus.least_objects(cpus)),
        wanted => u64::from(wanted),
    };
    let preferred = match policy.order {
        OrderRule::FewerObjects => search.fewer_objects(wanted),
        OrderRule::LessWaste => search.less_waste(wanted),
    }?;
    let least = Order::covering(pages(u64::from(size)))?;
    Some((
        OrderObjects::of(preferred, size),
        OrderObjects::of(least, size),
    ))
}

impl CpuCount {
    /// 4 · (fls(n) + 1): 8 for one CPU, 12 for two, 16 for four.
    fn least_objects(self, cpus: CpuTotals) -> u32 {
        let counted = match self {
            CpuCount::Present if cpus.present > 1 => cpus.present,
            CpuCount::Present | CpuCount::Possible => cpus.possible,
        };
        4 * (u32::BITS - counted.leading_zeros() + 1)
    }
}

/// One search for an order.
struct Search {
    size: u32,
    limits: OrderLimits,
    most_objects: u64,
}

impl Search {
    fn fewer_objects(&self, wanted: u64) -> Option<Order> {
        const FRACTIONS: [u64; 3] = [16, 8, 4];
        let most = wanted.min(objects(self.limits.max, self.size));
        let good = (2..=most).rev().find_map(|wanted| {
            let mut fractions = FRACTIONS.into_iter();
            fractions.find_map(|fraction| self.first_good(wanted, self.limits.max, fraction))
        });
        // An object that fills a slab nearly; then one that is larger than slabs should be.
        good.or_else(|| self.first_good(1, self.limits.max, 1))
            .or_else(|| self.first_good(1, Order::MAX, 1))
    }

    fn less_waste(&self, wanted: u64) -> Option<Order> {
        const FRACTIONS: [u64; 4] = [16, 8, 4, 2];
        let wanted = wanted.min(objects(self.limits.max, self.size).max(1));
        let good = FRACTIONS
            .into_iter()
            .find_map(|fraction| self.first_good(wanted, self.limits.max, fraction));
        good.or_else(|| Order::covering(pages(u64::from(self.size))))
    }

    /// The first order up to `last` that holds `wanted` objects and wastes at most one part in
    /// `fraction`.
    fn first_good(&self, wanted: u64, last: Order, fraction: u64) -> Option<Order> {
        if objects(self.limits.min, self.size) > self.most_objects {
            let most = u64::from(self.size) * self.most_objects;
            return Order::covering(pages(most))?.down();
        }
        let enough = Order::covering(pages(wanted * u64::from(self.size)))?;
        let start = self.limits.min.max(enough);
        let little = |order: &Order| {
            let slab = bytes(*order);
            slab % u64::from(self.size) <= slab / fraction
        };
        start.through(last).find(little)
    }
}

fn bytes(order: Order) -> u64 {
    PAGE_BYTES << order.get()
}

fn objects(order: Order, size: u32) -> u64 {
    bytes(order) / u64::from(size)
}

fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE_BYTES)
}
