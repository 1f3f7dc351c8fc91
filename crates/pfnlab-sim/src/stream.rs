//! Streams: random numbers with a name.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_64;

/// ChaCha8 with a seed for the run and a name for the purpose, so that one more draw for one
/// purpose moves nothing elsewhere. The same on every machine.
///
/// ```
/// use pfnlab_sim::Stream;
/// let draws = |name| { let mut s = Stream::new(1, name); [s.below(100), s.below(100)] };
/// assert_eq!(draws("orders"), draws("orders"));
/// assert_ne!(draws("orders"), draws("cpus"));
/// ```
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a seed and a name: the key is the seed in its first 8 bytes, little-endian,
    /// and the stream number is the XXH3 of the name.
    pub fn new(seed: u64, name: &str) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(xxh3_64(name.as_bytes()));
        Stream(rng)
    }

    /// 32 random bits.
    #[inline]
    pub fn draw(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number below `bound`; 0 when there is none. Off from uniform by less than `bound` / 2^32.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        let scaled = u64::from(self.draw()) * u64::from(bound);
        (scaled >> 32) as u32
    }

    /// 0 half of the time, 1 a quarter of it, and so on; at most `most`.
    #[inline]
    pub fn geometric(&mut self, most: u32) -> u32 {
        self.draw().trailing_zeros().min(most)
    }
}
