//! The models behind the endpoints: small programs that stand where a container would.
//!
//! A model is found by the image it is deployed from. To add one, add a row to [`KNOWN`] and an arm to
//! [`Models::run`].

pub mod churn;
mod echo;

use crate::error::Failure;
use bytes::Bytes;
use domain::names::{AccountId, Region};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use std::path::Path;

/// What to send to the churn model.
pub const CHURN_SAMPLE: (&str, &str) = ("text/csv", "5,0,0,268.4,121,74.9,201.3,4,13.2");
/// What to send to echo.
pub const ECHO_SAMPLE: (&str, &str) = ("application/json", r#"{"hello":"sagemaker"}"#);

/// The models that an image can hold.
const KNOWN: [&str; 2] = ["churn", "echo"];

/// The image that a model of the sandbox is in.
pub fn image(account: &AccountId, region: &Region, model: &str) -> String {
    format!("{account}.dkr.ecr.{region}.amazonaws.com/sagebridge-{model}:1")
}

/// The model in an image.
fn model_in(image: &str) -> Option<&'static str> {
    let name = image.rsplit('/').next()?.split(':').next()?.strip_prefix("sagebridge-")?;
    KNOWN.into_iter().find(|known| *known == name)
}

/// Whether an image holds a model of the sandbox; one that doesn't fails its health check.
pub fn is_known(image: &str) -> bool {
    model_in(image).is_some()
}

/// What a container gets.
pub struct Inference {
    /// The body's type.
    pub content_type: Option<String>,
    /// The wanted type.
    pub accept: Option<String>,
    /// The custom attributes, verbatim.
    pub custom_attributes: Option<String>,
    /// All headers that SageMaker hands on.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// What a container answers.
pub struct Answer {
    /// The body's type.
    pub content_type: String,
    /// Custom attributes, verbatim.
    pub custom_attributes: Option<String>,
    /// The session that the model closed.
    pub closed_session: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// What a container answers piece by piece.
pub struct StreamAnswer {
    /// The type of the pieces together.
    pub content_type: String,
    /// Custom attributes, verbatim.
    pub custom_attributes: Option<String>,
    /// The pieces as they come; nothing comes after a break.
    pub parts: BoxStream<'static, Result<Bytes, StreamBreak>>,
}

/// What ends a stream before its end.
#[derive(Debug)]
pub enum StreamBreak {
    /// The model's own fault.
    Model {
        /// `ModelInvocationTimeExceeded` or `StreamBroken`.
        code: &'static str,
        /// What it said.
        message: String,
    },
    /// SageMaker's.
    Internal(String),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ModelFailure {
    /// The container answered with an error.
    Model {
        /// Its status.
        status: u16,
        /// Its message.
        message: String,
    },
    /// SageMaker itself failed; `echo` can be told to pretend so.
    Service(Failure),
}

impl ModelFailure {
    /// The container's error.
    pub fn model(status: u16, message: impl Into<String>) -> Self {
        Self::Model { status, message: message.into() }
    }
}

/// The models.
pub struct Models {
    churn: churn::Churn,
}

impl Models {
    /// Prepares them; what is trained is kept in `dir`.
    pub fn load(dir: &Path) -> Self {
        Self { churn: churn::Churn::prepare(dir) }
    }
    /// Gets ready what takes time, because somebody is about to use it.
    pub fn warm(&self) {
        self.churn.warm();
    }
    /// Runs the model in an image, for an answer in pieces. A model that can't give pieces gives its whole answer as one.
    pub async fn stream(&self, image: &str, inference: Inference) -> Result<StreamAnswer, ModelFailure> {
        if model_in(image) == Some("echo") {
            return echo::stream(inference).await;
        }
        let Answer { content_type, custom_attributes, body, .. } = self.run(image, inference).await?;
        Ok(StreamAnswer { content_type, custom_attributes, parts: stream::once(async { Ok(body) }).boxed() })
    }
    /// Runs the model in an image.
    pub async fn run(&self, image: &str, inference: Inference) -> Result<Answer, ModelFailure> {
        match model_in(image) {
            Some("churn") => self.churn.run(inference).await,
            Some("echo") => echo::run(inference).await,
            _ => Err(ModelFailure::Service(Failure::internal())),
        }
    }
}
