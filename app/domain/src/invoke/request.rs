//! What is sent, and what is refused before it is.

use super::{HeaderRule, InvokeHeaders, Through, limits};
use crate::names::EndpointName;
use crate::share::intent::InvokeAction;
use serde::{Deserialize, Serialize};

/// What the person asked to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeParams {
    /// Through which share or connection.
    pub through: Through,
    /// Which endpoint.
    pub endpoint: EndpointName,
    /// What is said beside the body.
    #[serde(flatten)]
    pub headers: InvokeHeaders,
    /// The body, as `encoding` says.
    #[serde(default)]
    pub body: String,
    /// What `body` is.
    #[serde(default)]
    pub encoding: BodyEncoding,
}

/// How a body that may be anything is written as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyEncoding {
    /// It is text, sent as UTF-8.
    #[default]
    Text,
    /// It is bytes in base64, with padding.
    Base64,
}

impl BodyEncoding {
    /// The size in bytes of a body that is written so.
    pub fn bytes(self, body: &str) -> usize {
        match self {
            Self::Text => body.len(),
            Self::Base64 => body.trim_end_matches('=').len() * 3 / 4,
        }
    }
}

/// Why an invocation is refused before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeRefusal {
    /// The body is over the service's limit.
    #[error("the body is {got} bytes; {operation} takes at most {limit}")]
    BodyTooLarge {
        /// Its size in bytes.
        got: usize,
        /// The limit in bytes.
        limit: usize,
        /// Of which operation.
        operation: &'static str,
    },
    /// No content type.
    #[error("the content type is missing")]
    NoContentType,
    /// A header value that HTTP or SageMaker does not take.
    #[error("the {noun} {problem}")]
    BadHeader {
        /// Its field.
        field: &'static str,
        /// It in words: `content type`.
        noun: &'static str,
        /// What is wrong with it: `has …`.
        problem: String,
    },
    /// A header that the operation does not take.
    #[error("{operation} takes no {noun}")]
    NotTaken {
        /// Its field.
        field: &'static str,
        /// It in words.
        noun: &'static str,
        /// Of which operation.
        operation: &'static str,
    },
    /// What was said to be base64 is not.
    #[error("the file did not arrive whole: its base64 is broken")]
    BrokenBase64,
}

impl InvokeRefusal {
    /// The form's field it belongs to.
    pub fn field(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } | Self::BrokenBase64 => "body",
            Self::NoContentType => "content_type",
            Self::BadHeader { field, .. } | Self::NotTaken { field, .. } => field,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } => "send less, or put the input in S3 and use an asynchronous endpoint",
            Self::NoContentType => "choose what the body is, such as text/csv or application/json",
            Self::BadHeader { .. } => "shorten or change it",
            Self::NotTaken { .. } => "leave it empty, or ask for the answer in another way",
            Self::BrokenBase64 => "choose the file again",
        }
    }
}

impl InvokeParams {
    /// A request of text with a content type, and nothing more.
    pub fn text(through: impl Into<Through>, endpoint: EndpointName, content_type: &str, body: &str) -> Self {
        Self {
            through: through.into(),
            endpoint,
            headers: InvokeHeaders::of_type(content_type),
            body: body.to_owned(),
            encoding: BodyEncoding::Text,
        }
    }

    /// The body's size in bytes.
    pub fn bytes(&self) -> usize {
        self.encoding.bytes(&self.body)
    }

    /// Checks the service's limits for an operation, so that nothing is sent that can only be refused.
    pub fn check(&self, way: InvokeAction) -> Result<(), InvokeRefusal> {
        let (got, limit, operation) = (self.bytes(), limits::BODY_BYTES, way.operation());
        if got > limit {
            return Err(InvokeRefusal::BodyTooLarge { got, limit, operation });
        }
        if self.headers.content_type.trim().is_empty() {
            return Err(InvokeRefusal::NoContentType);
        }
        for rule in &HeaderRule::ALL {
            let value = rule.value(&self.headers);
            if let Some(problem) = rule.problem(value) {
                return Err(InvokeRefusal::BadHeader { field: rule.field, noun: rule.noun, problem });
            }
            if !value.is_empty() && !rule.ways.contains(&way) {
                return Err(InvokeRefusal::NotTaken { field: rule.field, noun: rule.noun, operation });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn params(body: &str, encoding: BodyEncoding) -> InvokeParams {
        let through = Through::parse("s1").unwrap();
        InvokeParams { encoding, ..InvokeParams::text(through, "echo".parse().unwrap(), "text/csv", body) }
    }

    #[test]
    fn base64_counts_as_the_bytes_that_it_stands_for() {
        for (text, bytes) in [("", 0), ("QQ==", 1), ("QUI=", 2), ("QUJD", 3), ("QUJDRA==", 4)] {
            assert_eq!(params(text, BodyEncoding::Base64).bytes(), bytes, "{text}");
        }
        let large = "A".repeat(limits::BODY_BYTES / 3 * 4);
        assert_eq!(params(&large, BodyEncoding::Base64).check(InvokeAction::Invoke), Ok(()));
        assert!(params(&large, BodyEncoding::Text).check(InvokeAction::Invoke).is_err());
    }

    #[test]
    fn a_header_that_the_operation_does_not_take_is_refused_at_its_field() {
        let mut params = params("1", BodyEncoding::Text);
        params.headers.target_model = "a.tar.gz".into();
        assert_eq!(params.check(InvokeAction::Invoke), Ok(()));
        let refused = params.check(InvokeAction::Stream).unwrap_err();
        assert_eq!(refused.field(), "target_model");
        assert_eq!(refused.to_string(), "InvokeEndpointWithResponseStream takes no target model");
    }
}
