//! A loaded library, and an allocator of it: the calls into foreign code.
//!
//! The functions are taken to have the types `pfnlab.h` declares; no compiler can check that. What
//! they do to this process is their own business: it is a child that may die.
#![allow(unsafe_code, reason = "foreign functions are loaded and called")]

use std::ffi::{OsStr, c_void};
use std::ptr;

use crate::abi::{self, Abi, Alloc, Bulk, Create, Drain, Exact, Free, Machine, Memory, Split};
use crate::message::{Call, Offers};

/// A loaded library.
pub(crate) struct Library {
    /// Its functions are called as long as it is loaded: until the process ends.
    _library: libloading::Library,
    create: Create,
    alloc: Alloc,
    free: Free,
    split: Option<Split>,
    bulk: Option<Bulk>,
    exact: Option<Exact>,
    drain: Option<Drain>,
    /// The allocator; null before `create`.
    allocator: *mut c_void,
}

impl Library {
    /// Loads a library; the error says why it cannot be used.
    pub(crate) fn load(path: &OsStr) -> Result<Library, String> {
        // SAFETY: whatever its initialisers do, they do to this child.
        let library =
            unsafe { libloading::Library::new(path) }.map_err(|error| error.to_string())?;
        let abi: Abi = must(&library, "pfnlab_abi")?;
        // SAFETY: `pfnlab.h` declares it so.
        match unsafe { abi() } {
            abi::ABI => {}
            other => {
                let ours = abi::ABI;
                return Err(format!(
                    "pfnlab_abi says {other}; this program speaks {ours}"
                ));
            }
        }
        Ok(Library {
            create: must(&library, "pfnlab_create")?,
            alloc: must(&library, "pfnlab_alloc")?,
            free: must(&library, "pfnlab_free")?,
            split: may(&library, "pfnlab_split"),
            bulk: may(&library, "pfnlab_bulk"),
            exact: may(&library, "pfnlab_exact"),
            drain: may(&library, "pfnlab_drain"),
            allocator: ptr::null_mut(),
            _library: library,
        })
    }

    /// What it exports that need not be there.
    pub(crate) fn offers(&self) -> Offers {
        Offers {
            split: self.split.is_some(),
            bulk: self.bulk.is_some(),
            exact: self.exact.is_some(),
            drain: self.drain.is_some(),
        }
    }

    /// Calls a function; its answer, and the frames of a bulk. `None`: there is no such function, or
    /// no allocator yet.
    pub(crate) fn call(&mut self, call: &Call) -> Option<(i64, Vec<u64>)> {
        if let Call::Create {
            cpus,
            nodes,
            memory,
        } = call
        {
            return Some((i64::from(self.create(*cpus, *nodes, memory)), Vec::new()));
        }
        if self.allocator.is_null() {
            return None;
        }
        let allocator = self.allocator;
        let mut frames = Vec::new();
        // SAFETY: the functions are what `pfnlab.h` declares, `allocator` is what the library's own
        // `pfnlab_create` returned, and every other pointer is to a value that outlives the call;
        // `frames` has room for `count`.
        let answer = unsafe {
            match *call {
                Call::Create { .. } => return None,
                Call::Alloc(request) => (self.alloc)(allocator, &request),
                Call::Free { frame, order, cpu } => {
                    (self.free)(allocator, frame, order, cpu).into()
                }
                Call::Split { frame, order } => self.split?(allocator, frame, order).into(),
                Call::Bulk { request, count } => {
                    let bulk = self.bulk?;
                    frames.resize(usize::try_from(count).ok()?, u64::MAX);
                    bulk(allocator, &request, frames.as_mut_ptr(), count)
                }
                Call::Exact { request, count } => self.exact?(allocator, &request, count),
                Call::Drain { cpu } => {
                    self.drain?(allocator, cpu);
                    abi::OK
                }
            }
        };
        frames.truncate(usize::try_from(answer).unwrap_or(0));
        Some((answer, frames))
    }

    /// Whether an allocator was made.
    fn create(&mut self, cpus: u32, nodes: u32, memory: &[Memory]) -> bool {
        let machine = Machine {
            memory: memory.as_ptr(),
            pieces: memory.len() as u64,
            cpus,
            nodes,
        };
        // SAFETY: as `pfnlab.h` declares it; `machine` and `memory` outlive the call.
        self.allocator = unsafe { (self.create)(&machine) };
        !self.allocator.is_null()
    }
}

fn may<T: Copy>(library: &libloading::Library, name: &str) -> Option<T> {
    // SAFETY: `T` is the type `pfnlab.h` declares the function with, and it is not called any more
    // once the library is gone.
    let symbol = unsafe { library.get::<T>(name) };
    symbol.ok().map(|symbol| *symbol)
}

fn must<T: Copy>(library: &libloading::Library, name: &str) -> Result<T, String> {
    may(library, name).ok_or_else(|| format!("it does not export {name}"))
}
