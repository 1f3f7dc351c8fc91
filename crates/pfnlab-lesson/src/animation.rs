//! Pictures one after the other, in one SVG file that runs by itself.

use std::fmt::Write;

use crate::svg::escape;

/// Pictures shown one after the other, each for so many milliseconds, again and again. Without
/// pictures it is an empty string.
///
/// Each picture is whole, so whoever asked for reduced motion sees the last one, at rest.
///
/// ```
/// let one = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 20\"><rect/></svg>";
/// let moving = pfnlab_lesson::animated(&[one.into(), one.into()], 1000, "two pictures");
/// assert!(moving.contains("animation:show 2000ms"));
/// ```
pub fn animated(pictures: &[String], milliseconds: u32, title: &str) -> String {
    let sizes = pictures.iter().filter_map(|picture| size(picture));
    let (width, height) = sizes.fold((0, 0), |(width, height), size| {
        (width.max(size.0), height.max(size.1))
    });
    if pictures.is_empty() {
        return String::new();
    }
    let count = pictures.len() as u64;
    let whole = count * u64::from(milliseconds);
    // In ten-thousandths, which are percents with two digits.
    let share = 10_000 / count;
    let (percent, rest) = (share / 100, share % 100);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>\n\
         .step{{visibility:hidden;animation:show {whole}ms step-end infinite}}\n\
         @keyframes show{{0%{{visibility:visible}}{percent}.{rest:02}%{{visibility:hidden}}}}\n\
         @media (prefers-reduced-motion:reduce){{.step{{animation:none}}.step:last-child{{visibility:visible}}}}\n\
         </style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n",
        escape(title),
    );
    for (at, picture) in (0..).zip(pictures) {
        let delay = at * u64::from(milliseconds);
        // A string takes all that is written to it.
        let _ = writeln!(
            out,
            "<g class=\"step\" style=\"animation-delay:{delay}ms\">\n{picture}</g>"
        );
    }
    out.push_str("</svg>\n");
    out
}

/// The width and height of a picture of ours.
fn size(picture: &str) -> Option<(u64, u64)> {
    let (_, behind) = picture.split_once("viewBox=\"0 0 ")?;
    let (size, _) = behind.split_once('"')?;
    let (width, height) = size.split_once(' ')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}
