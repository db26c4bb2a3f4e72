//! Who a resource policy speaks of.
//!
//! Source: IAM user guide, "AWS JSON policy elements: Principal".

use crate::arn::Arn;
use crate::names::AccountId;

/// One principal of a `Principal` or `NotPrincipal` element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrincipalPattern {
    /// `"Principal": "*"`.
    Everyone,
    /// Under `AWS`.
    Aws(AwsPrincipal),
    /// Under `Federated`: the name or the ARN of an identity provider.
    Federated(String),
    /// Under `Service`: `lambda.amazonaws.com`.
    Service(String),
    /// Under `CanonicalUser`: S3's obfuscated form of an account.
    Canonical(String),
}

/// A principal under `AWS`, told apart by its form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AwsPrincipal {
    /// `*`: the same as everyone.
    Any,
    /// A whole account. A bare ID and the root ARN mean the same; the text is kept as written.
    Account {
        /// The account.
        account: AccountId,
        /// As written.
        text: String,
    },
    /// The ARN of a role, a user, a session or a federated user.
    Arn(Arn),
    /// `AROA…` or `AIDA…`: what IAM stores for a role or user, and shows once that no longer exists.
    UniqueId(String),
    /// Anything else. It matches nobody.
    Other(String),
}

impl PrincipalPattern {
    /// A principal under `AWS`.
    pub fn aws(text: &str) -> Self {
        Self::Aws(AwsPrincipal::new(text))
    }

    /// The place of the type among those of a document.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Everyone => 0,
            Self::Aws(_) => 1,
            Self::Federated(_) => 2,
            Self::Service(_) => 3,
            Self::Canonical(_) => 4,
        }
    }

    /// The type's key in the document, and the value; everyone has no key.
    pub fn parts(&self) -> (Option<&'static str>, &str) {
        match self {
            Self::Everyone => (None, "*"),
            Self::Aws(principal) => (Some("AWS"), principal.as_str()),
            Self::Federated(text) => (Some("Federated"), text),
            Self::Service(text) => (Some("Service"), text),
            Self::Canonical(text) => (Some("CanonicalUser"), text),
        }
    }
}

impl AwsPrincipal {
    /// Tells the forms apart.
    pub fn new(text: &str) -> Self {
        if text == "*" {
            return Self::Any;
        }
        if is_account(text)
            && let Ok(account) = AccountId::parse(text)
        {
            return Self::Account { account, text: text.to_owned() };
        }
        if is_unique_id(text) {
            return Self::UniqueId(text.to_owned());
        }
        // Arn::parse trims: what is padded is no ARN to IAM.
        match Arn::parse(text) {
            Ok(arn) if arn.as_str() == text => match arn.account_id() {
                Some(account) if arn.service() == "iam" && arn.resource() == "root" => {
                    Self::Account { account, text: text.to_owned() }
                }
                _ => Self::Arn(arn),
            },
            _ => Self::Other(text.to_owned()),
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Account { text, .. } | Self::UniqueId(text) | Self::Other(text) => text,
            Self::Arn(arn) => arn.as_str(),
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text has the form of the unique ID of a role (`AROA…`) or a user (`AIDA…`).
///
/// Source: IAM user guide, "IAM identifiers", unique identifiers.
pub(crate) fn is_unique_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && (text.starts_with("AROA") || text.starts_with("AIDA"))
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
