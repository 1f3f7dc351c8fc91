//! How kernels up to 3.8 print ranges: hexadecimal without `0x`, or with the end they mean.

use pfnlab_model::ByteRange;

use super::BootLogProblem as Problem;
use super::line::Rest;

/// The digits of an address up to 3.8 (`%#016llx`), where the end is printed as it is; later
/// kernels print 16, and the last byte.
const OLD_DIGITS: usize = 14;

impl<'a> Rest<'a> {
    /// Takes `0x…-0x…`, the two ends of a range; with 14 digits each the second one lies behind
    /// it, with any other number of digits within.
    pub(super) fn range_of_its_time(&mut self) -> Result<ByteRange, Problem> {
        let digits = self.0.trim_start().strip_prefix("0x").unwrap_or("");
        let digits = digits
            .find(|digit: char| !digit.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        if digits != OLD_DIGITS {
            return self.range();
        }
        let (start, end) = self.bounds()?;
        if end < start {
            return Err(Problem::Backward { start, last: end });
        }
        Ok(ByteRange { start, end })
    }

    /// Takes `HEX - HEX` or `HEX-HEX`, bare hexadecimal numbers, the second one behind the range
    /// (2.6.37).
    pub(super) fn bare_range(&mut self) -> Result<ByteRange, Problem> {
        let start = self.bare_number()?;
        self.take("-")?;
        let end = self.bare_number()?;
        if end < start {
            return Err(Problem::Backward { start, last: end });
        }
        Ok(ByteRange { start, end })
    }

    /// Takes a word in parentheses: `(usable)`.
    pub(super) fn in_parentheses(&mut self) -> Result<&'a str, Problem> {
        self.take("(")?;
        let (word, rest) = self.0.split_once(')').ok_or_else(|| self.expected("`)`"))?;
        self.0 = rest;
        Ok(word)
    }

    fn bare_number(&mut self) -> Result<u64, Problem> {
        let text = self.0.trim_start();
        let end = text
            .find(|digit: char| !digit.is_ascii_hexdigit())
            .unwrap_or(text.len());
        let number = u64::from_str_radix(&text[..end], 16);
        let number = number.map_err(|_| self.expected("a hexadecimal number"))?;
        self.0 = &text[end..];
        Ok(number)
    }
}
