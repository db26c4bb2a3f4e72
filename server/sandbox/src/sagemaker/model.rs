//! Models, endpoint configs and endpoints as they are stored.

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// SageMaker in one region of one account. Maps are keyed by the lower-case name: ARNs are lower-cased, so two names
/// that differ only by case would share one.
#[derive(Clone, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SageMaker {
    pub models: BTreeMap<String, Model>,
    pub configs: BTreeMap<String, EndpointConfig>,
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Tags by lower-case ARN.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// A model: its request as it came, and when.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Model {
    pub name: String,
    pub created: Timestamp,
    /// The members of CreateModel that DescribeModel gives back.
    pub request: Value,
}

/// An endpoint config: its request as it came, and when.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EndpointConfig {
    pub name: String,
    pub created: Timestamp,
    pub request: Value,
}

/// An endpoint.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Endpoint {
    pub name: String,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// The config in force.
    pub config: String,
    /// What is being created or updated.
    pub pending: Option<Pending>,
    /// Why it is `Failed`.
    pub failure: Option<String>,
    /// The variants in force.
    pub variants: Vec<Variant>,
}

/// A change under way. It is done when its time has come: nothing needs to run for it, also not over a restart.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Pending {
    pub status: String,
    pub until: Timestamp,
    pub config: String,
    pub variants: Vec<Variant>,
    pub failure: Option<String>,
}

/// A production variant with what it runs.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Variant {
    pub name: String,
    pub image: String,
    pub weight: f64,
    pub instances: u32,
    /// Whether it is serverless: a smaller body then.
    pub serverless: bool,
}

/// An endpoint at one moment.
pub struct Now<'a> {
    /// `Creating`, `InService`, …
    pub status: &'a str,
    /// The config in force, or being created.
    pub config: &'a str,
    /// The variants in force.
    pub variants: &'a [Variant],
    /// Why it failed.
    pub failure: Option<&'a str>,
    /// When it last changed.
    pub modified: Timestamp,
}

impl Endpoint {
    /// The endpoint at `now`.
    pub fn at(&self, now: Timestamp) -> Now<'_> {
        let settled = |status, failure| Now {
            status,
            config: &self.config,
            variants: &self.variants,
            failure,
            modified: self.modified,
        };
        let Some(pending) = &self.pending else {
            // Only an endpoint that never came up is `Failed`; after a failed update the old variants serve on.
            let failed = self.failure.is_some() && self.variants.is_empty();
            return settled(if failed { "Failed" } else { "InService" }, self.failure.as_deref());
        };
        if now < pending.until {
            return settled(&pending.status, None);
        }
        match &pending.failure {
            // A failed update leaves what was there in service.
            Some(reason) if !self.variants.is_empty() => {
                Now { modified: pending.until, ..settled("InService", Some(reason)) }
            }
            Some(reason) => Now { modified: pending.until, ..settled("Failed", Some(reason)) },
            None => Now {
                status: "InService",
                config: &pending.config,
                variants: &pending.variants,
                failure: None,
                modified: pending.until,
            },
        }
    }
    /// Takes over a change whose time has come.
    pub fn settle(&mut self, now: Timestamp) {
        if self.pending.as_ref().is_none_or(|pending| now < pending.until) {
            return;
        }
        let Some(pending) = self.pending.take() else { return };
        self.modified = pending.until;
        self.failure = pending.failure;
        if self.failure.is_none() {
            self.config = pending.config;
            self.variants = pending.variants;
        }
    }
}

/// The ARN of a SageMaker resource: lower-cased, as SageMaker does.
pub fn arn(region: &Region, account: &AccountId, kind: &str, name: &str) -> String {
    format!("arn:aws:sagemaker:{region}:{account}:{kind}/{}", name.to_ascii_lowercase())
}
