//! The lines a kernel prints about its flags word (`mminit_verify_pageflags_layout`).

use core::fmt;

use super::FlagsLayout;

/// Which lines, named by what is new in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportForm {
    /// Section, node and zone; offsets (2.6.37, 3.8).
    Offsets,
    /// The last CPU and process, too (4.14, 5.0).
    LastCpupid,
    /// Tags, generations and tiers, too (6.1, 6.12).
    Generations,
}

/// The five lines `mminit_loglevel=4` shows, without time stamps, each with its line end.
///
/// ```
/// use pfnlab_mm::descriptor::{FlagsLayout, LayoutReport, LayoutSpec, ReportForm};
/// let layout = FlagsLayout::new(LayoutSpec::X86_64).unwrap();
/// let report = LayoutReport { layout: &layout, form: ReportForm::Offsets }.to_string();
/// assert_eq!(
///     report.lines().nth(3),
///     Some("mminit::pageflags_layout_zoneid Zone ID: 55 -> 64"),
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LayoutReport<'a> {
    /// The flags word.
    pub layout: &'a FlagsLayout,
    /// Which lines.
    pub form: ReportForm,
}

impl fmt::Display for LayoutReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            ReportForm::Offsets => self.offsets(f),
            ReportForm::LastCpupid | ReportForm::Generations => self.shifts(f),
        }
    }
}

impl LayoutReport<'_> {
    fn offsets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FlagsLayout {
            spec,
            section,
            node,
            zone,
            ..
        } = self.layout;
        let id = self.layout.zone_id_field();
        let (bits, end, flags) = (spec.word_bits, zone.offset, spec.flags);
        let line = "mminit::pageflags_layout_";
        writeln!(
            f,
            "{line}widths Section {} Node {} Zone {} Flags {flags}",
            section.width, node.width, zone.width
        )?;
        writeln!(
            f,
            "{line}shifts Section {} Node {} Zone {}",
            spec.sections_shift.unwrap_or(0),
            spec.nodes_shift,
            zone.width
        )?;
        writeln!(
            f,
            "{line}offsets Section {} Node {} Zone {}",
            section.shift(),
            node.shift(),
            zone.shift()
        )?;
        writeln!(
            f,
            "{line}zoneid Zone ID: {} -> {}",
            id.offset,
            id.offset + id.width
        )?;
        writeln!(
            f,
            "{line}usage location: {bits} -> {end} unused {end} -> {flags} flags {flags} -> 0"
        )
    }

    fn shifts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FlagsLayout {
            spec,
            section,
            node,
            zone,
            last_cpupid,
            kasan_tag,
            lru_gen,
            lru_refs,
        } = self.layout;
        let id = self.layout.zone_id_field();
        let (bits, end, flags) = (spec.word_bits, self.layout.fields_end(), spec.flags);
        let tagged = self.form == ReportForm::Generations;
        let line = "mminit::pageflags_layout_";
        write!(
            f,
            "{line}widths Section {} Node {} Zone {} Lastcpupid {}",
            section.width, node.width, zone.width, last_cpupid.width
        )?;
        if tagged {
            let (tag, lru_gen, tier) = (kasan_tag.width, lru_gen.width, lru_refs.width);
            write!(f, " Kasantag {tag} Gen {lru_gen} Tier {tier}")?;
        }
        writeln!(f, " Flags {flags}")?;
        write!(
            f,
            "{line}shifts Section {} Node {} Zone {} Lastcpupid {}",
            spec.sections_shift.unwrap_or(0),
            spec.nodes_shift,
            zone.width,
            self.layout.last_cpupid_shift()
        )?;
        if tagged {
            write!(f, " Kasantag {}", kasan_tag.width)?;
        }
        writeln!(f)?;
        write!(
            f,
            "{line}pgshifts Section {} Node {} Zone {} Lastcpupid {}",
            section.shift(),
            node.shift(),
            zone.shift(),
            last_cpupid.shift()
        )?;
        if tagged {
            write!(f, " Kasantag {}", kasan_tag.shift())?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "{line}nodezoneid Node/Zone ID: {} -> {}",
            id.offset + id.width,
            id.offset
        )?;
        writeln!(
            f,
            "{line}usage location: {bits} -> {end} layout {end} -> {flags} unused {flags} -> 0 page-flags"
        )
    }
}
