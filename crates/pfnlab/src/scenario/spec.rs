//! What a person writes.

use std::collections::BTreeMap;

use pfnlab_model::Order;
use pfnlab_sim::phase::Kind;
use serde::Deserialize;

use crate::scenario::MachineChoice;

/// A pfnlab scenario: a machine, a kernel, and phases of work on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScenarioSpec {
    /// What there is to see, in a sentence.
    #[serde(default)]
    pub about: String,
    /// The machine.
    pub machine: MachineChoice,
    /// The kernel generation, such as `linux-6.12.y`. Left out: the newest.
    pub profile: Option<String>,
    /// How the kernel was built, such as `x86_64`.
    pub config: Option<String>,
    /// The seed.
    #[serde(default = "one")]
    pub seed: u64,
    /// Tunables of `/proc/sys/vm`, written after boot in the order of their names.
    #[serde(default)]
    pub sysctl: BTreeMap<String, u32>,
    /// What happens, one after the other.
    #[serde(rename = "phase")]
    pub phases: Vec<Kind>,
    /// What the summary shows.
    #[serde(default)]
    pub report: ReportSpec,
}

fn one() -> u64 {
    1
}

/// What the summary of a scenario shows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportSpec {
    /// A line for every phase.
    pub phases: bool,
    /// The refusals, by reason.
    pub refusals: bool,
    /// `/proc/buddyinfo` before and after.
    pub buddyinfo: bool,
    /// The orders for which the fragmentation indices of every zone are shown, before and after.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<u8>"))]
    pub indices: Vec<Order>,
    /// A picture of every zone at the end.
    pub pictures: bool,
}

impl Default for ReportSpec {
    /// Everything but the pictures, with the indices of all orders.
    fn default() -> ReportSpec {
        ReportSpec {
            phases: true,
            refusals: true,
            buddyinfo: true,
            indices: Order::all().collect(),
            pictures: false,
        }
    }
}
