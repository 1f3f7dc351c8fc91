//! Asking the owners of memory: where a request waits, and where memory is asked for by its place,
//! moved, or taken away.

use pfnlab_model::{CpuId, PageAllocator};

use super::{Driver, DriverError};
use crate::tenants::Holders;

impl<A: PageAllocator> Driver<A> {
    /// Calls the allocator with those who hold what tickets name at its side. `cpu` is the one that
    /// asks.
    #[cold]
    pub(super) fn with_owners<T>(
        &mut self,
        cpu: CpuId,
        call: impl FnOnce(&mut A, &mut Holders<'_>) -> T,
    ) -> Result<T, DriverError> {
        let around = self.around.as_deref_mut();
        let mut owners = Holders::new(&mut self.tickets, around, &mut self.displaced, self.waiting);
        let answer = call(&mut self.allocator, &mut owners);
        match owners.not_taken() {
            None => Ok(answer),
            Some(error) => Err(DriverError::NotTakenOver { cpu, error }),
        }
    }
}
