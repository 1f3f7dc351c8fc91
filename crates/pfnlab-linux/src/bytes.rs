//! Files as bytes: packed or plain, and never without bound.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// The most bytes that are read of anything.
const MOST: u64 = 1 << 30;
/// What any packed file may unpack to.
const LEAST_UNPACKED: u64 = 64 << 20;
/// How many times its size a larger one may unpack to.
const RATIO: u64 = 100;
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Everything `reader` gives: at most 1 GiB, so that a device or a mistaken file does not fill the
/// memory.
///
/// # Errors
/// When it cannot be read, or gives more.
pub fn read_bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    bounded(reader, MOST, "gives")
}

/// The same, unpacked when it is gzip. A file that unpacks to 64 MiB and to more than a hundred
/// times its size is not one that anybody made in earnest.
///
/// # Errors
/// When it cannot be read or unpacked, or gives more than that.
pub fn read_unpacked(reader: impl Read) -> io::Result<Vec<u8>> {
    let bytes = read_bytes(reader)?;
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let most = (bytes.len() as u64 * RATIO).clamp(LEAST_UNPACKED, MOST);
    bounded(MultiGzDecoder::new(&bytes[..]), most, "unpacks to")
}

fn bounded(reader: impl Read, most: u64, verb: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("it {verb} more than {} MiB", most >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_and_plain_are_the_same() {
        assert_eq!(read_unpacked(&b"{}"[..]).unwrap(), b"{}");
        assert_eq!(read_unpacked(&packed(b"{}")[..]).unwrap(), b"{}");
        assert_eq!(
            read_unpacked(&packed(b"{}")[..10]).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn a_small_file_that_unpacks_to_much_is_refused() {
        let bomb = packed(&vec![0; LEAST_UNPACKED as usize + 1]);
        let error = read_unpacked(&bomb[..]).unwrap_err();
        assert_eq!(error.to_string(), "it unpacks to more than 64 MiB");
    }
}
