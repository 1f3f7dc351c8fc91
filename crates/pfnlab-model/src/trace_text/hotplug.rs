//! The operations that take CPUs away and bring them back, as text.

use super::{Line, TraceError, Word};
use crate::{CpuId, Op};

/// What these operations are called.
pub(super) const VERBS: &str = "cpu-offline, cpu-online";

impl<'a> Line<'a> {
    /// The operation `verb` begins; `None`: it is none of these.
    pub(super) fn hotplug(&mut self, verb: Word<'a>) -> Result<Option<Op>, TraceError> {
        Ok(Some(match verb.text {
            "cpu-offline" => Op::CpuOffline {
                cpu: self.cpu_number()?,
            },
            "cpu-online" => Op::CpuOnline {
                cpu: self.cpu_number()?,
            },
            _ => return Ok(None),
        }))
    }

    fn cpu_number(&mut self) -> Result<CpuId, TraceError> {
        let word = self.expect_word("the number of a CPU, such as 1,")?;
        let number = self.number(word, u64::from(CpuId::LIMIT - 1))?;
        Ok(CpuId(number as u16))
    }
}
