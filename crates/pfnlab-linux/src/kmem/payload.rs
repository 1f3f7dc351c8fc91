//! What stands behind an event's name.

use pfnlab_model::{GfpError, Order, Pfn};

use crate::text::{Cursor, LineError, LineProblem};

use super::{KmemEvent, KmemKernel, KmemPage};

/// Reads what follows `name: `; `None`: no event of the page allocator.
pub(super) fn event<'a>(
    name: &str,
    mut text: Cursor<'a>,
    kernel: KmemKernel,
) -> Result<Option<KmemEvent<'a>>, LineError> {
    let fields = &mut text;
    let event = match name {
        "mm_page_alloc" => KmemEvent::Alloc {
            page: page(fields)?,
            order: order(fields, "order=")?,
            migratetype: migratetype(fields, "migratetype=")?,
            gfp: gfp(fields, kernel)?,
        },
        "mm_page_free" | "mm_page_free_direct" => KmemEvent::Free {
            page: present(page(fields)?, *fields)?,
            order: order(fields, "order=")?,
        },
        "mm_page_free_batched" | "mm_pagevec_free" => {
            let page = present(page(fields)?, *fields)?;
            fields.take("order=0")?;
            fields.skip_blanks();
            let cold = match fields.rest() {
                "" => None,
                _ => Some(truth(fields, "cold=")?),
            };
            KmemEvent::FreeBatched { page, cold }
        }
        "mm_page_alloc_zone_locked" => {
            let page = page(fields)?;
            let order = order(fields, "order=")?;
            let migratetype = migratetype(fields, "migratetype=")?;
            KmemEvent::ZoneLocked {
                page,
                order,
                migratetype,
                percpu_refill: truth(fields, "percpu_refill=")?,
            }
        }
        "mm_page_pcpu_drain" => KmemEvent::PcpuDrain {
            page: present(page(fields)?, *fields)?,
            order: order(fields, "order=")?,
            migratetype: migratetype(fields, "migratetype=")?,
        },
        "mm_page_alloc_extfrag" => KmemEvent::Extfrag {
            page: present(page(fields)?, *fields)?,
            alloc_order: order(fields, "alloc_order=")?,
            fallback_order: order(fields, "fallback_order=")?,
            pageblock_order: order(fields, "pageblock_order=")?,
            alloc_migratetype: migratetype(fields, "alloc_migratetype=")?,
            fallback_migratetype: migratetype(fields, "fallback_migratetype=")?,
            fragmenting: truth(fields, "fragmenting=")?,
            change_ownership: truth(fields, "change_ownership=")?,
        },
        "mm_alloc_contig_migrate_range_info" => KmemEvent::ContigRange {
            start: number(fields, "start=")?,
            end: number(fields, "end=")?,
            migratetype: number(fields, "migratetype=")?,
            nr_migrated: number(fields, "nr_migrated=")?,
            nr_reclaimed: number(fields, "nr_reclaimed=")?,
            nr_mapped: number(fields, "nr_mapped=")?,
        },
        _ => return Ok(None),
    };
    text.end()?;
    Ok(Some(event))
}

fn page<'a>(fields: &mut Cursor<'a>) -> Result<KmemPage<'a>, LineError> {
    fields.take("page=")?;
    let start = *fields;
    // `%p` pads what it cannot print.
    let width = fields.rest().len();
    let word = fields.word();
    let blanks = width - fields.rest().len() - word.len();
    let known = ["(null)", "(nil)"].contains(&word);
    let digits = word.trim_start_matches("0x");
    if !known && (digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(start.expected("the address of a page"));
    }
    let page = &start.rest()[..blanks + word.len()];
    fields.take("pfn=")?;
    let start = *fields;
    let number = fields.number("frame number")?;
    let page = KmemPage { page, number };
    // Without a page the number is one of no frame.
    if !page.is_null() && number >= Pfn::LIMIT.get() {
        return Err(start.error(LineProblem::Large {
            text: format!("{number:#x}"),
            what: "frame number",
            most: Pfn::LIMIT.get() - 1,
        }));
    }
    Ok(page)
}

/// Only a request can come to nothing.
fn present<'a>(page: KmemPage<'a>, at: Cursor<'a>) -> Result<KmemPage<'a>, LineError> {
    match page.is_null() {
        false => Ok(page),
        true => Err(at.error(LineProblem::Contradicts(
            "the event is about a page, and names none".to_owned(),
        ))),
    }
}

fn number(fields: &mut Cursor<'_>, name: &'static str) -> Result<u64, LineError> {
    fields.take(name)?;
    fields.number("number")
}

fn order(fields: &mut Cursor<'_>, name: &'static str) -> Result<Order, LineError> {
    fields.take(name)?;
    let start = *fields;
    let most = u64::from(Order::MAX.get());
    let number = fields.at_most("order", most)?;
    // Fits: it is at most the largest order.
    Order::new(number as u8).map_err(|_| start.expected("order"))
}

fn migratetype(fields: &mut Cursor<'_>, name: &'static str) -> Result<u8, LineError> {
    fields.take(name)?;
    // No kernel has more than six.
    Ok(fields.at_most("migratetype", 5)? as u8)
}

fn truth(fields: &mut Cursor<'_>, name: &'static str) -> Result<bool, LineError> {
    fields.take(name)?;
    Ok(fields.at_most("yes (1) or no (0)", 1)? == 1)
}

fn gfp(fields: &mut Cursor<'_>, kernel: KmemKernel) -> Result<u32, LineError> {
    fields.take("gfp_flags=")?;
    let start = *fields;
    let words = fields.word();
    kernel.gfp.from_words(words).map_err(|GfpError(word)| {
        let inside = words.find(&word).unwrap_or(0);
        let at = start.from(start.at() + inside);
        at.error(LineProblem::Flag(word))
    })
}
