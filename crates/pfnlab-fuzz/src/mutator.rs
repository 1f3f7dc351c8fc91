//! What becomes of an input.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Changes inputs, always in the same way from the same seed.
#[derive(Clone, Debug)]
pub struct Mutator(ChaCha8Rng);

/// What is put in here and there.
const TOKENS: &[&str] = &[
    "0",
    "1",
    "-1",
    "255",
    "256",
    "65535",
    "65536",
    "2147483648",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "0x",
    "0xffffffffffffffff",
    "1e309",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\t",
    " ",
    "",
    ",",
    ":",
    "=",
    "=>",
    "..",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "(",
    ")",
    "|",
    ";",
    "#",
    "null",
    "true",
    "NaN",
    "K",
    "M",
    "G",
    "kB",
    "\0",
    "\u{fffd}",
    "\u{1F980}",
    "Node 0, zone   Normal",
    "[    0.000000]",
];

impl Mutator {
    /// From a seed.
    pub fn new(seed: u64) -> Mutator {
        Mutator(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `end`, or 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The bias is of no account, and the rest fits.
        (self.0.next_u64() % (end.max(1) as u64)) as usize
    }

    /// Changes an input in a few places; `other` is an input it may take a part of. No longer than
    /// `most` afterwards.
    pub fn mutate(&mut self, input: &mut Vec<u8>, other: &[u8], most: usize) {
        for _ in 0..=self.below(4) {
            self.once(input, other);
        }
        input.truncate(most);
    }

    fn once(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len() + 1);
        match self.below(12) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.0.next_u32() as u8,
            2 => {
                let length = self.below(16).min(input.len() - at);
                input.drain(at..at + length);
            }
            3 => {
                let part = self.part(input);
                input.splice(at..at, part);
            }
            4 => {
                let part = self.part(other);
                input.splice(at..at, part);
            }
            5 | 6 => {
                let token = TOKENS[self.below(TOKENS.len())].as_bytes();
                let length = self.below(3).min(input.len() - at);
                input.splice(at..at + length, token.iter().copied());
            }
            7 | 8 => self.number(input, at),
            9 => self.line(input, |_, _| Vec::new()),
            10 => self.line(input, |_, line| [line, line].concat()),
            11 => {
                let line = self.part_lines(other);
                self.line(input, |_, before| [before, &line].concat());
            }
            _ => input.insert(at, b'0'),
        }
    }

    /// A part of some bytes, short more often than not.
    fn part(&mut self, bytes: &[u8]) -> Vec<u8> {
        let start = self.below(bytes.len());
        let most = 1 << self.below(9);
        let length = self.below(most).min(bytes.len() - start);
        bytes[start..start + length].to_vec()
    }

    fn part_lines(&mut self, bytes: &[u8]) -> Vec<u8> {
        let lines: Vec<_> = bytes.split_inclusive(|&sign| sign == b'\n').collect();
        let line = self.below(lines.len());
        lines
            .get(line)
            .map(|line| line.to_vec())
            .unwrap_or_default()
    }

    /// Some line becomes something else.
    fn line(&mut self, input: &mut Vec<u8>, change: impl Fn(&mut Mutator, &[u8]) -> Vec<u8>) {
        let mut lines: Vec<Vec<u8>> = input
            .split_inclusive(|&sign| sign == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        let line = self.below(lines.len());
        if let Some(line) = lines.get_mut(line) {
            *line = change(self, line);
        }
        *input = lines.concat();
    }

    /// The number at or after a place becomes another one.
    fn number(&mut self, input: &mut Vec<u8>, at: usize) {
        let digit = |sign: &u8| sign.is_ascii_digit();
        let Some(start) = input[at..].iter().position(digit).map(|skip| at + skip) else {
            return;
        };
        let length = input[start..].iter().take_while(|sign| digit(sign)).count();
        let text = std::str::from_utf8(&input[start..start + length]).unwrap_or("0");
        let old: u64 = text.parse().unwrap_or(u64::MAX);
        let new = match self.below(8) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => old.wrapping_mul(2),
            3 => old / 2,
            4 => 1 << self.below(64),
            5 => (1_u64 << self.below(64)).wrapping_sub(1),
            6 => old ^ (1 << self.below(12)),
            _ => self.below(300) as u64,
        };
        input.splice(start..start + length, new.to_string().into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed);
            let mut input = b"a 1 order=3\nf 1\n".to_vec();
            let mut all = Vec::new();
            for _ in 0..500 {
                mutator.mutate(&mut input, b"other 17\nline\n", 200);
                assert!(input.len() <= 200);
                all.push(input.clone());
            }
            all
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}
