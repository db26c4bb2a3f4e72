//! Amazon Resource Names: `arn:partition:service:region:account:resource`.

use crate::names::{AccountId, NameError, Region, RoleName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A well-formed ARN. Equality is by text: AWS compares ARNs case-sensitively.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    text: String,
    // Ends of partition, service, region, account, as byte offsets.
    ends: [u16; 4],
}

impl Arn {
    /// What an ARN has to be, as a noun phrase for messages.
    pub const EXPECTED: &'static str = "an ARN: `arn:partition:service:region:account:resource`";

    /// Parses an ARN of at most 2048 characters. Wildcards in the fields are kept as they are.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let fail = || NameError::new(text, Self::EXPECTED);
        if text.len() > 2048 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(fail());
        }
        let rest = text.strip_prefix("arn:").ok_or_else(fail)?;
        let mut ends = [0u16; 4];
        let mut at = text.len() - rest.len();
        for end in &mut ends {
            at += text[at..].find(':').ok_or_else(fail)?;
            *end = at as u16;
            at += 1;
        }
        let arn = Self { text: text.to_owned(), ends };
        if arn.partition().is_empty() || arn.service().is_empty() || arn.resource().is_empty() {
            return Err(fail());
        }
        Ok(arn)
    }

    /// Builds an ARN from its fields; `region` and `account` may be empty.
    pub fn build(
        partition: &str,
        service: &str,
        region: &str,
        account: &str,
        resource: &str,
    ) -> Result<Self, NameError> {
        Self::parse(&format!("arn:{partition}:{service}:{region}:{account}:{resource}"))
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// `aws`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        &self.text[4..self.ends[0] as usize]
    }
    /// `iam`, `sagemaker`, …
    pub fn service(&self) -> &str {
        &self.text[self.ends[0] as usize + 1..self.ends[1] as usize]
    }
    /// The region; empty for global services.
    pub fn region(&self) -> &str {
        &self.text[self.ends[1] as usize + 1..self.ends[2] as usize]
    }
    /// The account's digits, as written; empty for S3 buckets, `aws` for AWS's own policies.
    pub fn account(&self) -> &str {
        &self.text[self.ends[2] as usize + 1..self.ends[3] as usize]
    }
    /// The account, when the field is a whole account ID.
    pub fn account_id(&self) -> Option<AccountId> {
        AccountId::parse(self.account()).ok()
    }
    /// The region, when the field is a whole region code.
    pub fn region_code(&self) -> Option<Region> {
        Region::parse(self.region()).ok()
    }
    /// Everything after the account: `role/path/name`, `endpoint/name`, `log-group:x`.
    pub fn resource(&self) -> &str {
        &self.text[self.ends[3] as usize + 1..]
    }
    /// The resource's type, when it is of the form `type/…`.
    pub fn resource_type(&self) -> Option<&str> {
        self.resource().split_once('/').map(|(kind, _)| kind)
    }
    /// The last part of the resource: the name without type and path.
    pub fn resource_name(&self) -> &str {
        self.resource().rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl TryFrom<String> for Arn {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}
impl std::str::FromStr for Arn {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}
impl From<Arn> for String {
    fn from(arn: Arn) -> String {
        arn.text
    }
}

/// Who calls: an IAM role or user, by its ARN (with its path). Never a session, a root user or a wildcard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallerArn(Arn);

/// Which kind of principal a [`CallerArn`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// An IAM role.
    Role,
    /// An IAM user.
    User,
}

impl CallerArn {
    /// What a caller has to be, as a noun phrase for messages.
    pub const EXPECTED: &'static str =
        "the ARN of a role or user, such as `arn:aws:iam::222222222222:role/scoring-lambda`";

    /// Parses the ARN of an IAM role or user: name and path are of IAM's alphabets (IAM user guide, "IAM identifiers").
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let arn = Arn::parse(text).map_err(|_| NameError::new(text.trim(), Self::EXPECTED))?;
        let (path, _) = arn.resource().rsplit_once('/').unwrap_or_default();
        let named = matches!(arn.resource_type(), Some("role" | "user"))
            && RoleName::parse(arn.resource_name()).is_ok()
            && path.bytes().all(|b| b.is_ascii_graphic() && !b"*?".contains(&b));
        if arn.service() == "iam" && arn.region().is_empty() && arn.account_id().is_some() && named {
            Ok(Self(arn))
        } else {
            Err(NameError::new(text.trim(), Self::EXPECTED))
        }
    }
    /// The ARN itself.
    pub fn arn(&self) -> &Arn {
        &self.0
    }
    /// The ARN's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// The account of the caller.
    pub fn account(&self) -> AccountId {
        self.0.account_id().unwrap_or_else(|| unreachable!("a caller's account was parsed"))
    }
    /// Role or user.
    pub fn kind(&self) -> CallerKind {
        if self.0.resource().starts_with("role/") { CallerKind::Role } else { CallerKind::User }
    }
    /// The name without path.
    pub fn name(&self) -> &str {
        self.0.resource_name()
    }
}
impl fmt::Display for CallerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl TryFrom<String> for CallerArn {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}
impl From<CallerArn> for String {
    fn from(caller: CallerArn) -> String {
        caller.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_gives_its_fields() {
        let arn = Arn::parse("arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier").expect("an ARN");
        assert_eq!(
            (arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource_type(), arn.resource_name()),
            ("aws", "sagemaker", "eu-west-1", "111111111111", Some("endpoint"), "churn-classifier")
        );
    }

    #[test]
    fn a_resource_may_hold_colons() {
        let arn = Arn::parse("arn:aws:logs:eu-west-1:111111111111:log-group:/aws/x:*").expect("an ARN");
        assert_eq!(arn.resource(), "log-group:/aws/x:*");
    }

    #[test]
    fn texts_that_are_no_arn_are_refused() {
        for bad in [
            "",
            "arn:",
            "arn:aws:iam::1",
            "arn:aws:iam::111111111111:",
            "arn::iam::111111111111:role/x",
            "x:aws:iam::1:r",
            "arn:aws:iam::1 1:role/x",
        ] {
            assert!(Arn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_caller_is_a_role_or_a_user_without_wildcards() {
        let caller = CallerArn::parse("arn:aws:iam::222222222222:role/service-role/scoring-lambda").expect("a caller");
        assert_eq!(
            (caller.kind(), caller.name(), caller.account().as_str()),
            (CallerKind::Role, "scoring-lambda", "222222222222")
        );
        for bad in [
            "arn:aws:iam::222222222222:root",
            "arn:aws:sts::222222222222:assumed-role/x/y",
            "arn:aws:iam::222222222222:role/*",
            "arn:aws:iam::222222222222:role/a b",
            "arn:aws:iam::222222222222:role/café",
            "arn:aws:iam::222222222222:role/a/$(b)",
            "arn:aws:iam::222222222222:role/",
            "arn:aws:iam::222222222222:group/x",
            "scoring-lambda",
        ] {
            assert!(CallerArn::parse(bad).is_err(), "{bad}");
        }
    }
}
