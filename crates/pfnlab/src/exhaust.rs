//! Every state of a small zone.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use pfnlab_check::exhaust::{Lists, World};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{Block, MigrateType, Order, Pfn, Request, Snapshot};

pub use pfnlab_check::exhaust::{Asked, Counts, Found, SavedError, Search, WorldError};

use rayon::ThreadPoolBuilder;

use crate::Error;
use pfnlab_mm::bare::{Bare, request};

/// So many states are looked at before progress is told.
const BATCH: usize = 1 << 13;
/// So many batches lie between two times at which a search is saved.
const SELDOM: u64 = 64;

/// A small zone to search: [`SmallZone::world`]. No watermark, no per-CPU list; everything is free
/// and movable.
#[derive(Clone, Copy, Debug)]
pub struct SmallZone {
    /// How many frames: a multiple of the largest block.
    pub pages: u64,
    /// The largest order.
    pub top: Order,
    /// How many migratetypes are asked for, from 1 to 3: movable, unmovable, reclaimable.
    pub types: u8,
    /// The order of a pageblock.
    pub pageblock: Order,
    /// The order of lists is not part of a state: any free block may be at the head of its list.
    pub any_head: bool,
    /// The kernel generation.
    pub profile: &'static Profile,
    /// How thoroughly rules are asked.
    pub asked: Asked,
}

/// A zone that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmallZoneError {
    /// It is empty or large, or is not made of largest blocks.
    #[error("{pages} pages: a small zone has 1 to 64, a multiple of its largest block (2^{top})")]
    Pages {
        /// How many it should have.
        pages: u64,
        /// The largest order.
        top: Order,
    },
    /// There are no so many types.
    #[error("{0} types: 1 to 3 can be asked for (movable, unmovable, reclaimable)")]
    Types(u8),
    /// A pageblock is larger than the largest block.
    #[error("pageblocks of order {pageblock}: the largest block is of order {top}")]
    Pageblock {
        /// The order of a pageblock.
        pageblock: Order,
        /// The largest order.
        top: Order,
    },
}

impl SmallZone {
    /// A zone of one block, with the order of lists in the state. With one type a pageblock is as
    /// large as the zone, else it is half of it.
    ///
    /// ```
    /// use pfnlab::{Profile, exhaust::{Search, SmallZone}};
    /// let zone = SmallZone::of(4, 1, Profile::NEWEST)?;
    /// let counts = Search::new(zone.world()?)?.finish().unwrap();
    /// assert_eq!(counts.states, 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When `pages` is no power of two up to 64, or there are no so many types.
    pub fn of(
        pages: u64,
        types: u8,
        profile: &'static Profile,
    ) -> Result<SmallZone, SmallZoneError> {
        let top = Order::covering(pages).unwrap_or(Order::MAX);
        let half = if types == 1 { None } else { top.down() };
        let zone = SmallZone {
            pages,
            top,
            types,
            pageblock: half.unwrap_or(top),
            any_head: false,
            profile,
            asked: Asked::Moves,
        };
        zone.check().map(|()| zone)
    }

    fn check(&self) -> Result<(), SmallZoneError> {
        let &SmallZone {
            pages,
            top,
            types,
            pageblock,
            ..
        } = self;
        if !(1..=64).contains(&pages) || !pages.is_multiple_of(top.frames()) {
            return Err(SmallZoneError::Pages { pages, top });
        }
        if !(1..=3).contains(&types) {
            return Err(SmallZoneError::Types(types));
        }
        if pageblock > top {
            return Err(SmallZoneError::Pageblock { pageblock, top });
        }
        Ok(())
    }

    /// The zone, booted, and a request of every order and type.
    ///
    /// # Errors
    /// When there can be no such zone.
    pub fn world(&self) -> Result<World<Mm>, SmallZoneError> {
        self.check()?;
        let types = [
            MigrateType::Movable,
            MigrateType::Unmovable,
            MigrateType::Reclaimable,
        ];
        let types = types.into_iter().take(usize::from(self.types));
        let requests = types.flat_map(|mt| {
            let orders = Order::ZERO.through(self.top);
            orders.map(move |order| request(order, mt))
        });
        let requests: Vec<Request> = requests.collect();
        let bring = |mm: &mut Mm, block: Block| {
            mm.bring_to_head(block, &mut ());
        };
        Ok(World {
            first: self.bare().boot(self.profile),
            requests,
            lists: match self.any_head {
                true => Lists::AnyHead(bring),
                false => Lists::Ordered,
            },
            asked: self.asked,
        })
    }

    /// The state the zone begins in.
    pub fn snapshot(&self) -> Snapshot {
        self.bare().snapshot(self.profile)
    }

    fn bare(&self) -> Bare {
        Bare {
            start: Pfn::new(0),
            blocks: self.pages >> self.top.get(),
            top: self.top,
            pageblock: self.pageblock,
            highest_first: false,
        }
    }
}

/// Searches a zone, on as many threads as there are CPUs or on `jobs`. With a file the search goes on
/// where it was saved there, and is saved there again from time to time and at its end. `progress`
/// is told what was seen so far.
///
/// The result is what was seen, or the first thing that is wrong; neither depends on the number of
/// threads.
///
/// # Errors
/// When the threads cannot be had, or the file cannot be read or written, or is none of this zone.
pub fn search(
    zone: &SmallZone,
    world: World<Mm>,
    jobs: Option<NonZeroUsize>,
    file: Option<&Path>,
    mut progress: impl FnMut(Counts) + Send,
) -> Result<Result<Counts, Box<Found>>, Error> {
    search_through(zone, world, jobs, file, &mut progress)
}

fn search_through(
    zone: &SmallZone,
    world: World<Mm>,
    jobs: Option<NonZeroUsize>,
    file: Option<&Path>,
    progress: &mut (dyn FnMut(Counts) + Send),
) -> Result<Result<Counts, Box<Found>>, Error> {
    // To the pool 0 means as many as there are CPUs.
    let threads = jobs.map_or(0, NonZeroUsize::get);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Jobs {
        jobs: threads,
        reason: error.to_string(),
    })?;
    let name = zone.to_string();
    pool.install(|| {
        let mut search = match file {
            Some(path) if path.exists() => open(world, &name, path)?,
            _ => Search::new(world).map_err(|error| saved(Path::new(""), error.into()))?,
        };
        for batch in 1.. {
            let more = match search.advance(BATCH) {
                Ok(more) => more,
                Err(found) => return Ok(Err(found)),
            };
            let counts = search.counts();
            progress(counts);
            if let Some(path) = file.filter(|_| !more || batch % SELDOM == 0) {
                save(&search, &name, path).map_err(|error| Error::Write {
                    path: path.display().to_string(),
                    error,
                })?;
            }
            if !more {
                break;
            }
        }
        Ok(Ok(search.counts()))
    })
}

fn open(world: World<Mm>, name: &str, path: &Path) -> Result<Search<Mm>, Error> {
    let file = File::open(path).map_err(|error| saved(path, error.into()))?;
    Search::resume(world, name, &mut BufReader::new(file)).map_err(|error| saved(path, error))
}

fn saved(path: &Path, error: SavedError) -> Error {
    let path = path.display().to_string();
    Error::Search { path, error }
}

/// Whoever pulls the plug meanwhile finds the file of before.
fn save(search: &Search<Mm>, name: &str, path: &Path) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut out = BufWriter::new(File::create(&new)?);
    search.save(name, &mut out)?;
    out.flush()?;
    fs::rename(&new, path)
}

/// The line that names it in a saved search.
impl fmt::Display for SmallZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SmallZone {
            pages,
            top,
            types,
            pageblock,
            any_head,
            profile,
            asked,
        } = self;
        let lists = if *any_head { "any-head" } else { "ordered" };
        let asked = match asked {
            Asked::Moves => "moves",
            Asked::States => "states",
            Asked::Arrangements => "arrangements",
        };
        write!(
            f,
            "{}: {pages} pages, top order {top}, pageblock order {pageblock}, types {types}, \
             lists {lists}, rules after {asked}",
            profile.name()
        )
    }
}
