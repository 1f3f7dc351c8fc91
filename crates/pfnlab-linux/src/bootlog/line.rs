//! One line, without its time stamp, taken apart from the left.

use pfnlab_model::{ByteRange, NodeId};

use super::BootLogProblem as Problem;

/// What a kernel said in one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// What it said.
    pub(crate) text: &'a str,
    /// Whether there was a time stamp in front.
    pub(crate) stamped: bool,
}

impl<'a> Message<'a> {
    /// Takes off what a console, `dmesg` or a log daemon puts in front: `<6>`, `[    0.000000]`,
    /// `[    T0]`, `Jan 01 00:00:00 host kernel: `, `Jan 01 00:00:00 [kernel] `.
    pub(crate) fn of(line: &'a str) -> Message<'a> {
        let line = line.trim_end();
        let daemon = line
            .split_once(" kernel: ")
            .or_else(|| line.split_once(" [kernel] "));
        let line = match daemon {
            Some((before, after)) if !before.contains(['[', '<']) => after,
            _ => line,
        };
        let mut text = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some((level, rest)) if is_number(level) => rest,
            _ => line,
        };
        let mut stamped = false;
        while let Some((inside, rest)) = text.strip_prefix('[').and_then(|r| r.split_once(']')) {
            let time = inside.split_once('.');
            let is_time = time.is_some_and(|(s, us)| is_number(s.trim_start()) && is_number(us));
            let caller = inside.trim_start();
            let is_caller = stamped && caller.starts_with(['T', 'C']) && is_number(&caller[1..]);
            if !is_time && !is_caller {
                break;
            }
            stamped = true;
            // One space belongs to the stamp; more belong to what is said.
            text = rest.strip_prefix(' ').unwrap_or(rest);
        }
        Message { text, stamped }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rest of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a>(pub(super) &'a str);

impl<'a> Rest<'a> {
    /// What should come next does not.
    pub(super) fn expected(self, expected: &'static str) -> Problem {
        Problem::Expected {
            expected,
            found: self.0.trim_start().to_owned(),
        }
    }

    /// Takes a text that must come next; spaces in front of it do not matter.
    pub(super) fn take(&mut self, text: &'static str) -> Result<(), Problem> {
        let rest = self.0.trim_start().strip_prefix(text.trim_start());
        self.0 = rest.ok_or_else(|| self.expected(text))?;
        Ok(())
    }

    /// Takes a text that may come next.
    pub(super) fn take_if(&mut self, text: &'static str) -> bool {
        self.take(text).is_ok()
    }

    /// Takes a number, decimal or `0x`.
    pub(super) fn number(&mut self) -> Result<u64, Problem> {
        let text = self.0.trim_start();
        let (digits, radix) = match text.strip_prefix("0x") {
            Some(hex) => (hex, 16),
            None => (text, 10),
        };
        let end = digits
            .find(|digit: char| !digit.is_digit(radix))
            .unwrap_or(digits.len());
        if end == 0 {
            return Err(self.expected("a number"));
        }
        let number = u64::from_str_radix(&digits[..end], radix);
        self.0 = &digits[end..];
        number.map_err(|_| Problem::Number(digits[..end].to_owned()))
    }

    /// Takes `NUMBER-NUMBER`, the second being the last byte.
    pub(super) fn bounds(&mut self) -> Result<(u64, u64), Problem> {
        let start = self.number()?;
        self.take("-")?;
        Ok((start, self.number()?))
    }

    /// Takes `NUMBER-NUMBER` as a range; one that ends right before it starts is empty.
    pub(super) fn range(&mut self) -> Result<ByteRange, Problem> {
        let (start, last) = self.bounds()?;
        // The very last byte of the address space belongs to no range.
        let end = last.saturating_add(1);
        if end < start {
            return Err(Problem::Backward { start, last });
        }
        Ok(ByteRange { start, end })
    }

    /// Takes `[mem NUMBER-NUMBER]`.
    pub(super) fn mem(&mut self) -> Result<ByteRange, Problem> {
        self.take("[mem")?;
        let range = self.range()?;
        self.take("]")?;
        Ok(range)
    }

    /// Takes the number of a node.
    pub(super) fn node(&mut self) -> Result<NodeId, Problem> {
        let number = self.number()?;
        match u16::try_from(number) {
            Ok(node) if node < NodeId::LIMIT => Ok(NodeId(node)),
            _ => Err(Problem::Node(number)),
        }
    }
}
