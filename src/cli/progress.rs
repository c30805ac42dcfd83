//! Progress bars.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `total` things; where stderr is no terminal it draws nothing.
pub fn bar(what: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len} {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(what)
}
