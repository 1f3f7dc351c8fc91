//! Sizes and address ranges as a person writes them: `128M`, `0x1000..0x9f000`, `1M..3G`.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A number of bytes: decimal or `0x`, with an optional suffix K, M, G or T (powers of 1024).
///
/// ```
/// assert_eq!(pfnlab_model::parse_size("128M"), Ok(128 << 20));
/// ```
///
/// # Errors
/// When it is no number, or does not fit in 64 bits.
pub fn parse_size(text: &str) -> Result<u64, BytesError> {
    let bad = || BytesError(text.into());
    let text = text.trim();
    let (digits, shift) = match text.as_bytes().last().map(u8::to_ascii_uppercase) {
        Some(b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        Some(b'T') => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    let number = match digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16),
        None if !digits.starts_with('+') => digits.parse(),
        _ => return Err(bad()),
    };
    number
        .ok()
        .and_then(|n| n.checked_mul(1 << shift))
        .ok_or_else(bad)
}

/// A half-open range of byte addresses.
///
/// ```
/// let range: pfnlab_model::ByteRange = "1M..3G".parse().unwrap();
/// assert_eq!((range.start, range.end), (1 << 20, 3 << 30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRange {
    /// The first address.
    pub start: u64,
    /// The first address behind it.
    pub end: u64,
}

impl ByteRange {
    /// `bytes` bytes from `start` on, cut off at the top of the address space: the very last byte
    /// belongs to no range.
    ///
    /// ```
    /// use pfnlab_model::ByteRange;
    /// assert_eq!(ByteRange::sized(4096, 10).end, 4106);
    /// assert_eq!(ByteRange::sized(u64::MAX - 1, 10).size(), 1);
    /// ```
    pub const fn sized(start: u64, bytes: u64) -> ByteRange {
        ByteRange {
            start,
            end: start.saturating_add(bytes),
        }
    }

    /// How many bytes it holds; none when it runs backward.
    pub const fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

impl FromStr for ByteRange {
    type Err = BytesError;
    fn from_str(text: &str) -> Result<ByteRange, BytesError> {
        let (start, end) = text
            .split_once("..")
            .ok_or_else(|| BytesError(text.into()))?;
        Ok(ByteRange {
            start: parse_size(start)?,
            end: parse_size(end)?,
        })
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..{:#x}", self.start, self.end)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ByteRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for ByteRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ByteRange, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Text that is no size or range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BytesError(pub String);

impl fmt::Display for BytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no size: write a number of bytes such as 4096, 0x1000 or 128M (K, M, G, T), \
             and a range as `START..END`",
            self.0
        )
    }
}

impl core::error::Error for BytesError {}
