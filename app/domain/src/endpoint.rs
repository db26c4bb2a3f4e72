//! SageMaker endpoints, as observed.

pub mod samples;
mod shape;

pub use shape::{EndpointDetail, EndpointKind, EndpointShape, Variant};

use crate::arn::Arn;
use crate::names::{EndpointName, NameError};
use crate::s3::Location;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An endpoint's status, spelt as SageMaker spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum EndpointStatus {
    Creating,
    Updating,
    SystemUpdating,
    RollingBack,
    InService,
    OutOfService,
    Deleting,
    Failed,
    UpdateRollbackFailed,
    /// A status this version does not know.
    Unknown,
}

impl EndpointStatus {
    /// Parses SageMaker's spelling; anything else is [`EndpointStatus::Unknown`].
    pub fn parse(text: &str) -> Self {
        match text {
            "Creating" => Self::Creating,
            "Updating" => Self::Updating,
            "SystemUpdating" => Self::SystemUpdating,
            "RollingBack" => Self::RollingBack,
            "InService" => Self::InService,
            "OutOfService" => Self::OutOfService,
            "Deleting" => Self::Deleting,
            "Failed" => Self::Failed,
            "UpdateRollbackFailed" => Self::UpdateRollbackFailed,
            _ => Self::Unknown,
        }
    }
    /// SageMaker's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::SystemUpdating => "SystemUpdating",
            Self::RollingBack => "RollingBack",
            Self::InService => "InService",
            Self::OutOfService => "OutOfService",
            Self::Deleting => "Deleting",
            Self::Failed => "Failed",
            Self::UpdateRollbackFailed => "UpdateRollbackFailed",
            Self::Unknown => "Unknown",
        }
    }
    /// Whether it answers invocations: `InService`, and while it is updated or rolled back.
    pub fn answers(self) -> bool {
        matches!(self, Self::InService | Self::Updating | Self::SystemUpdating | Self::RollingBack)
    }
}

/// The ARN of an endpoint as DescribeEndpoint gives it: lower-case, in one region and account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointArn(Arn);

impl EndpointArn {
    /// What it has to be, as a noun phrase for messages.
    pub const EXPECTED: &'static str =
        "an endpoint's ARN in lower case, such as `arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier`";

    /// Parses the ARN of one endpoint. SageMaker lower-cases endpoint ARNs, and policies compare them by case, so a
    /// capital letter is refused rather than mended.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let fail = || NameError::new(text.trim(), Self::EXPECTED);
        let arn = Arn::parse(text).map_err(|_| fail())?;
        let name = arn.resource().strip_prefix("endpoint/").unwrap_or_default();
        let ok = arn.service() == "sagemaker"
            && arn.region_code().is_some()
            && arn.account_id().is_some()
            && EndpointName::parse(name).is_ok()
            && !arn.as_str().bytes().any(|b| b.is_ascii_uppercase());
        if ok { Ok(Self(arn)) } else { Err(fail()) }
    }
    /// The ARN itself.
    pub fn arn(&self) -> &Arn {
        &self.0
    }
    /// The ARN's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// The name as it stands in the ARN: lower-case.
    pub fn lower_name(&self) -> &str {
        self.0.resource_name()
    }
}
impl fmt::Display for EndpointArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl TryFrom<String> for EndpointArn {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}
impl From<EndpointArn> for String {
    fn from(arn: EndpointArn) -> String {
        arn.0.into()
    }
}

/// An endpoint as the console lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointView {
    /// The name in the case it was created with; what InvokeEndpoint takes.
    pub name: EndpointName,
    /// The lower-case ARN; what policies take.
    pub arn: EndpointArn,
    /// Its status.
    pub status: EndpointStatus,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// What its first variant runs on: `ml.m5.large`, `ml.m5.large × 2`, `serverless`. `None` when it could not be read.
    pub runs_on: Option<String>,
    /// Why it is not in service, when SageMaker says.
    pub failure_reason: Option<String>,
    /// Where it leaves its answers, for one that answers asynchronously.
    #[serde(default)]
    pub results: Option<AsyncResults>,
}

/// Where an asynchronous endpoint leaves its answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AsyncResults {
    /// Below here, outputs.
    pub output: Location,
    /// Below here, failures, where it has a path for them.
    pub failure: Option<Location>,
}

/// One page of a list, with what asks for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Give this back to get the next page; `None` on the last.
    pub next: Option<String>,
}

/// What to send to a model to see it answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// Which of a multi-model endpoint's models takes it, where that is told.
    #[serde(default)]
    pub target_model: Option<String>,
}
