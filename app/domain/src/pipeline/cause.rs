//! Why something failed, out of what services hand on of each other. CodePipeline tells a state machine's failure in a
//! sentence that ends with the failed task's cause; of a training job that is its whole description as JSON, in which the
//! reason stands somewhere.

use serde_json::Value;

/// Where a description says what went wrong.
///
/// Source: API references, DescribeTrainingJob (`FailureReason`); Step Functions developer guide, "Handling errors"
/// (`Cause`); Lambda developer guide, "Handling errors" (`errorMessage`).
const REASONS: [&str; 3] = ["FailureReason", "errorMessage", "Cause"];
/// How deep causes are looked for in causes.
const DEPTH: usize = 4;

/// A failure's message, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The reason itself.
    pub said: String,
    /// All that was handed on, laid out, where the reason is a part of it.
    pub whole: Option<String>,
}

/// Takes a message apart.
pub fn cause(message: &str) -> Cause {
    let message = message.trim();
    let Some((before, told)) = told(message) else {
        return Cause { said: message.to_owned(), whole: None };
    };
    let whole = serde_json::to_string_pretty(&told).ok();
    match reason(&told, DEPTH) {
        Some(said) => Cause { said, whole },
        // No reason in it: the sentence is all there is to say.
        None if before.is_empty() => Cause { said: message.to_owned(), whole: None },
        None => Cause { said: before.to_owned(), whole },
    }
}

/// The sentence and the description that it ends with.
fn told(message: &str) -> Option<(&str, Value)> {
    let (before, json) = message.split_at(message.find('{')?);
    let told = serde_json::Deserializer::from_str(json).into_iter::<Value>().next()?.ok()?;
    let before = before.trim_end().trim_end_matches("Cause:").trim_end();
    told.as_object().is_some_and(|told| !told.is_empty()).then_some((before, told))
}

fn reason(told: &Value, depth: usize) -> Option<String> {
    let text = REASONS.iter().find_map(|key| told.get(key)?.as_str()).map(str::trim).filter(|text| !text.is_empty())?;
    let inner = (depth > 0).then(|| self::told(text)).flatten().and_then(|(_, told)| reason(&told, depth - 1));
    Some(inner.unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failed_job_its_reason_is_told_and_the_rest_kept() {
        let job = r#"{"TrainingJobName":"churn-1","FailureReason":"AlgorithmError: Label must be 0 or 1"}"#;
        let alone = cause(job);
        assert_eq!(alone.said, "AlgorithmError: Label must be 0 or 1");
        assert!(alone.whole.is_some_and(|whole| whole.contains("\n  \"TrainingJobName\": \"churn-1\"")));
        let told =
            format!("The state machine execution ended with status FAILED. Error: States.TaskFailed. Cause: {job}");
        assert_eq!(cause(&told).said, "AlgorithmError: Label must be 0 or 1");
    }

    #[test]
    fn a_reason_is_found_in_the_cause_of_a_cause() {
        let inner = serde_json::json!({ "FailureReason": "no data" }).to_string();
        let outer = serde_json::json!({ "Error": "States.TaskFailed", "Cause": inner }).to_string();
        assert_eq!(cause(&outer).said, "no data");
        let mut deep = inner;
        for _ in 0..100 {
            deep = serde_json::json!({ "Cause": deep }).to_string();
            if deep.len() > 100_000 {
                break;
            }
        }
        assert!(cause(&deep).whole.is_some(), "it ends");
    }

    #[test]
    fn what_is_no_description_stays_as_it_is() {
        for message in ["no data", "{}", "{not json", "use {{a}}", "a set {1, 2}"] {
            assert_eq!(cause(message), Cause { said: message.to_owned(), whole: None });
        }
        let told = cause(r#"It ended. Cause: {"Status":"Failed"}"#);
        assert_eq!(told.said, "It ended.");
        assert!(told.whole.is_some());
        assert_eq!(cause(r#"{"Status":"Failed"}"#).said, r#"{"Status":"Failed"}"#);
    }
}
