//! What somebody may have meant by a name that names nothing.

use strsim::osa_distance;

/// ` (is it `NAME`?)`, if `name` is a part of one of the `known` names, joined by commas, or one letter
/// in four or less keeps it from being one; else nothing.
pub(crate) fn hint(name: &str, known: &str) -> String {
    let slips = |known: &str| match name.len() > 2 && known.contains(name) {
        true => 0,
        false => osa_distance(name, known),
    };
    let nearest = known.split(", ").min_by_key(|known| slips(known));
    match nearest {
        Some(nearest) if slips(nearest) * 4 <= name.len() => format!(" (is it `{nearest}`?)"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_slip_of_the_pen_is_seen() {
        let known = "min_free_kbytes, watermark_scale_factor, profile, linux-6.12.y+defrag-mode";
        for (name, nearest) in [
            ("min_free_kb", "min_free_kbytes"),
            ("watermark_scale_facotr", "watermark_scale_factor"),
            ("Profile", "profile"),
            ("defrag-mode", "linux-6.12.y+defrag-mode"),
        ] {
            assert_eq!(hint(name, known), format!(" (is it `{nearest}`?)"));
        }
        for (name, known) in [
            ("swappiness", known),
            ("k", known),
            ("7", "0 to 6"),
            ("7", "none"),
        ] {
            assert_eq!(hint(name, known), "");
        }
    }
}
