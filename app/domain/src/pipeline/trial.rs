//! Trying a model before it is approved: a temporary endpoint of its own in the production account, asked what the
//! endpoint that serves is asked, and taken away again.

use crate::invoke::compare::Difference;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How the names of a temporary endpoint go on after the prefix.
pub const TRIAL: &str = "try-";
/// So much of a version's own name stands in that of its try.
const OWN: usize = 20;
/// So many saved requests are sent.
pub const MOST_REQUESTS: usize = 10;
/// Without a saved one, so many rows of the data that the model was tried on.
pub const ROWS: usize = 5;
/// The most of a request or an answer that is told, in characters.
pub const BRIEF: usize = 2_000;

/// The name of the temporary endpoint of a model, of its configuration and of its model: the same each time, so that what
/// an earlier try left is found.
pub fn trial_name(prefix: &str, version: &str) -> String {
    let own = version.strip_prefix(&format!("{prefix}-")).unwrap_or(version);
    // An execution's ID is 36 characters long; with prefix and word that would be too much.
    let own: String = own.chars().filter(char::is_ascii_alphanumeric).take(OWN).collect();
    format!("{prefix}-{TRIAL}{own}")
}

/// Whether something of a pipeline's is there for a try only. As with versions, another pipeline's prefix may begin with
/// this one.
pub fn is_trial(prefix: &str, name: &str) -> bool {
    let rest =
        name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.strip_prefix(TRIAL));
    rest.is_some_and(|own| own.len() == OWN && own.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Where a try is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TrialState {
    /// The temporary endpoint is made.
    Starting,
    /// Requests are sent.
    Asking,
    /// The temporary endpoint is taken away.
    Cleaning,
    /// All is done.
    Done,
    /// It went wrong; what it had made is taken away, or listed.
    Failed {
        /// Why.
        message: String,
    },
}

impl TrialState {
    /// Whether something goes on.
    pub fn is_going(&self) -> bool {
        matches!(self, Self::Starting | Self::Asking | Self::Cleaning)
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialAnswer {
    /// An answer, its beginning.
    Answered(String),
    /// Why there is none.
    Refused(String),
}

/// A request that both were sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRequest {
    /// What it is: a saved request's name, or which row.
    pub name: String,
    /// What was sent, its beginning.
    pub sent: String,
    /// What the endpoint that serves answered; none where none serves.
    pub live: Option<TrialAnswer>,
    /// What the candidate answered.
    pub candidate: TrialAnswer,
    /// What differs, where both answered.
    pub difference: Option<Difference>,
}

/// A try as it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The execution whose model it is.
    pub execution: String,
    /// The temporary endpoint.
    pub name: String,
    /// Where it is.
    pub state: TrialState,
    /// Who asked for it.
    pub by: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// What was asked so far.
    pub requests: Vec<TrialRequest>,
    /// Saved requests that were not sent, and why.
    pub skipped: Vec<String>,
}

/// A model's try on its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialView {
    /// This process's last try of this execution's model.
    pub trial: Option<Trial>,
    /// What tries have left in the production account and nobody takes away: endpoints, configurations and models.
    pub left: Vec<String>,
}

/// The beginning of a text.
pub fn brief(text: &str) -> String {
    match text.char_indices().nth(BRIEF) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The first rows of training data without their labels, which stand first.
pub fn rows_without_label(data: &str) -> Vec<String> {
    // The last line may be cut off.
    let whole = data.rfind('\n').map_or("", |end| &data[..end]);
    let rows =
        whole.lines().filter_map(|line| line.split_once(',').map(|(_, features)| features.trim_end().to_owned()));
    rows.take(ROWS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_is_known_by_its_name_and_fits_where_names_are_short() {
        let version = "abcdefghijklmnopqrst-0f8fad5b-d9cb-469f-a165-70867728950e";
        let name = trial_name("abcdefghijklmnopqrst", version);
        assert_eq!(name, "abcdefghijklmnopqrst-try-0f8fad5bd9cb469fa165");
        assert!(name.len() <= 63 && is_trial("abcdefghijklmnopqrst", &name));
        assert!(
            !is_trial("churn", "churn-0f8fad5b") && !is_trial("churn", "churn-2-try-x") && !is_trial("churn", "other")
        );
    }

    #[test]
    fn rows_are_sent_as_they_were_trained_with_but_for_the_label() {
        assert_eq!(rows_without_label("1,2,3\n0,4,5\r\n1,6"), ["2,3", "4,5"]);
        assert_eq!(rows_without_label("1,2,3"), [""; 0]);
        assert_eq!(rows_without_label(&"1,2\n".repeat(20)).len(), ROWS);
    }
}
