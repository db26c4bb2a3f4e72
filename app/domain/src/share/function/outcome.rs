//! One call of the test function: what it answered, and why it failed.

use crate::invoke::DenialExplanation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What came of calling the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionOutcome {
    /// What the function said, or why it was not called.
    pub result: Result<FunctionReport, FunctionFailure>,
    /// How long the last call took, in milliseconds.
    pub took_ms: u64,
    /// How often it was called: again while IAM had not caught up with what the documents allow.
    pub tries: u32,
    /// How long that took in all, in milliseconds.
    pub waited_ms: u64,
    /// AWS's request id of the last call.
    pub request_id: Option<String>,
}

/// Why the function was not called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionFailure {
    /// AWS's code.
    pub code: String,
    /// AWS's own words.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// What the function said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionReport {
    /// What the model answered, when it did.
    pub prediction: Option<Prediction>,
    /// `ClientError`, when the function failed.
    pub error_type: Option<String>,
    /// The failure's message.
    pub error: Option<String>,
    /// Everything it returned, as it came.
    pub payload: String,
    /// The end of its log.
    pub log: Option<String>,
    /// For a denial: which document stands in the way.
    pub explanation: Option<DenialExplanation>,
}

/// What the model answered, as the handler passes it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// HTTP status of InvokeEndpoint.
    pub status: u16,
    /// Its content type.
    pub content_type: Option<String>,
    /// The variant that answered.
    pub variant: Option<String>,
    /// The body: text, or base64 where it is none.
    pub body: String,
    /// Whether the body is text.
    pub is_text: bool,
}

impl FunctionReport {
    /// Reads a function's answer. What is not the handler's own form is shown as it came.
    pub fn read(function_error: Option<&str>, payload: &[u8], log: Option<String>) -> Self {
        let text = String::from_utf8_lossy(payload).into_owned();
        let value: Value = serde_json::from_slice(payload).unwrap_or_default();
        let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut report = Self { payload: text.clone(), log, ..Self::default() };
        match function_error {
            Some(kind) => {
                report.error_type = Some(part("errorType").unwrap_or_else(|| kind.to_owned()));
                report.error = Some(part("errorMessage").unwrap_or(text));
            }
            None => report.prediction = prediction(&value),
        }
        report
    }
}

fn prediction(value: &Value) -> Option<Prediction> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Prediction {
        status: value.get("status")?.as_u64().and_then(|status| u16::try_from(status).ok())?,
        content_type: part("content_type"),
        variant: part("variant"),
        body: part("body")?,
        is_text: part("encoding")? == "text",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_handler_returns_is_a_prediction() {
        let payload = br#"{"status":200,"content_type":"text/csv","variant":"v1","encoding":"text","body":"0.9\n"}"#;
        let report = FunctionReport::read(None, payload, None);
        let prediction = report.prediction.expect("a prediction");
        assert_eq!((prediction.status, prediction.body.as_str(), prediction.is_text), (200, "0.9\n", true));
        assert_eq!(prediction.variant.as_deref(), Some("v1"));
        assert_eq!(report.error, None);
    }

    #[test]
    fn a_failure_is_told_in_the_functions_own_words() {
        let payload = br#"{"errorType":"ClientError","errorMessage":"An error occurred","stackTrace":[]}"#;
        let report = FunctionReport::read(Some("Unhandled"), payload, Some("log".into()));
        assert_eq!(
            (report.error_type.as_deref(), report.error.as_deref()),
            (Some("ClientError"), Some("An error occurred"))
        );
        assert_eq!((report.prediction, report.log.as_deref()), (None, Some("log")));
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_came() {
        let report = FunctionReport::read(Some("Unhandled"), b"crash", None);
        assert_eq!((report.error_type.as_deref(), report.error.as_deref()), (Some("Unhandled"), Some("crash")));
        assert_eq!(FunctionReport::read(None, b"[1]", None).payload, "[1]");
    }
}
