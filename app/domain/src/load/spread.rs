//! How answers spread. They are counted in buckets that are the same for every check, each three digits exact; for people
//! these are put together to a dozen bars with round ends, over the times that the check really saw.

use super::LoadBucket;

/// The most bars from the shortest answer to the 99th percentile. Steps are 1, 2 or 5 and zeros, so there are 8 at least where
/// the buckets are fine enough.
const BARS: u64 = 20;

/// A bar of the histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadBar {
    /// Answers that took longer than this, in microseconds.
    pub from_us: u64,
    /// And at most so long; `None` for the last, of all that took longer.
    pub to_us: Option<u64>,
    /// How many.
    pub count: u64,
}

/// The bucket that an answer is counted in, by its upper end: the time rounded up to three digits.
pub fn bucket_of(us: u64) -> u64 {
    let us = us.max(1);
    us.div_ceil(width(us)).saturating_mul(width(us))
}

/// How wide the bucket of a time is.
fn width(us: u64) -> u64 {
    10u64.pow(us.max(1).ilog10().saturating_sub(2))
}

/// The bars: equal, round steps from the shortest answer to the 99th percentile, and one for what took longer than these.
/// `buckets` stand in their order, as they are counted.
pub fn spread(buckets: &[LoadBucket], p99_us: u64) -> Vec<LoadBar> {
    let Some(first) = buckets.first() else { return Vec::new() };
    let shortest = first.to_us - width(first.to_us).min(first.to_us);
    let longest = bucket_of(p99_us).max(first.to_us);
    let step = step(shortest, longest);
    let (from, to) = (shortest / step * step, longest.div_ceil(step) * step);
    // Each bucket lies in one bar as a whole: its width divides the step, or it would be the step's own.
    let within = |from: u64, to: u64| {
        buckets.iter().filter(|bucket| (from + 1..=to).contains(&bucket.to_us)).map(|bucket| bucket.count).sum::<u64>()
    };
    let ends = (from..to).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    let mut bars: Vec<_> = ends
        .map(|from_us| LoadBar { from_us, to_us: Some(from_us + step), count: within(from_us, from_us + step) })
        .collect();
    let above = within(to, u64::MAX);
    if above > 0 {
        bars.push(LoadBar { from_us: to, to_us: None, count: above });
    }
    bars
}

/// The smallest round step that needs no more than [`BARS`], and is no finer than the buckets.
fn step(shortest: u64, longest: u64) -> u64 {
    let finest = width(longest);
    let needed = |step: u64| longest.div_ceil(step) - shortest / step;
    let mut steps = (0..18u32).flat_map(|zeros| [1u64, 2, 5].map(|digit| digit * 10u64.pow(zeros)));
    steps.find(|step| *step >= finest && needed(*step) <= BARS).unwrap_or(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(times: impl IntoIterator<Item = u64>) -> Vec<LoadBucket> {
        let mut counts = std::collections::BTreeMap::<u64, u64>::new();
        for us in times {
            *counts.entry(bucket_of(us)).or_default() += 1;
        }
        counts.into_iter().map(|(to_us, count)| LoadBucket { to_us, count }).collect()
    }

    #[test]
    fn a_bucket_is_three_digits_exact() {
        for (us, bucket) in [
            (0, 1),
            (7, 7),
            (999, 999),
            (1_000, 1_000),
            (1_001, 1_010),
            (60_123, 60_200),
            (99_999, 100_000),
            (1_234_567, 1_240_000),
        ] {
            assert_eq!(bucket_of(us), bucket, "{us}");
        }
    }

    #[test]
    fn answers_that_lie_close_together_are_told_apart() {
        // 312 answers between 60 and 71 ms.
        let buckets = counted((0..312).map(|n| 60_001 + n * 11_000 / 312));
        let bars = spread(&buckets, 70_800);
        assert_eq!(bars.first().map(|bar| (bar.from_us, bar.to_us)), Some((60_000, Some(61_000))));
        assert_eq!(bars.last().map(|bar| (bar.from_us, bar.to_us)), Some((70_000, Some(71_000))));
        assert_eq!(bars.len(), 11);
        assert!(bars.iter().all(|bar| (28..=29).contains(&bar.count)), "{bars:?}");
    }

    #[test]
    fn a_few_slow_ones_have_one_bar_and_do_not_squeeze_the_others() {
        let buckets = counted((1..=999).map(|n| 10_000 + n * 10).chain([4_000_000]));
        let bars = spread(&buckets, 19_900);
        assert_eq!(bars.last().copied(), Some(LoadBar { from_us: 20_000, to_us: None, count: 1 }));
        assert!((12..=21).contains(&bars.len()), "{bars:?}");
        let widths: Vec<_> = bars.iter().filter_map(|bar| bar.to_us.map(|to| to - bar.from_us)).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
    }

    #[test]
    fn every_answer_is_in_exactly_one_bar_whatever_was_measured() {
        for most in [1, 9, 140, 1_000, 2_345, 99_000, 1_000_000, 77_000_000] {
            for least in [1, most / 3, most - most / 50, most] {
                let times: Vec<_> = (0..500).map(|n| (least + (most - least) * n / 499).max(1)).collect();
                let p99 = times[494];
                let bars = spread(&counted(times), p99);
                assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 500, "{least} to {most}: {bars:?}");
                assert!(bars.len() <= 21, "{least} to {most}: {bars:?}");
            }
        }
        assert_eq!(spread(&[], 0), []);
    }
}
