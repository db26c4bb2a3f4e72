//! Names as AWS defines them, parsed once at the edge: an [`AccountId`] that exists is well formed.
//!
//! Patterns and lengths come from the service models of IAM, STS and SageMaker.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{input}` is not {expected}")]
pub struct NameError {
    /// What was given, cut to 80 characters.
    pub input: String,
    /// What would have been accepted, as a noun phrase.
    pub expected: &'static str,
}

impl NameError {
    /// A refusal of `input`, which should have been `expected`.
    pub fn new(input: &str, expected: &'static str) -> Self {
        Self { input: input.chars().take(80).collect(), expected }
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $expected:literal, |$text:ident| $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// What this name has to be, as a noun phrase for messages.
            pub const EXPECTED: &'static str = $expected;

            /// Parses `text` after trimming white space around it.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let $text = text.trim();
                if $valid { Ok(Self($text.to_owned())) } else { Err(NameError::new($text, $expected)) }
            }

            /// The name as AWS spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

/// IAM's name alphabet `[\w+=,.@-]`.
fn iam_name(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

name! {
    /// An AWS account: 12 digits.
    AccountId, "an account ID: 12 digits", |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
name! {
    /// An AWS region code such as `eu-west-1`. The shape is checked, not that the region exists.
    Region, "a region code such as `eu-west-1`", |text| is_region(text)
}
name! {
    /// An IAM role's name, without its path: 1–64 of `[\w+=,.@-]`.
    RoleName, "a role name: 1 to 64 letters, digits or any of + = , . @ _ -", |text| iam_name(text, 1..=64)
}
name! {
    /// An IAM user's name, without its path: 1–64 of `[\w+=,.@-]`.
    UserName, "a user name: 1 to 64 letters, digits or any of + = , . @ _ -", |text| iam_name(text, 1..=64)
}
name! {
    /// An IAM group's name, without its path: 1–128 of `[\w+=,.@-]`.
    GroupName, "a group name: 1 to 128 letters, digits or any of + = , . @ _ -", |text| iam_name(text, 1..=128)
}
name! {
    /// An IAM managed policy's name, without its path: 1–128 of `[\w+=,.@-]`.
    PolicyName, "a policy name: 1 to 128 letters, digits or any of + = , . @ _ -", |text| iam_name(text, 1..=128)
}
name! {
    /// The name of a role session: 2–64 of `[\w+=,.@-]`.
    SessionName, "a session name: 2 to 64 letters, digits or any of + = , . @ _ -", |text| iam_name(text, 2..=64)
}
name! {
    /// A Lambda function's name: 1–64 of `[a-zA-Z0-9-_]`.
    FunctionName, "a function name: 1 to 64 letters, digits, hyphens or underscores",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}
name! {
    /// A SageMaker endpoint's name, in the case it was given: at most 63, `^[a-zA-Z0-9](-*[a-zA-Z0-9])*`.
    EndpointName, "an endpoint name: at most 63 letters, digits and hyphens, not starting or ending with a hyphen",
    |text| (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-') && !text.ends_with('-')
}
name! {
    /// An external ID as STS takes it: 2–1224 of `[\w+=,.@:\/-]`. It is not a secret.
    ExternalId, "an external ID: 2 to 1224 letters, digits or any of + = , . @ : / _ -",
    |text| (2..=1224).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b))
}
name! {
    /// How the console names a way to get credentials: an AWS profile's name, or `default`.
    ConnectionId, "the name of a connection", |text| (1..=128).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let words = parts.clone().count();
    (3..=4).contains(&words)
        && text.len() <= 25
        && parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()))
        && text.rsplit('-').next().is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
        && text.split('-').rev().skip(1).all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()))
}

impl Region {
    /// The partition the region is in: `aws`, `aws-cn`, `aws-us-gov`, `aws-iso`, `aws-iso-b`.
    pub fn partition(&self) -> &'static str {
        let text = self.as_str();
        if text.starts_with("cn-") {
            "aws-cn"
        } else if text.starts_with("us-gov-") {
            "aws-us-gov"
        } else if text.starts_with("us-isob-") {
            "aws-iso-b"
        } else if text.starts_with("us-iso-") {
            "aws-iso"
        } else {
            "aws"
        }
    }

    /// What addresses of AWS end with in the region's partition.
    pub fn url_suffix(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            _ => "amazonaws.com",
        }
    }
}

name! {
    /// A variable of a saved request: what stands between `{{` and `}}`.
    VariableName,
    "a variable's name: 1 to 64 letters, digits or underscores, not beginning with a digit",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
}
macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        name! { $(#[$doc])* $type, "an identifier: 1 to 64 letters, digits or hyphens",
            |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') }
    };
}
id! {
    /// A share, for its whole life; also the value of the tag `sagebridge:share` on what it made.
    ShareId
}
id! {
    /// A wizard's unfinished answers.
    DraftId
}
id! {
    /// One execution of a plan.
    RunId
}
id! {
    /// A request that was saved to be sent again.
    SavedId
}
id! {
    /// A file of rows that are sent to an endpoint.
    BatchId
}
id! {
    /// A load check of an endpoint.
    LoadId
}

id! {
    /// A training pipeline, for its whole life; also the value of the tag `sagebridge:pipeline` on what it made.
    PipelineId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_twelve_digits() {
        assert_eq!(AccountId::parse(" 111111111111 ").map(String::from), Ok("111111111111".into()));
        for bad in ["", "11111111111", "1111111111111", "11111111111a", "１１１１１１１１１１１１"] {
            assert!(AccountId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_is_parsed_by_shape() {
        for good in ["eu-west-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1", "cn-north-1"] {
            assert!(Region::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "eu", "EU-west-1", "eu-west", "eu--1", "http://x", "eu-west-1.evil.example", "eu-west-111"] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_name_keeps_its_case_and_refuses_edge_hyphens() {
        assert_eq!(EndpointName::parse("Fraud-Detector-EU").map(String::from), Ok("Fraud-Detector-EU".into()));
        for bad in ["-a", "a-", "a_b", &"a".repeat(64)] {
            assert!(EndpointName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_expected() {
        let message = RoleName::parse("my role").map_err(|e| e.to_string());
        assert_eq!(
            message,
            Err("`my role` is not a role name: 1 to 64 letters, digits or any of + = , . @ _ -".into())
        );
    }
}
