//! A load check: one request, sent over and over for a bounded time, and how long the answers took.

mod form;
mod view;

pub use form::{LoadForm, LoadPace, LoadSetup};
pub use view::{LoadBucket, LoadErrors, LoadLimits, LoadSecond, LoadState, LoadView, Percentiles};

/// The upper bounds that a histogram's buckets have, in microseconds: 1, 2, 5 and so on, from 0.1 ms to 100 s.
pub const BOUNDS_US: [u64; 19] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
];
