//! A load check: one request, sent over and over for a bounded time, and how long the answers took.

mod form;
mod spread;
mod view;

pub use form::{LoadForm, LoadPace, LoadSetup};
pub use spread::{LoadBar, bucket_of, spread};
pub use view::{LoadBucket, LoadEnd, LoadErrors, LoadLimits, LoadSecond, LoadState, LoadView, Percentiles};

/// A whole number with its thousands apart: `10,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
