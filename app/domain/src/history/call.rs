//! One call as it is remembered.

use crate::invoke::{BodyEncoding, HeaderRule, InvokeFailure, InvokeHeaders, Through};
use crate::names::EndpointName;
use crate::share::intent::InvokeAction;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How a call ended, as coarse as people ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallClass {
    /// The model answered, to the end.
    Answered,
    /// SageMaker took it, to answer it in S3.
    Taken,
    /// Whoever asked did not wait for the end.
    Stopped,
    /// A policy said no.
    Denied,
    /// Another status from 400 to 499: SageMaker or the model did not take the request.
    Refused,
    /// A status from 500 on.
    Failed,
    /// No answer, or one that broke off.
    Broken,
}

impl CallClass {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 7] =
        [Self::Answered, Self::Taken, Self::Stopped, Self::Denied, Self::Refused, Self::Failed, Self::Broken];

    /// Its value in forms and in the store.
    pub fn key(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Taken => "taken",
            Self::Stopped => "stopped",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Broken => "broken",
        }
    }

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Answered => "Answered",
            Self::Taken => "Handed over",
            Self::Stopped => "Stopped",
            Self::Denied => "Denied",
            Self::Refused => "Refused (4xx)",
            Self::Failed => "Failed (5xx)",
            Self::Broken => "No whole answer",
        }
    }

    /// Parses [`CallClass::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.key() == key)
    }

    /// How a failed call ended. A denial that was explained is one whatever its status.
    pub fn of_failure(failure: &InvokeFailure) -> Self {
        match failure.status {
            _ if failure.explanation.is_some() => Self::Denied,
            Some(403) => Self::Denied,
            Some(400..=499) => Self::Refused,
            Some(500..) => Self::Failed,
            _ => Self::Broken,
        }
    }
}

/// What is remembered of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// When it was asked for.
    pub at: Timestamp,
    /// Which session, by its label.
    pub who: String,
    /// Through what it went.
    pub through: Through,
    /// That in words, as they were then.
    pub label: String,
    /// Where to.
    pub endpoint: EndpointName,
    /// In which way.
    pub way: InvokeAction,
    /// What was said beside the body: without [`InvokeHeaders::custom_attributes`], [`InvokeHeaders::inference_id`],
    /// [`InvokeHeaders::explanations`] and [`InvokeHeaders::session`], which are the caller's own and kept with the body.
    #[serde(with = "lean_headers", default)]
    pub headers: InvokeHeaders,
    /// How it ended.
    pub class: CallClass,
    /// HTTP status, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// AWS's error code; empty when it was answered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// AWS's words about it; of a call that was taken, where its answer goes. What the model itself said is kept with the
    /// bodies.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The answer's content type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer_type: String,
    /// The production variant that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The body's size in bytes.
    pub sent: usize,
    /// The answer's size in bytes, as far as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<usize>,
    /// Getting the role's credentials, in microseconds.
    #[serde(default)]
    pub role_us: u64,
    /// Whether they were there already.
    #[serde(default)]
    pub role_cached: bool,
    /// The call itself, in microseconds, to its end.
    #[serde(default)]
    pub call_us: u64,
    /// Until the answer began, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_us: Option<u64>,
    /// AWS's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Call {
    /// The headers without those that are kept with the body only.
    pub fn without_own(headers: &InvokeHeaders) -> InvokeHeaders {
        InvokeHeaders {
            custom_attributes: String::new(),
            inference_id: String::new(),
            explanations: String::new(),
            session: String::new(),
            ..headers.clone()
        }
    }
}

/// A call with the number it has in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallView {
    /// Its number.
    pub id: i64,
    /// What is remembered of it.
    pub call: Call,
}

/// An earlier request whose body was kept, to be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierRequest {
    /// The call's number.
    pub id: i64,
    /// When it was made.
    pub at: Timestamp,
    /// What the body is said to be.
    pub content_type: String,
    /// The body's size in bytes.
    pub sent: usize,
    /// How it ended.
    pub class: CallClass,
}

/// A body, where it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "body", rename_all = "snake_case")]
pub enum KeptBody {
    /// As text.
    Text(String),
    /// Bytes in base64.
    Base64(String),
    /// It is larger than what is kept.
    TooLarge,
    /// There is none: the call failed before, or it was not whole.
    Absent,
}

impl KeptBody {
    /// What a request is filled with.
    pub fn into_body(self) -> Option<(String, BodyEncoding)> {
        match self {
            Self::Text(text) => Some((text, BodyEncoding::Text)),
            Self::Base64(text) => Some((text, BodyEncoding::Base64)),
            Self::TooLarge | Self::Absent => None,
        }
    }
}

/// What was said to the model and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBodies {
    /// All headers of the request.
    #[serde(with = "lean_headers", default)]
    pub headers: InvokeHeaders,
    /// The request's body.
    pub request: KeptBody,
    /// The answer's, or what the model said about its failure.
    pub answer: KeptBody,
}

/// A call with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDetail {
    /// The call.
    pub view: CallView,
    /// Its bodies, where they were kept and are not over their time.
    pub bodies: Option<CallBodies>,
    /// When the bodies go.
    pub bodies_until: Option<Timestamp>,
    /// When the call goes.
    pub until: Timestamp,
    /// The server's time.
    pub now: Timestamp,
}

/// Headers as an object of those that are there: a million calls are stored.
mod lean_headers {
    use super::{HeaderRule, InvokeHeaders};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(headers: &InvokeHeaders, serializer: S) -> Result<S::Ok, S::Error> {
        let there = HeaderRule::ALL.iter().map(|rule| (rule.field, rule.value(headers)));
        serializer.collect_map(there.filter(|(_, value)| !value.is_empty()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InvokeHeaders, D::Error> {
        InvokeHeaders::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoke::DenialExplanation;

    fn failure(status: Option<u16>) -> InvokeFailure {
        InvokeFailure {
            operation: "InvokeEndpoint".into(),
            status,
            code: "x".into(),
            message: String::new(),
            model: None,
            hint: String::new(),
            explanation: None,
        }
    }

    #[test]
    fn a_failure_is_told_by_its_status_and_a_denial_by_its_explanation() {
        let class = |status| CallClass::of_failure(&failure(status));
        assert_eq!(class(Some(424)), CallClass::Refused);
        assert_eq!(class(Some(503)), CallClass::Failed);
        assert_eq!(class(Some(403)), CallClass::Denied);
        assert_eq!(class(None), CallClass::Broken);
        let why = DenialExplanation { sentence: "s".into(), details: Vec::new(), fix: None, question: None };
        let explained = InvokeFailure { explanation: Some(why), ..failure(Some(400)) };
        assert_eq!(CallClass::of_failure(&explained), CallClass::Denied);
    }

    #[test]
    fn a_class_is_found_by_its_key() {
        for class in CallClass::ALL {
            assert_eq!(CallClass::parse(class.key()), Some(class));
            assert_eq!(serde_json::to_value(class).ok(), Some(class.key().into()));
        }
    }

    #[test]
    fn stored_headers_are_those_that_are_there_without_the_callers_own() {
        let headers = InvokeHeaders {
            custom_attributes: "who=me".into(),
            session: "NEW_SESSION".into(),
            target_variant: "b".into(),
            ..InvokeHeaders::of_type("text/csv")
        };
        let bodies =
            CallBodies { headers: Call::without_own(&headers), request: KeptBody::Absent, answer: KeptBody::TooLarge };
        let text = serde_json::to_string(&bodies).unwrap_or_default();
        assert!(text.contains(r#""headers":{"content_type":"text/csv","target_variant":"b"}"#), "{text}");
        assert_eq!(serde_json::from_str::<CallBodies>(&text).ok(), Some(bodies));
    }
}
