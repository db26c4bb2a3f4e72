//! What is looked for in the history.

use super::{CallClass, limits};
use crate::invoke::Through;
use crate::time::Timestamp;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The search as it stands in the address. An empty text stands for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryForm {
    /// A part of an endpoint's name, or of the label of what it was called through.
    pub text: String,
    /// An endpoint's whole name.
    pub endpoint: String,
    /// A [`Through`] as text.
    pub through: String,
    /// The key of a [`ResultFilter`].
    pub result: String,
    /// AWS's error code, whole.
    pub code: String,
    /// A session's label, whole.
    pub who: String,
    /// The first day, in UTC: `2026-11-22`.
    pub from: String,
    /// The last day, in UTC.
    pub to: String,
    /// Where the page before ended: a [`CallPlace`].
    pub before: String,
}

impl HistoryForm {
    /// Its fields, with their names in the address.
    pub fn fields(&self) -> [(&'static str, &str); 9] {
        [
            ("text", &self.text),
            ("endpoint", &self.endpoint),
            ("through", &self.through),
            ("result", &self.result),
            ("code", &self.code),
            ("who", &self.who),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &self.before),
        ]
    }

    /// Whether anything is looked for.
    pub fn is_narrowed(&self) -> bool {
        self.fields().iter().any(|(name, value)| *name != "before" && !value.trim().is_empty())
    }

    /// What it means, or what is wrong with it.
    pub fn parse(&self) -> Result<HistoryFilter, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        for (name, value) in self.fields() {
            if value.chars().count() > limits::TEXT {
                let message = format!("this is longer than {} characters", limits::TEXT);
                problems.push(problem(name, message, "look for less"));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut read = |field: &str, message: String, hint: &str| problems.push(problem(field, message, hint));
        let through = given(&self.through).and_then(|text| {
            let bad =
                |_| read("through", format!("`{text}` is no share and no connection"), "choose one from the list");
            Through::parse(text).map_err(bad).ok()
        });
        let result = given(&self.result).and_then(|key| {
            let found = ResultFilter::parse(key);
            if found.is_none() {
                read("result", format!("`{key}` is no way for a call to end"), "choose one from the list");
            }
            found
        });
        let mut day = |field: &str, text: &str| {
            let found = given(text).map(Timestamp::of_day)?;
            if found.is_none() {
                read(field, format!("`{}` is no day", text.trim()), "write it as year, month and day: `2026-11-22`");
            }
            found
        };
        let since = day("from", &self.from);
        let until = day("to", &self.to).map(|first| first.plus_ms(24 * 60 * 60 * 1000));
        let before = given(&self.before).and_then(CallPlace::parse);
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            problems.push(problem("to", "the last day is before the first".into(), "swap them"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(HistoryFilter {
            text: given(&self.text).map(str::to_owned),
            endpoint: given(&self.endpoint).map(str::to_owned),
            through,
            result,
            code: given(&self.code).map(str::to_owned),
            who: given(&self.who).map(str::to_owned),
            since,
            until,
            before,
        })
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn problem(field: &str, message: String, hint: &str) -> FieldProblem {
    FieldProblem { field: field.into(), message, hint: Some(hint.into()) }
}

/// Which endings are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFilter {
    /// All but [`CallClass::Answered`].
    NotAnswered,
    /// This one.
    Only(CallClass),
}

impl ResultFilter {
    /// The key of [`ResultFilter::NotAnswered`].
    pub const NOT_ANSWERED: &str = "problems";

    /// Parses a key: a class's, or `problems`.
    pub fn parse(key: &str) -> Option<Self> {
        if key == Self::NOT_ANSWERED { Some(Self::NotAnswered) } else { CallClass::parse(key).map(Self::Only) }
    }
}

/// A search that can be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// A part of the endpoint's name or of the label.
    pub text: Option<String>,
    /// The endpoint's name.
    pub endpoint: Option<String>,
    /// Through what.
    pub through: Option<Through>,
    /// How it ended.
    pub result: Option<ResultFilter>,
    /// AWS's error code.
    pub code: Option<String>,
    /// Who asked.
    pub who: Option<String>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Older than this call.
    pub before: Option<CallPlace>,
}

/// A call's place in the history: it is in the order of time, then of numbers. As text `1700000000000-17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallPlace {
    /// When it was asked for.
    pub at: Timestamp,
    /// Its number.
    pub id: i64,
}

impl CallPlace {
    /// Parses its text.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        Some(Self { at: Timestamp(at.parse().ok()?), id: id.parse().ok()? })
    }
}

impl fmt::Display for CallPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.0, self.id)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_search_finds_everything() {
        assert_eq!(HistoryForm::default().parse(), Ok(HistoryFilter::default()));
        assert!(!HistoryForm { before: "1-1".into(), ..HistoryForm::default() }.is_narrowed());
    }

    #[test]
    fn a_day_is_looked_for_to_its_end() {
        let day = HistoryForm { from: "2024-02-29".into(), to: " 2024-02-29 ".into(), ..HistoryForm::default() };
        let filter = day.parse().unwrap_or_default();
        assert_eq!(filter.since.map(Timestamp::rfc3339).as_deref(), Some("2024-02-29T00:00:00Z"));
        assert_eq!(filter.until.map(Timestamp::rfc3339).as_deref(), Some("2024-03-01T00:00:00Z"));
    }

    #[test]
    fn what_cannot_be_looked_for_is_told_at_its_field() {
        let form = HistoryForm {
            through: "a/b".into(),
            result: "odd".into(),
            from: "2024-13-01".into(),
            to: "tomorrow".into(),
            ..HistoryForm::default()
        };
        let fields: Vec<_> = form.parse().unwrap_err().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["through", "result", "from", "to"]);
        let swapped = HistoryForm { from: "2024-01-02".into(), to: "2024-01-01".into(), ..HistoryForm::default() };
        assert_eq!(swapped.parse().unwrap_err()[0].field, "to");
        let long = HistoryForm { text: "x".repeat(201), ..HistoryForm::default() };
        assert_eq!(long.parse().unwrap_err()[0].field, "text");
    }

    #[test]
    fn a_place_says_the_same_again() {
        let place = CallPlace { at: Timestamp(1_700_000_000_000), id: 17 };
        assert_eq!(CallPlace::parse(&place.to_string()), Some(place));
        assert_eq!(CallPlace::parse("x-1"), None);
    }
}
