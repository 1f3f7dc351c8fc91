//! While a node's background reclaimer is awake, its zones are watched more closely.
//!
//! The count of free frames that tests look at lags behind by what CPUs have not folded. Below a
//! zone's drift mark that may be more than the min and the low mark are apart. So from 2.6.38 on the
//! CPUs of such zones fold earlier as long as kswapd is awake; 2.6.37 added up what all CPUs have in
//! every test instead.

use pfnlab_model::{NodeId, Observer};

use crate::Mm;
use crate::vmstat::{normal_threshold, pressure_threshold};

impl Mm {
    /// The background reclaimer of a node wakes up, or goes to sleep (`kswapd_try_to_sleep`,
    /// `set_pgdat_percpu_threshold`). Nobody here does it by itself: who models it says so.
    ///
    /// The thresholds follow from the watermarks while it is awake, in zones with a drift mark and
    /// for CPUs that run; they are the usual ones again when it sleeps. `false`: there is no such
    /// node, or it was so already, and nothing happened.
    pub fn set_kswapd_awake(
        &mut self,
        node: NodeId,
        awake: bool,
        observer: &mut impl Observer,
    ) -> bool {
        let Some(kswapd) = self.kswapds.get_mut(node.index()) else {
            return false;
        };
        if kswapd.awake == awake {
            return false;
        }
        match awake {
            true => kswapd.wake(observer),
            false => kswapd.sleep(observer),
        }
        self.count_exactly();
        if !self.profile.exact_count.while_reclaiming() {
            self.set_pressure(node, awake, observer);
        }
        true
    }

    fn set_pressure(&mut self, node: NodeId, pressure: bool, observer: &mut impl Observer) {
        let online = self.cpus.iter().filter(|cpu| cpu.online).count() as u64;
        let zones = self.zones.iter_mut();
        let zones = zones.filter(|zone| zone.id.node == node && zone.percpu_drift_mark != 0);
        for zone in zones {
            let threshold = match pressure {
                true => pressure_threshold(online, &zone.watermarks),
                false => normal_threshold(online, zone.size()),
            };
            for (pcp, cpu) in zone.pcps.iter_mut().zip(&self.cpus) {
                if cpu.online {
                    pcp.set_threshold(threshold, observer);
                }
            }
        }
    }
}
