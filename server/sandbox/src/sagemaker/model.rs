//! Models, endpoint configs, endpoints and inference components as they are stored.

use super::training::model::TrainingJob;
use crate::models::{self, Container};
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
    #[serde(default)]
    pub components: BTreeMap<String, Component>,
    /// Training jobs, by lower-case name.
    #[serde(default)]
    pub jobs: BTreeMap<String, TrainingJob>,
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
    /// `LastDeploymentConfig`.
    #[serde(default)]
    pub last_deployment: Option<Value>,
}

/// A change under way. It is done when its time has come: nothing needs to run for it, also not over a restart. But one
/// that is driven takes as long as [`super::deployment`] needs for it.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Pending {
    pub status: String,
    pub until: Timestamp,
    pub config: String,
    pub variants: Vec<Variant>,
    pub failure: Option<String>,
    #[serde(default)]
    pub driven: bool,
    /// Which share of the requests the new variants have already, 0 to 1.
    #[serde(default)]
    pub share: f64,
    /// When it began.
    #[serde(default = "beginning")]
    pub started: Timestamp,
    /// `DeploymentConfig`.
    #[serde(default)]
    pub deployment: Option<Value>,
}

fn beginning() -> Timestamp {
    Timestamp(0)
}

/// A production variant with what it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Variant {
    pub name: String,
    /// The image of its model's container. None on an endpoint for inference components.
    pub image: Option<String>,
    /// Where the models of a multi-model container are: a prefix in S3.
    #[serde(default)]
    pub models: Option<String>,
    pub weight: f64,
    pub instances: u32,
    #[serde(default)]
    pub serverless_config: Option<Serverless>,
    /// The trained model that its container serves.
    #[serde(default)]
    pub artifact: Option<Artifact>,
}

/// A trained model in S3, and once it is downloaded on the shelf of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Artifact {
    pub url: String,
    /// The role that may read it.
    pub role: Option<String>,
    /// Its name on the shelf.
    pub kept: Option<String>,
}

impl Variant {
    /// What answers its requests. None on an endpoint for inference components.
    pub fn container(&self) -> Option<Container> {
        match self.artifact.as_ref().and_then(|artifact| artifact.kept.clone()) {
            Some(name) => Some(Container::Trained(name)),
            None => self.image.clone().map(Container::Image),
        }
    }
    /// Whether its container answers pings: it holds a model of the sandbox, or many where many are wanted.
    pub fn is_healthy(&self) -> bool {
        let Some(image) = &self.image else { return true };
        if self.artifact.is_some() {
            return true;
        }
        if self.models.is_some() { models::holds_many(image) } else { models::is_known(image) }
    }
}

/// `ProductionVariantServerlessConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Serverless {
    pub memory_mb: u32,
    pub max_concurrency: u32,
    pub provisioned_concurrency: Option<u32>,
}

/// An inference component: a model with its own share of an endpoint.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Component {
    pub name: String,
    pub created: Timestamp,
    /// The name of its endpoint, in the endpoint's own case.
    pub endpoint: String,
    pub variant: String,
    /// The image of its container.
    pub image: String,
    pub copies: u32,
    /// `Specification`, as it came.
    pub specification: Value,
    /// Until when it is `Creating`.
    pub until: Timestamp,
    /// Why it is `Failed` then.
    pub failure: Option<String>,
}

impl Component {
    /// `Creating`, `InService` or `Failed`.
    pub fn status(&self, now: Timestamp) -> &'static str {
        match &self.failure {
            _ if now < self.until => "Creating",
            Some(_) => "Failed",
            None => "InService",
        }
    }
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
        if pending.driven || now < pending.until {
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
        if self.pending.as_ref().is_none_or(|pending| pending.driven || now < pending.until) {
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
    /// The change under way, if something drives it.
    pub fn driven(&self) -> Option<&Pending> {
        self.pending.as_ref().filter(|pending| pending.driven)
    }
    /// Ends a change that was driven: with success or, for a reason, without.
    pub fn finish(&mut self, failure: Option<String>, now: Timestamp) {
        if let Some(pending) = &mut self.pending {
            pending.driven = false;
            pending.until = now;
            pending.failure = failure;
        }
        self.settle(now);
    }
}

/// The ARN of a SageMaker resource: lower-cased, as SageMaker does.
pub fn arn(region: &Region, account: &AccountId, kind: &str, name: &str) -> String {
    format!("arn:aws:sagemaker:{region}:{account}:{kind}/{}", name.to_ascii_lowercase())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_sandbox_wrote_is_read() {
        let variant = r#"{"name":"AllTraffic","image":"i","weight":1.0,"instances":2,"serverless":false}"#;
        let variant: Variant = serde_json::from_str(variant).unwrap();
        assert!(variant.image.as_deref() == Some("i") && variant.models.is_none());
        assert_eq!(variant.serverless_config, None);
        let sagemaker: SageMaker =
            serde_json::from_str(r#"{"models":{},"configs":{},"endpoints":{},"tags":{}}"#).unwrap();
        assert!(sagemaker.components.is_empty());
    }
}
