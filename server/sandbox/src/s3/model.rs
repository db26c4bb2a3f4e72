//! Buckets as they are stored. What is in them lies beside the state, see [`super::objects`].

use crate::iam::documents;
use crate::state::State;
use domain::evaluate::NamedPolicy;
use domain::names::AccountId;
use domain::policy::PolicyDocument;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most a bucket's policy may have, in bytes.
const POLICY_BYTES: usize = 20 * 1024;

/// A bucket. Names are one space over all accounts, so buckets are kept beside the accounts and not in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bucket {
    /// Names its folder. A bucket made later under the same name has another one.
    pub id: String,
    /// Who owns it, and everything in it.
    pub account: AccountId,
    /// Where it is.
    pub region: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its policy, with users and roles as unique IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Its settings, as CloudFormation's properties name them.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub settings: serde_json::Value,
}

impl Bucket {
    /// A bucket without a policy.
    pub fn new(account: AccountId, region: impl Into<String>, created: Timestamp) -> Self {
        Self {
            id: crate::ids::request(),
            account,
            region: region.into(),
            created,
            policy: None,
            settings: serde_json::Value::Null,
        }
    }
    /// Its policy, parsed.
    pub fn parsed_policy(&self) -> Option<NamedPolicy> {
        // Checked when it was stored.
        let document = PolicyDocument::parse(self.policy.as_deref()?).ok()?;
        Some(NamedPolicy::new("bucket policy", document))
    }
}

/// The ARN of a bucket or of an object in it. It names neither region nor account.
pub fn arn(bucket: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
        None => format!("arn:aws:s3:::{bucket}"),
    }
}

/// A bucket's policy as it is stored, or what is wrong with it in S3's words.
///
/// Source: S3 user guide, "Policies and permissions in Amazon S3".
pub fn policy_to_store(state: &State, bucket: &str, text: &str) -> Result<String, String> {
    if text.len() > POLICY_BYTES {
        return Err("Policy exceeds the maximum allowed document size.".into());
    }
    let mut document = PolicyDocument::parse(text).map_err(|e| format!("Policies must be valid JSON: {e}"))?;
    let (own, inside) = (arn(bucket, None), arn(bucket, Some("")));
    for statement in &document.statements {
        if statement.principal.is_none() {
            return Err("Missing required field Principal".into());
        }
        let resource = statement.resource.as_ref().ok_or("Missing required field Resource")?;
        let fits = |text: &str| text == own || text.starts_with(&inside) || text == "*" || text == format!("{own}*");
        if !resource.patterns.iter().all(|pattern| fits(pattern.as_str())) {
            return Err("Policy has invalid resource".into());
        }
        let foreign = statement.action.patterns.iter().any(|action| {
            let action = action.as_str();
            action != "*" && !action.get(..3).is_some_and(|service| service.eq_ignore_ascii_case("s3:"))
        });
        if foreign {
            return Err("Policy has invalid action".into());
        }
    }
    documents::principals_to_ids(state, &mut document).map_err(|_| "Invalid principal in policy")?;
    Ok(document.pretty())
}
