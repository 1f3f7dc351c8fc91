//! A PFN in binary, with one bit marked.

use pfnlab_model::{Order, Pfn};

use crate::Style;
use crate::style::Tone;
use crate::text::Line;

/// Bits in a group.
const GROUP: u32 = 4;
/// The bits in which buddies differ, and the groups around them.
pub(crate) const LEAST: u32 = 12;

/// How many of its lowest bits show all of `pfn`, but no more than `columns` have room for.
pub(crate) fn bits_for(pfn: Pfn, columns: usize) -> u32 {
    let needed = (u64::BITS - pfn.get().leading_zeros()).next_multiple_of(GROUP);
    // A group takes a blank too, and the first column says that bits are missing.
    let fitting = (columns as u32).saturating_sub(1) / (GROUP + 1) * GROUP;
    needed.clamp(LEAST, fitting.max(LEAST))
}

/// How many columns `bits` take.
pub(crate) fn columns(bits: u32) -> usize {
    (1 + bits + bits / GROUP - 1) as usize
}

/// The lowest `bits` bits of `pfn` in groups of four; an ellipsis stands for any above them that
/// are set. The bit of weight 2^`marked` is toned.
pub(crate) fn digits(pfn: Pfn, bits: u32, marked: Option<Order>, style: &Style) -> Line {
    let above = if pfn.get() >> bits == 0 {
        " "
    } else {
        style.pick("…", "~")
    };
    let mut line = Line::new().then(Tone::Faint, above);
    for bit in (0..bits).rev() {
        let digit = if pfn.get() >> bit & 1 == 1 { "1" } else { "0" };
        let tone = match marked {
            Some(order) if u32::from(order.get()) == bit => Tone::Mark,
            _ => Tone::Plain,
        };
        line.push(tone, digit);
        if bit % GROUP == 0 && bit > 0 {
            line.push(Tone::Plain, " ");
        }
    }
    line
}

/// The line below [`digits`]: a caret under the marked bit, and its number.
pub(crate) fn caret(bits: u32, marked: Order) -> Line {
    let bit = u32::from(marked.get());
    let left = columns(bits) as u32 - 1 - bit - bit / GROUP;
    Line::from(" ".repeat(left as usize)).then(Tone::Mark, format!("^ bit {bit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_bit_that_differs_between_buddies() {
        for order in Order::all() {
            for bits in [12, 16, 32] {
                let pfn = Pfn::new(0x1234_5400);
                let buddy = Pfn::new(pfn.get() ^ order.frames());
                let line = |pfn| {
                    let mut page = crate::text::Page::new(&Style::PLAIN);
                    page.line(0, digits(pfn, bits, Some(order), &Style::PLAIN));
                    page.finish()
                };
                let (one, other) = (line(pfn), line(buddy));
                let differ = one.chars().zip(other.chars()).position(|(a, b)| a != b);
                let mut page = crate::text::Page::new(&Style::PLAIN);
                page.line(0, caret(bits, order));
                assert_eq!(
                    page.finish().find('^'),
                    differ,
                    "order {order}, {bits} bits"
                );
                assert_eq!(one.trim_end().chars().count(), columns(bits));
            }
        }
    }

    #[test]
    fn all_bits_are_shown_where_there_is_room() {
        assert_eq!(bits_for(Pfn::new(0x5), 80), 12);
        assert_eq!(bits_for(Pfn::new(0x1a2b3), 80), 20);
        assert_eq!(bits_for(Pfn::new(0x1a2b3), 16), 12);
    }
}
