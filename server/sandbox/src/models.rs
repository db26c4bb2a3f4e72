//! The models behind the endpoints: small programs that stand where a container would.

use domain::names::{AccountId, Region};
use std::path::Path;

/// What to send to the churn model.
pub const CHURN_SAMPLE: (&str, &str) = ("text/csv", "12,1,0,203.4,71,64.2,55.1,3,18.7");
/// What to send to echo.
pub const ECHO_SAMPLE: (&str, &str) = ("application/json", r#"{"hello":"sagemaker"}"#);

/// The image that a model of the sandbox is in.
pub fn image(account: &AccountId, region: &Region, model: &str) -> String {
    format!("{account}.dkr.ecr.{region}.amazonaws.com/sagebridge-{model}:1")
}

/// The models.
pub struct Models;

impl Models {
    /// Prepares them; what is trained is kept in `dir`.
    pub fn load(_dir: &Path) -> Self {
        Self
    }
}
