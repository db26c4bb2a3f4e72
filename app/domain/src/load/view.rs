//! A load check as it is shown and kept.

use super::{LoadBar, LoadForm, LoadSetup, spread};
use crate::names::LoadId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How hard a load check may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadLimits {
    /// The longest, in seconds.
    pub seconds: u32,
    /// The most calls at once.
    pub at_once: u16,
    /// The most calls a second.
    pub rate: u32,
    /// The most calls in all.
    pub calls: u64,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { seconds: 60, at_once: 32, rate: 200, calls: 10_000 }
    }
}

/// Where a load check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadState {
    /// Nothing was sent: it waits to be confirmed, or its form is not right yet.
    Ready,
    /// Calls are begun.
    Running,
    /// No more are begun; those under way are waited for.
    Stopping,
    /// It is over.
    Done,
}

impl LoadState {
    /// Whether anything is under way.
    pub fn is_going(self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }
}

/// How a load check came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadEnd {
    /// Its time was up, or all of its calls were made.
    Whole,
    /// Someone stopped it.
    Stopped,
    /// It ended by itself before that.
    Early,
}

/// How long answers took, in microseconds, from the call's beginning to the answer's last byte; without assuming the role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of them took at most so long.
    pub p50: u64,
    /// 95 of 100.
    pub p95: u64,
    /// 99 of 100.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// One second of a load check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSecond {
    /// Calls that were answered well.
    pub answered: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Of those that were answered well.
    pub took: Percentiles,
}

/// Answers that took up to so long, and longer than the bucket that would be before ([`super::bucket_of`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBucket {
    /// In microseconds.
    pub to_us: u64,
    /// How many.
    pub count: u64,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadErrors {
    /// AWS's code, and the container's status where it answered: `ModelError 400`.
    pub kind: String,
    /// What the first of them said.
    pub message: String,
    /// How many.
    pub count: u64,
}

/// A load check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadView {
    /// Its id.
    pub id: LoadId,
    /// Rises with every change.
    pub revision: u64,
    /// Who made it.
    pub by: String,
    /// When.
    pub created: Timestamp,
    /// As typed.
    pub form: LoadForm,
    /// What it does; `None` while the form is not right.
    pub setup: Option<LoadSetup>,
    /// Where it is.
    pub state: LoadState,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How long it went on, in milliseconds.
    pub spent_ms: u64,
    /// Calls that came back.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// Calls that the rate asked for, and that would have been too many at once.
    pub left_out: u64,
    /// Bytes of bodies that were sent.
    pub sent_bytes: u64,
    /// Bytes of answers.
    pub got_bytes: u64,
    /// All answers together.
    pub took: Percentiles,
    /// Second by second; the last may be a part of one ([`LoadView::whole_seconds`]).
    pub seconds: Vec<LoadSecond>,
    /// How the answers spread: the buckets with any, in their order.
    pub buckets: Vec<LoadBucket>,
    /// Failures by kind, the most frequent first.
    pub errors: Vec<LoadErrors>,
    /// Why it ended early, if it did.
    pub why: Option<String>,
    /// Whether that is because someone stopped it.
    #[serde(default)]
    pub stopped: bool,
}

impl LoadView {
    /// A check that has not begun.
    pub fn new(id: LoadId, by: &str, created: Timestamp, form: LoadForm, setup: Option<LoadSetup>) -> Self {
        Self {
            id,
            revision: 1,
            by: by.to_owned(),
            created,
            form,
            setup,
            state: LoadState::Ready,
            started: None,
            spent_ms: 0,
            calls: 0,
            failed: 0,
            left_out: 0,
            sent_bytes: 0,
            got_bytes: 0,
            took: Percentiles::default(),
            seconds: Vec::new(),
            buckets: Vec::new(),
            errors: Vec::new(),
            why: None,
            stopped: false,
        }
    }

    /// How it came to its end; `None` while it has not.
    pub fn end(&self) -> Option<LoadEnd> {
        (self.state == LoadState::Done).then_some(match &self.why {
            None => LoadEnd::Whole,
            Some(_) if self.stopped => LoadEnd::Stopped,
            Some(_) => LoadEnd::Early,
        })
    }

    /// Calls that were answered well.
    pub fn answered(&self) -> u64 {
        self.calls.saturating_sub(self.failed)
    }

    /// The seconds that went on from their beginning to their end: the last one may not have, and its counts are no rate.
    pub fn whole_seconds(&self) -> &[LoadSecond] {
        let whole = usize::try_from(self.spent_ms / 1000).unwrap_or(usize::MAX);
        &self.seconds[..whole.min(self.seconds.len())]
    }

    /// How the answers spread, for people.
    pub fn bars(&self) -> Vec<LoadBar> {
        spread(&self.buckets, self.took.p99)
    }

    /// What tells its endpoint from any other: what it goes through, and the name.
    pub fn target(&self) -> Option<String> {
        self.setup.as_ref().map(|setup| format!("{} {}", setup.params.through, setup.params.endpoint))
    }

    /// Answers a second, in tenths.
    pub fn tenths_a_second(&self) -> u64 {
        self.answered().saturating_mul(10_000).checked_div(self.spent_ms).unwrap_or(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn view() -> LoadView {
        LoadView::new("l1".parse().unwrap(), "session 1", Timestamp(0), LoadForm::default(), None)
    }

    #[test]
    fn a_check_that_ended_early_says_whether_someone_stopped_it() {
        let mut view = view();
        assert_eq!(view.end(), None);
        view.state = LoadState::Done;
        assert_eq!(view.end(), Some(LoadEnd::Whole));
        view.why = Some("every call would fail".into());
        assert_eq!(view.end(), Some(LoadEnd::Early));
        view.stopped = true;
        assert_eq!(view.end(), Some(LoadEnd::Stopped));
    }

    #[test]
    fn a_part_of_a_second_is_none() {
        let mut view = view();
        view.seconds = vec![LoadSecond { answered: 9, ..LoadSecond::default() }; 3];
        for (spent_ms, whole) in [(999, 0), (2_400, 2), (3_000, 3), (9_000, 3)] {
            view.spent_ms = spent_ms;
            assert_eq!(view.whole_seconds().len(), whole, "{spent_ms}");
        }
    }

    #[test]
    fn throughput_counts_answers_over_the_time_spent() {
        let mut view = view();
        assert_eq!(view.tenths_a_second(), 0);
        (view.calls, view.failed, view.spent_ms) = (30, 5, 2_000);
        assert_eq!(view.tenths_a_second(), 125);
    }
}
