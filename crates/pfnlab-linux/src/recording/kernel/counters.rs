//! The counters a zone of each recorded build has, in the order of its `vm_stat_diff`: what the
//! generation counts, less what was not built in.

use pfnlab_model::ZoneStat;

/// 4.14 and 5.0, built without a compressed pool.
pub(super) const COUNTERS_4_14: &[ZoneStat] =
    &ZoneStat::without::<12>(ZoneStat::LINUX_4_14, &[ZoneStat::Zspages]);

/// 6.1.0 and 6.12.0, built without a compressed pool; the latter not for confidential guests.
pub(super) const COUNTERS_6_1_0: &[ZoneStat] =
    &ZoneStat::without::<10>(ZoneStat::LINUX_6_1, &[ZoneStat::Zspages]);
