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

/// The settings as they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    /// Whether bodies are kept at all.
    pub keep_bodies: bool,
    /// The largest body that is kept, in kB.
    pub body_kb: String,
    /// For how many days bodies are kept.
    pub body_days: String,
    /// For how many days calls are kept.
    pub call_days: String,
}

impl From<HistorySettings> for SettingsForm {
    fn from(settings: HistorySettings) -> Self {
        let HistorySettings { keep_bodies, body_kb, body_days, call_days } = settings;
        let [body_kb, body_days, call_days] = [body_kb, body_days, call_days].map(|number| number.to_string());
        Self { keep_bodies, body_kb, body_days, call_days }
    }
}

impl SettingsForm {
    /// What it means.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn read(&self) -> Result<HistorySettings, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut number = |field: &str, text: &str, range: std::ops::RangeInclusive<u32>| {
            let read = text.trim().parse::<u32>();
            if read.is_err() {
                let message = match text.trim() {
                    "" => "a number is missing".to_owned(),
                    other => format!("`{other}` is not a whole number"),
                };
                let hint = Some(format!("choose {} to {}", range.start(), range.end()));
                problems.push(FieldProblem { field: field.into(), message, hint });
            }
            // Of what can't be read nothing more is said.
            read.unwrap_or(*range.start())
        };
        let settings = HistorySettings {
            keep_bodies: self.keep_bodies,
            body_kb: number("body_kb", &self.body_kb, limits::BODY_KB),
            body_days: number("body_days", &self.body_days, limits::BODY_DAYS),
            call_days: number("call_days", &self.call_days, limits::CALL_DAYS),
        };
        problems.extend(settings.problems());
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
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
    fn what_is_typed_is_read_or_told_at_its_field() {
        let settings = HistorySettings { keep_bodies: true, ..HistorySettings::default() };
        assert_eq!(SettingsForm::from(settings).read(), Ok(settings));
        let typed =
            SettingsForm { body_kb: "abc".into(), body_days: "0".into(), call_days: " ".into(), ..settings.into() };
        let told: Vec<_> = typed.read().err().into_iter().flatten().map(|p| (p.field, p.message)).collect();
        let told: Vec<_> = told.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect();
        let expected = [
            ("body_kb", "`abc` is not a whole number"),
            ("call_days", "a number is missing"),
            ("body_days", "`0` is not from 1 to 90 days"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_out_of_range_is_told_at_its_field() {
        let settings = HistorySettings { keep_bodies: true, body_kb: 0, body_days: 91, call_days: 3651 };
        let fields: Vec<_> = settings.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["body_kb", "body_days", "call_days"]);
    }
}
