//! Counts what came back: percentiles, a histogram, failures by kind.

use super::pace::Sample;
use domain::load::{LoadBucket, LoadErrors, LoadSecond, LoadView, Percentiles, bucket_of};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Instant;

/// The longest that is told apart, in microseconds: longer than a call may take.
const LONGEST_US: u64 = 100_000_000;
/// How many kinds of failures are told apart.
const KINDS: usize = 20;

pub(super) struct Measure {
    began: Instant,
    all: Histogram<u64>,
    second: Histogram<u64>,
    /// Failures in the second that is under way.
    failed_now: u64,
    seconds: Vec<LoadSecond>,
    calls: u64,
    failed: u64,
    sent: u64,
    got: u64,
    /// Answers by the bucket they fall in, by its upper end. Counted apart: the histogram's own buckets don't end at round
    /// numbers.
    spread: BTreeMap<u64, u64>,
    errors: BTreeMap<String, (u64, String)>,
}

impl Measure {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            all: histogram(),
            second: histogram(),
            failed_now: 0,
            seconds: Vec::new(),
            calls: 0,
            failed: 0,
            sent: 0,
            got: 0,
            spread: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// Counts a call; gives why no other need be made, where that is so.
    pub(super) fn take(&mut self, sample: Sample) -> Option<String> {
        self.turn();
        self.calls += 1;
        self.sent += sample.sent as u64;
        match sample.answer {
            Ok(bytes) => {
                self.got += bytes as u64;
                self.all.saturating_record(sample.took_us.max(1));
                self.second.saturating_record(sample.took_us.max(1));
                *self.spread.entry(bucket_of(sample.took_us)).or_default() += 1;
                None
            }
            Err(failed) => {
                self.failed += 1;
                self.failed_now += 1;
                let known = self.errors.len() < KINDS || self.errors.contains_key(&failed.kind);
                let kind = if known { failed.kind } else { "Others".to_owned() };
                let why = failed.all.then(|| failed.message.clone());
                self.errors.entry(kind).or_insert((0, failed.message)).0 += 1;
                why
            }
        }
    }

    /// Ends the seconds that are over.
    fn turn(&mut self) {
        let over = usize::try_from(self.began.elapsed().as_secs()).unwrap_or(usize::MAX);
        while self.seconds.len() < over {
            let second = self.this_second();
            self.seconds.push(second);
            self.second.reset();
            self.failed_now = 0;
        }
    }

    fn this_second(&self) -> LoadSecond {
        LoadSecond { answered: self.second.len(), failed: self.failed_now, took: percentiles(&self.second) }
    }

    /// Puts what is known into the view.
    pub(super) fn show(&mut self, view: &mut LoadView, left_out: u64) {
        self.turn();
        view.revision += 1;
        view.spent_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        (view.calls, view.failed, view.left_out) = (self.calls, self.failed, left_out);
        (view.sent_bytes, view.got_bytes) = (self.sent, self.got);
        view.took = percentiles(&self.all);
        view.seconds.clone_from(&self.seconds);
        if !self.second.is_empty() || self.failed_now > 0 {
            view.seconds.push(self.this_second());
        }
        view.buckets = self.spread.iter().map(|(to_us, count)| LoadBucket { to_us: *to_us, count: *count }).collect();
        let errors = self.errors.iter();
        view.errors = errors
            .map(|(kind, (count, message))| LoadErrors { kind: kind.clone(), message: message.clone(), count: *count })
            .collect();
        view.errors.sort_by_key(|errors| std::cmp::Reverse(errors.count));
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).unwrap_or_else(|_| unreachable!("the bounds are right"))
}

fn percentiles(of: &Histogram<u64>) -> Percentiles {
    if of.is_empty() {
        return Percentiles::default();
    }
    // A value stands for its bucket's upper end, which may be a little over the longest that came.
    let at = |quantile| of.value_at_quantile(quantile).min(of.max());
    Percentiles { p50: at(0.50), p95: at(0.95), p99: at(0.99), max: of.max() }
}

#[cfg(test)]
mod tests {
    use super::super::pace::Failed;
    use super::*;
    use domain::load::LoadForm;
    use domain::time::Timestamp;

    fn measured(samples: impl IntoIterator<Item = Sample>) -> LoadView {
        let mut measure = Measure::new();
        for sample in samples {
            measure.take(sample);
        }
        let id = "l1".parse().unwrap_or_else(|_| unreachable!("an identifier"));
        let mut view = LoadView::new(id, "session 1", Timestamp(0), LoadForm::default(), None);
        measure.show(&mut view, 3);
        view
    }

    #[test]
    fn answers_are_counted_by_how_long_they_took_and_failures_by_kind() {
        let answer = |took_us| Sample { took_us, sent: 10, answer: Ok(5) };
        let failed = |kind: &str| {
            let failed = Failed { kind: kind.into(), message: "no".into(), all: false };
            Sample { took_us: 1, sent: 10, answer: Err(failed) }
        };
        let good = (1..=100).map(|n| answer(n * 1_000));
        let view = measured(good.chain([failed("A"), failed("B"), failed("B")]));
        assert_eq!((view.calls, view.failed, view.left_out), (103, 3, 3));
        assert_eq!((view.sent_bytes, view.got_bytes), (1_030, 500));
        // Three significant digits.
        for (at, about) in [(view.took.p50, 50_000), (view.took.p95, 95_000), (view.took.p99, 99_000)] {
            assert!(at.abs_diff(about) <= about / 1_000 + 1, "{at} is about {about}");
        }
        assert!(view.took.max.abs_diff(100_000) <= 100);
        assert_eq!(view.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 100);
        assert_eq!(view.buckets.first().map(|bucket| (bucket.to_us, bucket.count)), Some((1_000, 1)));
        assert!(view.buckets.is_sorted_by_key(|bucket| bucket.to_us));
        assert_eq!(view.bars().iter().map(|bar| bar.count).sum::<u64>(), 100);
        let errors: Vec<_> = view.errors.iter().map(|errors| (errors.kind.as_str(), errors.count)).collect();
        assert_eq!(errors, [("B", 2), ("A", 1)]);
        assert_eq!(view.seconds.iter().map(|second| second.answered).sum::<u64>(), 100);
    }

    #[test]
    fn nothing_measured_is_nothing_shown() {
        let view = measured([]);
        assert_eq!((view.took, view.buckets.len(), view.seconds.len()), (Percentiles::default(), 0, 0));
    }
}
