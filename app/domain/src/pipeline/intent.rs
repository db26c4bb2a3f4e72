//! What the user asked for, valid by construction; and what everything is called that is made of it.

use crate::arn::CallerArn;
use crate::names::{AccountId, ConnectionId, EndpointName, NameError, Region};
use crate::pipeline::hyperparameters::Hyperparameters;
use crate::pipeline::images::Version;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How everything of a pipeline begins: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter.
///
/// 20, because the pipeline has this name and the first 20 characters of it are the folder of its artifacts
/// (CodePipeline user guide, "Artifact naming"); and because a training job's name, at most 63 long, ends with an
/// execution's 36.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    /// What it has to be, as a noun phrase.
    pub const EXPECTED: &'static str =
        "a prefix: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen";

    /// Parses `text` after trimming white space around it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let fits = (2..=20).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NameError::new(text, Self::EXPECTED)) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Prefix {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

/// One of the three accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How it is reached.
    pub connection: ConnectionId,
    /// Which it is.
    pub account: AccountId,
}

/// Where the training template comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    /// A CodeCommit repository of its own.
    Repository {
        /// Its name: 1 to 100 letters, digits, dots, hyphens and underscores.
        name: String,
        /// The branch that is built.
        branch: String,
    },
    /// A zipped object in the bucket: where CodeCommit is not to be had.
    Bucket,
}

/// How the model is trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// The container's version.
    pub version: Version,
    /// Such as `ml.m5.large`.
    pub instance_type: String,
    /// 1 to 20.
    pub instance_count: u32,
    /// Disk for data and model, in gigabytes.
    pub volume_gigabytes: u32,
    /// A job that takes longer is stopped.
    pub max_seconds: u32,
    /// What the container is told.
    pub hyperparameters: Hyperparameters,
}

/// How a new version takes over from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// A new fleet beside the old one, all traffic at once.
    AllAtOnce,
    /// A new fleet, first with a part of the traffic.
    Canary,
    /// A new fleet, a quarter of the traffic at a time.
    Linear,
    /// Instance by instance, without a second fleet.
    Rolling,
}

impl Update {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::Canary, Self::Linear, Self::Rolling, Self::AllAtOnce];

    /// As the production template says it.
    pub fn key(self) -> &'static str {
        match self {
            Self::AllAtOnce => "AllAtOnce",
            Self::Canary => "Canary",
            Self::Linear => "Linear",
            Self::Rolling => "Rolling",
        }
    }

    /// The least number of instances of which a part can be taken.
    ///
    /// Source: SageMaker developer guide, "Blue/Green Deployments" and "Use rolling deployments".
    pub fn least_instances(self) -> u32 {
        match self {
            Self::AllAtOnce => 1,
            Self::Canary | Self::Linear | Self::Rolling => 2,
        }
    }
}

/// Where and how the model serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The endpoint.
    pub endpoint: EndpointName,
    /// Such as `ml.m5.large`.
    pub instance_type: String,
    /// At least [`Update::least_instances`].
    pub instance_count: u32,
    /// How updates are made.
    pub update: Update,
    /// How long each step is watched: at most 3600 seconds.
    pub wait_seconds: u32,
    /// Whether errors of the endpoint take an update back.
    pub alarms: bool,
}

/// A pipeline as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineIntent {
    /// Begins all names; the pipeline's own.
    pub prefix: Prefix,
    /// Of all three accounts.
    pub region: Region,
    /// Account A.
    pub shared_services: Place,
    /// Account B.
    pub training_account: Place,
    /// Account C.
    pub production: Place,
    /// Who administers the key and uploads data: the console's own identity in account A.
    pub administrator: CallerArn,
    /// The bucket for data, models and artifacts.
    pub bucket: String,
    /// Where the training template comes from.
    pub source: Source,
    /// How the model is trained.
    pub training: Training,
    /// How it serves.
    pub deployment: Deployment,
}

impl PipelineIntent {
    /// The bucket's name unless another is chosen: unique, as it has the account and the region in it.
    pub fn usual_bucket(prefix: &Prefix, account: &AccountId, region: &Region) -> String {
        format!("{prefix}-{account}-{region}")
    }

    /// The stack in account A.
    pub fn shared_services_stack(&self) -> String {
        format!("{}-shared-services", self.prefix)
    }

    /// The stack in account B.
    pub fn training_stack(&self) -> String {
        format!("{}-training", self.prefix)
    }

    /// The stack in account C.
    pub fn production_stack(&self) -> String {
        format!("{}-production", self.prefix)
    }

    /// The stack that the pipeline deploys in account B.
    pub fn workflow_stack(&self) -> String {
        format!("{}-workflow", self.prefix)
    }

    /// The state machine of that stack.
    pub fn state_machine(&self) -> String {
        let (partition, region, account) = (self.region.partition(), &self.region, &self.training_account.account);
        format!("arn:{partition}:states:{region}:{account}:stateMachine:{}-training", self.prefix)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_short_and_plain() {
        assert_eq!(Prefix::parse(" churn-2 ").unwrap().as_str(), "churn-2");
        for bad in ["", "a", "-a", "a-", "2a", "Churn", "a_b", "abcdefghijklmnopqrstu"] {
            assert!(Prefix::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_prefix_still_fits_into_every_name() {
        let prefix = Prefix::parse("abcdefghijklmnopqrst").unwrap();
        let execution = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert!(format!("{prefix}-{execution}").len() <= 63, "training jobs, models and endpoint configurations");
        assert!(format!("{prefix}-production-deploy").len() <= 64, "roles");
        let longest = (&"111111111111".parse().unwrap(), &"ap-southeast-4".parse().unwrap());
        assert!(PipelineIntent::usual_bucket(&prefix, longest.0, longest.1).len() <= 63, "buckets");
    }
}
