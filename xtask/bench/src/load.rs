//! Drives one way of calling with so many calls under way at once, and sums up the times.

use anyhow::{Result, bail};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use std::time::{Duration, Instant};

/// A way of calling the endpoint once.
pub trait Caller: Send + Sync {
    /// One call; gives how long it took. An error ends the measurement, as a number of failures would be no number of
    /// calls.
    fn call(&self) -> BoxFuture<'_, Result<Duration>>;
}

/// What came of one way.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Finished calls a second.
    pub per_second: f64,
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
}

impl Measured {
    /// Sums up the times of calls that were made within `spent`.
    pub fn new(mut times: Vec<Duration>, spent: Duration) -> Result<Self> {
        times.sort_unstable();
        let Some(last) = times.len().checked_sub(1) else { bail!("no call finished in time") };
        let at = |share: f64| times[((last as f64) * share).round() as usize];
        Ok(Self { per_second: times.len() as f64 / spent.as_secs_f64(), p50: at(0.50), p99: at(0.99) })
    }
}

/// Calls for `time`, each of the `concurrent` callers starting again as soon as it has its answer.
pub async fn drive(way: &dyn Caller, concurrent: usize, time: Duration) -> Result<(Vec<Duration>, Duration)> {
    let start = Instant::now();
    let mut times = Vec::new();
    let mut under_way: FuturesUnordered<_> = (0..concurrent).map(|_| way.call()).collect();
    while let Some(took) = under_way.next().await {
        times.push(took?);
        if start.elapsed() < time {
            under_way.push(way.call());
        }
    }
    Ok((times, start.elapsed()))
}

/// Makes so many calls.
pub async fn repeat(way: &dyn Caller, concurrent: usize, calls: usize) -> Result<()> {
    let mut left = calls.saturating_sub(concurrent);
    let mut under_way: FuturesUnordered<_> = (0..concurrent.min(calls)).map(|_| way.call()).collect();
    while let Some(took) = under_way.next().await {
        took?;
        if left > 0 {
            left -= 1;
            under_way.push(way.call());
        }
    }
    Ok(())
}
