//! Buckets as they are stored. What is in them lies beside the state, see [`super::objects`].

use crate::iam::documents;
use crate::state::State;
use domain::evaluate::NamedPolicy;
use domain::names::AccountId;
use domain::policy::{AwsPrincipal, Effect, PolicyDocument, PrincipalPattern};
use domain::time::Timestamp;
use s3s::dto::{BucketLifecycleConfiguration, PublicAccessBlockConfiguration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// What was set of it besides.
    #[serde(default)]
    pub settings: Settings,
}

/// What can be set of a bucket. As of the sandbox's first buckets, nothing is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether objects have versions.
    pub versioning: Versioning,
    /// How objects are encrypted of which their sender does not say it; none is by S3 itself.
    pub encryption: Option<Encryption>,
    /// What is refused to everybody at large.
    pub public_access: Option<PublicAccessBlockConfiguration>,
    /// Who owns objects.
    pub ownership: Option<String>,
    /// Kept and shown; nothing expires here.
    pub lifecycle: Option<BucketLifecycleConfiguration>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether EventBridge is told what happens in it.
    pub events: bool,
}

impl Settings {
    /// As every new bucket has them.
    fn new() -> Self {
        let yes = Some(true);
        let closed = PublicAccessBlockConfiguration {
            block_public_acls: yes,
            block_public_policy: yes,
            ignore_public_acls: yes,
            restrict_public_buckets: yes,
        };
        Self { public_access: Some(closed), ownership: Some("BucketOwnerEnforced".into()), ..Self::default() }
    }
}

/// Whether objects have versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Versioning {
    /// They never had.
    #[default]
    Never,
    /// They have.
    Enabled,
    /// They had: what comes now is the version `null`.
    Suspended,
}

/// How an object is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// By S3's own keys.
    S3,
    /// By a key of KMS; without one by that which S3 manages for who puts an object.
    Kms {
        /// The key; of an object always its ARN.
        key: Option<String>,
        /// Whether one data key serves many objects.
        bucket_key: bool,
    },
}

impl Bucket {
    /// A bucket without a policy.
    pub fn new(account: AccountId, region: impl Into<String>, created: Timestamp) -> Self {
        let (id, settings) = (crate::ids::request(), Settings::new());
        Self { id, account, region: region.into(), created, policy: None, settings }
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

/// Whether a policy allows something to everybody, without a condition.
///
/// Source: S3 user guide, "Blocking public access", "The meaning of public". Conditions are not looked into.
pub fn is_public(stored: &str) -> bool {
    let everybody = |principal: &PrincipalPattern| {
        matches!(principal, PrincipalPattern::Everyone | PrincipalPattern::Aws(AwsPrincipal::Any))
    };
    PolicyDocument::parse(stored).is_ok_and(|document| {
        document.statements.iter().any(|statement| {
            let named = statement.principal.as_ref();
            statement.effect == Effect::Allow
                && statement.conditions.is_empty()
                && named.is_some_and(|clause| clause.negated || clause.principals.iter().any(everybody))
        })
    })
}
