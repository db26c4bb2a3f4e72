//! What the history keeps and for how long.

use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// What the settings may be.
pub mod limits {
    use std::ops::RangeInclusive;

    /// For how many days a call's facts may be kept.
    pub const CALL_DAYS: RangeInclusive<u32> = 1..=3650;
    /// For how many days bodies may be kept.
    pub const BODY_DAYS: RangeInclusive<u32> = 1..=90;
    /// How large a body may be that is kept, in kB of 1,024 bytes.
    pub const BODY_KB: RangeInclusive<u32> = 1..=1024;
    /// How many calls a page shows.
    pub const PAGE: u32 = 50;
    /// The longest text that is looked for, and the longest of each other field of the search.
    pub const TEXT: usize = 200;
}

/// What is kept. The console's own, for everybody who uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistorySettings {
    /// Whether bodies are kept at all.
    pub keep_bodies: bool,
    /// The largest body that is kept, in kB; of a larger one nothing is.
    pub body_kb: u32,
    /// For how many days bodies are kept.
    pub body_days: u32,
    /// For how many days calls are kept.
    pub call_days: u32,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { keep_bodies: false, body_kb: 64, body_days: 7, call_days: 90 }
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl HistorySettings {
    /// The largest body that is kept, in bytes; `None` when none is.
    pub fn body_bytes(&self) -> Option<usize> {
        self.keep_bodies.then_some(self.body_kb as usize * 1024)
    }

    /// How long calls are kept, in milliseconds.
    pub fn call_ms(&self) -> i64 {
        i64::from(self.call_days) * DAY_MS
    }

    /// How long bodies are kept, in milliseconds.
    pub fn body_ms(&self) -> i64 {
        i64::from(self.body_days.min(self.call_days)) * DAY_MS
    }

    /// What is wrong with them, field by field.
    pub fn problems(&self) -> Vec<FieldProblem> {
        [
            ("body_kb", self.body_kb, limits::BODY_KB, "kB"),
            ("body_days", self.body_days, limits::BODY_DAYS, "days"),
            ("call_days", self.call_days, limits::CALL_DAYS, "days"),
        ]
        .into_iter()
        .filter(|(_, value, range, _)| !range.contains(value))
        .map(|(field, value, range, unit)| FieldProblem {
            field: field.into(),
            message: format!("`{value}` is not from {} to {} {unit}", range.start(), range.end()),
            hint: Some(format!("choose {} to {}", range.start(), range.end())),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_no_body_is_kept() {
        let settings = HistorySettings::default();
        assert_eq!((settings.body_bytes(), settings.problems()), (None, Vec::new()));
        let on = HistorySettings { keep_bodies: true, ..settings };
        assert_eq!(on.body_bytes(), Some(65_536));
    }

    #[test]
    fn a_body_does_not_outlive_its_call() {
        let settings = HistorySettings { body_days: 30, call_days: 2, ..HistorySettings::default() };
        assert_eq!(settings.body_ms(), settings.call_ms());
    }

    #[test]
    fn what_is_out_of_range_is_told_at_its_field() {
        let settings = HistorySettings { keep_bodies: true, body_kb: 0, body_days: 91, call_days: 3651 };
        let fields: Vec<_> = settings.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["body_kb", "body_days", "call_days"]);
    }
}
