//! A picture as a bitmap.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// A picture cannot be made a bitmap.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// There is no font to write with.
    #[error("no font is installed: text cannot be drawn; an SVG needs none")]
    NoFont,
    /// It is no SVG we can draw.
    #[error("this SVG cannot be drawn: {0}")]
    Svg(String),
    /// It is too large.
    #[error("a bitmap of {width} × {height} pixels is too large")]
    TooLarge {
        /// Pixels, across.
        width: u32,
        /// Pixels, down.
        height: u32,
    },
}

/// Draws an SVG as a PNG, each of its pixels as `scale` × `scale`. Text is drawn in whatever fonts
/// are installed, so unlike the SVG the bytes may differ from machine to machine.
///
/// # Errors
/// When it is no SVG, no font is installed, or the bitmap would be too large.
pub fn png(svg: &str, scale: u32) -> Result<Vec<u8>, PngError> {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    if fonts.is_empty() {
        return Err(PngError::NoFont);
    }
    let options = Options {
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| PngError::Svg(error.to_string()))?;
    let size = tree.size().to_int_size();
    let large = || PngError::TooLarge {
        width: size.width().saturating_mul(scale),
        height: size.height().saturating_mul(scale),
    };
    let width = size.width().checked_mul(scale).ok_or_else(large)?;
    let height = size.height().checked_mul(scale).ok_or_else(large)?;
    let mut pixels = Pixmap::new(width, height).ok_or_else(large)?;
    let factor = scale as f32;
    resvg::render(
        &tree,
        Transform::from_scale(factor, factor),
        &mut pixels.as_mut(),
    );
    pixels
        .encode_png()
        .map_err(|error| PngError::Svg(error.to_string()))
}
